"""A schedule of the learning rate: linear warmup, then cosine decay."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class WarmupCosineDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warmup, then cosine decay to 0 (Loshchilov and Hutter, SGDR, arXiv:1608.03983).

    The values are those of Keras' `CosineDecay` with a warmup, without its branches: an optimizer looks the learning rate up
    for every weight, and TensorFlow took seconds to trace as many branches.

    Args:
        initial: learning rate at step 0.
        peak: that at the end of the warmup.
        warmup_steps: steps until then.
        decay_steps: steps after them; the learning rate is 0 from then on.

    Example:
        >>> schedule = WarmupCosineDecay(4e-5, 1e-3, warmup_steps=10, decay_steps=90)
        >>> [round(float(schedule(step)), 5) for step in (0, 5, 10, 55, 100)]
        [4e-05, 0.00052, 0.001, 0.0005, 0.0]
    """

    def __init__(self, initial: float, peak: float, warmup_steps: int, decay_steps: int) -> None:
        super().__init__()
        self.initial, self.peak, self.warmup_steps, self.decay_steps = initial, peak, warmup_steps, decay_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        warmup = self.initial + (self.peak - self.initial) * step / self.warmup_steps
        done = ops.clip((step - self.warmup_steps) / self.decay_steps, 0.0, 1.0)
        return ops.where(step < self.warmup_steps, warmup, 0.5 * self.peak * (1.0 + ops.cos(math.pi * done)))

    def get_config(self):
        return {name: getattr(self, name) for name in ("initial", "peak", "warmup_steps", "decay_steps")}
