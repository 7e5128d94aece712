"""`hrkeras update` as a person runs it: again, bit by bit, and killed."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras.athlete import athlete_file, facts, following, kalman
from hrkeras.cli.main import app
from hrkeras.personal import athlete_update
from hrkeras.utils import files
from hrkeras.workouts.clock import date
from hrkeras.workouts.readers import detect
from hrkeras.workouts.simulation import formats, synthetic

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return " ".join((result.stdout if code == 0 else result.stderr).split())


def assert_same(one, two):
    """Two persons' files; what a network predicts for several runs at once may differ in the last bit."""
    contents = [json.loads(path.read_text()) for path in (one, two)]
    states = [content.pop("network") for content in contents]
    assert contents[0] == contents[1]
    assert states[0]["name"] == states[1]["name"]
    assert states[0]["trust"] == pytest.approx(states[1]["trust"], rel=1e-5)
    assert states[0]["band"]["hours"] == pytest.approx(states[1]["band"]["hours"], abs=0.01)
    assert states[0]["band"]["tails"] == pytest.approx(states[1]["band"]["tails"], abs=0.01)


def test_a_first_time_and_a_second(folder, simulated, tmp_path):
    me = tmp_path / "new" / "me.json"
    days = [date(track.clock[0]) for track in simulated]
    said = run("update", me, folder / "runs")
    assert said.startswith("New: nothing was known of the person; starting from people in general (12,078 runs of 39 people")
    assert f"Added 8 runs: {days[0]} UTC to {days[-1]} UTC." in said
    assert f"Written: {me}; 8 runs known, the last of {days[-1]} UTC." in said
    assert f"Next: hrkeras predict NEXT_RUN --athlete {me} --output run.csv" in said
    before = (me.read_bytes(), me.stat().st_mtime_ns, me.stat().st_ino)
    for source in (folder / "runs", folder / "export.zip"):  # the same runs, as another service has them
        said = run("update", me, source)
        assert said == (
            "Added no run. Used 0 of 8 recordings. Not used: 8 x known already, or another recording of a known run. "
            f"Unchanged: {me}; 8 runs known, the last of {days[-1]} UTC."
        )
        assert (me.read_bytes(), me.stat().st_mtime_ns, me.stat().st_ino) == before
    assert os.listdir(me.parent) == ["me.json"]


def test_bit_by_bit_is_as_in_one_go(folder, tmp_path):
    paths = sorted((folder / "runs").iterdir())
    run("update", tmp_path / "once.json", *paths[::-1])
    for number, path in enumerate(paths):
        said = run("update", tmp_path / "bits.json", *paths[:number], path)
        assert "Added 1 run: " in said
        assert f"; {number + 1} run" in said
    assert_same(tmp_path / "bits.json", tmp_path / "once.json")


def test_for_programs(folder, simulated, tmp_path):
    me = tmp_path / "me.json"
    told = json.loads(run("update", me, folder / "runs", "--age", 40, "--sex", "male", "--json"))
    assert (told["is_new"], told["is_changed"], told["runs_known"], told["facts_told"]) == (
        True,
        True,
        8,
        {"age": "used", "sex": "used"},
    )
    assert (len(told["added"]), told["added"][-1]) == (8, told["last_known_run"])
    assert (told["used"], told["not_used"], told["facts"]) == (8, {}, {"age": 40, "sex": "male"})
    told = json.loads(run("update", me, folder / "runs", "--json"))
    assert (told["is_new"], told["is_changed"], told["added"], told["used"]) == (False, False, [], 0)
    assert sum(told["not_used"].values()) == 8


def test_what_comes_too_late_or_is_no_run_is_said(folder, simulated, tmp_path):
    paths, me = sorted((folder / "runs").iterdir()), tmp_path / "me.json"
    run("update", me, paths[3], paths[5])
    silent = replace(simulated[6], heart_rate=0 * simulated[6].heart_rate)
    formats.write_gpx_folder([*simulated[:5], silent, simulated[7]], tmp_path / "more")
    (tmp_path / "more" / "broken.gpx").write_text("<gpx")
    said = run("update", me, tmp_path / "more")
    assert f"Added 1 run: {date(simulated[7].clock[0])} UTC." in said
    assert "Used 1 of 8 recordings. Not used: 4 x earlier than the last known run, so that it cannot be added any more; " in said
    for reason in ("known already, or another recording of a known run", "heart rate incomplete", "not XML (first: "):
        assert f"1 x {reason}" in said
    assert "start a new file from all runs: hrkeras update NEW.json ALL_RUNS" in said
    assert "3 runs known" in said


