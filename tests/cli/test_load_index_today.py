"""`hrkeras training-load`, `running-index`, `today` and `guard`, as a person calls them."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.simulation import formats, synthetic


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def files(folder):
    return sorted((folder / "runs").iterdir())


@pytest.fixture(scope="module")
def silent(files, tmp_path_factory):
    """A run of which the heart rate was taken out."""
    path = tmp_path_factory.mktemp("silent") / "run.gpx"
    text = files[-1].read_text()
    path.write_text(text.replace("<ns3:hr>", "<ns3:cad>").replace("</ns3:hr>", "</ns3:cad>"))
    return path


@pytest.fixture(scope="module")
def me(files, tmp_path_factory):
    """The person's file without their last run."""
    folder = tmp_path_factory.mktemp("me")
    for path in files[:-1]:
        (folder / path.name).write_bytes(path.read_bytes())
    run("update", folder / "me.json", folder, "--resting-heart-rate", 50, "--max-heart-rate", 190, "--age", 40, "--sex", "male")
    return folder / "me.json"


def test_training_load(folder, me, tmp_path):
    out = run("training-load", folder / "export.zip", "--plot", tmp_path / "load.png").stdout
    assert out.startswith("8 runs, ")
    assert "Banister" in out
    assert "nothing of health, form or risk" in out
    assert (tmp_path / "load.png").stat().st_size > 10_000
    told = json.loads(run("training-load", folder / "runs", "--athlete", me, "--json").stdout)
    assert told["maximum"] == {"value": 190, "low": 190, "high": 190, "told": True}
    assert (told["resting"]["value"], told["sex"]) == (50, "male")
    assert len(told["runs"]) == 8
    total = sum(week["banister"]["value"] for week in told["weeks"])
    assert total == pytest.approx(sum(each["banister"]["value"] for each in told["runs"]), abs=1)


def test_training_load_of_one_run_without_heart_rate(silent, me):
    out = run("training-load", silent).stdout
    assert out.startswith("1 run, ")
    assert out.splitlines()[0].endswith("with no or too little heart rate, so that it is estimated.")
    few = json.loads(run("training-load", silent, "--json").stdout)["runs"][0]["banister"]
    many = json.loads(run("training-load", silent, "--athlete", me, "--json").stdout)["runs"][0]["banister"]
    assert few["low"] < few["value"] < few["high"]
    assert many["high"] - many["low"] < few["high"] - few["low"]


def test_running_index(folder, silent, tmp_path):
    out = run("running-index", folder / "export.zip", "--plot", tmp_path / "index.png").stdout
    assert "VO2max, the most oxygen that your body can use, is about" in out
    assert (tmp_path / "index.png").stat().st_size > 10_000
    usual = json.loads(run("running-index", folder / "runs", "--json").stdout)
    higher = json.loads(run("running-index", folder / "runs", "--at-heart-rate", usual["heart_rate"] + 5, "--json").stdout)
    assert higher["runs"][-1]["seconds_per_km"]["value"] < usual["runs"][-1]["seconds_per_km"]["value"]
    assert "Expected a heart rate from" in run("running-index", folder / "runs", "--at-heart-rate", 65, code=1).output
    assert "not one run outdoors has enough heart rate" in run("running-index", silent, code=1).output


def test_today(files, me, folder):
    out = run("today", files[-1], "--athlete", me).stdout
    assert "after 10 min at" in out
    assert "Known of the person: 7 earlier runs" in out
    told = json.loads(run("today", files[-1], "--athlete", me, "--after", 12, "--json").stdout)
    assert [each["minute"] for each in told["minutes"]] == list(range(6, 13))
    assert told["earlier_runs"] == 7
    from_export = json.loads(run("today", folder / "export.zip", "--json").stdout)
    assert from_export["earlier_runs"] == 7
    assert (from_export["used"], from_export["not_used"], from_export["has_altitude"]) == (8, {}, True)
    known = json.loads(run("today", folder / "export.zip", "--athlete", me, "--json").stdout)
    assert (known["used"], known["not_used"]) == (1, {"not asked for": 7})
    assert "No earlier run is known" in run("today", files[-1]).stdout


def test_their_pictures(files, me, tmp_path):
    for command in (("today",), ("guard", "--limit", 150)):
        picture = tmp_path / f"{command[0]}.png"
        assert f"Picture: {picture}" in run(*command, files[-1], "--athlete", me, "--plot", picture).stdout
        assert picture.stat().st_size > 10_000
    mine = tmp_path / "mine.png"
    mine.write_text("notes")
    said = " ".join(run("today", files[-1], "--plot", mine, code=2).stderr.replace("│", " ").split())
    assert "is there already and is not a PNG drawn by hrkeras" in said


