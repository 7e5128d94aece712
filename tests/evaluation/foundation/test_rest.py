"""What a model beside is given and what becomes of its answer."""

import numpy as np
import pytest

from hrkeras.evaluation.foundation.rest import BREAK, KNOWN, Given, covariates, has_rest, rests
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import graded_speed


def test_it_is_given_the_beginning_and_the_effort(runs, shown):
    asked, done = [], []

    def forecast(given):
        asked.append(given)
        return np.arange(given.rest) + 100.0

    found = rests(forecast, runs, shown, done.append)
    assert [len(values) for values in found] == [len(run.grid.speed) for run in runs]
    assert sum(done) == len(runs)
    assert [has_rest(values) for values in shown] == [True, True, False, False]
    for values, known, run in zip(found, shown, runs, strict=True):
        np.testing.assert_array_equal(values[:KNOWN], known[:KNOWN])
        assert len(values) <= KNOWN or has_rest(known) or np.isnan(values).all()
        assert not has_rest(known) or values[KNOWN:].tolist() == list(range(100, 100 + len(run.grid.speed) - KNOWN))
    assert len(asked) == 2
    for given, run in zip(asked, runs, strict=False):
        np.testing.assert_array_equal(given.heart_rate, run.grid.heart_rate[:KNOWN])
        assert (set(given.covariates), list(given.earlier)) == ({"speed", "graded_speed"}, [])
        np.testing.assert_allclose(given.covariates["speed"], run.grid.speed)
        np.testing.assert_allclose(given.covariates["graded_speed"], graded_speed(run.grid.speed, run.grid.altitude), rtol=1e-4)


def test_earlier_runs_come_first_in_the_series(runs):
    """As many of the latest as fit in whole; a run in which no heart rate was measured tells nothing."""
    run, other, silent = runs[0].grid, runs[1].grid, runs[2].grid
    silent = silent._replace(heart_rate=np.full_like(silent.heart_rate, np.nan))
    given = Given(run.heart_rate[:KNOWN], covariates(run), [other, run, silent, other])
    lengths = [len(other.speed) + BREAK, len(silent.speed) + BREAK, len(run.speed) + BREAK, len(other.speed) + BREAK]
    for room, used in ((0, 0), (lengths[0], 1), (sum(lengths[:3]) - 1, 1), (sum(lengths[:3]), 2), (10_000, 3)):
        heart_rate, values = given.series(KNOWN + room)
        parts = [other, run, other][3 - used :]
        assert len(heart_rate) == KNOWN + sum(len(part.speed) + BREAK for part in parts)
        assert all(len(each) == len(heart_rate) + given.rest for each in values.values())
        np.testing.assert_array_equal(heart_rate[-KNOWN:], run.heart_rate[:KNOWN])
        np.testing.assert_array_equal(values["speed"][-len(run.speed) :], run.speed)
        assert np.flatnonzero(values["minutes"][:-1] > values["minutes"][1:]).size == used
        if used:
            first = len(parts[0].speed)
            np.testing.assert_array_equal(heart_rate[:first], parts[0].heart_rate)
            np.testing.assert_array_equal(values["graded_speed"][:first], covariates(parts[0])["graded_speed"])
            assert np.isnan(heart_rate[first : first + BREAK]).all()
            assert not values["speed"][first : first + BREAK].any()


@pytest.mark.parametrize("answer", [np.full(40, np.nan), np.full(39, 150.0), np.full((40, 1), 150.0)])
def test_an_answer_that_is_no_forecast_is_refused(runs, shown, answer):
    with pytest.raises(InputError, match="Expected 40 finite heart rates"):
        rests(lambda given: answer, runs[:1], shown[:1])
