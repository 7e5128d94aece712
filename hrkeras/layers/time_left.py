"""How much of a run is still to come."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class TimeLeft(keras.layers.Layer):
    """Time to the end of the run at each step, for models that know the whole course.

    Call arguments:
        time: s since the run began, shape `(batch, steps)`.
        run_seconds: s, length of the whole run, shape `(batch, 1)`.

    Returns:
        Shape `(batch, steps, 2)`: log of minutes left, and e to the minus fifths of the minutes left, which rises as the
        end comes near.
    """

    def call(self, time, run_seconds):
        minutes = ops.maximum(run_seconds - time, 0.0) / 60
        return ops.stack([ops.log1p(minutes) - 3.0, ops.exp(-minutes / 5)], axis=-1)

    def compute_output_shape(self, time_shape, run_seconds_shape):
        return (*time_shape, 2)
