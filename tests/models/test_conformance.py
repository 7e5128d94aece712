"""What every model must be able to do; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest

from hrkeras import losses, models, saving
from hrkeras.batches import hide
from hrkeras.workouts.history import COLUMNS

SMALL = {"units": 8, "num_layers": 2}
VARIANTS = {
    "gru": (models.gru, {}),
    "lstm": (models.lstm, {}),
    "gru, causal": (models.gru, {"profile": False}),
    "gru, bidirectional": (models.gru, {"bidirectional": True, "profile": False}),
    "lstm, bare": (models.lstm, {"history": False, "profile": False}),
}
# with the weights of `fixed_weights`, at steps 0, 1, 10, 20 and 39 of the first run; the same on every backend
PINNED = {
    "gru": [196.298, 193.294, 194.547, 192.43, 186.524],
    "lstm": [188.375, 187.996, 195.114, 195.582, 194.154],
    "gru, causal": [145.159, 133.546, 143.936, 149.865, 137.905],
    "gru, bidirectional": [287.469, 287.668, 291.634, 296.424, 286.497],
    "lstm, bare": [133.37, 133.496, 133.58, 133.567, 133.567],
}


def inputs(batch=3, steps=40) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    history = random.normal(1, 1, (batch, len(COLUMNS)))
    history[-1] = np.nan
    columns = {
        "time": np.tile(np.arange(steps) * 10.0, (batch, 1)),
        "speed": random.uniform(0, 4, (batch, steps)),
        "altitude": random.normal(size=(batch, steps)).cumsum(axis=1),
        "valid": np.ones((batch, steps)),
        "run_seconds": np.full((batch, 1), steps * 10.0),
        "history": history,
    }
    return {name: values.astype("float32") for name, values in columns.items()}


def fixed_weights(model: keras.Model) -> keras.Model:
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.2, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def predict(model, given) -> np.ndarray:
    return keras.ops.convert_to_numpy(model.predict_on_batch(given))


@pytest.fixture(params=VARIANTS)
def variant(request):
    build, options = VARIANTS[request.param]
    return request.param, lambda: fixed_weights(build(**SMALL, **options))


def test_output_is_heart_rate_and_the_same_on_every_backend(variant):
    name, build = variant
    found = predict(build(), inputs())
    assert found.shape == (3, 40)
    np.testing.assert_allclose(found[0, [0, 1, 10, 20, 39]], PINNED[name], atol=2e-3)


def test_saved_and_loaded_it_predicts_the_same(variant, tmp_path):
    _, build = variant
    model = build()
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(predict(saving.load(tmp_path / "model.keras"), inputs()), predict(model, inputs()), atol=1e-4)


def test_padding_never_moves_a_prediction(variant):
    _, build = variant
    model, given = build(), inputs()
    given["valid"][:, 30:] = 0
    expected = predict(model, given)[:, :30]
    for name in ("speed", "altitude", "time"):
        given[name][:, 30:] = 77
    np.testing.assert_allclose(predict(model, given)[:, :30], expected, atol=1e-4)


def test_it_is_causal_if_it_says_so(variant):
    name, build = variant
    model, given = build(), inputs()
    expected = predict(model, given)
    given["speed"][:, 30:] += 1
    same = np.isclose(predict(model, given)[:, :30], expected[:, :30], atol=1e-4).all()
    assert same == (name in ("gru, causal", "lstm, bare"))


def test_history_matters_and_may_be_missing(variant):
    name, build = variant
    model, given = build(), inputs()
    expected = predict(model, given)
    assert np.isfinite(expected).all()
    given["history"] = hide(given["history"], np.array([True, False, False]))
    moved = np.abs(predict(model, given) - expected).max(axis=1)
    assert (moved[0] > 1e-3) == (name != "lstm, bare")
    assert (moved[1:] < 1e-4).all()


def test_absolute_altitude_says_nothing(variant):
    _, build = variant
    model, given = build(), inputs()
    expected = predict(model, given)
    given["altitude"] += 1024
    np.testing.assert_allclose(predict(model, given), expected, atol=0.02)


def test_a_gradient_reaches_every_weight(variant):
    _, build = variant
    model = build()
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(1e-3), loss=losses.MaskedHuber())
    model.train_on_batch(inputs(), np.full((3, 40), 100, "float32"))
    names = [weight.path for weight in model.weights]
    still = [n for n, a, b in zip(names, before, model.get_weights(), strict=True) if np.array_equal(a, b)]
    assert still == []


def test_a_lag_is_learnt_within_seconds():
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    given = inputs(batch=64)
    given["speed"] = random.choice([1, 4], (64, 4)).repeat(10, axis=1).astype("float32")
    given["altitude"][:] = 0
    lagged = np.concatenate([given["speed"][:, :1].repeat(3, axis=1), given["speed"][:, :-3]], axis=1)
    target = 100 + 15 * lagged
    model = models.gru(units=16, num_layers=1, statistics=models.Statistics(heart_rate_variance=500.0))
    model.compile(keras.optimizers.Adam(0.02), loss=losses.MaskedHuber())
    errors = [float(model.train_on_batch(given, target)) for _ in range(60)]
    assert errors[-1] < 0.25 * errors[0]
