"""A learning rate that rises along a line and falls along a cosine."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Rises along a line and falls to 0 along half a cosine (Loshchilov and Hutter, SGDR, arXiv:1608.03983).

    The values are those of Keras' `CosineDecay` with a warm-up, without its branches: an optimizer looks the learning rate up
    for every weight, and TensorFlow took seconds to trace as many branches.

    Args:
        highest: learning rate at the end of the rise.
        first: that at step 0.
        rise: steps.
        fall: steps after them; 0 from then on.

    Example:
        >>> rate = WarmUpCosine(1e-3, 4e-5, rise=10, fall=90)
        >>> [round(float(rate(step)), 5) for step in (0, 5, 10, 55, 100)]
        [4e-05, 0.00052, 0.001, 0.0005, 0.0]
    """

    def __init__(self, highest: float, first: float, rise: int, fall: int) -> None:
        super().__init__()
        self.highest, self.first, self.rise, self.fall = highest, first, rise, fall

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rising = self.first + (self.highest - self.first) * step / self.rise
        done = ops.clip((step - self.rise) / self.fall, 0.0, 1.0)
        return ops.where(step < self.rise, rising, 0.5 * self.highest * (1.0 + ops.cos(math.pi * done)))

    def get_config(self):
        return {"highest": self.highest, "first": self.first, "rise": self.rise, "fall": self.fall}
