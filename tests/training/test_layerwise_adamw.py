"""Layers that learn slower than others, or not at all; on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest

from hrkeras import models
from hrkeras.training import layerwise_adamw
from hrkeras.utils.errors import InputError


def test_the_longest_beginning_counts():
    rates = {"": 0.1, "recurrent": 0.5, "recurrent_1": 2.0}
    found = [layerwise_adamw.rate(name, rates) for name in ("deviation/kernel", "recurrent_0/kernel", "recurrent_1/kernel")]
    assert found == [0.1, 0.5, 2.0]
    assert layerwise_adamw.rate("deviation", {"level": 0.0}) == 1.0


@pytest.mark.parametrize("name", models.MODELS)
def test_the_path_of_a_variable_begins_with_its_layer(name):
    """So that a rate for a layer reaches its variables."""
    for layer in models.MODELS[name]().layers:
        assert all(variable.path.startswith(layer.name) for variable in layer.trainable_variables)


def two_layers() -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(8, name="first", activation="tanh")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="second")(hidden))


def moved(rates: dict, steps: int = 5) -> dict[str, float]:
    """How far the weights of each layer of a small model go."""
    model = two_layers()
    before = {layer.name: layer.get_weights() for layer in model.layers}
    layerwise_adamw.check(model, rates)
    model.compile(layerwise_adamw.LayerwiseAdamW(1e-3, rates, weight_decay=0.0), loss="mse")
    random = np.random.default_rng(0)
    for _ in range(steps):
        model.train_on_batch(random.normal(size=(16, 4)).astype("float32"), random.normal(size=(16, 1)).astype("float32"))
    return {
        layer.name: max(float(np.abs(new - old).max()) for new, old in zip(layer.get_weights(), before[layer.name], strict=True))
        for layer in model.layers
        if before[layer.name]
    }


def test_slower_layers_move_less_and_frozen_ones_not_at_all():
    plain, slow, frozen = moved({"": 1.0}), moved({"first": 0.1}), moved({"first": 0.0})
    assert 0 < slow["first"] < 0.2 * plain["first"]  # a step of Adam is about the learning rate, whatever the gradient
    assert slow["second"] > 0.5 * plain["second"]
    assert frozen["first"] == 0
    assert frozen["second"] > 0


def test_it_is_saved_with_its_rates(tmp_path):
    model = two_layers()
    rates = {"first": 0.0, "second": 0.5}
    layerwise_adamw.check(model, rates)
    model.compile(layerwise_adamw.LayerwiseAdamW(1e-3, rates, clipnorm=1.0), loss="mse")
    model.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 1), "float32"))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert type(again.optimizer) is layerwise_adamw.LayerwiseAdamW
    assert again.optimizer.rates == rates
    for one, two in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, two)))


def test_what_cannot_be_frozen_is_said():
    with pytest.raises(InputError, match=r"begins with 'third'; the layers that can learn are first, second"):
        layerwise_adamw.check(two_layers(), {"third": 0.1})
    with pytest.raises(InputError, match="All layers are frozen"):
        layerwise_adamw.check(two_layers(), {"": 0.0})
