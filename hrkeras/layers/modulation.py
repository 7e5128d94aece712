"""Modulation of a sequence by what is known of a person."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class Modulation(keras.layers.Layer):
    """Feature-wise linear modulation: scales and shifts each channel of a sequence depending on a vector.

    Perez et al., "FiLM: Visual Reasoning with a General Conditioning Layer", AAAI 2018. It starts as identity.

    Call arguments:
        sequence: shape `(batch, steps, channels)`.
        condition: shape `(batch, features)`.

    Returns:
        Shape `(batch, steps, channels)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, sequence_shape, condition_shape):
        self.scale = keras.layers.Dense(sequence_shape[-1], kernel_initializer="zeros", name="scale")
        self.shift = keras.layers.Dense(sequence_shape[-1], kernel_initializer="zeros", name="shift")
        self.scale.build(condition_shape)
        self.shift.build(condition_shape)

    def call(self, sequence, condition):
        scale, shift = (ops.expand_dims(layer(condition), 1) for layer in (self.scale, self.shift))
        return sequence * (1 + scale) + shift

    def compute_output_shape(self, sequence_shape, condition_shape):
        return sequence_shape
