"""Fitness as the athlete's state sees it, now and in hindsight."""

import numpy as np
import pytest

from hrkeras.athlete import fitness
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import COURSE, DAY, STATES, default
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid

NOON, SPEED = 1.6e9, 2.8


def run(heart_rate: float, speed: float = SPEED) -> Grid:
    warm = 40 * np.exp(-np.arange(240) * STEP / 60)
    return fitness.steady(speed)._replace(heart_rate=np.float32(heart_rate - warm))


def followed(heart_rates):
    athlete, views, starts, before = AthleteState(), [], [], []
    for day, heart_rate in enumerate(heart_rates):
        starts.append(NOON + 3 * day * DAY)
        before.append(athlete.predict(starts[-1], run(heart_rate)))
        athlete.update(starts[-1], run(heart_rate))
        views.append(fitness.view(athlete))
    usual = fitness.usual_course(athlete.population, before)
    return [each._replace(usual=usual) for each in views], starts


@pytest.mark.parametrize(("low", "certain"), [(-0.2, False), (0.3, False), (0.6, True)])
def test_what_is_certain_looks_so_in_whole_beats(low, certain):
    assert fitness.WithLimits(7.0, low, 14.0).certain == fitness.WithLimits(-7.0, -14.0, -low).certain == certain


def test_a_steady_run_is_steady():
    grid = fitness.steady(2.5, 30, 0.02)
    assert len(grid.speed) == 180
    assert set(grid.speed) == {2.5}
    np.testing.assert_allclose(np.diff(grid.altitude), 2.5 * 10 * 0.02, rtol=1e-3)
    assert np.isnan(grid.heart_rate).all()


def test_features_are_those_of_the_minutes_that_are_read_on_a_usual_course():
    athlete, grid = AthleteState(), fitness.steady(SPEED)
    found = fitness.view(athlete).features(NOON, grid)
    whole = default().features(NOON, basis(grid))
    np.testing.assert_allclose(found[: -len(COURSE)], whole[90:150, : -len(COURSE)].mean(axis=0), rtol=1e-5, atol=1e-6)
    assert (found[-len(COURSE) :] == 0).all()
    usual = fitness.usual_course(athlete.population, [athlete.predict(NOON, grid)] * 3)
    np.testing.assert_allclose(usual, whole[0, -len(COURSE) :], rtol=1e-4)
    np.testing.assert_array_equal(fitness.view(athlete, usual).features(NOON, grid)[-len(COURSE) :], usual)


def test_it_finds_the_heart_rate_of_the_runs_and_grows_surer():
    views, starts = followed([150.0] * 12)
    first, last = (each.at_pace(start, SPEED) for each, start in ((views[0], starts[0]), (views[-1], starts[-1])))
    assert last.value == pytest.approx(150, abs=3)
    assert last.low < last.value < last.high
    assert last.high - last.low < first.high - first.low


def test_hindsight_leaves_the_last_and_knows_earlier_what_came_later():
    views, starts = followed([*[160.0] * 5, *[140.0] * 10])
    smooth = fitness.with_hindsight(views, starts)
    np.testing.assert_array_equal(smooth[-1].weights, views[-1].weights)
    assert smooth[4].at_pace(starts[4], SPEED).value < views[4].at_pace(starts[4], SPEED).value - 1
    for seen, before in zip(smooth, views, strict=True):
        assert np.linalg.eigvalsh(seen.covariance).min() > -1e-6
        assert np.trace(seen.covariance) <= np.trace(before.covariance) + 1e-9


def test_hindsight_is_the_posterior_of_all_runs():
    """Two runs of one number each: what is known of the weight at the first, by hand."""
    population = default()
    count = len(STATES)
    weights, covariance = np.zeros(count), np.eye(count)
    later = fitness.View(population, weights + 1.0, 0.5 * covariance, 1.0, np.zeros(3))
    now = fitness.View(population, weights, covariance, 1.0, np.zeros(3))
    drift = population.process_noise(2 * DAY)
    found = fitness.with_hindsight([now, later], [NOON, NOON + 2 * DAY])[0]
    gain = 1 / (1 + drift)
    np.testing.assert_allclose(found.weights, gain * 1.0)
    np.testing.assert_allclose(np.diag(found.covariance), 1 + gain**2 * (0.5 - 1 - drift))


def test_effects_have_the_sign_that_everybody_has():
    views, starts = followed([150.0] * 6)
    found, month = fitness.effects(views[-1], starts[-1], SPEED)
    assert found["faster"].value > 0
    assert found["uphill"].value > 0
    assert found["season"].value >= 0
    assert 0 <= month - starts[-1] < fitness.YEAR
    assert fitness.WithLimits(2.0, 1.0, 3.0).certain
    assert not fitness.WithLimits(1.0, -0.5, 2.5).certain
