"""A distribution around a prediction; runs on whichever backend KERAS_BACKEND names."""

import math

import keras
import numpy as np
import pytest

from hrkeras.layers.student_t import StudentT, negative_log_likelihood


def numbers(values) -> np.ndarray:
    return keras.ops.convert_to_numpy(values)


def by_hand(residual: float, freedom: float, scale: float) -> float:
    found = math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2) + math.log(scale * math.sqrt(math.pi * freedom))
    return found + (freedom + 1) / 2 * math.log1p((residual / scale) ** 2 / freedom)


def test_the_likelihood_is_that_of_the_textbook():
    cases = [(0.0, 2.0, 1.0), (3.0, 2.5, 0.7), (-20.0, 9.0, 8.0), (1.0, 300.0, 2.0)]
    found = numbers(
        negative_log_likelihood(*(keras.ops.convert_to_tensor(np.float32(each)) for each in zip(*cases, strict=True)))
    )
    np.testing.assert_allclose(found, [by_hand(*case) for case in cases], atol=2e-4)


def test_what_is_known_at_once_does_not_count_and_the_location_stays():
    layer, random = StudentT(), np.random.default_rng(0)
    sequence, location = (random.normal(0, 1, shape).astype("float32") for shape in ((2, 5, 3), (2, 5)))
    heart_rate = np.float32([[150, np.nan, 140, np.nan, 130], [150] * 5])
    found = numbers(layer(location, sequence, heart_rate, np.float32([[60], [0]])))
    np.testing.assert_array_equal(found[:, :, 1], location)
    assert (found[:, :, 0] > 2).all()
    assert (found[:, :, 2] > 0).all()
    wanted = np.mean([by_hand(heart_rate[0, step] - location[0, step], *map(float, found[0, step, ::2])) for step in (0, 2, 4)])
    assert float(numbers(layer.losses[0])) == pytest.approx(wanted, rel=1e-4)


def test_the_spread_of_misses_is_learnt():
    """In two situations residuals are of 4 and of 16 beats/min, and come from a normal distribution."""
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    situation = random.integers(0, 2, (32, 50)).astype("float32")
    heart_rate = (150 + random.normal(0, 1, situation.shape) * np.where(situation, 16, 4)).astype("float32")
    inputs = [keras.Input((None,)), keras.Input((None, 1)), keras.Input((None,)), keras.Input((1,))]
    model = keras.Model(inputs, StudentT()(*inputs))
    model.compile(keras.optimizers.Adam(0.05))
    given = [np.full_like(situation, 150), situation[:, :, None], heart_rate, np.full((32, 1), 10, np.float32)]
    for _ in range(150):
        model.train_on_batch(given)
    freedom, _, scale = np.moveaxis(numbers(model.predict_on_batch(given)), -1, 0)
    deviation = scale * np.sqrt(freedom / (freedom - 2))
    assert deviation[situation == 0].mean() == pytest.approx(4, rel=0.25)
    assert deviation[situation == 1].mean() == pytest.approx(16, rel=0.25)
