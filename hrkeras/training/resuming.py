"""Resume a training: read its models, its log and the state of its optimizer from its folder."""

import io
import zipfile
from pathlib import Path

import h5py
import keras

from hrkeras.models import model_file, model_limits, saving
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED
from hrkeras.training import training_folder
from hrkeras.utils.errors import InputError


def model(path: Path) -> keras.Model:
    """A model that a training has saved, not compiled; its file is not trusted, but loaded like any other.

    Raises:
        InputError: if it cannot be loaded, or is not a model in training.
    """
    try:
        loaded = saving.build(path)
        if not (
            isinstance(loaded.input, dict)
            and isinstance(loaded.output, dict)
            and {CONDITIONED, UNCONDITIONED} <= loaded.output.keys()
        ):
            raise InputError("expected a model that is being trained, found another one")
        model_limits.check_tensors(loaded)
    except Exception as error:  # Keras raises whatever its layers raise
        raise _unreadable(path, error) from None
    return loaded


def log(folder: Path, last: int) -> list[dict]:
    """The log up to an epoch.

    Raises:
        InputError: if it is damaged.
    """
    try:
        rows = training_folder.read_log(folder)[:last]
        if all(isinstance(row[name], int | float) for row in rows for name in ("epoch", "val_mae")):
            return rows
        raise InputError("its log holds other things than numbers")
    except (InputError, KeyError, ValueError) as error:
        raise _unreadable(folder / training_folder.LOG, error) from None


def restore_optimizer(model: keras.Model, path: Path) -> None:
    """Gives the optimizer of a compiled model the state that it had when the model was saved.

    Raises:
        InputError: if the file does not hold it.
    """
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    try:
        with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read(model_file.WEIGHTS))) as weights:
            state = weights["optimizer/vars"]
            if len(state) != len(optimizer.variables):
                raise InputError("its optimizer is another one")
            optimizer.load_own_variables(state)
    except Exception as error:  # zip, HDF5 and Keras each raise their own
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = f"{type(error).__name__}: {model_file.reason(error)}"
    if isinstance(error, InputError):
        reason = str(error).removeprefix(f"{path}: ").rstrip(".")
    return InputError(f"{path.parent}: its epochs cannot be read ({path.name}: {reason}); begin anew without resuming.", "resume")
