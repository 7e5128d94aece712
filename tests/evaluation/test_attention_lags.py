"""Where a model with attention looks back."""

import numpy as np
import pytest

from hrkeras import models
from hrkeras.athlete.following import follow
from hrkeras.datasets.windows import of_runs
from hrkeras.evaluation import attention_lags
from hrkeras.layers import WindowedAttention
from hrkeras.workouts.grid import Grid


@pytest.fixture(scope="module")
def windows():
    random = np.random.default_rng(0)
    grids = [Grid(*(np.float32(each) for each in random.uniform(2, 4, (3, steps)))) for steps in (7, 30, 23)]
    starts = 1.5e9 + 1e5 * np.arange(3)
    return of_runs(grids, [known for _, known in follow(starts, grids)], starts)


def test_attention_to_one_lag_alone_is_found(windows):
    model = models.attention(units=8, num_heads=2, num_layers=2, window=9)
    for number, layer in enumerate(each for each in model.layers if isinstance(each, WindowedAttention)):
        bias = np.zeros((2, 9), "float32")
        bias[0, 3 + number], bias[1, 8] = 60, 60
        layer.bias.assign(bias)
    found = attention_lags.attention_by_lag(model, windows)
    assert found.shape == (2, 2, 9)
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-5)
    np.testing.assert_allclose(found[[0, 1], 0, [3, 4]], 1, atol=1e-4)
    np.testing.assert_allclose(found[:, 1, 8], 1, atol=1e-4)


def test_even_attention_is_even_whatever_the_padding(windows):
    model = models.attention(units=8, num_heads=1, num_layers=1, window=8)
    layer = next(each for each in model.layers if isinstance(each, WindowedAttention))
    layer.set_weights([np.zeros(weight.shape, "float32") for weight in layer.weights])
    np.testing.assert_allclose(attention_lags.attention_by_lag(model, windows)[0, 0], 1 / 8, atol=1e-6)


def test_nothing_is_found_where_nothing_looks_back(windows):
    assert len(attention_lags.attention_by_lag(models.gru(units=4), windows)) == 0
    assert len(attention_lags.attention_by_lag(models.attention(units=8, window=60), windows)) == 0
