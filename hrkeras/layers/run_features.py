"""Features of a run for a network, from its raw channels."""

import keras
from keras import ops

from hrkeras.workouts.effort import COST_BY_GRADE, COST_ON_THE_FLAT, GRADE_SECONDS, MAX_GRADE


@keras.saving.register_keras_serializable("hrkeras")
class RunFeatures(keras.layers.Layer):
    """Speed, climbing, graded speed and time of each step, from raw units; a step sees only the past.

    Graded speed is the speed on the flat that costs as much energy: Minetti et al., J Appl Physiol 93, 2002.
    Altitude enters by its changes alone, so that a model cannot learn places.

    Call arguments:
        time: s since the run began, shape `(batch, steps)`.
        speed: m/s, shape `(batch, steps)`.
        altitude: m, shape `(batch, steps)`.

    Returns:
        Shape `(batch, steps, 6)`: speed, vertical speed and graded speed in m/s, hours, log of minutes, and what
        is left of the first minute (e to the minus minutes).

    Args:
        step: s, length of a step of the grid.
    """

    FEATURES = ("speed", "vertical_speed", "graded_speed", "hours", "log_minutes", "first_minute")

    def __init__(self, step: float = 10.0, **kwargs):
        super().__init__(**kwargs)
        self.step = step

    def call(self, time, speed, altitude):
        mean_speed = sum(_delayed(speed, k) for k in range(self.lag)) / self.lag
        return self.features(time, speed, altitude - _delayed(altitude, self.lag), mean_speed)

    @property
    def lag(self) -> int:
        """Steps that a grade is made of."""
        return max(1, round(GRADE_SECONDS / self.step))

    def features(self, time, speed, climbed, mean_speed):
        """The features of steps, from what was climbed and how fast on average in the last `lag` steps; shapes as for a call."""
        climb = climbed / (self.lag * self.step)
        grade = ops.clip(climb / ops.maximum(mean_speed, 0.5), -MAX_GRADE, MAX_GRADE)
        cost = ops.zeros_like(grade)
        for coefficient in COST_BY_GRADE:
            cost = cost * grade + coefficient
        minutes = ops.maximum(time, 0.0) / 60
        features = [speed, climb, speed * cost / COST_ON_THE_FLAT, minutes / 60, ops.log1p(minutes), ops.exp(-minutes)]
        return ops.stack(features, axis=-1)

    def compute_output_shape(self, time_shape, speed_shape, altitude_shape):
        return (*time_shape, len(self.FEATURES))

    def get_config(self):
        return {**super().get_config(), "step": self.step}


def _delayed(values, steps: int):
    """Values from `steps` steps before; before the first step, the first value."""
    if not steps:
        return values
    return ops.concatenate([ops.repeat(values[:, :1], steps, axis=1), values], axis=1)[:, :-steps]
