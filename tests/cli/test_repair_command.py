"""`hrkeras repair`, as a person calls it."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import formats


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def runs(simulated, tmp_path):
    """Three runs, of which one has lost contact for three minutes."""
    rate = simulated[-1].heart_rate.copy()
    time = simulated[-1].clock - simulated[-1].clock[0]
    rate[(time >= 600) & (time < 780)] = 0
    formats.write_gpx_folder([*simulated[-3:-1], replace(simulated[-1], heart_rate=rate)], tmp_path / "runs")
    return tmp_path / "runs"


def test_lists_and_writes_nothing_unasked(runs, tmp_path):
    out = run("repair", runs).stdout
    (row,) = (line for line in out.splitlines() if "dropout" in line)
    assert row.split()[2:6] == ["dropout", "10:00", "13:00", "none"]
    assert "Repaired: 1 run, by the base model and the good heart rate around." in out
    assert "Without a fault, so left as they are and not copied: 2 runs." in out
    assert "Written" not in out
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_writes_a_copy_and_a_picture(runs, tmp_path):
    out = run("repair", runs, "--model", "none", "--output", tmp_path / "repaired", "--plot").stdout
    assert f"Written: {tmp_path / 'repaired'}" in out
    (copy,) = (tmp_path / "repaired").glob("*.gpx")
    original = runs / copy.name
    before, after = original.read_bytes().splitlines(), copy.read_bytes().splitlines()
    changed = [other for one, other in zip(before, after, strict=True) if one != other]
    assert all(b"<desc>" in each or b"hr>" in each for each in changed)
    assert next((tmp_path / "repaired").glob("*.png")).stat().st_size > 10_000
    log = ReadLog()
    list(tracks.read(copy, log=log))
    assert sum(log.passed_over.values()) == 1


def test_for_programs(runs, tmp_path):
    told = json.loads(run("repair", runs, "--json", "--output", tmp_path / "out").stdout)
    (stretch,) = told["stretches"]
    assert (stretch["kind"], stretch["begin"], stretch["mean_before"]) == ("dropout", 600, None)
    assert stretch["mean_low"] < stretch["mean_after"] < stretch["mean_high"]
    assert told["repaired"] == 1
    assert told["without_fault"] == 2
    assert len(told["written"]) == 1
    assert told["not_copied"] == {}


def test_called_wrongly(runs, folder, tmp_path):
    assert "--output" in run("repair", runs, "--plot", code=2).stderr
    assert "give one of them" in run("repair", runs, "--athlete", "a.json", "--history", folder, code=2).stderr
    assert "found an Apple Health export" in run("repair", folder / "export.zip", code=1).stderr
    assert "input" in run("repair", runs, "--output", runs, "--force", code=2).stderr
    (tmp_path / "a.csv").write_text("time,heart_rate\n0,100\n")
    assert "none of" in run("repair", tmp_path / "a.csv", code=1).stderr.replace("\n", " ")


def test_one_file_with_the_persons_file(runs, folder, tmp_path):
    me = tmp_path / "me.json"
    run("update", me, folder / "runs")
    (faulty,) = (path for path in runs.iterdir() if "dropout" in run("repair", path, "--model", "none").stdout)
    copy = tmp_path / "copy.gpx"
    assert f"Written: {copy}" in run("repair", faulty, "--athlete", me, "--output", copy).stdout
    copy.write_text("mine")
    assert "so it stays" in run("repair", faulty, "--athlete", me, "--output", copy, code=1).stderr.replace("\n", " ")
    assert copy.read_text() == "mine"


def test_no_copies_among_what_is_read(runs):
    for command in ("repair", "estimate"):
        assert "lies in an input" in run(command, runs, "--output", runs / "copies", code=2).stderr.replace("\n", " ")
    assert {path.suffix for path in runs.iterdir()} == {".gpx"}


def test_what_was_repaired_is_not_repaired_again(runs, tmp_path):
    run("repair", runs, "--model", "none", "--output", tmp_path / "repaired")
    (copy,) = (tmp_path / "repaired").iterdir()
    assert "1 x heart rate repaired already (give the original" in run("repair", copy, code=1).stderr.replace("\n", " ")
    out = run("inspect", copy).stdout
    assert "`hrkeras repair` has repaired it already" in out
    assert "dropout" not in out
