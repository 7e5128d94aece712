"""A loss for a second target of a model."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class OwnLoss(keras.layers.Layer):
    """Passes a prediction of an input on, and adds its mean absolute error to the loss.

    Call arguments:
        predicted: any shape.
        truth: same shape.
        counted: 1 where the error counts, 0 elsewhere, same shape.

    Returns:
        `predicted`.

    Args:
        weight: of the error in the loss.
    """

    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, predicted, truth, counted):
        error = ops.abs(predicted - truth) * counted
        self.add_loss(self.weight * ops.sum(error) / ops.maximum(ops.sum(counted), 1.0))
        return predicted

    def compute_output_shape(self, predicted_shape, truth_shape, counted_shape):
        return predicted_shape

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
