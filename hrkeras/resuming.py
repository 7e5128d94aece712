"""Go on with a training: its models, its log and the state of its optimizer, as its folder has kept them."""

import io
import zipfile
from pathlib import Path

import h5py
import keras

from hrkeras import model_file, model_limits, saving, training_folder
from hrkeras.models.frame import AIDED, UNAIDED
from hrkeras.workouts.workout import InputError


def model(path: Path) -> keras.Model:
    """A model that a training has kept, not compiled; whoever may have changed its file, it is within the limits of others."""
    found = saving.build(path)
    if not (isinstance(found.input, dict) and isinstance(found.output, dict) and {AIDED, UNAIDED} <= found.output.keys()):
        raise InputError(f"{path}: expected a model that is being trained, found another one; begin anew without --resume.")
    model_limits.check_tensors(found)
    return found


def log(folder: Path, last: int) -> list[dict]:
    """The log up to an epoch."""
    try:
        rows = training_folder.read_log(folder)[:last]
        if all(isinstance(row[name], int | float) for row in rows for name in ("epoch", "val_mae")):
            return rows
        raise ValueError("its log holds other things than numbers")
    except (KeyError, ValueError) as error:
        raise _unreadable(folder, error) from None


def restore_optimizer(model: keras.Model, path: Path) -> None:
    """Gives the optimizer of a compiled model the state that it had when the model was saved."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    try:
        with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read(model_file.WEIGHTS))) as weights:
            state = weights["optimizer/vars"]
            if len(state) != len(optimizer.variables):
                raise ValueError("its optimizer is another one")
            optimizer.load_own_variables(state)
    except Exception as error:  # zip, HDF5 and Keras each raise their own
        raise _unreadable(path.parent, error) from None


def _unreadable(folder: Path, error: Exception) -> InputError:
    why = f"{type(error).__name__}: {model_file.reason(error)}"
    return InputError(f"{folder}: its epochs cannot be read ({why}); begin anew without --resume.")
