import keras
import numpy as np

from hrkeras.training.warm_up_cosine import WarmUpCosine


def test_it_is_keras_own():
    ours = WarmUpCosine(3e-3, 1.2e-4, rise=7, fall=50)
    theirs = keras.optimizers.schedules.CosineDecay(1.2e-4, 50, warmup_target=3e-3, warmup_steps=7)
    ours, theirs = ([float(schedule(step)) for step in range(70)] for schedule in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)


def test_from_its_description():
    rate = WarmUpCosine(1e-3, 4e-5, rise=10, fall=90)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(rate))
    assert float(again(55)) == float(rate(55))
