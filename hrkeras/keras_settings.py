"""Keras as the models need it, whatever keras.json says."""

import os
from pathlib import Path

from hrkeras.workouts.workout import InputError

EPSILON = 1e-7


def apply() -> None:
    """Imports Keras and has it compute in single precision, as it does without a keras.json.

    Raises:
        InputError: if Keras cannot be imported.
    """
    try:
        import keras
    except Exception as error:  # it raises whatever the values in its file lead to
        place = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
        why = f"{type(error).__name__}: {error}".rstrip(".")
        raise InputError(f"Keras cannot start ({why}); look at {place}, or delete it.") from None
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(EPSILON)
    keras.config.set_image_data_format("channels_last")
