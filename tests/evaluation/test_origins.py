"""What is predicted from the past alone knows nothing of what comes."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from hrkeras.datasets.runs import Runs, load
from hrkeras.evaluation import evaluate, origins, predict
from hrkeras.evaluation.audit import model as audit
from hrkeras.evaluation.protocols import AHEAD, PROTOCOLS, TAIL, recorded
from hrkeras.models.frame import new_inputs
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import Grid

CHANGED = 151  # first step of a run that changes


@pytest.fixture(scope="module")
def runs(short_runs_dir) -> Runs:
    return load("synthetic", short_runs_dir)


@pytest.fixture(scope="module")
def model():
    """It makes use of all it is given, and is quick."""
    given = new_inputs()
    known = ops.where(ops.isnan(given["heart_rate"]), 0.0, given["heart_rate"])
    past = ops.cumsum(known + given["speed"] + given["altitude"], axis=1) / 1000
    return keras.Model(given, given["expected"][:, :, 0] + past)


@pytest.fixture(scope="module")
def cut(runs):
    population = runs.population()
    return origins.cut(runs, runs.known(population), population, "test")


def test_what_comes_is_assumed_by_hand():
    steps = np.arange(200)
    grid = Grid(np.float32(np.where(steps % 2, 3.5, 2.5)), np.float32(100 + 2.0 * steps), np.float32(120 + steps))
    found = origins.assumed(grid, 90)
    assert [len(values) for values in found] == [90 + TAIL] * 3
    for values, whole in zip(found, grid, strict=True):
        np.testing.assert_array_equal(values[:90], whole[:90])
    np.testing.assert_allclose(found.speed[90:], 3.0)
    climbed = np.diff(found.altitude[89:])
    np.testing.assert_allclose(climbed, 2.0 * np.exp(-np.arange(1, TAIL + 1) / 18), rtol=1e-3)


@pytest.mark.parametrize("origin", [30, 90])
def test_what_is_assumed_depends_on_the_past_alone(runs, origin):
    grid = runs.grids[0]
    other = Grid(*(np.concatenate([values[:origin], values[origin:][::-1] + 7]) for values in grid))
    for name in ("speed", "altitude"):
        np.testing.assert_array_equal(getattr(origins.assumed(grid, origin), name), getattr(origins.assumed(other, origin), name))


def test_origins_are_five_minutes_apart_and_know_what_came_before(runs, cut):
    parts, parents = cut
    found = [run for part in parts for run in part.runs()]
    assert [run.number for run in found] == list(range(len(parents)))
    for row in np.flatnonzero(runs.split == "test"):
        lengths = [len(found[number].grid.speed) for number in np.flatnonzero(parents == row)]
        assert lengths == list(range(30 + TAIL, len(runs.grids[row].speed) + 1, 30))
    whole = runs.windows(runs.known(runs.population()), "test", predict.WHOLE)
    numbers, states = [run.number for run in whole.runs()], whole.inputs(course=False)["expected"][:, :, 0]
    live = dict(zip(numbers, predict.by_run(states, whole), strict=True))
    for part in parts:
        expected = predict.by_run(part.inputs(course=False)["expected"][:, :, 0], part)
        for run, values in zip(part.runs(), expected, strict=True):
            before = len(values) - TAIL
            np.testing.assert_allclose(values[:before], live[parents[run.number]][:before], atol=0.01)


def test_each_horizon_scores_one_step_an_origin_and_knows_the_past(cut):
    parts, _ = cut
    for part in parts:
        counts = []
        for case in PROTOCOLS["past_only"].cases:
            known, scored = case.known(part), case.scored(part)
            for row in range(len(part)):
                origin = int(part.run_steps[row]) - TAIL
                np.testing.assert_array_equal(known["heart_rate"][row, :origin], part.heart_rate[row, :origin])
                assert np.isnan(known["heart_rate"][row, origin:]).all()
                assert np.flatnonzero(scored[row]).tolist() in ([], [origin + case.ahead])
                assert not scored[row].any() or recorded(part.heart_rate[row])[[origin + ahead for ahead in AHEAD]].all()
            assert (known["delay"], known["course"]) == (10 * (case.ahead + 1), False)
            counts.append(scored.any(axis=1))
        np.testing.assert_array_equal(counts[0], counts[1])
        np.testing.assert_array_equal(counts[0], counts[2])


def test_heart_rate_is_recorded_where_it_is_not_on_a_line():
    """The interpolated values between two samples know the second; a constant heart rate looks the same."""
    heart_rate = np.float32([120, 121, 124, 126, 128, 130, 129, np.nan, 130, 131, 133])
    assert recorded(heart_rate).tolist() == [True, True, True, False, False, True, False, False, False, True, True]


@pytest.mark.parametrize(
    ("steps", "counts"),
    [(range(-10, -1), True), (range(-12, -1), False), ([-1], False), ([0], False), ([6], False), ([18], False), ([20], True)],
)
def test_an_origin_needs_recorded_heart_rate_around_it(cut, steps, counts):
    parts, _ = cut
    part, (case, *_) = parts[0], PROTOCOLS["past_only"].cases
    origin = int(part.run_steps[0]) - TAIL
    heart_rate = part.heart_rate.copy()
    heart_rate[0] = 140 + (np.arange(heart_rate.shape[1]) % 2)
    first, last = origin + steps[0] - 1, origin + steps[-1] + 1
    heart_rate[0, first : last + 1] = np.linspace(heart_rate[0, first], heart_rate[0, last], last - first + 1)
    assert case.scored(replace(part, heart_rate=heart_rate))[0].any() == counts


def test_changing_everything_after_a_step_changes_no_forecast_from_before(runs, model):
    before = evaluate.evaluate(model, runs, "past_only", name="mine")
    place = max(range(len(before.runs)), key=lambda place: len(before.runs[place].grid.speed))
    row = before.runs[place].number
    random = np.random.default_rng(0)
    grids = list(runs.grids)
    later = len(grids[row].speed) - CHANGED
    new = random.uniform(0, 5, later), random.normal(0, 20, later), random.uniform(60, 200, later)
    grids[row] = Grid(*(np.concatenate([old[:CHANGED], np.float32(values)]) for old, values in zip(grids[row], new, strict=True)))
    after = evaluate.evaluate(model, replace(runs, grids=grids), "past_only", name="mine")
    for one, two in zip(before.cases, after.cases, strict=True):
        steps = np.flatnonzero(one.counted[place])
        known = steps[steps - one.case.ahead <= CHANGED]
        assert len(known) >= 3
        assert len(steps) > len(known)
        for name, values in one.predicted.items():
            np.testing.assert_allclose(two.predicted[name][place][known], values[place][known], atol=1e-3, err_msg=name)


def test_the_audit_catches_an_assumption_that_looks_ahead(runs, model, monkeypatch):
    def failed():
        found = audit.checks(model, runs, "synthetic", "past_only", population=runs.population(), quick=True)
        return [check.name for check in found if check.passed is False]

    assert failed() == []
    monkeypatch.setattr(origins, "assumed", lambda grid, origin: Grid(*(values[: origin + TAIL] for values in grid)))
    assert failed() == [f"past_only, {minutes} min ahead: future of the course" for minutes in (1, 3, 5)]


def test_runs_without_an_origin_are_refused(runs, model):
    short = [Grid(*(values[:60] for values in grid)) for grid in runs.grids]
    with pytest.raises(InputError, match="No run has enough heart rate around an origin"):
        evaluate.evaluate(model, replace(runs, grids=short), "past_only", name="mine")