def test_one_file_is_one_person(tmp_path):
    for track in synthetic.simulate(2, 2, seed=5, flawed=0):
        formats.write_gpx_folder([track], tmp_path / "runs" / track.user)
    said = run("update", tmp_path / "me.json", tmp_path / "runs", code=1)
    assert "runs: expected the runs of one person, found those of 2 (1001, 1002);" in said
    assert "else one person's alone (--person)." in said
    assert not (tmp_path / "me.json").exists()
    said = run("update", tmp_path / "me.json", tmp_path / "runs", "--person", "1003", code=1)
    assert "Found nobody called '1003'; name one of 1001, 1002 (--person)." in said
    assert "Added 2 runs" in run("update", tmp_path / "me.json", tmp_path / "runs" / "1001")
    said = run("update", tmp_path / "me.json", tmp_path / "runs", "--person", "1001")
    assert "Used 0 of 2 recordings. Not used: 2 x known already" in said


def test_what_the_person_tells_needs_no_runs_and_is_kept(folder, tmp_path):
    me = tmp_path / "me.json"
    told = ("--max-heart-rate", 190, "--resting-heart-rate", 52, "--easy", "6:00@145")
    said = run("update", me, *told)
    assert (
        "Taken into account: maximum heart rate 190 beats/min, resting heart rate 52 beats/min, easy runs at 6:00 /km with 145 "
        f"beats/min. Written: {me}; 0 runs known."
    ) in said
    said = run("update", me, *told, "--age", 41)
    assert said.startswith("Known already: maximum heart rate 190 beats/min, resting heart rate 52 beats/min, easy runs")
    kept = "Kept, but of no effect on the predictions as long as the maximum heart rate is known: age 41."
    assert f"{kept} Written: {me}; 0 runs known." in said
    before = me.read_bytes()
    assert f"Unchanged: {me}; 0 runs known." in run("update", me, *told, "--age", 41)
    assert me.read_bytes() == before
    assert "Taken into account instead of what you gave before: maximum heart rate 186" in run(
        "update", me, "--max-heart-rate", 186
    )
    assert "Added 8 runs" in run("update", me, folder / "runs")
    assert facts.told(athlete_file.load(me)) == facts.Facts(186, 41, resting_heart_rate=52, easy=(1000 / 360, 145))
    run("update", tmp_path / "plain.json", folder / "runs")
    weights = [athlete_file.load(tmp_path / name).weights for name in ("me.json", "plain.json")]
    assert np.abs(weights[0] - weights[1])[0].max() > 0.2


def test_what_an_export_tells_is_used_once_and_no_birthday_is_kept(folder, tmp_path):
    export = telling(folder, tmp_path)
    for more, says in (
        ((), "Used all 8 recordings. Counting age \\d\\d and sex female, resting heart rate 51 beats/min of the export. Written"),
        (("--age", 30), "Taken into account: age 30. .* Counting sex female, resting heart rate 51 beats/min of the export."),
    ):
        me = tmp_path / f"{len(more)}.json"
        assert re.search(says, run("update", me, export, *more))
        assert run("update", me, export).startswith(
            "Added no run. Used 0 of 8 recordings. Not used: 8 x known already, or another"
        )
        assert "1984-03" not in me.read_text()


def telling(folder, tmp_path):
    """An Apple Health export with 8 runs that tells age, sex and resting heart rate."""
    with zipfile.ZipFile(folder / "export.zip") as archive:
        archive.extractall(tmp_path)
    xml = tmp_path / "apple_health_export" / "export.xml"
    text = xml.read_text().replace('DateOfBirth=""', 'DateOfBirth="1984-03-02"').replace("SexNotSet", "SexFemale")
    xml.write_text(text.replace("</HealthData>", RESTING + "</HealthData>"))
    return xml.parent


