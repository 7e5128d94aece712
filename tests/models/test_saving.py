"""What a model file may hold, and what a stranger might have put into one."""

import io
import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from refused import refused

from hrkeras import models
from hrkeras.athlete import population
from hrkeras.athlete.following import follow
from hrkeras.datasets import windows
from hrkeras.models import saving
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import Grid

POPULATION = replace(population.default(), level=33.0, source="somewhere")


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "good.keras"
    keras.utils.set_random_seed(0)
    models.gru(units=4, num_layers=1, statistics=models.Statistics(population=POPULATION.as_dict())).save(path)
    return path


@pytest.fixture
def sentinel(tmp_path) -> Path:
    return tmp_path / "executed"


def rewritten(good: Path, path: Path, change=None, weights=None, more=()) -> Path:
    """A copy of a model whose configuration is changed in place, with other weights or with more entries."""
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        config = json.loads(old.read("config.json"))
        if change:
            change(config)
        new.writestr("metadata.json", old.read("metadata.json"))
        new.writestr("config.json", json.dumps(config))
        new.writestr("model.weights.h5", weights or old.read("model.weights.h5"))
        for name, content in more:
            new.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("build", "options"),
    [(models.gru, {}), (models.lstm, {"bidirectional": True, "dropout": 0.1}), (models.lstm, {"history": False})],
)
def test_saved_loaded_and_saved_again(build, options, tmp_path):
    random = np.random.default_rng(0)
    grids = [Grid(*(np.float32(each) for each in random.uniform(2, 4, (3, 30)))) for _ in range(3)]
    starts = 1.5e9 + 1e5 * np.arange(3)
    given = windows.of_runs(grids, [known for _, known in follow(starts, grids)], starts)
    given = given.inputs(heart_rate=np.where(given.time < 150, 150 + given.heart_rate, np.float32(np.nan)))
    model = build(units=4, num_layers=1, **options)
    model.compile("adamw")
    model.save(tmp_path / "one.keras")
    again = saving.load(tmp_path / "one.keras")
    again.save(tmp_path / "two.keras")
    found = [
        keras.ops.convert_to_numpy(each.predict_on_batch(given)) for each in (model, again, saving.load(tmp_path / "two.keras"))
    ]
    assert np.isfinite(found[0]).all()
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    np.testing.assert_array_equal(found[1], found[2])


def dense(config) -> dict:
    """The first dense layer of a configuration, to be turned into something else."""
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense")


def replaced(**what):
    def change(config):
        layer = dense(config)
        layer["config"] = {"name": layer["config"]["name"]}
        layer.update(registered_name=None)
        layer.update(what)

    return change


def with_activation(value):
    def change(config):
        dense(config)["config"]["activation"] = value

    return change


