"""`hrkeras zones` and `hrkeras estimate`, as a person calls them."""

import csv
import json

import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.readers import tracks


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def silent(folder, tmp_path_factory):
    """A run of which the heart rate was taken out."""
    path = tmp_path_factory.mktemp("silent") / "run.gpx"
    text = sorted((folder / "runs").iterdir())[-1].read_text()
    path.write_text(text.replace("<ns3:hr>", "<ns3:cad>").replace("</ns3:hr>", "</ns3:cad>"))
    return path


def test_zones_of_an_export(folder, tmp_path):
    out = run("zones", folder / "export.zip", "--plot", tmp_path / "zones.png").stdout
    assert "Maximum: " in out
    assert "5 threshold and above" in out
    assert "no medical advice" in out
    assert (tmp_path / "zones.png").stat().st_size > 10_000
    told = json.loads(run("zones", folder / "runs", "--threshold", 160, "--json").stdout)
    assert told["zones_begin"] == [136, 144, 152, 160]
    assert told["all"]["runs"] == 8


def test_zones_of_somebody_without_heart_rate(silent):
    out = run("zones", silent, "--age", 30).stdout
    assert "all that was not told is what adults of this maximum or age have in general; give runs with heart rate" in out
    assert "1 run estimated" in out
    said = run("zones", silent).stdout
    assert "all that was not told is what adults have in general; give --age or runs with heart rate" in said


def test_zones_with_the_maximum_that_the_person_has_told(folder, tmp_path):
    me = tmp_path / "me.json"
    run("update", me, folder / "runs", "--max-heart-rate", 197)
    known = ("zones", folder / "runs", "--athlete", me)
    out = run(*known).stdout
    assert "Maximum: 197 beats/min, as given." in out
    assert f"The maximum is the self-reported one in {me}; give another with --maximum." in out.replace("\n", " ")
    out = run(*known, "--maximum", 190).stdout
    assert "Maximum: 190 beats/min, as given." in out
    assert "self-reported" not in out


def test_an_estimate_and_a_prediction_keep_to_the_maximum_that_was_told(folder, silent, tmp_path):
    me = tmp_path / "me.json"
    run("update", me, "--max-heart-rate", 141)
    found = json.loads(run("estimate", silent, "--athlete", me, "--json").stdout)
    assert found["zones_begin"][-1] < 141
    out = tmp_path / "run.csv"
    run("predict", silent, "--athlete", me, "--output", out)
    columns = {name: list(map(float, values)) for name, *values in zip(*csv.reader(out.open()), strict=True) if all(values)}
    assert max(columns["heart_rate"]) <= max(columns["high"]) == 141
    assert max(columns["low"]) < 141


def test_zones_that_cannot_be(folder):
    assert "Expected maximum from 100 to 230 beats/min, found 20" in run("zones", folder / "runs", "--maximum", 20, code=1).stderr


def test_estimate_writes_a_copy_and_a_picture(folder, silent, tmp_path):
    known = ("--history", folder / "export.zip")
    out = run("estimate", silent, *known, "--output", tmp_path / "copy.gpx", "--plot").stdout
    assert any(f"It is estimated from the person's {runs} runs with heart rate before it." in out for runs in (7, 8))
    (copy,) = tracks.read(tmp_path / "copy.gpx")
    assert copy.estimated
    assert (copy.heart_rate > 60).all()
    assert len(list(tmp_path.glob("*.png"))) == 1
    told = json.loads(run("estimate", silent, *known, "--output", tmp_path / "more", "--json").stdout)
    assert told["written"] == [str(tmp_path / "more" / "run.gpx")]
    assert told["runs"][0]["mean_low"] < told["runs"][0]["mean"] < told["runs"][0]["mean_high"]


def test_estimate_called_wrongly(folder, silent, tmp_path):
    assert "give one of them" in run("estimate", silent, "--athlete", "a.json", "--history", folder, code=2).stderr
    assert "--output" in run("estimate", silent, "--plot", code=2).stderr
    endomondo = tmp_path / "a.json"
    endomondo.write_text("{'userId': 1, 'timestamp': [1]}\n")
    assert "found an Endomondo file" in run("estimate", endomondo, code=1).stderr
