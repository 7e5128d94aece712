"""Every format says what the model says, in its own runtime, and takes what a person would choose."""

import keras
import numpy as np
import pytest

from hrkeras.export import check, child, formats, graph
from hrkeras.models import saving
from hrkeras.utils.errors import InputError

WHOLE = ["time", "speed", "altitude", "known_heart_rate", "expected", "delay", "course", "history", "trust"]


@pytest.mark.parametrize(
    ("name", "kind", "quantize", "inputs"),
    [
        ("gru", "litert", True, WHOLE),
        ("gru", "onnx", False, WHOLE),
        ("ensemble", "onnx", False, WHOLE),
        ("person", "savedmodel", False, [*WHOLE, "person"]),
        ("multitask", "savedmodel", False, WHOLE),
        ("lag_llama", "litert", False, WHOLE),
        ("bidirectional", "savedmodel", False, [*WHOLE[:3], "valid", *WHOLE[3:]]),
    ],
)
def test_an_export_is_the_model(name, kind, quantize, inputs, exported):
    for package in {"litert": ["ai_edge_litert"], "onnx": ["onnxruntime", "tf2onnx"]}.get(kind, []):
        pytest.importorskip(package)
    path, found = exported(name, kind, quantize=quantize)
    assert [each["name"] for each in found["inputs"]] == inputs
    assert [each["name"] for each in found["outputs"]] == ["heart_rate"]
    assert found["largest_difference"] < found["limit"] == (0.5 if quantize else 0.01)
    assert found["checked_runs"] == 6
    assert found["runtime"].startswith(formats.RUNTIMES[kind])
    run = formats.runner(kind, path)
    given = {each["name"]: np.zeros([size or 7 for size in [1, *each["shape"][1:]]], np.float32) for each in found["inputs"]}
    for values in given.values():
        values[:] = values if values.shape == (1, 7) else np.nan
    given["known_heart_rate"][:], given["trust"][:] = np.nan, 0.5
    if "expected" in given:
        given["expected"][:] = 140
    given["delay"][:] = 0
    (said,) = run(given).values()
    assert said.shape == (1, 7)
    assert np.isfinite(said).all()


def test_onnx_has_operations_of_its_own_alone(exported):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("tf2onnx")
    made = onnx.load(exported("gru", "onnx", quantize=False)[0])
    onnx.checker.check_model(made)
    waiting, domains = [made.graph], set()
    while waiting:
        for node in waiting.pop().node:
            domains.add(node.domain)
            waiting += [each.g for each in node.attribute if each.HasField("g")]
    assert domains == {""}


def test_runs_that_are_checked_differ_in_length_and_in_what_is_known():
    runs = check.runs(saving.default())
    assert len(runs) == 20
    assert len({each["time"].shape[1] for each in runs}) > 10
    known = [np.isfinite(each["heart_rate"]).mean() for each in runs]
    assert min(known) == 0 < sorted(known)[10] < max(known)
    assert {bool(np.isfinite(each["course"]).all()) for each in runs} == {True, False}
    assert {bool(np.isfinite(each["history"][0, 6])) for each in runs} == {True, False}
    assert {bool(each["delay"][0, 0]) for each in runs} == {True, False}


def test_an_export_that_says_something_else_is_refused(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "runs", lambda *_: [])
    monkeypatch.setattr(check, "expected", lambda *_: [np.zeros(3)])
    monkeypatch.setattr(check, "predicted", lambda *_: ([np.array([0, 0.02, 0])], 1.0))
    monkeypatch.setattr(graph, "whole_run", lambda model, batch: graph.Exported(model, {}, {}, {}))
    monkeypatch.setattr(formats, "write", lambda *_: None)
    monkeypatch.setattr(formats, "runner", lambda *_: None)
    with pytest.raises(InputError, match=r"differs by up to 0\.02.*more than 0.01, so nothing was written"):
        child.export(saved("bare"), tmp_path / "out", "savedmodel")


def test_a_difference_that_is_no_number_is_none_that_is_let_through():
    assert not check.largest_difference([np.array([np.nan])], [np.array([1.0])]) <= check.LIMIT


def test_what_activations_are_put_into_is_the_same():
    values = np.linspace(-6, 6, 101, dtype=np.float32)
    np.testing.assert_allclose(graph._gelu(values), keras.activations.gelu(values), atol=1e-6)
    np.testing.assert_allclose(graph._silu(values), keras.activations.silu(values), atol=1e-6)
