"""Loss and metric over measured steps only."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class MaskedHuber(keras.losses.Loss):
    """Huber loss in beats/min over the measured steps of a batch; unmeasured ones are NaN in `y_true`.

    The error counts as it is, without its mean over the window, and without its mean over the ten minutes around.
    Much of a run's level is what nothing known can explain, heat for instance; it would otherwise dominate the gradient.

    Args:
        delta: beats/min, where the loss turns from quadratic to linear.
        weights: of the error as it is, without the window's mean, and without the mean of the minutes around.
        around: steps, odd, over which the last mean goes.
    """

    def __init__(self, delta=5.0, weights=(0.25, 0.6, 0.8), around=61, name="masked_huber"):
        super().__init__(name=name, reduction="sum")
        self.delta, self.weights, self.around = delta, list(weights), around

    def call(self, y_true, y_pred):
        error, measured = _error(y_true, y_pred)
        whole = ops.sum(error, axis=1, keepdims=True) / ops.maximum(ops.sum(measured, axis=1, keepdims=True), 1.0)
        near = self._sum_around(error) / ops.maximum(self._sum_around(measured), 1.0)
        loss = sum(
            weight * ops.sum(self._huber(error - mean) * measured)
            for weight, mean in zip(self.weights, (0.0, whole, near), strict=True)
        )
        return loss / ops.maximum(ops.sum(measured), 1.0)

    def _sum_around(self, values):
        before = self.around // 2
        sums = ops.cumsum(ops.pad(values, ((0, 0), (before + 1, before))), axis=1)
        return sums[:, self.around :] - sums[:, : -self.around]

    def _huber(self, error):
        size = ops.abs(error)
        return ops.where(size < self.delta, 0.5 * error * error / self.delta, size - 0.5 * self.delta)

    def get_config(self):
        return {"name": self.name, "delta": self.delta, "weights": self.weights, "around": self.around}


@keras.saving.register_keras_serializable("hrkeras")
class MaskedMeanAbsoluteError(keras.metrics.Mean):
    """Mean absolute error in beats/min over measured steps; unmeasured ones are NaN in `y_true`."""

    def __init__(self, name: str = "mae", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        error, measured = _error(y_true, y_pred)
        # flat: Keras would weigh each row by its mean, which depends on how long the padding is
        super().update_state(ops.reshape(ops.abs(error), (-1,)), sample_weight=ops.reshape(measured, (-1,)))


def _error(y_true, y_pred):
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    measured = ops.logical_not(ops.isnan(y_true))
    error = ops.where(measured, y_pred - ops.where(measured, y_true, 0.0), 0.0)
    return error, ops.cast(measured, y_pred.dtype)
