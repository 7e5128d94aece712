"""The prediction interval holds four of five heart rates, whoever the person is."""

import numpy as np
import pytest

from hrkeras.athlete.interval import EDGES, RATE, SPAN, TAIL, TYPICAL, WEIGHT, PredictionInterval, limits

TENTH = 1.2816  # standard deviations above which a tenth of a normal distribution lies


def test_before_a_run_it_is_what_is_usual():
    np.testing.assert_allclose(PredictionInterval().limits, [-TENTH * TYPICAL, TENTH * TYPICAL], atol=0.02)
    assert PredictionInterval().hours.sum() == pytest.approx(WEIGHT)


@pytest.mark.parametrize(("centre", "standard_deviation"), [(0.0, 0.3), (0.0, 1.5), (-0.5, 0.6), (0.8, 0.4)])
def test_it_comes_to_hold_four_of_five(centre, standard_deviation):
    random, interval, inside = np.random.default_rng(0), PredictionInterval(), []
    for run in range(300):
        own = random.uniform(4, 12, 360)
        heart_rate = 150 + own * random.normal(centre, standard_deviation, 360)
        low, high = limits(np.full(360, 150.0), own, interval.limits)
        if run >= 100:
            inside.append([heart_rate < low, heart_rate > high])
        interval.update(heart_rate, np.full(360, 150.0), own, 10.0)
    np.testing.assert_allclose(np.mean(inside, axis=(0, 2)), 0.1, atol=0.01)


def test_of_somebody_unknown_it_is_narrower_than_the_filter_says():
    usual, wide = np.array([10.0, 17.0, 24.0]), np.array([30.0, 37.0, 44.0])
    for deviations, share in ((usual, 1.0), (wide, 26.0 / 37.0)):
        low, high = limits(np.full(3, 130.0), deviations, np.array([-1.0, 2.0]))
        np.testing.assert_allclose(low, 130.0 - share * deviations)
        np.testing.assert_allclose(high, 130.0 + 2 * share * deviations)


def test_by_hand():
    interval = PredictionInterval()
    interval.update(np.array([140.0, np.nan, 200.0]), np.full(3, 140.0), np.full(3, 10.0), 3600.0)
    expected = PredictionInterval().hours.copy()
    expected[np.searchsorted(EDGES, 0.0)] += 1
    expected[-1] += 1  # six standard deviations are beyond the last edge
    np.testing.assert_allclose(interval.hours, expected)
    interval.update(np.array([140.0]), np.array([140.0]), np.array([10.0]), 0.0)
    keep = np.exp(-1 / SPAN)
    np.testing.assert_allclose(interval.hours, keep * expected + (1 - keep) * PredictionInterval().hours)


def test_the_limits_are_put_right_by_what_lay_beyond_them():
    interval = PredictionInterval()
    interval.update(np.array([200.0, 140, 140, 140]), np.full(4, 140.0), np.full(4, 10.0), 450.0)  # half an hour
    np.testing.assert_allclose(interval.tails, [TAIL + RATE / 2 * TAIL, TAIL + RATE / 2 * (TAIL - 0.25)])


def test_it_holds_what_it_says_while_the_person_changes():
    random, interval, inside = np.random.default_rng(1), PredictionInterval(), []
    for run in range(120):
        level = 0.015 * run + random.normal(0, 0.5)
        heart_rate = 150 + 8 * (level + random.normal(0, 0.3, 360))
        low, high = limits(np.full(360, 150.0), np.full(360, 8.0), interval.limits)
        inside.append(((low <= heart_rate) & (heart_rate <= high)).mean())
        interval.update(heart_rate, np.full(360, 150.0), np.full(360, 8.0), 10.0)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_without_heart_rate_nothing_is_learnt():
    interval = PredictionInterval()
    interval.update(np.full(5, np.nan), np.full(5, 140.0), np.full(5, 8.0), 10.0)
    np.testing.assert_array_equal(interval.hours, PredictionInterval().hours)
