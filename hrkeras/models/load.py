"""Load a model from a file, from the package or from the Hugging Face hub."""

from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path

import keras

from hrkeras.models import hub, saving
from hrkeras.utils.errors import InputError, expect

PACKAGED = files("hrkeras.models") / "packaged"  # a .keras file for each model that comes with the package


def load(model: str | PathLike[str]) -> keras.Model:
    """Loads a model. Whatever its source, the file is checked first, and nothing in it is run or unpickled.

    Args:
        model: a `.keras` file that hrkeras has trained; `hf://USER/MODEL` or `hf://USER/MODEL/FILE.keras` on the Hugging Face
            hub; or the name of a model that comes with the package, of which there is none yet.

    Returns:
        A Keras model with the inputs and output that `hrkeras.models` describes; `predict` and `evaluate` make the inputs.

    Raises:
        InputError: if there is no such model, or it is damaged, not to be trusted, or has other inputs.

    Example:
        >>> import hrkeras
        >>> model = hrkeras.load("model.keras")
        >>> model.name
        'lstm'
    """
    expect(model, (str, PathLike), "model")
    name = str(model)
    if name.startswith(hub.SCHEME):
        return saving.load(hub.download(name))
    path = Path(model).expanduser()
    if path.suffix or path.exists() or len(path.parts) != 1:
        return saving.load(path)
    packaged = PACKAGED / f"{name}.keras"
    if not packaged.is_file():
        raise InputError(
            f"{name}: no model of this name comes with hrkeras; train one and save it, `hrkeras.train(...)` and "
            f"`model.save('{name}.keras')`, or give a .keras file or one of the hub, hf://USER/MODEL."
        )
    with as_file(packaged) as place:
        return saving.load(place)
