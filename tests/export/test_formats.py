"""Every format says what the model says, in its own runtime, and takes what a person would choose."""

import json

import keras
import numpy as np
import pytest

from hrkeras import saving
from hrkeras.export import check, child, formats, graph
from hrkeras.workouts.workout import InputError

WHOLE = ["time", "speed", "altitude", "known_heart_rate", "expected", "delay", "course", "history"]


@pytest.fixture(autouse=True, scope="module")
def few_runs():
    """The file is checked on 20 runs; here on those of them that differ in what is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "RUNS", 6)
        yield


@pytest.mark.parametrize(
    ("name", "kind", "quantize", "inputs"),
    [
        ("gru", "litert", True, WHOLE),
        ("gru", "onnx", False, WHOLE),
        ("bidirectional", "savedmodel", False, [*WHOLE[:3], "valid", *WHOLE[3:]]),
    ],
)
def test_an_export_is_the_model(name, kind, quantize, inputs, saved, tmp_path):
    for package in {"litert": ["ai_edge_litert"], "onnx": ["onnxruntime", "tf2onnx"]}.get(kind, []):
        pytest.importorskip(package)
    found = child.export(saved(name), tmp_path / "out", kind, quantize=quantize)
    assert [each["name"] for each in found["inputs"]] == inputs
    assert [each["name"] for each in found["outputs"]] == ["heart_rate"]
    assert found["largest_difference"] < found["limit"] == (0.5 if quantize else 0.01)
    assert found["checked_runs"] == 6
    assert found["runtime"].startswith(formats.RUNTIMES[kind])
    json.dumps(found, allow_nan=False)
    run = formats.runner(kind, tmp_path / "out")
    given = {each["name"]: np.zeros([size or 7 for size in [1, *each["shape"][1:]]], np.float32) for each in found["inputs"]}
    for values in given.values():
        values[:] = values if values.shape == (1, 7) else np.nan
    given["known_heart_rate"][:] = np.nan
    if "expected" in given:
        given["expected"][:] = 140
    given["delay"][:] = 0
    (said,) = run(given).values()
    assert said.shape == (1, 7)
    assert np.isfinite(said).all()


def test_runs_that_are_checked_differ_in_length_and_in_what_is_known():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "RUNS", 20)
        runs = check.runs(saving.default())
    assert len(runs) == 20
    assert len({each["time"].shape[1] for each in runs}) > 10
    known = [np.isfinite(each["heart_rate"]).mean() for each in runs]
    assert min(known) == 0 < sorted(known)[10] < max(known)
    assert {bool(np.isfinite(each["course"]).all()) for each in runs} == {True, False}
    assert {bool(np.isfinite(each["history"][0, 6])) for each in runs} == {True, False}
    assert {bool(each["delay"][0, 0]) for each in runs} == {True, False}


def test_an_export_that_says_something_else_is_refused(saved, tmp_path, monkeypatch):
    inputs = {graph.KNOWN if name == "heart_rate" else name: shape for name, shape in saving.INPUTS.items()}
    monkeypatch.setattr(graph, "whole_run", lambda model, batch: graph.Exported(model, inputs, {}, {}))
    monkeypatch.setattr(formats, "write", lambda *_: None)

    def almost(kind, path):
        model = saving.load(saved("bare"))
        return lambda given: {"heart_rate": model(given | {"heart_rate": given.pop(graph.KNOWN)}, training=False).numpy() + 0.02}

    monkeypatch.setattr(formats, "runner", almost)
    with pytest.raises(InputError, match="differs by up to 0.02.*more than 0.01, so nothing was written"):
        child.export(saved("bare"), tmp_path / "out", "savedmodel")


def test_a_difference_that_is_no_number_is_none_that_is_let_through():
    assert not check.largest_difference([np.array([np.nan])], [np.array([1.0])]) <= check.LIMIT


def test_what_the_gelu_is_put_into_is_the_same():
    values = np.linspace(-6, 6, 101, dtype=np.float32)
    np.testing.assert_allclose(graph._gelu(values), keras.activations.gelu(values), atol=1e-6)
