import keras
import numpy as np

from hrkeras.training.warmup_cosine_decay import WarmupCosineDecay


def test_it_is_keras_own():
    ours = WarmupCosineDecay(1.2e-4, 3e-3, warmup_steps=7, decay_steps=50)
    theirs = keras.optimizers.schedules.CosineDecay(1.2e-4, 50, warmup_target=3e-3, warmup_steps=7)
    ours, theirs = ([float(schedule(step)) for step in range(70)] for schedule in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)


def test_from_its_description():
    rate = WarmupCosineDecay(4e-5, 1e-3, warmup_steps=10, decay_steps=90)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(rate))
    assert float(again(55)) == float(rate(55))
