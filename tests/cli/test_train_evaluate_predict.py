"""`hrkeras train`, `evaluate` and `predict` as a person runs them, one after the other."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from hrkeras import prediction, saving, windows
from hrkeras.cli.main import app
from hrkeras.workouts import grid, synthetic, tracks, writers

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--units", "4", "--layers", "1", "--epochs", "2", "--batch-size", "8"]
COLUMNS = ["time_s", "speed_m_s", "altitude_m", "heart_rate", "measured_heart_rate"]


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def trained(data_dir, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "made" / "synthetic.keras"
    stdout = run("train", "--data", "synthetic", "--data-dir", data_dir, "--output", path, *SMALL)
    assert stdout.count("validation MAE") == 2
    assert f"Next: hrkeras evaluate {path} --data synthetic" in stdout
    return path


@pytest.fixture(scope="module")
def simulated() -> list[synthetic.Track]:
    return list(synthetic.simulate(1, 6, seed=8, flawed=0, faulty=0))


@pytest.fixture(scope="module")
def folder(simulated, tmp_path_factory) -> Path:
    """One person's runs as GPX files and as an export."""
    folder = tmp_path_factory.mktemp("mine")
    writers.write_gpx_folder(simulated, folder / "runs")
    writers.write_apple_health(simulated, folder / "export.zip")
    return folder


def predicted(model, source, output, *more) -> pd.DataFrame:
    run("predict", model, source, "--output", output, *more)
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


def test_evaluate_prints_a_table_and_draws(trained, data_dir, tmp_path):
    stdout = run("evaluate", trained, "--data", "synthetic", "--data-dir", data_dir, "--output", tmp_path / "pictures")
    lines = stdout.splitlines()
    test = windows.load("synthetic", "test", data_dir)
    assert f"{len(list(test.runs()))} runs, {np.isfinite(test.heart_rate).sum():,} measured steps" in stdout
    place = next(number for number, line in enumerate(lines) if "95 % interval" in line)
    assert lines[place + 1].startswith("synthetic ")
    assert lines[place + 2].startswith("constant ")
    for name in ("runs.png", "error_by_minute.png"):
        assert (tmp_path / "pictures" / name).read_bytes().startswith(b"\x89PNG")
        assert str(tmp_path / "pictures" / name) in stdout


def test_evaluate_json(trained, data_dir):
    found = json.loads(run("evaluate", trained, "--data", "synthetic/by_user", "--data-dir", data_dir, "--json"))
    assert (found["protocol"], found["data"], found["split"]) == ("profile", "synthetic/by_user", "test")
    assert found["rows"][0]["name"] == "synthetic"
    for row in found["rows"]:
        assert set(row) == {"name", "mae", "rmse", "median_run_mae", "mae_interval", "runs", "steps"}
        assert row["mae_interval"][0] <= row["mae"] <= row["mae_interval"][1]
        assert row["mae"] <= row["rmse"]
    other = run("evaluate", trained, "--data", "synthetic/by_user", "--data-dir", data_dir, "--json", "--split", "validation")
    assert json.loads(other)["rows"] != found["rows"]


def test_evaluate_says_the_scores_even_if_there_is_no_place_for_pictures(trained, data_dir):
    arguments = ["evaluate", trained, "--data", "synthetic", "--data-dir", data_dir, "--output", "/proc/nothing"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 1
    assert "95 % interval" in result.stdout
    assert result.stderr.startswith("Error: /proc/nothing")


def test_predict_a_track(trained, folder, tmp_path):
    path = min((folder / "runs").iterdir())
    stdout = run("predict", trained, path, "--output", tmp_path / "a" / "run.csv", "--plot", tmp_path / "b" / "run.png")
    found = pd.read_csv(tmp_path / "a" / "run.csv")
    assert "Nothing is known of the person" in stdout
    error = (found["heart_rate"] - found["measured_heart_rate"]).abs().mean()
    assert f"mean absolute error {error:.1f} beats/min" in stdout
    assert f"predicted mean {found['heart_rate'].mean():.0f}" in stdout
    assert (tmp_path / "b" / "run.png").read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["run.csv"]
    packed = tmp_path / "run.gpx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    pd.testing.assert_frame_equal(predicted(trained, packed, tmp_path / "packed.csv"), found)


def test_predict_and_build_see_the_same_run(trained, folder, tmp_path):
    run("build", "tracks", folder / "runs", "--data-dir", tmp_path)
    built = [each for split in ("train", "validation", "test") for each in windows.load("tracks", split, tmp_path).runs()]
    assert len(built) == 6
    for whole, workout in zip(built, sorted(tracks.read(folder / "runs"), key=lambda each: each.start), strict=True):
        found = predicted(trained, workout.where, tmp_path / "a.csv")
        assert len(found) == len(whole.grid.speed)
        np.testing.assert_allclose(found["speed_m_s"], whole.grid.speed, atol=5.1e-4)
        np.testing.assert_allclose(found["altitude_m"], whole.grid.altitude, atol=0.051)
        np.testing.assert_allclose(found["measured_heart_rate"], whole.grid.heart_rate, atol=0.051)


def test_predict_of_an_export(trained, folder, simulated, tmp_path):
    export, last = folder / "export.zip", prediction.date(simulated[-1].clock[0])
    stdout = run("predict", trained, export, "--workout", "latest", "--output", tmp_path / "a.csv")
    assert f"Run of {last} UTC" in stdout
    assert "Known of the person: 5 earlier runs." in stdout
    first = predicted(trained, export, tmp_path / "b.csv", "--workout", last)
    pd.testing.assert_frame_equal(first, pd.read_csv(tmp_path / "a.csv"))


def test_history_from_elsewhere_is_that_of_the_source(trained, folder, tmp_path):
    last = max((folder / "runs").iterdir())
    alone = predicted(trained, last, tmp_path / "alone.csv")
    stdout = run("predict", trained, last, "--output", tmp_path / "known.csv", "--history", folder / "runs")
    assert "Known of the person: 5 earlier runs." in stdout
    of_export = run("predict", trained, last, "--output", tmp_path / "export.csv", "--history", folder / "export.zip")
    assert "Known of the person: 5 earlier runs." in of_export
    of_folder = predicted(trained, folder / "runs", tmp_path / "folder.csv", "--workout", "latest")
    known = pd.read_csv(tmp_path / "known.csv")
    pd.testing.assert_frame_equal(known, of_folder)
    assert (known["heart_rate"] - alone["heart_rate"]).abs().max() > 0.2
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "broken.fit").write_bytes(b"no FIT")
    (tmp_path / "runs" / "good.gpx").write_bytes(last.read_bytes())
    assert "Skipped while reading: 1 x " in run("predict", trained, tmp_path / "runs", "--output", tmp_path / "c.csv")


