"""A run's course in a few numbers."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class ProfileSummary(keras.layers.Layer):
    """Mean and standard deviation of each channel over the valid steps, and how many those are.

    Call arguments:
        sequence: shape `(batch, steps, channels)`.
        valid: 1 in the run, 0 in padding, shape `(batch, steps)`.

    Returns:
        Shape `(batch, 2 * channels + 1)`: means, standard deviations, log of the number of valid steps over 100.
    """

    def call(self, sequence, valid):
        weight = ops.cast(valid, sequence.dtype)[:, :, None]
        count = ops.maximum(ops.sum(weight, axis=1), 1.0)
        mean = ops.sum(sequence * weight, axis=1) / count
        variance = ops.sum(ops.square(sequence - mean[:, None, :]) * weight, axis=1) / count
        return ops.concatenate([mean, ops.sqrt(variance + 1e-6), ops.log(count / 100)], axis=-1)

    def compute_output_shape(self, sequence_shape, valid_shape):
        return (sequence_shape[0], 2 * sequence_shape[-1] + 1)
