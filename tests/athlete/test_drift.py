"""The drift within a run: slopes by hand, what is left out, and limits that know how residuals hang together."""

import numpy as np
import pytest

from hrkeras.athlete import drift, fitness
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import STATES
from hrkeras.workouts.grid import STEP, Grid

CERTAIN = np.zeros((len(STATES), len(STATES)))  # covariance of a state that knows all


def run(heart_rate, speed=3.0, altitude=0.0):
    flat = np.zeros(len(heart_rate), np.float32)
    return Grid(flat + np.float32(speed), flat + np.float32(altitude), np.asarray(heart_rate, np.float32))


def drift_of(grid, expected, covariance=CERTAIN, features=None):
    features = np.zeros((len(expected), len(STATES))) if features is None else features
    return drift.of_run(grid, expected, features, covariance, drift.used(grid))


def hours(minutes):
    return (np.arange(6 * minutes) * STEP + STEP / 2) / 3600


def test_what_is_left_over_is_the_measured_slope_less_the_explained_one():
    time = hours(60)
    found = drift_of(run(140 + 12 * time), 150 + 5 * time)
    assert found.measured == pytest.approx(12, abs=1e-3)
    assert found.explained == pytest.approx(5, abs=1e-3)
    assert found.left_over.value == pytest.approx(7, abs=1e-3)
    assert found.minutes == 50
    assert found.is_clear


def test_warm_up_gaps_and_faults_are_left_out():
    time = hours(60)
    heart_rate = 140 + 12 * time
    heart_rate[:60] += 40  # in the warm-up
    heart_rate[120:150] = np.nan
    heart_rate[200:230] = 220  # a fault
    heart_rate[300:304] = 30  # another; two good steps are left of this minute, which are too few
    faulty = (heart_rate > 200) | (heart_rate < 100)
    grid = run(heart_rate)
    used = drift.used(grid, faulty)
    assert np.flatnonzero(used)[0] == 60
    assert not used[120:150].any()
    assert not used[198:228].any() or not used[200:230].any()
    assert not used[300:306].any()
    found = drift.of_run(grid, 100.0 + 0 * time, np.zeros((len(time), len(STATES))), CERTAIN, used)
    assert found.left_over.value == pytest.approx(12, abs=1e-3)


@pytest.mark.parametrize(("minutes", "enough"), [(5, False), (29, False), (30, True)])
def test_short_runs_tell_nothing(minutes, enough):
    assert drift.used(run(140 + hours(minutes))).any() == enough
    assert not drift.used(run(np.nan * hours(minutes))).any()


def test_an_uncertain_state_widens_the_limits_by_its_error():
    time = hours(60)
    features = np.zeros((len(time), len(STATES)))
    features[:, 3] = time  # a weight of 1 is a slope of 1 an hour
    covariance = CERTAIN.copy()
    covariance[3, 3] = 100.0
    found = drift_of(run(140 + 12 * time), 140 + 5 * time, covariance, features)
    assert found.left_over.high - found.left_over.value == pytest.approx(1.2816 * 0.3 * 10, rel=1e-3)


def test_the_limits_hold_four_times_in_five_where_residuals_hang_together():
    rng, time, inside = np.random.default_rng(0), hours(100), []
    keep = np.exp(-STEP / 60 / drift.MEMORY)
    for _ in range(300):
        shocks = 4 * np.sqrt(1 - keep**2) * rng.normal(size=len(time))
        noise = np.empty(len(time))
        level = 4 * rng.normal()
        for step, shock in enumerate(shocks):
            noise[step] = level = keep * level + shock
        low, high = drift_of(run(140 + 5 * time + noise), 140 + 0 * time).left_over[1:]
        inside.append(low <= 5 <= high)
    assert 0.73 < np.mean(inside) < 0.86


def test_decoupling_by_hand():
    assert drift.decoupling(np.array([3.0, 3.0, 3.0, 3.0]), np.array([140.0, 140.0, 150.0, 150.0])) == pytest.approx(100 / 15)
    assert drift.decoupling(np.array([3.0, 2.7]), np.array([150.0, 150.0])) == pytest.approx(10)
    assert np.isnan(drift.decoupling(np.zeros(4), np.full(4, 150.0)))


def test_usual_is_what_fitness_tells_of_an_hour_made_per_hour():
    view = fitness.view(AthleteState())
    (told,) = drift.usual([view], 1.6e9, 2.8)
    later = fitness.effects(view, 1.5e9, 2.8)[0]["later"]
    assert told.value == pytest.approx(1.5 * later.value)
    assert told.low < told.value < told.high
