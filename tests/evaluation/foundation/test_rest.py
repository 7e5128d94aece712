"""What a model beside is given and what becomes of its answer."""

import numpy as np
import pytest

from hrkeras.evaluation.foundation.rest import KNOWN, has_rest, rests
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import graded_speed


def test_it_is_given_the_beginning_and_the_effort(runs, shown):
    given, done = [], []

    def forecast(known, covariates):
        given.append((known, covariates))
        return np.arange(len(covariates["speed"]) - KNOWN) + 100.0

    found = rests(forecast, runs, shown, done.append)
    assert [len(values) for values in found] == [len(run.grid.speed) for run in runs]
    assert sum(done) == len(runs)
    assert [has_rest(values) for values in shown] == [True, True, False, False]
    for values, known, run in zip(found, shown, runs, strict=True):
        np.testing.assert_array_equal(values[:KNOWN], known[:KNOWN])
        assert len(values) <= KNOWN or has_rest(known) or np.isnan(values).all()
        assert not has_rest(known) or values[KNOWN:].tolist() == list(range(100, 100 + len(run.grid.speed) - KNOWN))
    assert len(given) == 2
    for (known, covariates), run in zip(given, runs, strict=False):
        np.testing.assert_array_equal(known, run.grid.heart_rate[:KNOWN])
        assert set(covariates) == {"speed", "graded_speed"}
        np.testing.assert_allclose(covariates["speed"], run.grid.speed)
        np.testing.assert_allclose(covariates["graded_speed"], graded_speed(run.grid.speed, run.grid.altitude), rtol=1e-4)


@pytest.mark.parametrize("answer", [np.full(40, np.nan), np.full(39, 150.0), np.full((40, 1), 150.0)])
def test_an_answer_that_is_no_forecast_is_refused(runs, shown, answer):
    with pytest.raises(InputError, match="Expected 40 finite heart rates"):
        rests(lambda known, covariates: answer, runs[:1], shown[:1])
