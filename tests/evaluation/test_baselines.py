"""Baselines on made-up runs whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.datasets.windows import Run
from hrkeras.evaluation import baselines
from hrkeras.evaluation.protocols import Case, beginning, between_gaps, everything
from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import Grid

WEIGHTS = {"one": 95.0, "graded_speed_over_12": 12.0, "hours": 6.0, "decay_200_s": -15.0}
LAST = "mean of the last 5 runs"
BIAS = "ridge per person, bias of the last 20 runs"


def made_up(number, user, random, level=0.0) -> Run:
    """A run whose heart rate is linear in the basis of effort, plus a level of its own."""
    steps = int(random.integers(150, 300))
    speed = np.float32(random.choice([1.5, 2.5, 3.5], -(-steps // 10)).repeat(10)[:steps])
    altitude = np.float32(random.normal(0, 1, steps).cumsum())
    grid = Grid(speed, altitude, speed)
    weights = np.array([WEIGHTS.get(name, 0.0) for name in BASIS])
    truth = np.float32(basis(grid) @ weights + level)
    return Run(number, user, 1e9 + 1e5 * number, grid._replace(heart_rate=truth), np.array([number]))


def flat(number, user, heart_rate, start=None) -> Run:
    whole = made_up(number, user, np.random.default_rng(number))
    grid = whole.grid._replace(heart_rate=np.full_like(whole.grid.speed, heart_rate))
    return replace(whole, start=1e9 + 1e5 * number if start is None else start, grid=grid)


def with_heart_rate(run: Run, heart_rate) -> Run:
    return replace(run, grid=run.grid._replace(heart_rate=np.full_like(run.grid.speed, heart_rate)))


@pytest.fixture(scope="module")
def linear():
    """Two people in turn: the second's heart rate is 20 higher. Train, validation, test."""
    random = np.random.default_rng(0)
    runs = [made_up(number, number % 2, random, 20.0 * (number % 2)) for number in range(80)]
    return runs[:60], runs[60:70], runs[70:]


def error(predicted, runs) -> float:
    return float(np.mean([np.abs(found - run.grid.heart_rate).mean() for found, run in zip(predicted, runs, strict=True)]))


def test_ridge_finds_a_linear_truth(linear):
    train, validation, test = linear
    found = baselines.predictions(train, validation, test)
    assert error(found["ridge, everyone"], test) == pytest.approx(10, abs=0.5)  # between the two
    assert error(found["ridge per person"], test) < 0.5
    assert error(found["constant"], test) > 10
    alone = baselines.predictions(*([run for run in runs if run.user == 0] for runs in linear))
    assert error(alone["ridge, everyone"], [run for run in test if run.user == 0]) < 0.3


def test_a_person_whom_training_does_not_know_gets_everyones_weights(linear):
    train, validation, test = linear
    stranger = [replace(run, user=7) for run in test[:1]]
    found = baselines.predictions(train, validation, stranger)
    np.testing.assert_array_equal(found["ridge per person"][0], found["ridge, everyone"][0])
    np.testing.assert_array_equal(found["person's mean"][0], found["constant"][0])
    np.testing.assert_array_equal(found[LAST][0], found["constant"][0])
    np.testing.assert_array_equal(found[BIAS][0], found["ridge, everyone"][0])


def test_the_bias_is_the_mean_miss_of_earlier_runs(linear):
    train, validation, test = linear
    later = [replace(run, grid=run.grid._replace(heart_rate=run.grid.heart_rate + 8)) for run in test]
    found = baselines.predictions(train, validation, later)
    first = [run.number for run in later].index(70)
    assert np.mean(found[BIAS][first] - found["ridge per person"][first]) == pytest.approx(0, abs=0.5)
    residual = float(np.mean(later[first].grid.heart_rate - found["ridge per person"][first]))
    before = baselines.predictions(train, validation, test)
    shift = np.mean(found[BIAS][first + 2]) - np.mean(before[BIAS][first + 2])  # the person's next run
    assert shift == pytest.approx(8 / 20, abs=0.02)
    assert residual == pytest.approx(8, abs=0.6)


def test_means_by_hand():
    train = [flat(0, 0, 100), flat(1, 0, 120), flat(2, 1, 180)]
    validation = [flat(3, 0, 140), flat(4, 1, 160)]
    test = [flat(number, 0, 150 + number) for number in range(5, 10)]
    found = baselines.predictions(train, validation, test)
    steps = [len(run.grid.speed) for run in train]
    expected = np.average([100, 120, 180], weights=steps)
    assert [each[0] for each in found["constant"]] == pytest.approx([expected] * 5)
    assert [each[0] for each in found["person's mean"]] == pytest.approx([np.average([100, 120], weights=steps[:2])] * 5)
    earlier = [100, 120, 140, 155, 156, 157, 158]
    assert [each[0] for each in found[LAST]] == pytest.approx([np.mean(earlier[max(0, k - 5) : k]) for k in range(3, 8)])
    assert [each.shape for each in found[LAST]] == [run.grid.speed.shape for run in test]