FOREIGN = {
    "a lambda layer": replaced(module="keras.layers", class_name="Lambda"),
    "a class of another package": replaced(module="evil.layers", class_name="Dense", registered_name="evil>Dense"),
    "a module that would be imported": replaced(module="evil", class_name="Dense"),
    "os.system": replaced(module="os", class_name="system", config="touch executed"),
    "subprocess": replaced(module="subprocess", class_name="Popen", config={"args": "touch executed"}),
    "a function as layer": replaced(module="os", class_name="function", config="system"),
    "a builtin": replaced(module="builtins", class_name="function", config="exec", registered_name="exec"),
    "no module at all": replaced(module=None, class_name="Dense"),
    "the old format": lambda config: dense(config).pop("module"),
    "a marshalled function": replaced(module="builtins", class_name="__lambda__", config={"value": "4wAA"}),
    "an activation that is a marshalled function": with_activation({"class_name": "__lambda__", "config": {"value": "4wAA"}}),
    "an activation that is a function": with_activation(
        {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}
    ),
    "a download": replaced(module="keras.utils", class_name="get_file", config={"origin": "file:///etc/passwd"}),
    "unsafe mode": replaced(module="keras.config", class_name="enable_unsafe_deserialization"),
    "a function inside Keras": replaced(module="keras.src.saving.saving_lib", class_name="load_model"),
    "a function of Keras that is saved as a class": replaced(module="keras.saving", class_name="load_model"),
    "torch's pickles": replaced(module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gASV"}),
    "torch's pickles by a longer path": replaced(module="keras.src.utils.torch_utils", class_name="TorchModuleWrapper"),
    "TensorFlow's own format": replaced(module="keras.layers", class_name="TFSMLayer", config={"filepath": "/tmp"}),
    "a vocabulary file": replaced(module="keras.layers", class_name="StringLookup", config={"vocabulary": "/etc/passwd"}),
    "a vocabulary file of numbers": replaced(module="keras.layers", class_name="IntegerLookup"),
    "text": replaced(module="keras.layers", class_name="TextVectorization", config={"vocabulary": "/etc/passwd"}),
    "a name of ours for another class": replaced(
        module="keras.layers", class_name="Lambda", registered_name="hrkeras>Modulation"
    ),
    "our package's name for a function": replaced(
        module="builtins", class_name="function", config="exec", registered_name="hrkeras>exec"
    ),
    "our package's name for no class": replaced(module="hrkeras", class_name="Evil", registered_name="hrkeras>Evil"),
    "a class by our module without its name": replaced(module="hrkeras.datasets.build", class_name="build"),
    "a type specification": replaced(module="tensorflow", class_name="__typespec__", config=[], spec_name="TensorSpec"),
    "an operation that calls": replaced(module="keras.src.ops.core", class_name="Map", registered_name="Map"),
    "a name that is no text": replaced(module="keras.layers", class_name=["Dense"]),
    "a module that is no text": replaced(module={"a": 1}, class_name="Dense"),
    "a class deep inside": lambda config: config["config"].update(more=[[{"a": {"class_name": "Evil", "config": {}}}]]),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_classes_are_refused(change, good, tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("open('executed', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    loaded = []
    monkeypatch.setattr(keras.models, "load_model", lambda *args, **kwargs: loaded.append(args))
    assert "it was not loaded" in refused(rewritten(good, tmp_path / "bad.keras", change))
    assert not loaded
    assert not (tmp_path / "executed").exists()


def test_how_to_train_is_not_built(good, tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("open('executed', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    evil = {"module": "evil", "class_name": "Evil", "config": {}, "registered_name": None}
    change = {"compile_config": {"optimizer": evil, "loss": evil}}
    model = saving.load(rewritten(good, tmp_path / "model.keras", lambda config: config.update(change)))
    assert not model.compiled
    assert not (tmp_path / "executed").exists()


def test_a_real_lambda_does_not_run(tmp_path, sentinel):
    code = f"lambda x, path={str(sentinel)!r}: (open(path, 'w').close(), x)[1]"
    given = keras.Input((3,), name="time")
    keras.Model(given, keras.layers.Lambda(eval(code), output_shape=(3,))(given)).save(tmp_path / "bad.keras")
    sentinel.unlink(missing_ok=True)
    refused(tmp_path / "bad.keras")
    assert not sentinel.exists()


def test_a_class_that_someone_registered_here_is_not_ours(good, tmp_path, sentinel):
    @keras.saving.register_keras_serializable("stranger")
    class Evil(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__()
            sentinel.touch()

    try:
        change = replaced(module="stranger", class_name="Evil", registered_name="stranger>Evil")
        refused(rewritten(good, tmp_path / "bad.keras", change))
    finally:
        keras.saving.get_custom_objects().pop("stranger>Evil")
    assert not sentinel.exists()


def test_what_is_no_model_file(good, tmp_path):
    whole = good.read_bytes()
    for name, content in {
        "empty": b"",
        "text": b"what a run\n" * 100,
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "cut": whole[: len(whole) // 2],
        "flipped": whole.replace(b'"Functional"', b'"FuncTional"', 1),  # the checksum no longer fits
    }.items():
        (tmp_path / f"{name}.keras").write_bytes(content)
        assert "damaged or something else" in refused(tmp_path / f"{name}.keras"), name
    (tmp_path / "folder.keras").mkdir()
    assert "cannot be read (Is a directory)" in refused(tmp_path / "folder.keras")
    assert "no such file; train a model first" in refused(tmp_path / "nowhere.keras")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.keras")
    assert "no regular file" in refused(tmp_path / "pipe.keras")


def test_another_suffix_would_make_keras_read_another_format(good, tmp_path):
    """A file can be zip and HDF5 at once, and Keras goes by the name."""
    for name in ("model.h5", "model.zip"):
        shutil.copy(good, tmp_path / name)
        assert "ends in .keras" in refused(tmp_path / name)


def test_damaged_deflate_data_and_encryption(good, tmp_path):
    content = bytearray(rewritten(good, tmp_path / "a.keras").read_bytes())
    start = content.index(b"config.json") + 40
    content[start : start + 200] = bytes(range(200))
    (tmp_path / "b.keras").write_bytes(content)
    refused(tmp_path / "b.keras")
    locked = bytearray(good.read_bytes())
    for mark, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        begin = 0
        while (begin := locked.find(mark, begin)) >= 0:
            locked[begin + offset] |= 1
            begin += 4
    (tmp_path / "c.keras").write_bytes(locked)
    assert "encrypted" in refused(tmp_path / "c.keras")


def test_zips_of_other_things(good, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.keras", "w") as archive:
        archive.writestr("photo.jpg", b"")
    assert "it is a zip of photo.jpg" in refused(tmp_path / "photos.keras")
    more = [("assets/vocabulary.txt", b"a")]
    assert "assets/vocabulary.txt" in refused(rewritten(good, tmp_path / "assets.keras", more=more))
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = rewritten(good, tmp_path / "twice.keras", more=[("config.json", b"{}")])
    refused(twice)


@pytest.mark.parametrize("content", [b"[]", b"7", b"{}", b'{"class_name": "Sequential"}', b"[" * 200_000, b"\xff", b"{"])
def test_odd_configurations(content, good, tmp_path):
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(tmp_path / "bad.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == "config.json" else old.read(name))
    refused(tmp_path / "bad.keras")


def test_bombs(good, tmp_path):
    bomb = rewritten(good, tmp_path / "bomb.keras", weights=bytes(80 << 20))
    assert bomb.stat().st_size < 1 << 20
    assert "too many" in refused(bomb)
    spaces = rewritten(good, tmp_path / "spaces.keras", lambda config: config.update(name=" " * (17 << 20)))
    assert "too many" in refused(spaces)
    wide = rewritten(good, tmp_path / "wide.keras", lambda config: dense(config)["config"].update(units=10**12))
    assert "units 1000000000000" in refused(wide)


def changed_weights(good: Path, change) -> bytes:
    with zipfile.ZipFile(good) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content, "r+") as weights:
        names: list[str] = []
        weights.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        change(weights, names[0])
    return content.getvalue()


def test_weights_that_lie_elsewhere_or_pretend(good, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.ones(3)

    def link(weights, name):
        del weights[name]
        weights[name] = h5py.ExternalLink(str(secret), "/x")

    def soft_link(weights, name):
        del weights[name]
        weights[name] = h5py.SoftLink("/x")

    def raw_file(weights, name):
        shape = weights[name].shape
        del weights[name]
        weights.create_dataset(name, shape, "float32", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])

    def virtual(weights, name):
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "x", (3,))
        del weights[name]
        weights.create_virtual_dataset(name, layout)

    def big_chunk(weights, name):
        del weights[name]
        weights.create_dataset(name, (1,), "float32", chunks=(1 << 28,), maxshape=(None,), compression="gzip")

    for change in (link, soft_link, raw_file, virtual, big_chunk):
        path = rewritten(good, tmp_path / f"{change.__name__}.keras", weights=changed_weights(good, change))
        assert "do not lie in the file in one piece" in refused(path), change.__name__

    def huge(weights, name):
        del weights[name]
        weights.create_dataset(name, (1 << 40, 1 << 40), "float32")

    path = rewritten(good, tmp_path / "huge.keras", weights=changed_weights(good, huge))
    assert "claim" in refused(path)
    path = rewritten(good, tmp_path / "none.keras", weights=b"no HDF5 at all")
    assert "damaged" in refused(path)

    def other_shape(weights, name):
        del weights[name]
        weights[name] = np.ones((2, 2), "float32")

    path = rewritten(good, tmp_path / "shape.keras", weights=changed_weights(good, other_shape))
    assert "cannot load this model" in refused(path)


def layer_of(config, kind) -> dict:
    return next(layer["config"] for layer in config["config"]["layers"] if layer["class_name"] == kind)


def test_other_models(good, tmp_path):
    one = keras.Input((3,), name="time")
    keras.Model(one, keras.layers.Dense(1)(one)).save(tmp_path / "plain.keras")
    expected = "expected a model with the inputs time, speed, altitude, valid, heart_rate, expected, delay, course, history"
    assert expected in refused(tmp_path / "plain.keras")
    keras.Sequential([keras.layers.Dense(1)]).save(tmp_path / "sequential.keras")
    assert "another kind of model" in refused(tmp_path / "sequential.keras")

    inputs = {name: keras.Input(shape[1:], name=name) for name, shape in saving.INPUTS.items()}
    keras.Model(inputs, inputs["speed"] + inputs["time"]).save(tmp_path / "bare.keras")
    assert "expected one heart rate for each step" in refused(tmp_path / "bare.keras")
    keras.Model({**inputs, "time": [inputs["time"]]}, inputs["speed"]).save(tmp_path / "nested.keras")
    assert expected in refused(tmp_path / "nested.keras")
    narrow = {**inputs, "expected": keras.Input((None, 3), name="expected")}
    keras.Model(narrow, inputs["speed"]).save(tmp_path / "narrow.keras")
    assert "other facts of the person or the course" in refused(tmp_path / "narrow.keras")
    del inputs["delay"]
    keras.Model(inputs, inputs["speed"]).save(tmp_path / "older.keras")
    assert expected in refused(tmp_path / "older.keras")

    model = saving.load(good)
    both = {"unaided": model.get_layer("unaided").output, "aided": model.output}
    keras.Model(model.input, both).save(tmp_path / "both.keras")
    assert "expected one heart rate for each step" in refused(tmp_path / "both.keras")


def test_a_model_from_before_the_person_was_an_input_takes_it(good, tmp_path):
    model = saving.load(good)
    older = {name: each for name, each in model.input.items() if name != "person"}
    keras.Model(older, model.output, name="gru").save(tmp_path / "older.keras")
    assert set(saving.load(tmp_path / "older.keras").input) == set(saving.INPUTS)


def test_many_people_are_refused_before_they_are_built(tmp_path, monkeypatch):
    people = tuple(map(float, range(1, (1 << 14) + 2)))
    model = models.lstm(units=1, num_layers=1, person_units=1, statistics=models.Statistics(people=people))
    model.save(tmp_path / "many.keras")
    monkeypatch.setattr(keras.models, "load_model", lambda *args, **kwargs: pytest.fail("it was loaded"))
    assert "found 16385 people" in refused(tmp_path / "many.keras")


@pytest.mark.parametrize("name", ["history_features", "course_features"])
def test_facts_in_another_order_are_refused(name, good, tmp_path):
    def change(config):
        columns = next(each["config"] for each in config["config"]["layers"] if each["name"] == name)["columns"]
        columns[0], columns[1] = columns[1], columns[0]

    assert "other facts of the person or the course" in refused(rewritten(good, tmp_path / "model.keras", change))


@pytest.mark.parametrize("step", [0.001, 1e-300, 0, -10, 61, 1e999, float("nan"), "10", None, [10], {"a": 10}])
@pytest.mark.parametrize("kind", ["RunFeatures", "Correction"])
def test_steps_that_no_grid_has_are_refused_before_they_are_built(kind, step, good, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.models, "load_model", lambda *args, **kwargs: pytest.fail("it was loaded"))
    path = rewritten(good, tmp_path / "step.keras", lambda config: layer_of(config, kind).update(step=step))
    assert "another model" in refused(path)


def test_the_population_comes_back(good, tmp_path):
    found = saving.population(saving.load(good))
    assert found.as_dict() == POPULATION.as_dict()
    assert (found.level, found.source) == (33.0, "somewhere")
    for options in ({}, {"history": False}):
        models.gru(units=4, num_layers=1, **options).save(tmp_path / "model.keras")
        assert saving.population(saving.load(tmp_path / "model.keras")) == population.default()


PLAIN = POPULATION.as_dict()
NO_POPULATIONS = {
    "no dictionary": [1.0, 2.0],
    "text": "population",
    "a number": 0,
    "false": False,
    "empty": {},
    "without weights": {name: value for name, value in PLAIN.items() if name != "weights"},
    "more than it has": {**PLAIN, "more": 1.0},
    "an attribute": {**PLAIN, "__class__": 1.0},
    "too few weights": {**PLAIN, "weights": PLAIN["weights"][1:]},
    "no list": {**PLAIN, "centre": 5.0},
    "text for numbers": {**PLAIN, "weights": ["a"] * len(PLAIN["weights"])},
    "numbers in numbers": {**PLAIN, "weights": [[1.0]] * len(PLAIN["weights"])},
    "not a number": {**PLAIN, "weights": [float("nan")] * len(PLAIN["weights"])},
    "infinite": {**PLAIN, "centre": [float("inf")] * len(PLAIN["weights"])},
    "huge": {**PLAIN, "level": 10**400},
    "nothing": {**PLAIN, "noise": None},
    "a layer": {**PLAIN, "prior": {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3}}},
    "prior of one": {**PLAIN, "prior": [300.0]},
    "prior without list": {**PLAIN, "prior": 300.0},
    "no scale": {**PLAIN, "scale": [0.0] * len(PLAIN["weights"])},
    "negative drift": {**PLAIN, "drift": [-1.0, 1.0, 1.0]},
    "negative level": {**PLAIN, "level": -1.0},
    "no surprise": {**PLAIN, "surprise": 0.0},
    "negative pause": {**PLAIN, "longest": -5.0},
}


@pytest.mark.parametrize("what", NO_POPULATIONS.values(), ids=NO_POPULATIONS.keys())
def test_what_is_no_population_is_refused(what, good, tmp_path):
    path = rewritten(good, tmp_path / "bad.keras", lambda config: layer_of(config, "ExpectedFeatures").update(population=what))
    assert "population" in refused(path)
    model = models.gru(units=4, num_layers=1)
    model.get_layer("expected_features").population = what
    with pytest.raises(InputError, match="where athletes start, is damaged"):
        saving.population(model)


def test_a_population_that_would_run_code_is_refused(good, tmp_path, sentinel):
    evil = {"module": "os", "class_name": "system", "config": f"touch {sentinel}", "registered_name": None}
    path = rewritten(good, tmp_path / "bad.keras", lambda config: layer_of(config, "ExpectedFeatures").update(population=evil))
    assert "it was not loaded" in refused(path)
    assert not sentinel.exists()


def test_of_two_populations_none_is_chosen():
    model = models.gru(units=4, num_layers=1, statistics=models.Statistics(population=PLAIN))
    second = saving.layers.ExpectedFeatures({**PLAIN, "level": 34.0}, name="second")(model.input["expected"])
    both = keras.Model(model.input, keras.layers.Add()([model.output, second[:, :, 0]]))
    with pytest.raises(InputError, match="where athletes start, is damaged"):
        saving.population(both)
