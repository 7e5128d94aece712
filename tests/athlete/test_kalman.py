"""The athlete's state: what it learns from runs, and what it must not know."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.athlete import history
from hrkeras.athlete.following import follow
from hrkeras.athlete.kalman import BINS, EXPECTED, MEMORIES, PACES, AthleteState
from hrkeras.athlete.population import COURSE, DAY, PERSON, SIZE, STATES, default, mean_effort
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid

NOON = 1.6e9
ARRAYS = ("weights", "covariance", "residuals", "starts", "ends", "records")
PREDICTION, SPREAD = EXPECTED.index("expected"), EXPECTED.index("spread")


def course(random, steps=60):
    speed = np.clip(random.uniform(2, 3.5) + random.normal(0, 0.3, steps), 0, None)
    return speed.astype("f"), random.normal(0, 4, steps).cumsum().astype("f")


def made_up(random, steps=60):
    heart_rate = np.float32(random.uniform(120, 170) + random.normal(0, 5, steps))
    heart_rate[::7] = np.nan
    return Grid(*course(random, steps), heart_rate)


def constant(steps, speed=3.0, heart_rate=150.0):
    return Grid(*(np.full(steps, value, "f") for value in (speed, 20, heart_rate)))


def trained(runs=6, seed=0, population=None):
    random, athlete = np.random.default_rng(seed), AthleteState(population or default())
    for day in range(runs):
        assert athlete.update(NOON + day * DAY, made_up(random)) == "added"
    return athlete


def column(known, name):
    return known.history[history.COLUMNS.index(name)]


def assert_same(one, other):
    for name in ("expected", "course", "course_share", "history"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def features(start, grid):
    return default().features(start, basis(grid)).astype(np.float64)


@pytest.mark.parametrize(("offset", "surprising"), [(2.0, False), (70.0, True)])
def test_the_correction_is_the_posterior_under_the_full_covariance_of_the_noise(offset, surprising):
    """Of the weights and of `PERSON`, of which a run tells its mean effort besides its heart rate."""
    start, population, random = NOON + 3.5 * DAY, default(), np.random.default_rng(1)
    first, run = made_up(random, 30), made_up(random, 25)
    athlete = AthleteState()
    athlete.update(NOON, first)
    rows = np.pad(features(start, run), ((0, 0), (0, len(PERSON))))
    run = run._replace(heart_rate=np.where(np.isnan(run.heart_rate), np.nan, rows @ athlete.weights[0] + offset))
    before = deepcopy(athlete)
    athlete.update(start, run)
    measured = np.isfinite(run.heart_rate)
    rows, size, usual = rows[measured], measured.sum(), np.eye(SIZE)[len(STATES)]
    for pace, factor in enumerate(PACES):
        drift = 3.5 * factor * np.pad(population.spread(population.drift), (0, len(PERSON)))
        weights, covariance = before.weights[pace], before.covariance[pace] + np.diag(drift)
        gain = covariance @ usual / (usual @ covariance @ usual + population.effort_noise)
        weights = weights + gain * (mean_effort(basis(run)) - weights @ usual)
        covariance = covariance - np.outer(gain, usual @ covariance)
        noise = population.noise * np.eye(size) + population.level * np.ones((size, size))
        residual, mean = run.heart_rate[measured] - rows @ weights, np.full(size, 1 / size)
        excess = (mean @ residual) ** 2 / (mean @ (rows @ covariance @ rows.T + noise) @ mean) / population.outlier_threshold
        assert (excess > 1) == surprising
        noise *= max(1.0, excess)
        gain = covariance @ rows.T @ np.linalg.inv(rows @ covariance @ rows.T + noise)
        np.testing.assert_allclose(athlete.weights[pace], weights + gain @ residual, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(athlete.covariance[pace], covariance - gain @ rows @ covariance, rtol=1e-6, atol=1e-6)


def test_of_a_stranger_the_population_is_expected_and_less_is_sure():
    grid = made_up(np.random.default_rng(2))
    stranger, known = AthleteState().predict(NOON, grid), trained().predict(NOON + 6 * DAY, grid)
    covariance, rows = default().covariance[:, len(STATES)], features(NOON, grid)
    gain = covariance / (covariance[len(STATES)] + default().effort_noise) * (mean_effort(basis(grid)) - default().person[0])
    share = rows.mean(axis=0) @ gain[: len(STATES)]
    np.testing.assert_allclose(stranger.expected[:, PREDICTION], rows @ default().weights + share, atol=1e-3)
    others = np.delete(stranger.expected, [PREDICTION, SPREAD], axis=1)
    np.testing.assert_array_equal(others, np.zeros_like(others))
    assert (stranger.expected[:, SPREAD] > 1.2 * known.expected[:, SPREAD]).all()
    assert np.ptp(known.expected[:, [EXPECTED.index(name) for name in ("quicker", "slower")]]) > 0


def test_the_error_falls_with_the_number_of_runs():
    random, population = np.random.default_rng(3), default()
    own = population.weights + random.normal(0, 0.7, len(STATES)) * np.sqrt(population.spread(population.prior))
    athlete, errors = AthleteState(), []
    for day in range(24):
        grid, start = Grid(*course(random, 150), np.empty(0)), NOON + day * DAY
        true = features(start, grid) @ own
        errors.append(np.abs(athlete.predict(start, grid).expected[:, PREDICTION] - true).mean())
        athlete.update(start, grid._replace(heart_rate=true + random.normal(0, 3) + random.normal(0, 3, 150)))
    first, later, last = errors[0], np.mean(errors[2:8]), np.mean(errors[16:])
    assert last < 0.75 * later < 0.5 * first


def test_a_run_is_not_known_before_it_is_over():
    random = np.random.default_rng(4)
    grids = [made_up(random, steps) for steps in (60, 60, 30, 90, 60, 45, 20)]
    starts = NOON + np.array([0, DAY, DAY + 400, 2 * DAY, 2 * DAY + 600, 2 * DAY + 900, 3 * DAY])
    ends = starts + STEP * np.array([len(grid.speed) for grid in grids])
    found = dict(follow(starts, grids))
    assert list(found) == sorted(found, key=lambda run: starts[run])
    for run, start in enumerate(starts):
        changed = [made_up(random, len(grid.speed)) if end > start else grid for grid, end in zip(grids, ends, strict=True)]
        changed[run] = grids[run]._replace(heart_rate=made_up(random, len(grids[run].speed)).heart_rate + 40)
        assert_same(dict(follow(starts, changed))[run], found[run])
    assert column(found[2], "log_runs_before") == np.log1p(np.float32(1))  # run 1 was still under way


def test_one_run_after_another_is_the_same_as_all_at_once():
    random, athlete = np.random.default_rng(5), AthleteState()
    grids, starts = [made_up(random) for _ in range(8)], NOON + DAY * random.permutation(8)
    found = dict(follow(starts, grids))
    for run in np.argsort(starts):
        assert_same(athlete.predict(starts[run], grids[run]), found[run])
        assert athlete.update(starts[run], grids[run]) == "added"
    assert athlete.count == 8


def test_runs_that_are_not_learnt_from_leave_nothing():
    random = np.random.default_rng(6)
    grids, starts = [made_up(random) for _ in range(6)], NOON + DAY * np.arange(6)
    learnt = np.array([True, False, True, False, False, False])
    found = dict(follow(starts, grids, learnt=learnt))
    fewer = dict(follow(starts[[0, 2, 5]], [grids[run] for run in (0, 2, 5)]))
    assert_same(found[5], fewer[2])


@pytest.mark.parametrize(
    ("later", "steps", "answer"),
    [
        (0, 60, "known"),
        (30, 50, "known"),
        (-100, 300, "known"),
        (-500, 60, "known"),
        (-590, 60, "older"),
        (-600, 60, "older"),
        (-DAY, 60, "older"),
    ],
)
def test_what_is_known_or_older_changes_nothing(later, steps, answer):
    random = np.random.default_rng(7)
    athlete, last = trained(2), NOON + 9 * DAY
    athlete.update(last, made_up(random))
    before = deepcopy(athlete)
    assert athlete.update(last + later, made_up(random, steps)) == answer
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(athlete, name), getattr(before, name), err_msg=name)
    assert athlete.count == before.count == 3


def test_a_run_without_heart_rate_counts_as_load_alone():
    athlete = trained(3, population=replace(default(), differences=()))  # else it tells how fit somebody is who runs so hard
    before, grid = deepcopy(athlete), constant(360, heart_rate=np.nan)
    assert athlete.update(NOON + 3 * DAY, grid) == "added"
    np.testing.assert_array_equal(athlete.residuals, before.residuals)
    usual = len(STATES) + PERSON.index("usual_effort")
    assert (athlete.covariance[:, usual, usual] < before.covariance[:, usual, usual]).all()
    assert np.isfinite(athlete.covariance).all()
    with_it, without = (each.predict(NOON + 4 * DAY, grid) for each in (athlete, before))
    np.testing.assert_allclose(with_it.expected, without.expected, atol=3.0)  # but how hard they run is better known
    load = column(with_it, "hours_in_7_days") - column(without, "hours_in_7_days")
    assert load == pytest.approx(np.exp(-1 / 7), rel=1e-5)
    assert column(with_it, "measured_over_1") < column(without, "measured_over_1")
    stranger = AthleteState()
    stranger.update(NOON, grid)
    assert np.isnan(column(stranger.predict(NOON + DAY, grid), "mean_heart_rate_over_40"))
    assert np.isfinite(stranger.predict(NOON + DAY, grid).expected).all()


def test_without_its_share_the_course_leaves_no_trace():
    athlete, grid, start = trained(), made_up(np.random.default_rng(8), 80), NOON + 7.3 * DAY
    found, rows = athlete.predict(start, grid), features(start, grid)
    rows[:, -len(COURSE) :] = 0
    said = rows @ athlete.weights[:, : len(STATES)].T
    wanted = np.column_stack([said[:, 0], said[:, 1] - said[:, 0], said[:, 2] - said[:, 0]])
    np.testing.assert_allclose(found.expected[:, :3] - found.course_share, wanted, atol=1e-3)
    assert np.abs(found.course_share).max() > 0.1


@pytest.mark.parametrize("level", [0.0, -130.0, 130.0])
def test_what_is_to_come_changes_the_share_of_the_course_alone(level):
    """Also where heart rate is expected at the limits of what is possible."""
    athlete, random, start = trained(), np.random.default_rng(9), NOON + 7.3 * DAY
    athlete.weights[:, 0] += level
    whole, other = made_up(random, 80), made_up(random, 300)
    changed = Grid(*(np.concatenate([one[:40], two]) for one, two in zip(whole, other, strict=True)))
    found, changed = athlete.predict(start, whole), athlete.predict(start, changed)
    one, two = found.expected[:40], changed.expected[:40]
    np.testing.assert_allclose(one[:, :3] - found.course_share, two[:, :3] - changed.course_share, atol=1e-3)
    np.testing.assert_allclose(one[:, 3:], two[:, 3:], rtol=1e-5)
    assert np.abs(found.course_share - changed.course_share).max() > 0.1
    moved = ~np.isclose(found.history, changed.history, equal_nan=True)
    assert np.array(history.COLUMNS)[moved].tolist() == ["miss_like"]


def test_a_pause_makes_less_sure_up_to_a_limit():
    athlete, grid, longest = trained(), made_up(np.random.default_rng(10)), default().longest
    paused = [replace(athlete, starts=athlete.starts - days * DAY) for days in (0, 9, longest - 1, 2 * longest)]
    spreads = [each.predict(NOON + 6 * DAY, grid).expected[:, SPREAD] for each in paused]
    assert (np.diff(spreads[:3], axis=0) > 0).all()
    np.testing.assert_array_equal(spreads[2], spreads[3])


def test_how_it_misses_at_a_minute_is_remembered():
    athlete, grid = AthleteState(), constant(120)
    for day in range(8):
        said = athlete.predict(NOON + day * DAY, grid).expected[:, PREDICTION]
        athlete.update(NOON + day * DAY, grid._replace(heart_rate=said + np.where(np.arange(120) < 12, 10, 0).astype("f")))
    found = athlete.predict(NOON + 8 * DAY, grid).expected[:, EXPECTED.index("miss_by_minute_over_20")]
    assert (found[1:6] > 2).all()
    assert (found[20:] < 0).all()
    remembered = [120 * np.exp(-np.arange(8) / memory).sum() for memory in MEMORIES]
    np.testing.assert_allclose(athlete.residuals[1].sum(axis=-1), [remembered] * len(BINS))


@pytest.mark.parametrize("steps", [1, 2, 500])
@pytest.mark.parametrize("speed", [0.0, 1e-3, 3.0, 50.0])
def test_any_run_leaves_a_state_that_predicts(speed, steps):
    athlete = AthleteState()
    for day in range(2):
        found = athlete.predict(NOON + day * DAY, constant(steps, speed))
        assert found.expected.shape == (steps, len(EXPECTED))
        assert all(np.isfinite(each).all() for each in (found.expected, found.course, found.course_share))
        assert athlete.update(NOON + day * DAY, constant(steps, speed)) == "added"
    assert np.linalg.eigvalsh(athlete.covariance).min() > 0
    usual = athlete.predict(NOON + 2 * DAY, constant(30)).expected
    assert (usual[:, PREDICTION] > 40).all()
    assert (usual[:, PREDICTION] < 220).all()


def test_of_many_runs_the_last_are_kept_and_all_are_counted():
    athlete = AthleteState()
    for day in range(history.KEPT + 5):
        athlete.update(NOON + day * DAY, constant(3))
    assert athlete.count == history.KEPT + 5
    assert {len(getattr(athlete, name)) for name in ("starts", "ends", "records")} == {history.KEPT}
    assert athlete.starts[-1] == NOON + (history.KEPT + 4) * DAY