@pytest.mark.parametrize(
    "command",
    [
        *(
            "predict EXPORT --output OUT/run.csv --model none",
            "estimate EXPORT --model none",
            "report EXPORT --output OUT/me.html",
        ),
        *("fitness EXPORT", "plan COURSE --pace 6:00 --history EXPORT --model none", "today EXPORT", "guard EXPORT --limit 170"),
        *("running-index EXPORT", "zones EXPORT", "training-load EXPORT", "drift EXPORT"),
    ],
)
def test_every_command_counts_what_an_export_tells_and_says_so_once(folder, tmp_path, command):
    """Those that a person's file has come first."""
    export, course = telling(folder, tmp_path), next((folder / "runs").rglob("*.gpx"))
    places = {"EXPORT": str(export), "COURSE": str(course)}
    words = [places.get(word, word.replace("OUT", str(tmp_path))) for word in command.split()]
    said = run(*words)
    assert len(re.findall("Counting age \\d\\d and sex female, resting heart rate 51 beats/min of the export", said)) == 1
    assert said.count("of the export") == 1
    if words[0] != "report":
        told = json.loads(run(*words, "--json"))
        assert (told["facts"]["sex"], told["facts"]["resting_heart_rate"]) == ("female", 51)
        assert told["facts_of_export"] == dict.fromkeys(("age", "sex", "resting_heart_rate"), "used")
    if "--history" not in words:
        run("update", tmp_path / "me.json", "--age", 30)
        said = run(*words, "--athlete", tmp_path / "me.json")
        counted = said.count("Counting sex female, resting heart rate 51 beats/min of the export.")
        assert counted == said.count("of the export") == 1


