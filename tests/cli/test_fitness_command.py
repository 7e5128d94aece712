"""`hrkeras fitness`: what it says, draws and writes, and what it refuses."""

import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.simulation import formats, synthetic


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("fitness") / "export.zip"
    formats.write_apple_health(synthetic.simulate(1, 25, seed=4, flawed=0), path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["fitness", *map(str, arguments)])


def test_it_says_draws_and_writes(export, tmp_path):
    done = run(export, "--pace", "6:30", "--plot", tmp_path / "f.png", "--output", tmp_path / "f.csv")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("25 runs with heart rate, ")
    assert "At 6:30 /km on the flat, heart rate is " in done.output
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(tmp_path / "f.csv")
    assert len(table) == 25
    assert (table["low"] < table["heart_rate_at_pace"]).all()
    found = json.loads(run(export, "--pace", "6:30", "--json").output)
    assert found["pace"] == "6:30 /km"
    for effect in found["effects"].values():
        said = re.search(rf"^- {re.escape(effect['what'])}: (\S+) beats/min \((\S+) to (\S+)\)$", done.output, re.MULTILINE)
        assert list(map(int, said.groups())) == pytest.approx([effect[name] for name in ("value", "low", "high")], abs=0.55)
    assert (found["change"] is None) == ("\nOn " not in done.output)
    assert (found["used"], found["passed_over"], found["taken_as_flat"]) == (25, {}, 0)
    assert [each["heart_rate_at_pace"] for each in found["runs"]] == table["heart_rate_at_pace"].tolist()
    faster = json.loads(run(export, "--pace", "5:30", "--json").output)
    assert faster["runs"][-1]["heart_rate_at_pace"] > found["runs"][-1]["heart_rate_at_pace"]


def test_it_refuses_in_a_sentence(export, tmp_path):
    done = run(export, "--pace", "quick")
    assert (done.exit_code, "Expected a pace" in done.output) == (1, True)
    (track,) = synthetic.simulate(1, 1, seed=4, flawed=0)
    from dataclasses import replace

    formats.write_gpx_folder([replace(track, heart_rate=track.heart_rate * float("nan"))], tmp_path / "silent")
    done = run(tmp_path / "silent")
    assert done.exit_code == 1
    assert "not one run outdoors has enough heart rate" in done.output
