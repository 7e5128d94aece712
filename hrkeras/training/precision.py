"""Training in mixed precision: layers compute in bfloat16, weights and what is learnt stay in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import keras

from hrkeras.utils.errors import InputError
from hrkeras.utils.presets import Precision

MIXED = "mixed_bfloat16"


@contextmanager
def built_for(precision: Precision) -> Iterator[None]:
    """While it lasts, layers are built to compute in this precision.

    Raises:
        InputError: if it is another name.
    """
    if precision not in get_args(Precision):
        raise InputError(f"Expected one of {', '.join(get_args(Precision))}, found {precision}.", "precision")
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(usual)


def in_float32(model: keras.Model) -> keras.Model:
    """The same model and weights, all of whose layers compute in float32, as exports and processors want it."""

    def clone(layer):
        return type(layer).from_config(_in_float32(layer.get_config()))

    if all(layer.compute_dtype == "float32" for layer in model._flatten_layers()):
        return model
    cloned = keras.models.clone_model(model, clone_function=clone)
    cloned.set_weights(model.get_weights())
    return cloned


def _in_float32(config: Any) -> Any:
    """A configuration with each mixed precision replaced."""
    if isinstance(config, dict):
        return {key: _in_float32(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(_in_float32(value) for value in config)
    return "float32" if config == MIXED else config
