"""Load a model from a file, from the package or from the Hugging Face hub."""

from os import PathLike
from pathlib import Path

import keras

from hrkeras.models import hub, saving
from hrkeras.utils import packaged
from hrkeras.utils.errors import InputError, expect


def load(model: str | PathLike[str]) -> keras.Model:
    """Loads a model. Whatever its source, the file is checked first, and nothing in it is run or unpickled.

    Args:
        model: a `.keras` file that hrkeras has trained; `hf://USER/MODEL` or `hf://USER/MODEL/FILE.keras` on the Hugging Face
            hub; or "base", the model of many people that comes with the package.

    Returns:
        A Keras model with the inputs and output that `hrkeras.models` describes; `predict` and `evaluate` make the inputs.

    Raises:
        InputError: if there is no such model, or it is damaged, not to be trusted, or has other inputs.

    Example:
        >>> import hrkeras
        >>> model = hrkeras.load("base")
        >>> model.output.shape
        (None, None)
    """
    expect(model, (str, PathLike), "model")
    name = str(model)
    if name.startswith(hub.SCHEME):
        return saving.load(hub.download(name))
    path = packaged.file(name) or Path(model).expanduser()
    if path.suffix or path.exists() or len(path.parts) != 1:
        return saving.load(path)
    raise InputError(
        f"{name}: no model of this name comes with hrkeras; train one and save it, `hrkeras.train(...)` and "
        f"`model.save('{name}.keras')`, or give a .keras file or one of the hub, hf://USER/MODEL."
    )
