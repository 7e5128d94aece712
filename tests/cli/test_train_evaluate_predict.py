"""`hrkeras train`, `evaluate` and `predict` as a person runs them, one after the other."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import quick_xla
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli.main import app
from hrkeras.datasets import runs
from hrkeras.evaluation.foundation import rest
from hrkeras.models import saving
from hrkeras.personal import prediction
from hrkeras.workouts import clock, grid
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.simulation import formats
from hrkeras.workouts.simulation.track import Track

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--units", "4", "--layers", "1", "--epochs", "2", "--batch-size", "8"]
COLUMNS = ["time_s", "speed_m_s", "altitude_m", "heart_rate", "low", "high", "measured_heart_rate"]


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def trained(short_runs_dir, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "made" / "synthetic.keras"
    stdout = run("train", "--data", "synthetic", "--data-dir", short_runs_dir, "--output", path, *SMALL)
    assert stdout.count("validation MAE") == 2
    assert f"Next: hrkeras evaluate {path} --data synthetic" in stdout
    return path


def predicted(model, source, output, *more) -> pd.DataFrame:
    run("predict", source, "--model", model, "--output", output, *more)
    found = pd.read_csv(output)
    assert list(found) == COLUMNS
    assert found["time_s"].tolist() == [10 * row for row in range(len(found))]
    assert found["heart_rate"].between(1, 400).all()
    return found


def test_what_training_leaves(trained):
    assert {path.name for path in trained.parent.iterdir()} == {"synthetic.keras", "synthetic.md", "synthetic.training"}
    card = (trained.parent / "synthetic.md").read_text(encoding="utf-8")
    assert card.startswith("# synthetic\n")
    assert "Dataset `synthetic`: 4 people" in card
    assert "hrkeras evaluate synthetic.keras --data synthetic" in card
    log = pd.read_csv(trained.parent / "synthetic.training" / "epochs.csv")
    assert f"{log['val_mae'].min():.2f}" in card
    assert f"{saving.load(trained).count_params():,} parameters" in card
    assert "aggregates over `synthetic`, its training split" in card
    assert "hrkeras update ME.json RUNS --model synthetic.keras" in card


def test_evaluate_prints_a_table_and_draws(trained, short_runs_dir, tmp_path):
    stdout = run("evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir, "--output", tmp_path / "pictures")
    lines = stdout.splitlines()
    test = runs.load("synthetic", short_runs_dir, ("test",)).grids
    assert f"{len(test)} runs, {sum(np.isfinite(each.heart_rate).sum() for each in test):,} steps" in stdout
    place = next(number for number, line in enumerate(lines) if "95 % interval" in line)
    assert lines[place + 1].startswith("synthetic ")
    assert lines[place + 2].startswith("athlete's state alone ")
    for name in ("runs.png", "error_by_minute.png"):
        assert (tmp_path / "pictures" / name).read_bytes().startswith(b"\x89PNG")
        assert str(tmp_path / "pictures" / name) in stdout


@pytest.fixture
def unaudited(monkeypatch):
    """For what does not depend on the audit, which takes longer than the rest."""
    monkeypatch.setattr("hrkeras.evaluation.audit.everything.checks", lambda *arguments, **more: iter(()))


@pytest.mark.usefixtures("unaudited")
def test_attention_is_drawn(short_runs_dir, tmp_path):
    path = tmp_path / "attention.keras"
    models.attention(units=4, num_layers=1).save(path)
    stdout = run("evaluate", path, "--data", "synthetic", "--data-dir", short_runs_dir, "--output", tmp_path / "pictures")
    assert (tmp_path / "pictures" / "attention.png").read_bytes().startswith(b"\x89PNG")
    assert str(tmp_path / "pictures" / "attention.png") in stdout


def test_evaluate_json(trained, short_runs_dir):
    found = json.loads(run("evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir, "--json"))
    assert (found["protocol"], found["data"], found["split"]) == ("profile", "synthetic", "test")
    assert {check["state"] for check in found["audit"]} == {"passed"}
    (case,) = found["cases"]
    assert case["rows"][0]["name"].startswith("synthetic")
    for row in case["rows"]:
        assert set(row) == {"name", "mae", "rmse", "median_run_mae", "people_mae", "mae_interval", "runs", "steps", "worse_by"}
        assert row["mae_interval"][0] <= row["mae"] <= row["mae_interval"][1]
        assert row["mae"] <= row["rmse"]


@pytest.mark.parametrize("protocol", ["live", "forecast", "past_only", "imputation", "by_user"])
def test_evaluate_protocols(trained, short_runs_dir, protocol):
    arguments = ["evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", protocol]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert f"Protocol {protocol}: " in result.stdout
    assert "worse by" in result.stdout
    assert ("synthetic/by_user" in result.stdout) == (protocol == "by_user")
    assert ("1 min ahead" in result.stdout.lower()) == (protocol in ("forecast", "past_only"))
    assert result.exit_code == (protocol == "by_user")  # it knows all people
    assert ("fails the audit" in result.stdout) == (protocol == "by_user")


@pytest.mark.usefixtures("unaudited")
def test_evaluate_beside_others(trained, short_runs_dir, monkeypatch):
    """TimeGPT is spoken of but sent nothing; a Chronos that always says 150 gets its row in the one case it can do."""
    flat = partial(rest.rests, lambda given: np.full(given.rest, 150.0))
    monkeypatch.setattr("hrkeras.evaluation.foundation.chronos.load", {"some/where": flat}.__getitem__)
    monkeypatch.setenv("NIXTLA_BASE_URL", "http://127.0.0.1:1")
    arguments = ["evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", "forecast", "--json"]
    others = ["--beside", "timegpt", "--beside", "chronos=some/where"]
    result = CliRunner().invoke(app, [*map(str, arguments), *others])
    assert result.exit_code == 0, result.output
    assert "For TimeGPT at http://127.0.0.1:1: " in result.stderr
    assert "Nothing was sent." in result.stderr
    cases = json.loads(result.stdout)["cases"]
    assert "timegpt" not in {row["name"] for case in cases for row in case["rows"]}
    assert [case["rows"][-1]["name"] == "chronos=some/where" for case in cases] == [False, False, False, True]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (["--beside", "timegpt"], "needs --protocol forecast, found profile"),
        (["--protocol", "forecast", "--beside", "chronos"], "timesfm=PLACE, fracast or timegpt, found chronos"),
        (["--protocol", "forecast", "--send"], "it needs --beside timegpt"),
        (["--protocol", "forecast", "--beside", "timesfm=here"], "add --accept timesfm-non-commercial-license-v1.0"),
    ],
)
def test_evaluate_beside_what_cannot_be(trained, short_runs_dir, more, what):
    result = CliRunner().invoke(
        app, [*map(str, ["evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir]), *more]
    )
    assert result.exit_code == 2
    assert what in " ".join(result.stderr.replace("│", " ").split())


def test_evaluate_later_needs_a_day(trained, short_runs_dir):
    arguments = ["evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", "later"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 2
    assert "until_" in result.stderr


@pytest.mark.usefixtures("unaudited")
def test_evaluate_says_the_scores_even_if_there_is_no_place_for_pictures(trained, short_runs_dir):
    arguments = ["evaluate", trained, "--data", "synthetic", "--data-dir", short_runs_dir, "--output", "/proc/nothing"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 1
    assert "95 % interval" in result.stdout
    assert "\nError: /proc/nothing" in f"\n{result.stderr}"


def test_predict_a_track(trained, folder, tmp_path):
    path = min((folder / "runs").iterdir())
    stdout = run(
        "predict", path, "--model", trained, "--output", tmp_path / "a" / "run.csv", "--plot", tmp_path / "b" / "run.png"
    )
    found = pd.read_csv(tmp_path / "a" / "run.csv")
    assert "Nothing is known of the person" in stdout
    error = (found["heart_rate"] - found["measured_heart_rate"]).abs().mean()
    said = float(stdout.partition("mean absolute error ")[2].partition(" beats/min")[0])
    assert said == pytest.approx(error, abs=0.1)  # the file has one digit
    assert f"predicted mean {found['heart_rate'].mean():.0f}" in stdout
    assert (tmp_path / "b" / "run.png").read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["run.csv"]
    packed = tmp_path / "run.gpx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    pd.testing.assert_frame_equal(predicted(trained, packed, tmp_path / "packed.csv"), found)


def test_predict_and_build_see_the_same_run(trained, folder, tmp_path):
    run("build", "tracks", folder / "runs", "--data-dir", tmp_path)
    built = runs.load("tracks", tmp_path).grids
    assert len(built) == 8
    for whole, workout in zip(built, sorted(tracks.read(folder / "runs"), key=lambda each: each.start), strict=True):
        found = predicted(trained, workout.where, tmp_path / "a.csv")
        assert len(found) == len(whole.speed)
        np.testing.assert_allclose(found["speed_m_s"], whole.speed, atol=5.1e-4)
        np.testing.assert_allclose(found["altitude_m"], whole.altitude, atol=0.051)
        np.testing.assert_allclose(found["measured_heart_rate"], whole.heart_rate, atol=0.051)


def test_predict_of_an_export(trained, folder, simulated, tmp_path):
    export, last = folder / "export.zip", clock.date(simulated[-1].clock[0], 7200.0)
    stdout = run("predict", export, "--model", trained, "--workout", "latest", "--output", tmp_path / "a.csv")
    assert f"Run of {last} UTC+2" in stdout
    assert "Known of the person: 7 earlier runs, the last of " in stdout
    first = predicted(trained, export, tmp_path / "b.csv", "--workout", last)
    pd.testing.assert_frame_equal(first, pd.read_csv(tmp_path / "a.csv"))


def test_history_from_elsewhere_is_that_of_the_source(trained, folder, tmp_path):
    last = max((folder / "runs").iterdir())
    alone = predicted(trained, last, tmp_path / "alone.csv")
    stdout = run("predict", last, "--model", trained, "--output", tmp_path / "known.csv", "--history", folder / "runs")
    assert "Known of the person: 7 earlier runs, the last of " in stdout
    of_export = run("predict", last, "--model", trained, "--output", tmp_path / "export.csv", "--history", folder / "export.zip")
    assert "Known of the person: 7 earlier runs, the last of " in of_export
    of_folder = predicted(trained, folder / "runs", tmp_path / "folder.csv", "--workout", "latest")
    known = pd.read_csv(tmp_path / "known.csv")
    pd.testing.assert_frame_equal(known, of_folder)
    assert (known["heart_rate"] - alone["heart_rate"]).abs().max() > 0.2
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "broken.fit").write_bytes(b"no FIT")
    (tmp_path / "runs" / "good.gpx").write_bytes(last.read_bytes())
    assert "Used 1 of 2 recordings. Not used: 1 x " in run(
        "predict", tmp_path / "runs", "--model", trained, "--output", tmp_path / "c.csv"
    )


def test_predict_by_the_state_alone(trained, folder, simulated, tmp_path):
    last = max((folder / "runs").iterdir())
    none = ["--model", "none"]
    stdout = run("predict", last, "--output", tmp_path / "known.csv", "--history", folder / "export.zip", *none)
    assert "Predicted by the athlete's state alone." in stdout
    assert "Known of the person: 7 earlier runs, the last of " in stdout
    known = pd.read_csv(tmp_path / "known.csv")
    assert list(known) == COLUMNS
    stranger = run("predict", last, "--output", tmp_path / "stranger.csv", *none)
    assert "Nothing is known of the person, so this is a wide guess." in stranger
    of_stranger = pd.read_csv(tmp_path / "stranger.csv")
    assert (of_stranger["high"] - of_stranger["low"]).mean() > (known["high"] - known["low"]).mean()
    by_model = predicted(trained, last, tmp_path / "model.csv", "--history", folder / "export.zip")
    assert (by_model["high"] - by_model["low"] > 1).all()
    assert (by_model["heart_rate"] - known["heart_rate"]).abs().max() > 0.2


def test_predict_from_the_athletes_file(trained, folder, simulated, tmp_path):
    """It says the same as from the earlier runs; and not from later ones."""
    paths, me = sorted((folder / "runs").iterdir()), tmp_path / "me.json"
    run("update", me, *paths[:7], "--model", trained)
    for model in ([], ["--model", trained]):
        stdout = run("predict", paths[7], "--output", tmp_path / "a.csv", "--athlete", me, *model)
        assert f"Known of the person: 7 earlier runs, the last of {clock.date(simulated[6].clock[0])} UTC." in stdout
        assert (f"Predicted by the model {trained}." in stdout) == bool(model)
    of_file = pd.read_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(of_file, predicted(trained, paths[7], tmp_path / "b.csv", "--history", folder / "runs"))
    (tmp_path / "a.csv").write_text("old")
    run("update", tmp_path / "gap.json", paths[0], paths[3])
    for path, known, what in (
        (paths[2], "gap.json", f"learnt from the later run of {clock.date(simulated[3].clock[0])} UTC;"),
        (paths[2], "me.json", "this very run"),
    ):
        arguments = ["predict", path, "--output", tmp_path / "a.csv", "--force", "--athlete", tmp_path / known]
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 1
        said = " ".join(result.stderr.split())
        assert "Error: The run of " in said
        assert what in said
        assert "--history" in said
    assert (tmp_path / "a.csv").read_text() == "old"


def test_a_file_of_another_population_does_not_fit_a_model(trained, folder, tmp_path):
    paths, me = sorted((folder / "runs").iterdir()), tmp_path / "me.json"
    run("update", me, paths[0])
    before = me.read_bytes()
    for arguments in (
        ["predict", paths[7], "--output", tmp_path / "a.csv", "--athlete", me, "--model", trained],
        ["update", me, paths[1], "--model", trained],
    ):
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 1
        said = " ".join(result.stderr.split())
        assert said.startswith(f"Error: {me} starts from another population (")
        assert "(synthetic); make a file that fits: `hrkeras update NEW.json RUNS --model MODEL`." in said
    assert (me.read_bytes(), list(tmp_path.iterdir())) == (before, [me])


def test_what_the_other_workouts_lack_is_said(folder, simulated, tmp_path):
    formats.write_gpx(replace(simulated[0], heart_rate=np.zeros_like(simulated[0].heart_rate)), tmp_path / "history" / "a.gpx")
    formats.write_gpx(simulated[7], tmp_path / "history" / "b.gpx")
    path = sorted((folder / "runs").iterdir())[4]
    stdout = run("predict", path, "--output", tmp_path / "a.csv", "--history", tmp_path / "history")
    assert "Nothing is known of the person" in stdout
    assert "Used 1 of 3 recordings. Not used: 1 x heart rate incomplete; 1 x later than this run." in stdout


def thin(track, every=1, **changes) -> Track:
    names = ("clock", "latitude", "longitude", "altitude", "speed", "heart_rate", "truth", "expected")
    return replace(track, **{name: getattr(track, name)[::every] for name in names}, **changes)


def test_what_a_run_may_lack(trained, simulated, tmp_path):
    nothing = np.full_like(simulated[0].clock, np.nan)
    formats.write_gpx(replace(simulated[0], heart_rate=nothing), tmp_path / "silent.gpx")
    found = predicted(trained, tmp_path / "silent.gpx", tmp_path / "a.csv")
    assert found["measured_heart_rate"].isna().all()
    formats.write_gpx(replace(simulated[0], altitude=nothing), tmp_path / "flat.gpx")
    stdout = run("predict", tmp_path / "flat.gpx", "--model", trained, "--output", tmp_path / "b.csv")
    assert "it was taken as flat" in stdout
    assert pd.read_csv(tmp_path / "b.csv")["altitude_m"].isna().all()
    no_place = "".join(
        f"<trkpt><ele>5</ele><time>2020-01-01T00:{second // 60:02}:{second % 60:02}Z</time></trkpt>" for second in range(600)
    )
    (tmp_path / "nowhere.gpx").write_text(f"<gpx><trk><trkseg>{no_place}</trkseg></trk></gpx>")
    result = CliRunner().invoke(app, ["predict", str(tmp_path / "nowhere.gpx"), "--output", str(tmp_path / "c.csv")])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'nowhere.gpx'}")
    assert "positions" in result.stderr


def test_a_long_run_is_predicted_to_its_end(trained, simulated, tmp_path):
    longest = max(simulated, key=lambda track: len(track.clock))
    stretched = replace(longest, clock=longest.clock[0] + 4 * (longest.clock - longest.clock[0]))
    formats.write_gpx(stretched, tmp_path / "long.gpx")
    found = predicted(trained, tmp_path / "long.gpx", tmp_path / "a.csv")
    assert len(found) == int((stretched.clock[-1] - stretched.clock[0]) / grid.STEP) > 500
    assert found["heart_rate"].notna().all()


def trackpoint(time, position="", heart_rate=140, speed=2.8):
    return (
        f"<Trackpoint><Time>{time}Z</Time>{position}<AltitudeMeters>12.5</AltitudeMeters><HeartRateBpm><Value>{heart_rate}"
        f"</Value></HeartRateBpm><Extensions><TPX><Speed>{speed}</Speed></TPX></Extensions></Trackpoint>"
    )


def test_tcx(trained, tmp_path):
    times = np.datetime_as_string(np.datetime64("2021-05-01T08:00:00") + np.arange(0, 901, 3))
    points = "".join(map(trackpoint, times))
    content = (
        '<TrainingCenterDatabase><Activities><Activity Sport="Running"><Lap><Track>'
        f"{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    )
    (tmp_path / "run.tcx").write_text(content)
    found = predicted(trained, tmp_path / "run.tcx", tmp_path / "a.csv")
    assert len(found) == 90
    assert set(found["speed_m_s"]) == {2.8}
    assert set(found["measured_heart_rate"]) == {140.0}


def test_real_tracks(real_data, tmp_path):
    """One of each device's format; a treadmill run is no run outdoors."""
    kinds: dict[str, Path] = {}
    for path in sorted((real_data / "tracks").iterdir()):
        if path.suffix in (".fit", ".gpx", ".tcx") and "treadmill" not in path.name and "ride" not in path.name:
            kinds.setdefault(path.suffix, path)
    done = 0
    for path in kinds.values():
        arguments = ["predict", path, "--output", tmp_path / "a.csv"]
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 0 or result.stderr.startswith("Error: "), result.output
        done += result.exit_code == 0
    assert done
    treadmill = next(path for path in (real_data / "tracks").iterdir() if "treadmill" in path.name)
    result = CliRunner().invoke(app, list(map(str, ["predict", treadmill, "--output", tmp_path / "b.csv"])))
    assert result.exit_code == 1
    assert "expected a run outdoors, found 1 indoor running" in " ".join(result.stderr.split())


