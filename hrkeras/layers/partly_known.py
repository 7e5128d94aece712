"""Numbers of a person or a course, some or all of which may be unknown."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class PartlyKnown(keras.layers.Layer):
    """Standardises what is known and marks what is not (NaN).

    Call arguments:
        values: raw numbers named by `columns`, shape `(batch, columns)`; NaN where unknown.

    Returns:
        Shape `(batch, 2 * columns)`: standardised numbers, 0 where unknown, then 1 where known and 0 where not.

    Args:
        columns: names of the numbers; kept so that a saved model records the inputs it needs.
        mean: of each column over the training split.
        variance: of each column over the training split.
    """

    def __init__(self, columns, mean=None, variance=None, **kwargs):
        super().__init__(**kwargs)
        self.columns = list(columns)
        self.mean = [0.0] * len(self.columns) if mean is None else [float(x) for x in mean]
        self.variance = [1.0] * len(self.columns) if variance is None else [float(x) for x in variance]

    def call(self, values):
        known = ops.logical_not(ops.isnan(values))
        mean = ops.convert_to_tensor(self.mean, values.dtype)
        scale = ops.sqrt(ops.maximum(ops.convert_to_tensor(self.variance, values.dtype), 1e-6))
        scaled = (ops.where(known, values, mean) - mean) / scale
        return ops.concatenate([ops.clip(scaled, -5.0, 5.0), ops.cast(known, scaled.dtype)], axis=-1)

    def compute_output_shape(self, values_shape):
        return (*values_shape[:-1], 2 * values_shape[-1])

    def get_config(self):
        return {**super().get_config(), "columns": self.columns, "mean": self.mean, "variance": self.variance}