def test_last_runs_are_strictly_earlier_and_the_persons_own():
    train = [flat(0, 0, 100), flat(1, 1, 180)]
    validation = [flat(2, 0, 110)]
    test = [flat(3, 0, 120), flat(4, 1, 170), flat(5, 0, 130)]
    before = [each[0] for each in baselines.predictions(train, validation, test)[LAST]]
    assert before == pytest.approx([105, 180, 110])
    for changed, moved in ((0, {2}), (1, set()), (2, set())):
        others = [with_heart_rate(run, 60) if place == changed else run for place, run in enumerate(test)]
        after = [each[0] for each in baselines.predictions(train, validation, others)[LAST]]
        assert {place for place in range(3) if after[place] != before[place]} == moved
    same_start = [*test, flat(6, 0, 60, start=test[0].start)]
    assert baselines.predictions(train, validation, same_start)[LAST][0][0] == pytest.approx(105)


def test_later_runs_of_training_do_not_count_before_they_were_run():
    train = [flat(0, 0, 100), flat(9, 0, 200)]
    found = baselines.predictions(train, [flat(1, 0, 110)], [flat(2, 0, 120)])
    assert found[LAST][0][0] == pytest.approx(105)


def test_unmeasured_runs_and_steps_never_count():
    train = [flat(0, 0, 100), flat(1, 0, np.nan), flat(2, 1, np.nan)]
    half = flat(3, 0, 140)
    half.grid.heart_rate[::2] = np.nan
    found = baselines.predictions(train, [flat(4, 0, np.nan)], [half, flat(5, 0, 1), flat(6, 1, 1)])
    assert [each[0] for each in found["person's mean"]] == pytest.approx([100, 100, 100])
    assert [each[0] for each in found[LAST]] == pytest.approx([100, 120, 100])
    assert all(np.isfinite(each).all() for predicted in found.values() for each in predicted)


def partly(runs, shown, residual):
    """Runs of which a model predicts so much too little, and the athlete's state twice so much."""
    return baselines.Partly(
        runs,
        [np.where(those, run.grid.heart_rate, np.nan) for run, those in zip(runs, shown, strict=True)],
        [~those for those in shown],
        [run.grid.heart_rate - residual for run in runs],
        [run.grid.heart_rate - 2 * residual for run in runs],
    )


def test_persistence_and_shifts_by_hand():
    run = made_up(0, 0, np.random.default_rng(0))
    steps = len(run.grid.speed)
    shown = np.ones(steps, bool)
    given = baselines.Partly([run], [run.grid.heart_rate], [shown], [run.grid.heart_rate - 6.0], [np.full(steps, 100.0)])
    found = baselines.with_heart_rate(Case("1 min ahead", delay=60.0, shown=everything), given, given, "mine")
    assert list(found) == ["persistence", "athlete's state, shifted by its residuals", "mine, shifted by its residuals"]
    np.testing.assert_allclose(found["persistence"][0], [100] * 6 + run.grid.heart_rate[:-6].tolist(), rtol=1e-6)
    moved = found["mine, shifted by its residuals"][0] - given.unconditioned[0]
    np.testing.assert_allclose(moved[:6], 0)
    np.testing.assert_allclose(moved[6:], 6.0, atol=1e-3)  # a miss that never changes is worth all of it


def test_the_rest_of_a_run_keeps_the_last_value_and_the_mean_miss():
    run = made_up(0, 0, np.random.default_rng(1))
    shown = np.arange(len(run.grid.speed)) < 60
    given = partly([run], [shown], 5.0)
    found = baselines.with_heart_rate(Case("rest after 10 min", shown=beginning), given, given, "mine")
    np.testing.assert_allclose(found["persistence"][0][60:], run.grid.heart_rate[59])
    np.testing.assert_allclose(found["mine, shifted by its residuals"][0][60:], run.grid.heart_rate[60:], atol=0.1)


def test_gaps_are_bridged_by_a_line():
    run = made_up(0, 0, np.random.default_rng(2))
    shown = np.ones(len(run.grid.speed), bool)
    shown[10:15] = shown[-5:] = False
    given = partly([run], [shown], 5.0)
    case = Case("gaps", shown=between_gaps, after=True)
    found = baselines.with_heart_rate(case, given, given, "mine")["linear interpolation"][0]
    truth = run.grid.heart_rate
    np.testing.assert_allclose(found[10:15], np.linspace(truth[9], truth[15], 7)[1:-1], rtol=1e-6)
    np.testing.assert_allclose(found[-5:], truth[-6])
    np.testing.assert_array_equal(found[shown], truth[shown])


def test_what_is_hidden_never_moves_a_baseline():
    run = made_up(0, 0, np.random.default_rng(3))
    for case in (Case("rest after 10 min", shown=beginning), Case("gaps", shown=between_gaps, after=True)):
        shown = np.arange(len(run.grid.speed)) % 50 < 30
        given = partly([run], [shown], 5.0)
        other = replace(run, grid=run.grid._replace(heart_rate=np.where(shown, run.grid.heart_rate, 50)))
        one, two = (baselines.with_heart_rate(case, replace(given, runs=[each]), given, "mine") for each in (run, other))
        for name in one:
            np.testing.assert_array_equal(one[name][0], two[name][0], err_msg=name)