PREDICT_THEN_TRAIN = """
import sys
from typer.testing import CliRunner
from hrkeras.cli.main import app
backend, trained, run, csv, data_dir, output = sys.argv[1:]
for arguments in (
    ["predict", run, "--model", trained, "--output", csv, "--backend", backend],
    ["train", "--data", "synthetic", "--data-dir", data_dir, "--output", output, "--units", "4", "--layers", "1",
     "--epochs", "1", "--backend", backend],
    ["predict", run, "--model", output, "--output", csv.replace("run.csv", "2_run.csv"), "--backend", backend],
):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
import keras
assert keras.backend.backend() == backend
"""


@pytest.mark.parametrize("backend", sorted({"jax", "tensorflow", "torch"} - {keras.backend.backend()}))
def test_other_backends(trained, folder, tmp_path, backend):
    """A model of one backend predicts on another, both ways; and each trains."""
    pytest.importorskip(backend)
    data_dir = tmp_path / "short runs"  # of one or two lengths, for each of which JAX compiles anew
    limits = ["--limit", "min_duration=2100", "--limit", "max_duration=2900"]
    run("build", "synthetic", "--athletes", 2, "--runs", 16, "--data-dir", data_dir, *limits)
    path = max((folder / "runs").iterdir())
    csv, output = tmp_path / "run.csv", tmp_path / "model.keras"
    arguments = [backend, trained, path, csv, data_dir, output]
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"} | {"PYTHONPATH": str(ROOT)}
    if backend == "jax":
        environment["XLA_FLAGS"] = quick_xla.flags()
    found = subprocess.run(
        [sys.executable, "-c", PREDICT_THEN_TRAIN, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    (workout,) = tracks.read(path)
    for model, there in ((trained, csv), (output, csv.with_name(f"2_{csv.name}"))):
        here = prediction.predict(workout, model=saving.load(model)).to_frame()
        # a CSV has one decimal: what differs by less than 1e-3 may still be rounded apart
        np.testing.assert_allclose(pd.read_csv(there)["heart_rate"], here["heart_rate"], atol=0.1001)
        assert (pd.read_csv(there)["heart_rate"] == here["heart_rate"]).mean() > 0.95
