"""Exponential averages over the past, with spans of any length."""

from functools import lru_cache

import keras
import numpy as np
from keras import ops


def averages(sequence, spans, *, backward: bool = False):
    """Exponential averages over the past of a sequence, or over its future, which start from 0.

    Args:
        sequence: shape `(batch, steps, channels)`.
        spans: steps; an average of span s keeps 1 - 2 / (s + 1) of itself at each step; None keeps and adds up all.
        backward: whether over the future.

    Returns:
        Shape `(batch, steps, channels * len(spans))`: all channels over the first span, then over the second, ...
    """
    batch, steps, channels = ops.shape(sequence)
    flat = ops.reshape(ops.transpose(sequence, (1, 0, 2)), (steps, -1))  # one product for all spans
    if keras.backend.backend() == "torch":  # which would compute them anew in each training step
        kernel = ops.convert_to_tensor(_kept_kernel(steps, tuple(spans), backward))
    else:
        kernel = _kernel(ops, steps, spans, backward)
    found = ops.matmul(ops.cast(kernel, sequence.dtype), flat)
    found = ops.transpose(ops.reshape(found, (len(spans), steps, batch, channels)), (2, 1, 0, 3))
    return ops.reshape(found, (batch, steps, len(spans) * channels))


def _kernel(library, steps, spans, backward: bool):
    """The weights of each step in the average at each other over each span, shape `(len(spans) * steps, steps)`."""
    place = library.arange(steps, dtype="float32")
    age = place[:, None] - place[None, :]
    age = -age if backward else age
    keep = np.array([1 - 2 / (span + 1.0) if span else 1.0 for span in spans], np.float32)[:, None, None]
    share = np.where(keep < 1, 1 - keep, 1.0).astype(np.float32)
    fading = library.exp(library.maximum(age, 0.0) * np.log(np.maximum(keep, 1e-30)))
    return library.reshape(library.where(age >= 0, share * fading, 0.0), (-1, steps))


@lru_cache(8)
def _kept_kernel(steps: int, spans: tuple, backward: bool) -> np.ndarray:
    return _kernel(np, steps, spans, backward)


@keras.saving.register_keras_serializable("hrkeras")
class ExponentialAverages(keras.layers.Layer):
    """Exponential averages over the past of a sequence, which start from 0.

    Call arguments:
        sequence: shape `(batch, steps, channels)`.

    Returns:
        Shape `(batch, steps, channels * len(spans))`: all channels over the first span, then over the second, ...

    Args:
        spans: steps; an average of span s keeps 1 - 2 / (s + 1) of itself at each step.
    """

    def __init__(self, spans=(3, 12, 30, 90, 180), **kwargs):
        super().__init__(**kwargs)
        self.spans = list(spans)

    def call(self, sequence):
        return averages(sequence, self.spans)

    def compute_output_shape(self, sequence_shape):
        return (*sequence_shape[:-1], sequence_shape[-1] * len(self.spans))

    def get_config(self):
        return {**super().get_config(), "spans": self.spans}
