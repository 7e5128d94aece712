"""Configure Keras as the models need it, whatever keras.json says; nothing that needs Keras may be imported before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hrkeras.utils.errors import InputError

EPSILON = 1e-7


@contextmanager
def starting() -> Iterator[None]:
    """Context for the first import of Keras or TensorFlow, which both read keras.json.

    Raises:
        InputError: if it cannot be imported.
    """
    try:
        yield
    except Exception as error:  # invalid values in the file can raise anything
        place = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
        why = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise InputError(f"Keras cannot start ({why}); look at {place}, or delete it.") from None


def apply() -> None:
    """Imports Keras and resets it to single precision, its default without a keras.json.

    Raises:
        InputError: if Keras cannot be imported.
    """
    with starting():
        import keras
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(EPSILON)
    keras.config.set_image_data_format("channels_last")
