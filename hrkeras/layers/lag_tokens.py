"""The tokens of Lag-Llama: what was measured at certain lags before each step."""

import math

import keras
from keras import ops

SCALE = 10.0  # beats/min
CLOCK = ((1, 60), (60, 60), (3600, 24))  # seconds of each unit of the clock, and how many there are
DAYS = 3  # features of the day, at their lowest


@keras.saving.register_keras_serializable("hrkeras")
class LagTokens(keras.layers.Layer):
    """Known heart rate at certain lags before each step, as the tokens of Lag-Llama.

    Rasul et al., "Lag-Llama", arXiv:2310.08278, 2023. The series is standardised by what is expected of each step and a
    fixed scale, not by its own mean and deviation, which would leak later steps. The clock starts at midnight of
    a year's first day when the run begins.

    Call arguments:
        heart_rate: beats/min, shape `(batch, steps)`; NaN where unknown.
        expected: beats/min, shape `(batch, steps)`.
        time: s since the run began, shape `(batch, steps)`.
        delay: s, shape `(batch, 1)`; a step sees the heart rate up to that long before it, at 0 up to the step before.
        hidden: whether to treat all heart rate as unknown.

    Returns:
        The tokens, shape `(batch, steps, 2 * len(lags) + 8)`: the values, 0 where unknown; logarithms of what is
        expected and of the scale; second, minute, hour, day of the week, of the month and of the year; and 1 for each value
        that is known. And 1 at steps that any heart rate is known before, 0 elsewhere, shape `(batch, steps, 1)`.

    Args:
        lags: steps; lag 0 is the step before, from which Lag-Llama predicts the step.
        step: s, length of a step of the grid.
    """

    def __init__(self, lags, step=10.0, **kwargs):
        super().__init__(**kwargs)
        self.lags, self.step = list(lags), step

    def call(self, heart_rate, expected, time, delay, hidden=False):
        known = ops.logical_not(ops.isnan(heart_rate))
        residual = ops.where(known, heart_rate - expected, 0.0) / SCALE
        later = ops.maximum(ops.ceil(delay / self.step - 1e-3), 1.0)  # steps; a part of a step counts as one
        both = ops.stack([residual, ops.cast(known, residual.dtype)], axis=-1) * (0.0 if hidden else 1.0)
        steps, reach = ops.shape(residual)[1], max(self.lags) + 1
        before = ops.concatenate([ops.repeat(ops.zeros_like(both[:, :1]), reach, axis=1), both], axis=1)
        lags = ops.convert_to_tensor(self.lags, "int32")
        index = ops.arange(steps, dtype="int32")[:, None] + (reach - 1 - lags)[None, :]
        seen = ops.take(before, ops.reshape(index, (-1,)), axis=1)
        seen = ops.reshape(seen, (ops.shape(residual)[0], steps, len(self.lags), 2))
        seen = seen * ops.cast(ops.cast(lags, later.dtype) + 1 >= later, seen.dtype)[:, None, :, None]
        clock = [ops.mod(ops.floor(time / unit), count) / (count - 1) - 0.5 for unit, count in CLOCK]
        facts = [ops.log1p(expected), ops.full_like(time, math.log(SCALE)), *clock, *[ops.full_like(time, -0.5)] * DAYS]
        place = ops.cast(ops.arange(steps), later.dtype)[None, :] - later
        count = ops.cumsum(both[:, :, 1], axis=1)
        any_known = ops.take_along_axis(count, ops.cast(ops.maximum(place, 0.0), "int32"), axis=1)
        any_known = ops.cast(ops.logical_and(any_known > 0, place >= 0), residual.dtype)[:, :, None]
        return ops.concatenate([seen[..., 0], ops.stack(facts, axis=-1), seen[..., 1]], axis=-1), any_known

    def compute_output_shape(self, heart_rate_shape, expected_shape, time_shape, delay_shape):
        return (*heart_rate_shape, 2 * len(self.lags) + 2 + len(CLOCK) + DAYS), (*heart_rate_shape, 1)

    def get_config(self):
        return {**super().get_config(), "lags": self.lags, "step": self.step}
