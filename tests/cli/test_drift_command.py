"""`hrkeras drift`: what it says, draws and refuses."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.simulation import formats, synthetic


@pytest.fixture(scope="module")
def tracks():
    return list(synthetic.simulate(1, 12, seed=4, flawed=0))


@pytest.fixture(scope="module")
def folder(tracks, tmp_path_factory):
    path = tmp_path_factory.mktemp("drift") / "runs"
    formats.write_gpx_folder(tracks, path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["drift", *map(str, arguments)])


def test_it_says_and_draws(folder, tmp_path):
    done = run(folder, "--pace", "6:30", "--plot", tmp_path / "d.png")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Usual for you: at 6:30 /km on the flat, heart rate changes by +")
    assert "left over" in done.output
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads(run(folder, "--pace", "6:30", "--json").output)
    assert told["pace"] == "6:30 /km"
    assert told["level_by_10_degrees"] is None
    assert len(told["runs"]) > 5
    last = told["runs"][-1]
    assert last["measured"] == pytest.approx(last["explained"] + last["left_over"]["value"], abs=0.11)
    assert last["temperature"] is None
    assert done.output.count("*  ") == sum(each["certain"] for each in told["runs"][-12:])
    assert told["usual"]["certain"] == ("whether it rises at all" not in done.output)
    assert not re.search(r"[+-]0(?!\.)\b", done.output)
    assert f"{last['minutes']} minutes; pace, hills and length explain" in done.output


def test_it_refuses_in_a_sentence(tracks, tmp_path):
    formats.write_gpx_folder([replace(tracks[0], heart_rate=tracks[0].heart_rate * np.nan)], tmp_path / "silent")
    done = run(tmp_path / "silent")
    assert (done.exit_code, "not one run outdoors has enough heart rate" in done.output) == (1, True)
    assert "Traceback" not in done.output


def test_a_single_run_and_runs_without_altitude(tracks, tmp_path):
    formats.write_gpx_folder(tracks[:1], tmp_path / "one")
    formats.write_gpx_folder([replace(track, altitude=track.altitude * np.nan) for track in tracks[:3]], tmp_path / "flat")
    for name in ("one", "flat"):
        done = run(tmp_path / name, "--plot", tmp_path / f"{name}.png")
        assert done.exit_code == 0, done.output
