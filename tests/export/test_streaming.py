"""One step after the other is the whole run."""

import numpy as np
import pytest

from hrkeras import models
from hrkeras.export import check, graph, streaming
from hrkeras.models import saving
from hrkeras.utils.errors import InputError


def run(exported):
    return lambda given: {name: each.numpy() for name, each in exported.function(**given).items()}


@pytest.fixture(scope="module")
def steps(saved):
    """From the name of a model to its step."""
    made = {}

    def find(name):
        if name not in made:
            made[name] = streaming.step(graph.convertible(saving.load(saved(name))))
        return made[name]

    return find


@pytest.mark.parametrize("name", ["gru", "bare", "multitask", "ensemble"])
def test_steps_are_the_whole_run_with_and_without_known_heart_rate(name, saved, steps, monkeypatch):
    monkeypatch.setattr(check, "RUNS", 4)
    runs = [{key: a[:, :60] if a.shape[1] > 80 else a for key, a in each.items()} for each in check.runs(saving.default(), 10.0)]
    assert [np.isfinite(each["heart_rate"]).any() for each in runs] == [False, True] * 2
    assert [np.isfinite(each["course"]).all() for each in runs] == [False, False, True, True]
    expected = check.expected(saving.load(saved(name)), runs)
    exported = steps(name)
    found, _ = check.predicted(run(exported), runs, exported.inputs)
    assert check.largest_difference(found, expected) < 1e-3
    without, _ = check.predicted(run(exported), [runs[1] | {"heart_rate": np.nan * runs[1]["heart_rate"]}], exported.inputs)
    assert np.abs(without[0] - expected[1])[2:].max() > 0.1


def test_a_state_of_another_run_changes_what_is_said(steps):
    exported = steps("bare")
    assert list(exported.inputs) == ["time", "speed", "altitude", "known_heart_rate", "state"]
    given = {name: np.ones(shape, np.float32) for name, shape in exported.inputs.items()}
    one, two = (run(exported)(given | {"state": state * given["state"]}) for state in (0, 1))
    assert np.abs(one["heart_rate"] - two["heart_rate"]).max() > 0.01


def test_heart_rate_before_the_first_step_counts_for_nothing(steps):
    exported = steps("bare")
    given = {name: np.zeros(shape, np.float32) for name, shape in exported.inputs.items()}
    one, two = (run(exported)(given | {"known_heart_rate": np.full((1, 1), value, np.float32)}) for value in (np.nan, 180))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_a_step_of_litert_is_checked_and_described(exported):
    pytest.importorskip("ai_edge_litert")
    _, found = exported("bare", "litert", stream=True)
    assert found["streaming"]
    assert found["largest_difference"] < 0.01
    assert [each["name"] for each in found["outputs"]] == ["heart_rate", "next_state"]
    assert found["inputs"][-1]["name"] == "state"
    assert found["inputs"][-1]["shape"] == found["outputs"][-1]["shape"]


def test_what_reads_backwards_cannot_be_streamed(saved):
    with pytest.raises(InputError, match="bidirectional model reads the whole run"):
        streaming.step(saving.load(saved("bidirectional")))
    with pytest.raises(InputError, match="transformer looks at many steps"):
        streaming.step(models.attention(units=4, num_layers=1))
