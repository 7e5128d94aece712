"""Whether heat goes with heart rate, against lines fitted elsewhere."""

import numpy as np
import pytest

from hrkeras.athlete import heat


def test_warmer_than_the_last_ten_runs_that_tell_it():
    temperatures = np.array([np.nan, 10, 20, np.nan, 30, *[0] * 12])
    warmer = heat.warmer(temperatures)
    np.testing.assert_array_equal(warmer[:5], [np.nan, np.nan, 10, np.nan, 15])
    assert warmer[5] == -20
    assert warmer[-1] == 0
    assert np.isnan(heat.warmer(np.full(3, np.nan))).all()
    assert len(heat.warmer(np.empty(0))) == 0


def test_the_line_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    warmer, variances = rng.normal(0, 5, 40), rng.uniform(1, 9, 40)
    values = 0.3 * warmer + rng.normal(0, 1, 40)
    found = heat.relation(warmer, values)
    (slope, _), covariance = np.polyfit(warmer, values, 1, cov=True)
    assert found.slope.value == pytest.approx(10 * slope)
    assert found.slope.high - found.slope.value == pytest.approx(
        10 * 2.0244 * np.sqrt(covariance[0, 0]), rel=1e-3
    )  # t, 38 degrees
    assert found.slope.certain
    weighted = heat.relation(warmer, values, variances)
    assert weighted.slope.value == pytest.approx(10 * np.polyfit(warmer, values, 1, w=variances**-0.5)[0])


def test_few_runs_or_one_temperature_tell_nothing():
    values = np.arange(30.0)
    assert heat.relation(np.zeros(30), values) is None
    assert heat.relation(np.where(values < 11, np.nan, values), values) is None
    assert heat.relation(values, np.full(30, np.nan)) is None
    assert heat.relation(values, np.where(values < 10, np.nan, values)).runs == 20
