"""What a model file may ask for of memory, and what it says of a model that cannot be used."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from refused import refused

from hrkeras import models
from hrkeras.models import model_limits, saving
from hrkeras.models.frame import new_inputs
from hrkeras.models.model_file import MAX_LAYERS, MAX_SIZE
from hrkeras.utils.errors import InputError


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "good.keras"
    models.gru(units=4, num_layers=1, history=False, course=False).save(path)
    return path


def refused_with(good: Path, path: Path, change, metadata: dict | None = None) -> str:
    """What is said of a copy of a model whose configuration is changed in place."""
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        config = json.loads(old.read("config.json"))
        change(config["config"]["layers"])
        written = json.loads(old.read("metadata.json")) | (metadata or {})
        for name, content in (("metadata.json", written), ("config.json", config)):
            new.writestr(name, json.dumps(content))
        new.writestr("model.weights.h5", old.read("model.weights.h5"))
    return refused(path)


def dense(layers: list[dict], **changed) -> dict:
    """A copy of the first dense layer that nothing goes into."""
    layer = json.loads(json.dumps(next(each for each in layers if each["class_name"] == "Dense")))
    layer["config"] |= {"name": f"more_{len(layers)}"}
    return layer | {"name": layer["config"]["name"], "inbound_nodes": []} | changed


def test_weights_that_the_file_does_not_hold_are_never_made(good, tmp_path):
    """Twelve layers of 4,096 x 4,096 numbers in a file of half a megabyte."""
    made = []

    def change(layers):
        for _ in range(12):
            layer = dense(layers, build_config={"input_shape": [None, MAX_SIZE]})
            layer["config"]["units"] = MAX_SIZE
            layer["config"]["kernel_initializer"] = {"class_name": "Ones", "config": {}, "module": "keras.initializers"}
            layers.append(layer)

    with pytest.MonkeyPatch.context() as patch:
        make = keras.initializers.Ones.__call__
        patch.setattr(keras.initializers.Ones, "__call__", lambda *args, **what: made.append(args[1]) or make(*args, **what))
        message = refused_with(good, tmp_path / "big.keras", change)
    assert f"weights of shape ({MAX_SIZE}, {MAX_SIZE}), which the file does not hold" in message
    assert (MAX_SIZE, MAX_SIZE) not in made
    assert keras.Variable(np.ones((3, 3))).shape == (3, 3)


def test_no_more_than_twice_what_the_file_holds():
    with model_limits.only_variables_of([(4, 4)]):
        assert [keras.Variable("ones", (4, 4)).shape for _ in range(2)] == [(4, 4), (4, 4)]
        with pytest.raises(InputError, match="which the file does not hold"):
            keras.Variable("ones", (4, 4))


def of_first(kind: str, **what):
    def change(layers):
        next(layer for layer in layers if layer["class_name"] == kind)["config"].update(what)

    return change


DOUBLE = {"class_name": "DTypePolicy", "module": "keras", "config": {"name": "float64"}}
BIG = {
    "units": (of_first("Dense", units=MAX_SIZE + 1), "units 4097"),
    "no number of units": (of_first("Dense", units=float("nan")), "units nan"),
    "a shape": (lambda layers: layers.append(dense(layers, build_config={"input_shape": [None, 65, 64]})), "a shape of"),
    "shapes by name": (
        lambda layers: layers.append(dense(layers, build_config={"shapes_dict": {"a_shape": [[None, 1 << 40]]}})),
        "a shape of",
    ),
    "many sizes": (lambda layers: layers.append(dense(layers, build_config={"input_shape": [1] * 9})), "a shape of"),
    "states": (of_first("GRU", stateful=True), "states that are kept"),
    "attention": (of_first("Dense", num_heads=64, window=65), "64 heads over 65 steps"),
    "double precision": (of_first("Dense", dtype=DOUBLE), "expected a model of single precision (float32)"),
    "many layers": (lambda layers: layers.extend([dense(layers)] * MAX_LAYERS), "expected at most 2,000 layers"),
    "many calls": (lambda layers: layers[-1]["inbound_nodes"].extend([{}] * MAX_LAYERS), "expected at most 2,000 layers"),
}


@pytest.mark.parametrize(("change", "said"), BIG.values(), ids=BIG.keys())
def test_sizes_are_bounded_before_anything_is_built(change, said, good, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.models, "load_model", lambda *args, **kwargs: pytest.fail("it was loaded"))
    message = refused_with(good, tmp_path / "big.keras", change)
    assert said in message
    assert len(message) < 400


def test_what_lies_between_layers_is_bounded():
    """Each layer doubles the steps, which no shape tells."""
    inputs = new_inputs()
    sequence = inputs["speed"]
    for doublings in range(14):
        if doublings in (12, 13):
            model = keras.Model(inputs, sequence)
            if doublings == 12:
                model_limits.check_tensors(model)
        sequence = keras.layers.Concatenate(axis=1)([sequence, sequence])
    model = keras.Model(inputs, sequence)
    with pytest.raises(InputError, match="gives 393,216,000 numbers for 32 runs of 1500 steps, more than 196,608,000"):
        model_limits.check_tensors(model)
    ensemble = keras.Model(inputs, keras.Model(model.input, model.output)(inputs))
    with pytest.raises(InputError, match="393,216,000"):
        model_limits.check_tensors(ensemble)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value, tmp_path):
    model = models.gru(units=4, num_layers=1, history=False, course=False)
    weights = model.get_weights()
    weights[-1].flat[0] = value
    model.set_weights(weights)
    model.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="weights that are not finite"):
        saving.load(tmp_path / "model.keras")


def test_a_model_of_another_keras_names_both(good, tmp_path):
    change, written = of_first("Dense", sparkle=3), {"keras_version": "3.99.0"}
    message = refused_with(good, tmp_path / "newer.keras", change, written)
    assert f"Keras {keras.version()} cannot load this model, which Keras 3.99.0 wrote" in message
    assert "sparkle" in message
    assert message.endswith("install that, or train it again.")
    assert "which Keras unknown version wrote" in refused_with(
        good, tmp_path / "odd.keras", change, {"keras_version": "\x1b[2J" * 9}
    )
