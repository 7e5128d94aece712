"""Features from the known part of a run's heart rate."""

import keras
from keras import ops

from hrkeras.layers.exponential_averages import averages

SCALE = 10.0  # beats/min


@keras.saving.register_keras_serializable("hrkeras")
class KnownHeartRate(keras.layers.Layer):
    """Residuals of the known heart rate from a reference, averaged over the past and over the future of each step.

    Call arguments:
        heart_rate: beats/min, shape `(batch, steps)`; NaN where unknown.
        reference: beats/min, shape `(batch, steps)`.
        delay: s, shape `(batch, 1)`. Above 0, a step sees the heart rate up to that long before it and nothing later;
            at 0 it sees all that is given, also what was measured after it.

    Returns:
        Shape `(batch, steps, channels)`: mean residuals over `past` and over `future`, each followed by how much was known
        there, and the delay.

    Args:
        step: s, length of a step of the grid.
        past: steps, spans of the averages over the past; None is all of it.
        future: likewise, over the future.
    """

    def __init__(self, step=10.0, past=(1, 4, 20, None), future=(1, 4, 20), **kwargs):
        super().__init__(**kwargs)
        self.step, self.past, self.future = step, list(past), list(future)

    def call(self, heart_rate, reference, delay):
        known = ops.logical_not(ops.isnan(heart_rate))
        residual = ops.where(known, heart_rate - reference, 0.0) / SCALE
        both = ops.stack([residual, ops.cast(known, residual.dtype)], axis=-1)
        steps = ops.ceil(ops.maximum(delay, 0.0) / self.step - 1e-3)  # a part of a step counts as one
        place = ops.cast(ops.arange(ops.shape(heart_rate)[1]), steps.dtype)[None, :] - steps
        index = ops.cast(ops.maximum(place, 0.0), "int32")[:, :, None]
        past = averages(both, self.past)
        past = ops.take_along_axis(past, ops.repeat(index, 2 * len(self.past), axis=2), axis=1)
        past = past * ops.cast(place >= 0, past.dtype)[:, :, None]
        future = averages(both, self.future, backward=True) * ops.cast(steps == 0, both.dtype)[:, :, None]
        later = ops.zeros_like(residual)[:, :, None] + ops.log1p(steps)[:, :, None] / 4
        return ops.concatenate([means(past, len(self.past)), means(future, len(self.future)), later], axis=-1)

    def compute_output_shape(self, heart_rate_shape, reference_shape, delay_shape):
        return (*heart_rate_shape, 2 * (len(self.past) + len(self.future)) + 1)

    def get_config(self):
        return {**super().get_config(), "step": self.step, "past": self.past, "future": self.future}


def means(sums, spans: int):
    """Sums and weights by span to means and logarithms of weights, which stand for age and density."""
    sums = ops.reshape(sums, (ops.shape(sums)[0], ops.shape(sums)[1], spans, 2))
    weight = sums[..., 1]
    return ops.concatenate([sums[..., 0] / (weight + 1e-4), ops.log(weight + 1e-4) / 4], axis=-1)
