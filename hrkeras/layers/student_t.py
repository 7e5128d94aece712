"""The uncertainty of a prediction: a Student t distribution around it."""

import math

import keras
from keras import ops

from hrkeras.layers.lag_tokens import SCALE

LEAST = 1e-6  # of a scale, in units of `SCALE`


@keras.saving.register_keras_serializable("hrkeras")
class StudentT(keras.layers.Layer):
    """The head of Lag-Llama: freedom and scale of a Student t distribution around a prediction, which stays unchanged.

    Rasul et al., "Lag-Llama", arXiv:2310.08278, 2023. Where heart rate is given but known only later, its negative log
    likelihood is added to the loss; that trains the freedom and the scale alone.

    Call arguments:
        location: predicted heart rate, beats/min, shape `(batch, steps)`.
        sequence: features for the distribution, shape `(batch, steps, channels)`.
        heart_rate: beats/min, shape `(batch, steps)`; NaN where unknown.
        delay: s, shape `(batch, 1)`; above 0 a step sees the heart rate only up to that long before it.

    Returns:
        Shape `(batch, steps, 3)`: degrees of freedom, above 2; location, beats/min; scale, beats/min.
    """

    def build(self, location_shape, sequence_shape, heart_rate_shape, delay_shape):
        self.freedom = keras.layers.Dense(1, name="freedom", dtype=self.dtype_policy)
        self.spread = keras.layers.Dense(1, name="spread", dtype=self.dtype_policy)
        self.freedom.build(sequence_shape)
        self.spread.build(sequence_shape)

    def call(self, location, sequence, heart_rate, delay):
        sequence = ops.stop_gradient(sequence)
        freedom = 2.0 + ops.softplus(self.freedom(sequence)[:, :, 0])
        scale = SCALE * ops.maximum(ops.softplus(self.spread(sequence)[:, :, 0]), LEAST)
        given = ops.logical_and(ops.logical_not(ops.isnan(heart_rate)), delay > 0)
        counted = ops.cast(given, scale.dtype)
        residual = ops.where(given, heart_rate, 0.0) - ops.where(given, ops.stop_gradient(location), 0.0)
        loss = negative_log_likelihood(residual, freedom, scale) * counted
        self.add_loss(ops.sum(loss) / ops.maximum(ops.sum(counted), 1.0))
        return ops.stack([freedom, location, scale], axis=-1)

    def compute_output_shape(self, location_shape, sequence_shape, heart_rate_shape, delay_shape):
        return (*location_shape, 3)


def negative_log_likelihood(residual, freedom, scale):
    """Negative log likelihood of a residual from the location; all of one shape."""
    half = freedom / 2
    constant = _log_gamma(half) - _log_gamma(half + 0.5) + 0.5 * ops.log(math.pi * freedom) + ops.log(scale)
    return constant + (half + 0.5) * ops.log1p(ops.square(residual / scale) / freedom)


def _log_gamma(x):
    """Stirling's series, from 1 on to 1e-5; Keras has none."""
    y = x + 1.0
    return (y - 0.5) * ops.log(y) - y + 0.5 * math.log(2 * math.pi) + 1 / (12 * y) - 1 / (360 * y**3) - ops.log(x)
