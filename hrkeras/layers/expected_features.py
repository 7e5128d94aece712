"""Features from the heart rate that the athlete's state expects."""

import keras
from keras import ops

SCALES = (20.0, 5.0, 5.0, 10.0)  # beats/min, of the first four; 5 of the residuals that follow


@keras.saving.register_keras_serializable("hrkeras")
class ExpectedFeatures(keras.layers.Layer):
    """Scales the output of `Athlete.predict` and keeps the population that it must start from.

    Call arguments:
        expected: beats/min, as named by `athlete.EXPECTED`, shape `(batch, steps, channels)`.

    Returns:
        Same shape, of unit scale.

    Args:
        population: `Population.as_dict()` of the training split; kept so that a saved model records where the
            athlete's state must start.
        centre: beats/min, a usual heart rate.
    """

    def __init__(self, population=None, centre=140.0, **kwargs):
        super().__init__(**kwargs)
        self.population, self.centre = population, float(centre)

    def call(self, expected):
        channels = expected.shape[-1]
        centre = [self.centre] + [0.0] * (channels - 1)
        scale = [*SCALES, *[5.0] * channels][:channels]
        scaled = (expected - ops.convert_to_tensor(centre, expected.dtype)) / ops.convert_to_tensor(scale, expected.dtype)
        return ops.clip(scaled, -8.0, 8.0)

    def compute_output_shape(self, expected_shape):
        return expected_shape

    def get_config(self):
        return {**super().get_config(), "population": self.population, "centre": self.centre}
