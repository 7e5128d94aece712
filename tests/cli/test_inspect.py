"""`hrkeras inspect` as a person runs it."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.simulation import formats, synthetic


def run(*arguments):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


@pytest.fixture(scope="module")
def tracks():
    return list(synthetic.simulate(1, 14, seed=2))


@pytest.fixture(scope="module")
def export(tracks, tmp_path_factory):
    path = tmp_path_factory.mktemp("apple") / "export.zip"
    formats.write_apple_health(tracks, path)
    return path


def test_apple_health_export(export, tmp_path):
    result = run(export, "--output", tmp_path / "pictures")
    assert result.exit_code == 0
    assert "Apple Health export" in result.stdout
    assert f"Next: hrkeras report {export}\nNext: hrkeras update me.json {export}\n" in result.stdout
    assert (tmp_path / "pictures" / "latest_run.png").stat().st_size > 10_000


def test_apple_health_counts_what_was_measured(tmp_path):
    track = next(track for track in synthetic.simulate(20, 1, flawed=0, faulty=0) if np.all(np.diff(track.clock) == 1))
    formats.write_apple_health([track], tmp_path / "export.zip")
    years = json.loads(run(tmp_path / "export.zip", "--json").stdout)["years"]
    assert all(year["heart_rates_a_minute"] == pytest.approx(60 / formats.RECORD_EVERY, rel=0.1) for year in years.values())


def test_endomondo_file(tracks, tmp_path):
    formats.write_endomondo(tracks, tmp_path / "e.json.gz")
    result = run(tmp_path / "e.json.gz")
    assert result.exit_code == 0
    assert "--output FOLDER" in result.stdout
    assert "Next: hrkeras build endomondo" in result.stdout


def test_folder_of_tracks_and_one_track(tracks, tmp_path):
    paths = formats.write_gpx_folder(tracks, tmp_path / "runs")
    (tmp_path / "runs" / "broken.gpx").write_text("<gpx")
    result = run(tmp_path / "runs")
    assert result.exit_code == 0
    assert "not readable as workouts: 1" in result.stdout
    assert f"Next: hrkeras report {tmp_path / 'runs'}\n" in result.stdout
    assert "Next: hrkeras predict" in run(paths[0]).stdout


def test_json_is_one_object(export, tmp_path):
    result = run(export, "--json", "--limit", "min_points=10", "--output", tmp_path)
    found = json.loads(result.stdout)
    assert found["funnel"]["left"] > 3
    assert found["commands"][0].endswith("--limit min_points=10")
    assert len(found["pictures"]) == 7
    assert sum(kind["runs"] for kind in found["sensor_faults"]["kinds"].values()) > 0


def test_zero_usable_runs_is_no_error(export):
    result = run(export, "--limit", "min_duration=20000")
    assert result.exit_code == 0
    assert "0 of" in result.stdout


def test_nothing_readable_is_an_error(tmp_path):
    (tmp_path / "broken.gpx").write_text("<gpx")
    for path in (tmp_path, tmp_path / "broken.gpx"):
        result = run(path)
        assert result.exit_code == 1
        assert "Error: " in result.stderr
        assert str(path) in result.stderr


@pytest.mark.parametrize(("arguments", "code"), [(("nowhere.gpx",), 2), ((".", "--limit", "speed=1"), 1)])
def test_wrong_calls(arguments, code):
    assert run(*arguments).exit_code == code