def test_guard(files, me):
    out = run("guard", files[-1], "--limit", 150, "--athlete", me).stdout
    assert out.startswith("Probability that heart rate goes above 150 beats/min")
    told = json.loads(run("guard", files[-1], "--limit", 220, "--athlete", me, "--json").stdout)
    assert {each["crossing"]["5"] for each in told["minutes"]} == {0.01}
    assert (told["earlier_runs"], told["used"], told["not_used"]) == (7, 1, {})


def test_they_refuse_in_a_sentence(files, silent, me, folder):
    assert "too seldom one that a heart can have" in run("today", silent, code=1).output
    assert "has no heart rate" in run("guard", silent, "--limit", 150, code=1).output
    filled = silent.with_name("filled.gpx")
    run("estimate", silent, "--output", filled)
    for command in (("today",), ("guard", "--limit", 150)):
        assert "estimated by hrkeras, not measured" in " ".join(run(command[0], filled, *command[1:], code=1).output.split())
    still = silent.with_name("still.gpx")
    place = re.search('lat="[^"]*" lon="[^"]*"', files[-1].read_text())[0]
    still.write_text(re.sub('lat="[^"]*" lon="[^"]*"', place, files[-1].read_text()))
    assert "In its first 10 minutes the run stands, or is slower than 30:00 /km" in " ".join(
        run("today", still, code=1).output.split()
    )
    run("update", me, files[-1])
    assert "this very run" in run("today", files[-1], "--athlete", me, code=1).output
    assert "give one of them" in run("today", files[-1], "--athlete", me, "--history", folder / "runs", code=2).output


@pytest.mark.parametrize("command", [("today",), ("guard", "--limit", 170), ("predict", "--force")])
def test_what_is_not_known_of_the_run_is_said(files, me, tmp_path, command):
    plain = tmp_path / "run.gpx"
    text = re.sub("<ele>[^<]*</ele>", "", files[-1].read_text())
    begin = datetime.fromisoformat(re.search("<time>([^<]*)</time>", text)[1])
    plain.write_text(re.sub("<time>([^<]*)</time>", lambda time: f"<time>{_shifted(time[1], begin)}</time>", text))
    output = ("--output", tmp_path / "run.csv") if command[0] == "predict" else ()
    said = " ".join(run(*command, plain, "--athlete", me, *output).stdout.split())
    assert "The run's date is unknown, since its clock was not set: it was taken as the day after the last known run." in said
    assert "The run has no altitude: it was taken as flat." in said


@pytest.mark.parametrize("command", [("today",), ("guard", "--limit", 170), ("predict", "--output", "run.csv")])
def test_what_looks_wrong_is_said_of_what_is_looked_at(simulated, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    second = simulated[-1].clock - simulated[-1].clock[0]
    spiky = np.where((second >= 3600) & (second < 3606), 215, simulated[-1].heart_rate)  # today looks at 40 minutes
    formats.write_gpx(replace(simulated[-1], heart_rate=spiky), tmp_path / "run.gpx")
    run("update", "low.json", "--max-heart-rate", 130)
    said = run(*command, "run.gpx", "--athlete", "low.json").stderr
    spikes = "Warning: its heart rate looks wrong, and so may be what is told of it: minute 60.0 to 60.1, spikes"
    assert (spikes in said) == (command[0] != "today")
    assert re.search(r"Warning: its mean heart rate of 1\d\d beats/min was above the self-reported maximum of 130: either", said)


@pytest.mark.parametrize("command", [("today",), ("guard", "--limit", 170), ("predict", "--output", "run.csv")])
def test_the_person_is_named_where_there_are_several(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    formats.write_endomondo(synthetic.simulate(2, 3, seed=5, flawed=0, faulty=0), "runs.json")
    said = " ".join(run(*command, "runs.json", code=1).stderr.split())
    assert "expected the runs of one person, found those of 2 (1001, 1002); " in said
    assert said.endswith("give one person's alone (--person).")
    assert "name one of 1001, 1002 (--person)." in " ".join(run(*command, "runs.json", "--person", "me", code=1).stderr.split())
    told = json.loads(run(*command, "runs.json", "--person", "1002", "--json", "--force").stdout)
    assert (told["earlier_runs"], told["used"], told["not_used"]) == (2, 3, {})


def _shifted(time, begin):
    """As a clock tells it that began in 1970."""
    return (datetime.fromisoformat(time) - begin + datetime(1970, 1, 1, tzinfo=UTC)).isoformat().replace("+00:00", "Z")
