"""Fracast-0 with the weights of its package: the only trained ones that come with a package."""

import numpy as np
import pytest

from hrkeras.evaluation.foundation import fracast
from hrkeras.evaluation.foundation.rest import KNOWN

pytest.importorskip("fracast", reason="fracast, which holds its weights, is not installed")


def test_it_forecasts_the_rest(runs, shown):
    predict, done = fracast.load(), []
    found = predict(runs, shown, done.append)
    assert sum(done) == len(runs)
    assert [np.isfinite(values[KNOWN:]).all() for values in found] == [True, True, True, False]
    np.testing.assert_array_equal(predict(runs[1:2], shown[1:2])[0], found[1])  # whatever else is asked
    higher = predict(runs[:1], [shown[0] + 20])[0]
    np.testing.assert_allclose(higher[KNOWN:], found[0][KNOWN:] + 20, atol=0.5)  # it looks at a series between its extremes


def test_its_weights_are_trained(runs):
    """A wave that it has seen six times goes on; persistence would be off by a third of its height."""
    steps = np.arange(KNOWN + 48)
    wave = 140 + 15 * np.sin(2 * np.pi * steps / 10)
    known = np.where(steps < KNOWN, wave, np.nan)
    grid = runs[0].grid._replace(speed=np.full(len(steps), 3.0), altitude=np.zeros(len(steps)), heart_rate=known)
    (found,) = fracast.load()([type(runs[0])(0, 0, 1e9, grid, np.zeros(1, int))], [known])
    assert np.abs(found - wave)[KNOWN:].mean() < 3


def test_earlier_runs_change_its_forecast(runs, shown):
    predict = fracast.load()
    alone, after = predict(runs[:1], shown[:1])[0], predict(runs[:1], shown[:1], None, [[runs[1].grid]])[0]
    assert np.abs(after - alone)[KNOWN:].max() > 0.1
