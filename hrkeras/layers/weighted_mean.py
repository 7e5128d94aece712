"""Several predictions as one."""

import keras

from hrkeras.utils.errors import InputError


@keras.saving.register_keras_serializable("hrkeras")
class WeightedMean(keras.layers.Layer):
    """The sum of some tensors, each times its weight.

    Call arguments:
        parts: a list of tensors of one shape.

    Returns:
        A tensor of that shape.

    Args:
        weights: one for each part.

    Raises:
        InputError: if the numbers of weights and parts differ.
    """

    def __init__(self, weights, **kwargs):
        super().__init__(**kwargs)
        self.shares = [float(weight) for weight in weights]

    def build(self, parts_shape):
        if len(parts_shape) != len(self.shares):
            raise InputError(f"Expected one weight for each of {len(parts_shape)} parts, found {len(self.shares)}.")

    def call(self, parts):
        return sum(weight * part for weight, part in zip(self.shares, parts, strict=True))

    def compute_output_shape(self, parts_shape):
        return parts_shape[0]

    def get_config(self):
        return {**super().get_config(), "weights": self.shares}