def thin(track, every=1, **changes) -> synthetic.Track:
    names = ("clock", "latitude", "longitude", "altitude", "speed", "heart_rate", "truth", "expected")
    return replace(track, **{name: getattr(track, name)[::every] for name in names}, **changes)


def test_what_a_run_may_lack(trained, simulated, tmp_path):
    nothing = np.full_like(simulated[0].clock, np.nan)
    writers.write_gpx(replace(simulated[0], heart_rate=nothing), tmp_path / "silent.gpx")
    found = predicted(trained, tmp_path / "silent.gpx", tmp_path / "a.csv")
    assert found["measured_heart_rate"].isna().all()
    writers.write_gpx(replace(simulated[0], altitude=nothing), tmp_path / "flat.gpx")
    stdout = run("predict", trained, tmp_path / "flat.gpx", "--output", tmp_path / "b.csv")
    assert "it was taken as flat" in stdout
    assert pd.read_csv(tmp_path / "b.csv")["altitude_m"].isna().all()
    no_place = "".join(
        f"<trkpt><ele>5</ele><time>2020-01-01T00:{second // 60:02}:{second % 60:02}Z</time></trkpt>" for second in range(600)
    )
    (tmp_path / "nowhere.gpx").write_text(f"<gpx><trk><trkseg>{no_place}</trkseg></trk></gpx>")
    result = CliRunner().invoke(
        app, ["predict", str(trained), str(tmp_path / "nowhere.gpx"), "--output", str(tmp_path / "c.csv")]
    )
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'nowhere.gpx'}")
    assert "positions" in result.stderr


def test_a_long_run_is_predicted_to_its_end(trained, simulated, tmp_path):
    longest = max(simulated, key=lambda track: len(track.clock))
    stretched = replace(longest, clock=longest.clock[0] + 4 * (longest.clock - longest.clock[0]))
    writers.write_gpx(stretched, tmp_path / "long.gpx")
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


def test_real_tracks(trained, real_data, tmp_path):
    """One of each device's format; a treadmill run is no run outdoors."""
    kinds: dict[str, Path] = {}
    for path in sorted((real_data / "tracks").iterdir()):
        if path.suffix in (".fit", ".gpx", ".tcx") and "treadmill" not in path.name and "ride" not in path.name:
            kinds.setdefault(path.suffix, path)
    done = 0
    for path in kinds.values():
        arguments = ["predict", trained, path, "--output", tmp_path / "a.csv"]
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 0 or result.stderr.startswith("Error: "), result.output
        done += result.exit_code == 0
    assert done
    treadmill = next(path for path in (real_data / "tracks").iterdir() if "treadmill" in path.name)
    result = CliRunner().invoke(app, list(map(str, ["predict", trained, treadmill, "--output", tmp_path / "b.csv"])))
    assert result.exit_code == 1
    assert "expected a run outdoors, found 1 indoor running" in " ".join(result.stderr.split())


PREDICT_THEN_TRAIN = """
import sys
from typer.testing import CliRunner
from hrkeras.cli.main import app
backend, trained, run, csv, data_dir, output = sys.argv[1:]
for arguments in (
    ["predict", trained, run, "--output", csv, "--backend", backend],
    ["train", "--data", "synthetic", "--data-dir", data_dir, "--output", output, "--units", "4", "--layers", "1",
     "--epochs", "1", "--backend", backend],
    ["predict", output, run, "--output", csv + "2", "--backend", backend],
):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
import keras
assert keras.backend.backend() == backend
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
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
    found = subprocess.run(
        [sys.executable, "-c", PREDICT_THEN_TRAIN, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    (workout,) = tracks.read(path)
    for model, there in ((trained, csv), (output, Path(f"{csv}2"))):
        here = prediction.predict(saving.load(model), workout).frame()
        # a CSV has one decimal: what differs by less than 1e-3 may still be rounded apart
        np.testing.assert_allclose(pd.read_csv(there)["heart_rate"], here["heart_rate"], atol=0.1001)
        assert (pd.read_csv(there)["heart_rate"] == here["heart_rate"]).mean() > 0.95
