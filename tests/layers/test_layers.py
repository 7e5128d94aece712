"""What the layers say, by hand, beside plain loops and beside NumPy; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest
from keras import ops

from hrkeras.layers import (
    Correction,
    ExpectedFeatures,
    ExponentialAverages,
    KnownHeartRate,
    Modulation,
    PartlyKnown,
    RunFeatures,
    TimeLeft,
)
from hrkeras.layers.exponential_averages import averages
from hrkeras.workouts import effort

NAN = float("nan")


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def test_run_features_equal_those_of_the_linear_models():
    random = np.random.default_rng(0)
    speed = random.uniform(0, 4, (2, 40)).astype("float32")
    altitude = random.normal(size=(2, 40)).cumsum(axis=1).astype("float32")
    time = np.tile(np.arange(40, dtype="float32") * 10, (2, 1))
    found = numbers(RunFeatures()(time, speed, altitude))
    for run in range(2):
        np.testing.assert_allclose(found[run, :, 0], speed[run])
        np.testing.assert_allclose(found[run, :, 1], effort.vertical_speed(altitude[run]), atol=1e-5)
        np.testing.assert_allclose(found[run, :, 2], effort.graded_speed(speed[run], altitude[run]), atol=1e-4)
    np.testing.assert_allclose(found[0, 6, 3:], [1 / 60, np.log(2), np.exp(-1)], rtol=1e-5)


def test_run_features_see_altitude_by_its_changes_alone():
    speed, altitude = np.full((1, 9), 3, "float32"), np.float32([[0, 1, 2, 3, 4, 3, 2, 1, 0]])
    time = np.arange(9, dtype="float32")[None]
    layer = RunFeatures()
    np.testing.assert_allclose(numbers(layer(time, speed, altitude)), numbers(layer(time, speed, altitude + 512)))


def test_partly_known_by_hand():
    layer = PartlyKnown(["a", "b", "c"], mean=[1, 2, 3], variance=[4, 1, 1])
    found = numbers(layer(np.float32([[5, NAN, 1000], [NAN] * 3])))
    np.testing.assert_allclose(found, [[2, 0, 5, 1, 0, 1], [0] * 6])
    plain = numbers(PartlyKnown(["a", "b"])(np.float32([[0.5, NAN]])))
    np.testing.assert_allclose(plain, [[0.5, 0, 1, 0]])


def test_expected_features_by_hand():
    layer = ExpectedFeatures(centre=150)
    found = numbers(layer(np.float32([[[170, 5, -10, 12, 5, -2.5], [150, 0, 0, 0, 0, 1000]]])))
    np.testing.assert_allclose(found, [[[1, 1, -2, 1.2, 1, -0.5], [0, 0, 0, 0, 0, 8]]], rtol=1e-6)


def test_modulation_starts_as_identity_and_works_by_channel():
    layer = Modulation()
    sequence, condition = np.ones((1, 3, 2), "float32"), np.float32([[1.0]])
    np.testing.assert_allclose(numbers(layer(sequence, condition)), sequence)
    layer.set_weights([np.float32([[1, 0]]), np.zeros(2, "f"), np.float32([[0, 5]]), np.zeros(2, "f")])
    np.testing.assert_allclose(numbers(layer(sequence, condition))[0], [[2, 6]] * 3)


def test_time_left_by_hand():
    found = numbers(TimeLeft()(np.float32([[0, 300, 900]]), np.float32([[600]])))
    np.testing.assert_allclose(found[0, :, 0], np.log1p([10, 5, 0]) - 3, rtol=1e-5)
    np.testing.assert_allclose(found[0, :, 1], np.exp([-2, -1, 0]), rtol=1e-5)


def test_time_left_is_0_where_the_end_is_not_known():
    time = np.float32([[0, 300], [0, 300]])
    found = numbers(TimeLeft()(time, np.float32([[NAN], [600]])))
    assert (found[0] == 0).all()
    assert (found[1] != 0).all()


def looped(sequence: np.ndarray, span: float | None) -> np.ndarray:
    """What `averages` says of shape `(steps, channels)`, a step after the other."""
    keep = 1 - 2 / (span + 1) if span else 1.0
    add = 1 - keep if span else 1.0
    state, found = np.zeros(sequence.shape[1]), []
    for values in sequence:
        state = keep * state + add * values
        found.append(state)
    return np.array(found)


def test_averages_equal_a_loop_over_the_past_and_over_the_future():
    sequence = np.random.default_rng(0).normal(size=(2, 50, 3)).astype("float32")
    spans = (1, 2, 7, 90, None)
    past, future = numbers(averages(sequence, spans)), numbers(averages(sequence, spans, backward=True))
    assert past.shape == future.shape == (2, 50, 15)
    for run in range(2):
        for index, span in enumerate(spans):
            channels = slice(3 * index, 3 * index + 3)
            np.testing.assert_allclose(past[run, :, channels], looped(sequence[run], span), atol=1e-4)
            np.testing.assert_allclose(future[run, :, channels], looped(sequence[run, ::-1], span)[::-1], atol=1e-4)


def test_exponential_averages_equal_those_of_the_athletes_state():
    speed = np.random.default_rng(1).uniform(0, 4, (2, 300)).astype("float32")
    found = numbers(ExponentialAverages(effort.SPANS)(np.stack([speed, 2 * speed], axis=-1)))
    for run in range(2):
        expected = effort.exponential_averages(speed[run].astype("float64")).T
        np.testing.assert_allclose(found[run, :, 0::2], expected, atol=1e-4)
        np.testing.assert_allclose(found[run, :, 1::2], 2 * expected, atol=2e-4)


def test_averages_see_nothing_of_the_other_side():
    sequence = np.random.default_rng(2).normal(size=(1, 30, 2)).astype("float32")
    changed = sequence.copy()
    changed[:, 20:] += 5
    past, past_changed = (numbers(averages(each, (3, None))) for each in (sequence, changed))
    np.testing.assert_array_equal(past[:, :20], past_changed[:, :20])
    assert (past[:, 20:] != past_changed[:, 20:]).all()
    changed = sequence.copy()
    changed[:, :20] += 5
    future, future_changed = (numbers(averages(each, (3, None), backward=True)) for each in (sequence, changed))
    np.testing.assert_array_equal(future[:, 20:], future_changed[:, 20:])
    assert (future[:, :20] != future_changed[:, :20]).all()


def known_of(heart_rate, delay, step=10.0) -> np.ndarray:
    """Of one run beside a reference of 100, shape `(steps, 7)`: residuals at the step and over all the past, how much was known
    of both; miss at the step as future, how much was known of it; delay."""
    heart_rate = np.float32([heart_rate])
    layer = KnownHeartRate(step=step, past=(1, None), future=(1,))
    return numbers(layer(heart_rate, np.full_like(heart_rate, 100), np.float32([[delay]])))[0]


def test_known_heart_rate_by_hand():
    found = known_of([110, NAN, 130, NAN], delay=0)
    sums = np.array([[1, 1, 1], [0, 1, 0], [3, 4, 3], [0, 4, 0]])  # tens of beats/min
    weights = np.array([[1, 1, 1], [0, 1, 0], [1, 2, 1], [0, 2, 0]])
    means, logarithms = sums / (weights + 1e-4), np.log(weights + 1e-4) / 4
    expected = np.column_stack([means[:, :2], logarithms[:, :2], means[:, 2:], logarithms[:, 2:], np.zeros(4)])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_known_heart_rate_looks_ahead_by_hand():
    layer = KnownHeartRate(past=(1,), future=(3,))  # an average of three steps halves at each
    heart_rate = np.float32([[NAN, NAN, 120]])
    found = numbers(layer(heart_rate, np.full_like(heart_rate, 100), np.float32([[0]])))[0]
    weights = np.array([0.125, 0.25, 0.5])
    np.testing.assert_allclose(found[:, 2], 2 * weights / (weights + 1e-4), rtol=1e-5)
    np.testing.assert_allclose(found[:, 3], np.log(weights + 1e-4) / 4, rtol=1e-5)


def test_known_heart_rate_comes_late_by_hand():
    found, at_once = known_of([110, 120, 130, 140], delay=20), known_of([110, 120, 130, 140], delay=0)
    unknown = np.log(1e-4) / 4
    np.testing.assert_allclose(found[2:, :4], at_once[:2, :4], rtol=1e-5)  # the past, two steps later
    np.testing.assert_allclose(found[:2, :2], 0)
    np.testing.assert_allclose(found[:2, 2:4], unknown, rtol=1e-5)
    np.testing.assert_allclose(found[:, 4], 0)  # nothing of the future
    np.testing.assert_allclose(found[:, 5], unknown, rtol=1e-5)
    np.testing.assert_allclose(found[:, 6], np.log(3) / 4, rtol=1e-5)


@pytest.mark.parametrize(
    ("delay", "step", "later"), [(10, 10, 1), (60, 10, 6), (4, 10, 1), (14, 10, 2), (9, 3, 3), (7.7, 1.1, 7)]
)
def test_heart_rate_after_the_delay_is_never_seen(delay, step, later):
    heart_rate = np.random.default_rng(3).uniform(100, 160, 20)
    before = known_of(heart_rate, delay, step)
    for changed in range(20):
        heart_rate[changed] += 7
        after = known_of(heart_rate, delay, step)
        moved = (np.abs(after - before) > 1e-7).any(axis=1)
        assert np.flatnonzero(moved).tolist() == list(range(changed + later, 20))
        before = after


def test_without_delay_both_sides_are_seen():
    heart_rate = np.random.default_rng(4).uniform(100, 160, 12)
    before = known_of(heart_rate, 0)
    heart_rate[6] += 50
    moved = np.abs(known_of(heart_rate, 0) - before) > 1e-5
    assert moved[6:, 1].all()
    assert not moved[:6, :4].any()
    layer = KnownHeartRate(past=(1,), future=(5,))
    seen = [
        numbers(layer(np.float32([each]), np.full((1, 12), 100, "f"), np.float32([[0]])))[0, :, 2]
        for each in (heart_rate, heart_rate + 50 * (np.arange(12) == 6))
    ]
    assert np.flatnonzero(np.abs(seen[1] - seen[0]) > 1e-3).tolist() == list(range(7))


def correction(units=4) -> Correction:
    keras.utils.set_random_seed(0)
    layer = Correction(units)
    layer.build((None, 9), (None, 9), (None, 9, 3), (None, 1))
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.5, each.shape).astype("float32") for each in layer.get_weights()])
    return layer


def corrected(layer, heart_rate, delay=0.0) -> np.ndarray:
    random = np.random.default_rng(1)
    predicted, sequence = random.uniform(120, 160, (1, 9)), random.normal(size=(1, 9, 3))
    given = (np.float32([heart_rate]), predicted.astype("float32"), sequence.astype("float32"), np.float32([[delay]]))
    return numbers(layer(*given))[0]


def test_correction_is_exactly_0_where_nothing_is_known():
    layer = correction()
    for delay in (0, 10, 600):
        assert (corrected(layer, [NAN] * 9, delay) == 0).all()
    assert (corrected(layer, [NAN] * 4 + [180] + [NAN] * 4) != 0).all()
    late = corrected(layer, [180] * 9, delay=30)
    assert (late[:3] == 0).all()
    assert (late[3:] != 0).all()


def test_correction_sees_nothing_after_its_delay():
    layer, heart_rate = correction(), np.linspace(130, 150, 9)
    before = corrected(layer, heart_rate, delay=20)
    heart_rate[4] = NAN
    heart_rate[5:] += 30
    after = corrected(layer, heart_rate, delay=20)
    np.testing.assert_array_equal(after[:6], before[:6])
    assert (after[6:] != before[6:]).all()


def test_layers_come_back_from_their_configuration():
    for layer in (
        RunFeatures(step=5.0),
        PartlyKnown(["a"], [1.0], [2.0]),
        Modulation(),
        TimeLeft(),
        ExpectedFeatures({"level": 3.0, "centre": [0.0, 1.0]}, 150.0),
        ExponentialAverages((2, 5)),
        KnownHeartRate(5.0, (1, None), (3,)),
        Correction(7, 5.0),
    ):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        assert type(again) is type(layer)
        assert again.get_config() == layer.get_config()