RESTING = """<Record type="HKQuantityTypeIdentifierRestingHeartRate" sourceName="W" unit="count/min"
 startDate="2020-01-02 00:00:00 +0100" endDate="2020-01-02 00:00:00 +0100" value="51"/>"""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "give the person's runs, or a fact, such as --age, or --forget"),
        (
            ("--max-heart-rate", 300),
            "from 100 to 230 beats/min, found 300.0; leave it out if you do not know it (--max-heart-rate",
        ),
        (("--easy", "6:00"), "Expected a pace and a heart rate such as 6:00@145, found '6:00' (--easy"),
        (("--easy", "0:30@145"), "Expected a pace of minutes and seconds"),
        (("--easy", "6:00@400"), "heart rate of an easy run from 60 to 220"),
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path, options, says):
    result = CliRunner().invoke(app, ["update", str(tmp_path / "me.json"), *map(str, options)])
    assert result.exit_code != 0
    assert says in " ".join(result.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_no_places_are_kept(folder, simulated, tmp_path):
    run("update", tmp_path / "me.json", folder / "runs")
    text = (tmp_path / "me.json").read_text()
    for track in simulated:
        for place in (*track.latitude[::50], *track.longitude[::50]):
            assert f"{place:.4f}" not in text
    assert not {"latitude", "longitude", "gpx", str(folder)} & set(text.replace('"', " ").split())


KILLED = """
import pathlib, signal, sys, time
from hrkeras.cli.main import app

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would not hear it

def rename(self, target):
    print("about to rename", flush=True)
    time.sleep(60)

pathlib.Path.replace = rename
app(sys.argv[1:])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("is_new", [False, True])
def test_a_killed_update_leaves_the_old_state(folder, tmp_path, how, is_new):
    paths, me = sorted((folder / "runs").iterdir()), tmp_path / "me.json"
    if not is_new:
        run("update", me, *paths[:4])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, "update", str(me), str(folder / "runs")], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == "about to rename\n"
    finally:
        process.send_signal(how)
        process.communicate(timeout=60)
    assert process.returncode in (-how, 128 + how)
    if how == signal.SIGKILL:  # nobody was left to clear it away; the next update does
        left = {path.name for path in tmp_path.iterdir()} - before.keys()
        assert all(name.startswith(".hrkeras-") or name == ".me.json.hrkeras-lock" for name in left)
    else:
        assert {path.name for path in tmp_path.iterdir()} == {*before}
    if not is_new:
        assert me.read_bytes() == before["me.json"]
        assert athlete_file.load(me).count == 4
    run("update", me, folder / "runs")
    run("update", tmp_path / "once.json", folder / "runs")
    assert sorted(os.listdir(tmp_path)) == ["me.json", "once.json"]
    assert_same(me, tmp_path / "once.json")


SLOW = """
import sys, time
from hrkeras.cli.main import app
from hrkeras.athlete import athlete_file

save = athlete_file.save
athlete_file.save = lambda *arguments: (time.sleep(0.5), save(*arguments))
app(sys.argv[1:])
"""


def test_of_updates_at_once_none_is_lost(folder, tmp_path):
    """They are done one after the other; a run that is earlier than one known by then is said to be."""
    me = tmp_path / "me.json"
    paths = sorted((folder / "runs").iterdir())[:3]
    processes = [
        subprocess.Popen([sys.executable, "-c", SLOW, "update", me, path], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for path in paths
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    added, late = (sum(what in each for each in said) for what in ("Added 1 run", "1 x earlier than"))
    assert athlete_file.load(me).count == added == 3 - late
    assert os.listdir(tmp_path) == ["me.json"]


def test_an_update_that_waits_too_long_changes_nothing(folder, tmp_path, monkeypatch):
    paths, me = sorted((folder / "runs").iterdir()), tmp_path / "me.json"
    run("update", me, paths[0])
    before = me.read_bytes()
    monkeypatch.setattr(athlete_update, "PATIENCE", 0.1)
    with files.locked(me, "busy"):
        said = run("update", me, paths[1], code=1)
    assert said.startswith(f"Waiting for another update of {me}")
    assert said.endswith("has not ended after 0 s; repeat the command later.")
    assert me.read_bytes() == before


def test_the_mode_and_a_link_stay_and_files_of_like_names_too(folder, tmp_path):
    paths, real, me = sorted((folder / "runs").iterdir()), tmp_path / "real.json", tmp_path / "me.json"
    me.symlink_to("real.json")
    foreign = [tmp_path / name for name in ("me.old.json", "me.part.json", "real.old.json", "real.part.json")]
    for each in foreign:
        each.write_text("mine")
    run("update", me, paths[0])
    real.chmod(0o600)
    run("update", me, paths[1])
    assert str(me.readlink()) == "real.json"
    assert real.stat().st_mode & 0o777 == 0o600
    assert athlete_file.load(real).count == 2
    assert all(each.read_text() == "mine" for each in foreign)
    assert len(os.listdir(tmp_path)) == 2 + len(foreign)


def test_real_recordings(real_data, tmp_path):
    """They are learnt from once, and a person who is known is predicted better than a stranger."""
    me, export = tmp_path / "me.json", real_data / "apple_health" / "export.zip"
    assert "Added " in run("update", me, export)
    assert me.stat().st_size < 300_000
    before = me.read_bytes()
    assert run("update", me, export).startswith("Added no run. Used 0 of 147 recordings. Not used: 120 x known already")
    assert me.read_bytes() == before
    runs = athlete_update.usable(detect.read(export))
    assert athlete_file.load(me).count <= len(runs)
    known = dict(following.follow(np.array([each.start for each in runs]), [each.grid for each in runs]))
    errors = []
    for number, each in enumerate(runs):
        for found in (known[number], kalman.AthleteState().predict(each.start, each.grid)):
            errors.append(np.nanmean(np.abs(found.expected[:, 0] - each.grid.heart_rate)))
    mine, strangers = np.reshape(errors, (-1, 2))[len(runs) // 2 :].mean(axis=0)
    assert mine < 0.8 * strangers


def test_a_fact_is_taken_back(tmp_path):
    me = tmp_path / "me.json"
    run("update", me, "--max-heart-rate", 190, "--resting-heart-rate", 52)
    assert "Taken back: maximum heart rate." in run("update", me, "--forget", "max-heart-rate")
    assert facts.told(athlete_file.load(me)) == facts.Facts(resting_heart_rate=52)
    before = me.read_bytes()
    assert "found no age; there are: resting-heart-rate." in run("update", me, "--forget", "age", code=1)
    assert me.read_bytes() == before
