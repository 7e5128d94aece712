"""The time left in a run."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class TimeLeft(keras.layers.Layer):
    """Time to the end of the run at each step, where the course is known.

    Call arguments:
        time: s since the run began, shape `(batch, steps)`.
        run_seconds: s, length of the whole run, shape `(batch, 1)`; NaN where unknown.

    Returns:
        Shape `(batch, steps, 2)`: log of minutes left, and e to the minus fifths of the minutes left, which rises as the
        end comes near; 0 where the end is unknown.
    """

    def call(self, time, run_seconds):
        known = ops.logical_not(ops.isnan(run_seconds))
        minutes = ops.maximum(ops.where(known, run_seconds, 0.0) - time, 0.0) / 60
        left = ops.stack([ops.log1p(minutes) - 3.0, ops.exp(-minutes / 5)], axis=-1)
        return left * ops.expand_dims(ops.cast(known, left.dtype), -1)

    def compute_output_shape(self, time_shape, run_seconds_shape):
        return (*time_shape, 2)
