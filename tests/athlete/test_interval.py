"""The band holds four of five heart rates, whoever the person is."""

import numpy as np
import pytest

from hrkeras.athlete.interval import EDGES, RATE, SPAN, TAIL, TYPICAL, WEIGHT, Band, limits

TENTH = 1.2816  # standard deviations above which a tenth of a normal distribution lies


def test_before_a_run_it_is_what_is_usual():
    np.testing.assert_allclose(Band().limits, [-TENTH * TYPICAL, TENTH * TYPICAL], atol=0.02)
    assert Band().hours.sum() == pytest.approx(WEIGHT)


@pytest.mark.parametrize(("centre", "spread"), [(0.0, 0.3), (0.0, 1.5), (-0.5, 0.6), (0.8, 0.4)])
def test_it_comes_to_hold_four_of_five(centre, spread):
    random, band, inside = np.random.default_rng(0), Band(), []
    for run in range(300):
        own = random.uniform(4, 12, 360)
        heart_rate = 150 + own * random.normal(centre, spread, 360)
        low, high = limits(np.full(360, 150.0), own, band.limits)
        if run >= 100:
            inside.append([heart_rate < low, heart_rate > high])
        band.update(heart_rate, np.full(360, 150.0), own, 10.0)
    np.testing.assert_allclose(np.mean(inside, axis=(0, 2)), 0.1, atol=0.01)


def test_by_hand():
    band = Band()
    band.update(np.array([140.0, np.nan, 200.0]), np.full(3, 140.0), np.full(3, 10.0), 3600.0)
    expected = Band().hours.copy()
    expected[np.searchsorted(EDGES, 0.0)] += 1
    expected[-1] += 1  # six standard deviations are beyond the last edge
    np.testing.assert_allclose(band.hours, expected)
    band.update(np.array([140.0]), np.array([140.0]), np.array([10.0]), 0.0)
    keep = np.exp(-1 / SPAN)
    np.testing.assert_allclose(band.hours, keep * expected + (1 - keep) * Band().hours)


def test_the_limits_are_put_right_by_what_lay_beyond_them():
    band = Band()
    band.update(np.array([200.0, 140, 140, 140]), np.full(4, 140.0), np.full(4, 10.0), 450.0)  # half an hour
    np.testing.assert_allclose(band.tails, [TAIL + RATE / 2 * TAIL, TAIL + RATE / 2 * (TAIL - 0.25)])


def test_it_holds_what_it_says_while_the_person_changes():
    random, band, inside = np.random.default_rng(1), Band(), []
    for run in range(120):
        level = 0.015 * run + random.normal(0, 0.5)
        heart_rate = 150 + 8 * (level + random.normal(0, 0.3, 360))
        low, high = limits(np.full(360, 150.0), np.full(360, 8.0), band.limits)
        inside.append(((low <= heart_rate) & (heart_rate <= high)).mean())
        band.update(heart_rate, np.full(360, 150.0), np.full(360, 8.0), 10.0)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_without_heart_rate_nothing_is_learnt():
    band = Band()
    band.update(np.full(5, np.nan), np.full(5, 140.0), np.full(5, 8.0), 10.0)
    np.testing.assert_array_equal(band.hours, Band().hours)
