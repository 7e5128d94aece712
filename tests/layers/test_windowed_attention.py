"""Windowed attention beside plain loops; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest
from keras import ops

from hrkeras.layers import WindowedAttention
from hrkeras.layers.windowed_attention import ROTARY_BASE
from hrkeras.utils.errors import InputError


def made(units=8, steps=11, **options):
    random = np.random.default_rng(0)
    layer = WindowedAttention(2, 4, **options)
    layer.build((None, None, units))
    layer.set_weights([random.normal(0, 0.6, weight.shape).astype("float32") for weight in layer.weights])
    return layer, random.normal(size=(3, steps, units)).astype("float32")


def turned(values: np.ndarray) -> np.ndarray:
    """Each step's pairs of channels as complex numbers, turned; shape `(steps, channels)`."""
    half = values.shape[1] // 2
    pairs = values[:, :half] + 1j * values[:, half:]
    angles = np.arange(len(values))[:, None] * ROTARY_BASE ** (-np.arange(half) / half)
    pairs = pairs * np.exp(1j * angles)
    return np.concatenate([pairs.real, pairs.imag], axis=1)


def looped(layer, sequence: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Output and attention by lag of one row, a step after the other."""
    named = {each.path.split("/")[-2]: ops.convert_to_numpy(each) for each in layer.weights if each.path.endswith("kernel")}
    query, key, value = (sequence @ named[name] for name in ("query", "key", "value"))
    found, by_lag = [], np.zeros((len(sequence), layer.num_heads, len(layer.lags)))
    for step in range(len(sequence)):
        heads = []
        for head in range(layer.num_heads):
            part = slice(head * 4, head * 4 + 4)
            q, k = (turned(each[:, part]) if layer.rotary else each[:, part] for each in (query, key))
            seen = [lag for lag in layer.lags if 0 <= step - lag < len(sequence) and valid[step - lag]]
            places = [layer.lags.index(lag) for lag in seen]
            scores = np.array([q[step] @ k[step - lag] / 2 for lag in seen])
            if not layer.rotary:
                scores += ops.convert_to_numpy(layer.bias)[head, places]
            weights = np.exp(scores) / np.exp(scores).sum()
            by_lag[step, head, places] = weights
            heads.append(weights @ value[[step - lag for lag in seen]][:, part])
        found.append(np.concatenate(heads) @ named["output"])
    return np.array(found), by_lag


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("rotary", [True, False])
@pytest.mark.parametrize("steps", [1, 4, 11])
def test_it_equals_a_loop(causal, rotary, steps):
    layer, sequence = made(steps=steps, causal=causal, rotary=rotary)
    valid = np.ones((3, steps), bool)
    valid[1, steps // 2 + 1 :] = False
    found, weights = layer.attend(sequence, valid)
    found, weights = (ops.convert_to_numpy(each) for each in (found, layer.by_lag(weights)))
    weights = weights.transpose(0, 1, 3, 2, 4).reshape(3, -1, 2, len(layer.lags))[:, :steps]
    for row in range(3):
        expected, by_lag = looped(layer, sequence[row], valid[row])
        inside = valid[row]
        np.testing.assert_allclose(found[row][inside], expected[inside], atol=2e-5)
        np.testing.assert_allclose(weights[row][inside], by_lag[inside], atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(sequence))[0], looped(layer, sequence[0], valid[0])[0], atol=2e-5)


def test_it_starts_as_a_fading_memory():
    layer = WindowedAttention(3, 24)
    layer.build((None, None, 6))
    bias = ops.convert_to_numpy(layer.bias)
    np.testing.assert_allclose(bias[:, 0], 0)
    np.testing.assert_allclose(bias[:, 12], [-4, -2, -1], rtol=1e-5)


def test_long_runs_need_memory_in_proportion():
    layer, _ = made()
    sizes = [layer.attend(np.zeros((1, steps, 8), "float32"))[1].shape for steps in (40, 400)]
    assert [np.prod(size) for size in sizes] == [10 * 2 * 4 * 8, 100 * 2 * 4 * 8]


@pytest.mark.parametrize(("units", "rotary"), [(9, False), (6, True)])
def test_units_that_heads_cannot_share_are_refused(units, rotary):
    with pytest.raises(InputError, match="Expected units that 2 heads divide"):
        WindowedAttention(2, 4, rotary=rotary).build((None, None, units))


def test_it_keeps_its_arguments():
    layer = WindowedAttention(2, 4, causal=False, rotary=True)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert [again.num_heads, again.window, again.causal, again.rotary] == [2, 4, False, True]
