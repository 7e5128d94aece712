"""Correction of a prediction by the known part of the run's heart rate."""

import keras
from keras import ops

from hrkeras.layers.known_heart_rate import SCALE, KnownHeartRate
from hrkeras.layers.recurrent import GRU


@keras.saving.register_keras_serializable("hrkeras")
class Correction(keras.layers.Layer):
    """A weighted sum of a prediction's known residuals, with weights that depend on the situation.

    Where nothing is known it is exactly 0. A recurrent layer reads the run forwards only, so that with a delay no
    step sees anything measured later than it may know.

    Call arguments:
        heart_rate: beats/min, shape `(batch, steps)`; NaN where unknown.
        predicted: without it, beats/min, shape `(batch, steps)`.
        sequence: features of each step, shape `(batch, steps, channels)`.
        delay: s, shape `(batch, 1)`, see `KnownHeartRate`.

    Returns:
        What to add to the prediction, beats/min, shape `(batch, steps)`.

    Args:
        units: width.
        step: s, length of a step of the grid.
    """

    PAST, FUTURE = (1, 2, 4, 8, 20, 60, None), (1, 3, 8, 20)

    def __init__(self, units=48, step=10.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.step = units, step

    def build(self, heart_rate_shape, predicted_shape, sequence_shape, delay_shape):
        self.known = KnownHeartRate(self.step, self.PAST, self.FUTURE, name="known")
        channels = self.known.compute_output_shape(heart_rate_shape, None, None)[-1] + sequence_shape[-1] + 1
        self.recurrent = GRU(self.units, return_sequences=True, name="recurrent")
        self.recurrent.build((*sequence_shape[:-1], channels))
        self.dense = keras.layers.Dense(self.units, activation="gelu", name="dense")
        self.dense.build((*sequence_shape[:-1], self.units + channels))
        self.weigh = keras.layers.Dense(len(self.PAST) + len(self.FUTURE), name="weigh")
        self.weigh.build((*sequence_shape[:-1], self.units))

    def call(self, heart_rate, predicted, sequence, delay):
        known = self.known(heart_rate, predicted, delay)
        level = ops.expand_dims(predicted - 140.0, -1) / 20
        inputs = ops.concatenate([ops.cast(known, sequence.dtype), sequence, ops.cast(level, sequence.dtype)], axis=-1)
        hidden = self.dense(ops.concatenate([self.recurrent(inputs), inputs], axis=-1))
        past, future = len(self.PAST), len(self.FUTURE)
        residuals = ops.concatenate([known[:, :, :past], known[:, :, 2 * past : 2 * past + future]], axis=-1)
        return SCALE * ops.sum(residuals * ops.cast(self.weigh(hidden), residuals.dtype), axis=-1)

    def compute_output_shape(self, heart_rate_shape, predicted_shape, sequence_shape, delay_shape):
        return heart_rate_shape

    def get_config(self):
        return {**super().get_config(), "units": self.units, "step": self.step}
