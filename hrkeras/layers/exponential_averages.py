"""Exponential averages over the past, with spans of any length."""

import math

import keras
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
    place = ops.arange(ops.shape(sequence)[1], dtype="float32")
    age = place[:, None] - place[None, :]
    age = -age if backward else age
    results = []
    for span in spans:
        keep = 1 - 2 / (span + 1.0) if span else 1.0
        fading = ops.exp(ops.maximum(age, 0.0) * math.log(max(keep, 1e-30))) if span else 1.0
        kernel = ops.where(age >= 0, (1 - keep if span else 1.0) * fading, 0.0)
        results.append(ops.matmul(ops.cast(kernel, sequence.dtype), sequence))
    return ops.concatenate(results, axis=-1)


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
