"""Every command given the wrong thing: one sentence, the right exit code, no traceback, nothing lost."""

import contextlib
import errno
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli.main import app
from hrkeras.datasets import build
from hrkeras.workouts.simulation import formats, synthetic

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
OLD = "time_s,speed_m_s,an earlier prediction\n"


def refused(code, *arguments):
    """Runs a command that must fail in a sentence, and returns what it said in one line."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    said = " ".join(result.stderr.replace("│", " ").split())
    assert said
    if code == 1:
        assert said.startswith("Error: ")
        assert said.endswith(".")
    return said


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """A folder with a source of each kind, good and bad."""
    folder = tmp_path_factory.mktemp("sources")
    tracks = list(synthetic.simulate(1, 8, seed=1, flawed=0))
    formats.write_endomondo(tracks, folder / "endomondo.json")
    formats.write_endomondo(tracks, folder / "endomondo.json.gz")
    formats.write_apple_health(tracks, folder / "export.zip")
    formats.write_gpx_folder(tracks, folder / "runs")
    formats.write_gpx(tracks[0], folder / "run.gpx")
    (folder / "empty.json").touch()
    (folder / "empty.gpx").touch()
    (folder / "empty").mkdir()
    (folder / "text.txt").write_text("It was a fine run.\n" * 30)
    (folder / "picture.png").write_bytes(PNG)
    (folder / "cut.json.gz").write_bytes((folder / "endomondo.json.gz").read_bytes()[:-2000])
    (folder / "cut.zip").write_bytes((folder / "export.zip").read_bytes()[:-2000])
    (folder / "cut.gpx").write_bytes((folder / "run.gpx").read_bytes()[:-2000])
    (folder / "one_point.gpx").write_text(
        "<gpx><trk><trkseg><trkpt lat='1' lon='1'><time>2020-01-01T00:00:00Z</time></trkpt></trkseg></trk></gpx>"
    )
    (folder / "bomb.gpx.gz").write_bytes(gzip.compress(b"<gpx>" + b" " * (80 << 20)))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.keras"
    models.gru(units=4, num_layers=1).save(path)
    return path


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        ("endomondo", "export.zip", "expected an Endomondo file"),
        ("endomondo", "run.gpx", "expected an Endomondo file"),
        ("endomondo", "text.txt", "expected an Endomondo file"),
        ("endomondo", "empty.json", "expected an Endomondo file"),
        ("endomondo", "runs", "cannot be read"),
        ("apple_watch", "run.gpx", "expected an Apple Health export"),
        ("apple_watch", "endomondo.json.gz", "expected an Apple Health export"),
        ("apple_watch", "empty", "expected an Apple Health export"),
        ("apple_watch", "picture.png", "expected an Apple Health export"),
        ("apple_watch", "cut.zip", "cut off or damaged"),
        ("tracks", "endomondo.json", "expected a .gpx, .tcx or .fit file"),
        ("tracks", "export.zip", "Apple Health export, which is to be given by itself"),
        ("tracks", "empty", "found none"),
        ("tracks", "empty.gpx", "empty file"),
        ("tracks", "cut.gpx", "cut off"),
        ("tracks", "one_point.gpx", "fewer than two points"),
        ("tracks", "bomb.gpx.gz", "200 times its size"),
        ("tracks", "run.gpx", "at least 3 runs"),
    ],
)
def test_build_of_the_wrong_source(sources, tmp_path, kind, name, found):
    said = refused(1, "build", kind, sources / name, "--data-dir", tmp_path / "data")
    assert found in said
    assert name in said or name == "run.gpx"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_build_of_a_cut_file_keeps_what_was_there(sources, tmp_path):
    build.build("endomondo", sources / "endomondo.json.gz", "by_time", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert "cut off or damaged" in refused(1, "build", "endomondo", sources / "cut.json.gz", "--data-dir", tmp_path)
    said = refused(1, "build", "endomondo", sources / "endomondo.json", "--data-dir", tmp_path, "--limit", "min_points=10000")
    assert "none passed the filters" in said
    assert "points: too few points" in said
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "endomondo", "nowhere.json"],
        ["build", "mars"],
        ["build", "synthetic", "--athletes", "0"],
        ["build", "synthetic", "--athletes", "100001"],
        ["build", "synthetic", "--runs", "10001"],
        ["build", "synthetic", "--seed", "4294967296"],
        ["build", "synthetic", "--config", "by_moon"],
        ["build", "endomondo", "{endomondo}", "--processes", "0"],
        ["build", "endomondo", "{endomondo}", "{endomondo}", "nowhere.json"],
        ["build", "endomondo", "{endomondo}", "--processes", "2", "--beam-options", ""],
        ["train", "--data", "synthetic", "--output", "model.h5"],
        ["train", "--data", "synthetic", "--output", "model"],
        ["train", "--data", "synthetic", "--output", "{folder}"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--backend", "theano"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--model", "oracle"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--units", "0"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--units", "4097"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--layers", "101"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--epochs", "100001"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--batch-size", "100001"],
        ["tune", "--data", "synthetic", "--output", "t", "--space", "batch", "--seeds", "101"],
        ["tune", "--data", "synthetic", "--output", "t", "--space", "batch", "--seed", "4294967295"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--model", "patchtst", "--bidirectional"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--model", "lag_llama", "--dropout", "0.1"],
        ["ensemble", "a.keras", "--data", "synthetic", "--output", "m.keras"],
        ["ensemble", "a.keras", "b.keras", "--data", "synthetic", "--output", "m.h5"],
        ["train", "--data", "synthetic", "--output", "m.keras", "--learning-rate", "nan"],
        ["evaluate", "{model}", "--data", "synthetic", "--split", "train"],
        ["evaluate", "{model}", "--data", "synthetic", "--output", "{endomondo}"],
        ["predict", "nowhere.gpx", "--output", "a.csv"],
        ["predict", "{run}", "--output", "{folder}"],
        ["predict", "{run}", "--output", "a.csv", "--plot", "{folder}"],
        ["predict", "{run}", "--output", "a.csv", "--history", "nowhere"],
        ["predict", "{run}", "--output", "a.csv", "--athlete", "{folder}"],
        ["predict", "{run}", "--output", "a.csv", "--athlete", "me.json", "--history", "{run}"],
        ["predict", "{model}", "{run}", "--output", "a.csv"],
        ["update"],
        ["update", "me.json"],
        ["update", "me.json", "nowhere.gpx"],
        ["update", "{run}", "me.json"],
        ["update", "{run}", "{run}"],
        ["update", "me", "{run}"],
        ["update", "{folder}", "{run}"],
    ],
    ids=" ".join,
)
def test_wrong_calls(sources, model, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.keras").mkdir()
    places = {"endomondo": sources / "endomondo.json", "run": sources / "run.gpx", "model": model, "folder": "folder.keras"}
    said = refused(2, *(part.format(**places) for part in arguments))
    assert "Usage: " in said
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.keras"]


@pytest.mark.parametrize("chosen", ["theano", "keras.nothing", "numpy"])
def test_an_unknown_backend_in_the_environment(monkeypatch, tmp_path, chosen):
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    said = refused(2, "evaluate", "base", "--data-dir", tmp_path)
    assert f"KERAS_BACKEND is {chosen}" in said
    assert "tensorflow, jax, torch" in said


def test_a_backend_that_is_not_installed(monkeypatch, tmp_path):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "jax" else real(name, *rest))
    said = refused(2, "train", "--data", "synthetic", "--output", tmp_path / "m.keras", "--backend", "jax")
    assert "jax is not installed" in said
    assert "pip install 'hrkeras[jax]'" in said


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("weather", "expected one of endomondo, apple_watch, tracks, synthetic"),
        ("synthetic/by_moon", "expected by_time, by_user, "),
        ("../../etc", "expected one of"),
        ("tracks", "build it with `hrkeras build tracks FOLDER`, or say where it is (--data-dir)."),
    ],
)
def test_a_dataset_that_is_not_there(model, data_dir, tmp_path, command, data, found):
    first = ["train", "--output", tmp_path / "m.keras"] if command == "train" else ["evaluate", model]
    assert found in refused(1, *first, "--data", data, "--data-dir", data_dir)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("picture.png", "ends in .keras"),
        ("export.zip", "ends in .keras"),
        ("empty", "ends in .keras"),
        ("picture.keras", "damaged or something else"),
        ("nowhere.keras", "train a model first"),
    ],
)
def test_what_is_no_model(sources, data_dir, tmp_path, name, found):
    path = sources / name
    if name == "picture.keras":
        path = tmp_path / name
        path.write_bytes(PNG)
    assert found in refused(1, "evaluate", path, "--data", "synthetic", "--data-dir", data_dir)
    assert found in refused(1, "predict", sources / "run.gpx", "--model", path, "--output", tmp_path / "a.csv")
    assert found in refused(1, "update", tmp_path / "me.json", sources / "run.gpx", "--model", path)
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.glob("*.json"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("text.txt", "expected an Apple Health export"),
        ("picture.png", "this is none of them"),
        ("empty", "found none"),
        ("empty.gpx", "empty file"),
        ("cut.gpx", "cut off"),
        ("one_point.gpx", "fewer than two points"),
        ("cut.zip", "cut off or damaged"),
        ("bomb.gpx.gz", "200 times its size"),
    ],
)
def test_predict_of_what_is_no_run(sources, tmp_path, name, found):
    (tmp_path / "a.csv").write_text(OLD)
    assert found in refused(1, "predict", sources / name, "--output", tmp_path / "a.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == OLD


@pytest.mark.parametrize(
    ("workout", "found"),
    [
        ("1999", "expected one run of 1999, found none such among 8 runs; choose one of "),
        ("2", "found 8 runs; choose one of "),
    ],
)
def test_predict_of_a_workout_that_is_not_there(sources, tmp_path, workout, found):
    said = refused(1, "predict", sources / "runs", "--workout", workout, "--output", tmp_path / "a.csv")
    assert found in said
    assert said.endswith(", or latest (--workout).")


def test_predict_with_wrong_history(sources, tmp_path):
    said = refused(1, "predict", sources / "run.gpx", "--output", tmp_path / "a.csv", "--history", sources / "text.txt")
    assert "text.txt: expected an Apple Health export" in said


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nowhere.json", "make it from the person's runs: `hrkeras update"),
        ("text.txt", "found invalid or incomplete JSON"),
        ("picture.png", "a file that is not text"),
        ("endomondo.json", "found invalid or incomplete JSON"),
        ("run.gpx", "found invalid or incomplete JSON"),
    ],
)
def test_predict_with_what_is_no_athlete(sources, tmp_path, name, found):
    said = refused(1, "predict", sources / "run.gpx", "--output", tmp_path / "a.csv", "--athlete", sources / name)
    assert found in said
    assert name in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("text.txt", "expected an Apple Health export"),
        ("picture.png", "this is none of them"),
        ("empty", "found none"),
        ("cut.gpx", "cut off"),
        ("cut.zip", "cut off or damaged"),
        ("one_point.gpx", "fewer than two points"),
        ("bomb.gpx.gz", "200 times its size"),
    ],
)
def test_update_from_what_holds_no_runs_keeps_what_was_there(sources, tmp_path, name, found):
    """Also where good runs are given besides: in order or not at all."""
    assert found in refused(1, "update", tmp_path / "me.json", sources / "run.gpx", sources / name)
    assert not list(tmp_path.iterdir())
    assert CliRunner().invoke(app, ["update", str(tmp_path / "me.json"), str(sources / "run.gpx")]).exit_code == 0
    before = (tmp_path / "me.json").read_bytes()
    assert found in refused(1, "update", tmp_path / "me.json", sources / "runs", sources / name)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_update_of_what_is_no_athletes_file(sources, tmp_path):
    (tmp_path / "me.json").write_text('{"shoes": 3}')
    assert "found JSON without what it must have" in refused(1, "update", tmp_path / "me.json", sources / "runs")
    assert (tmp_path / "me.json").read_text() == '{"shoes": 3}'


def fail(number):
    def raises(*_, **__):
        raise OSError(number, os.strerror(number), "some/place")

    return raises


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "some/place: no permission"),
        (errno.EACCES, "some/place: no permission"),
        (errno.EIO, "some/place: Input/output error"),
    ],
)
def test_predict_where_nothing_can_be_written(sources, tmp_path, monkeypatch, number, found):
    (tmp_path / "a.csv").write_text(OLD)
    monkeypatch.setattr("hrkeras.personal.prediction.Prediction.to_csv", fail(number))
    assert found in refused(1, "predict", sources / "run.gpx", "--output", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == OLD
    assert len(list(tmp_path.iterdir())) == 1


def test_update_on_a_full_disk_keeps_the_old_file(sources, tmp_path, monkeypatch):
    path = tmp_path / "me.json"
    assert CliRunner().invoke(app, ["update", str(path), str(sources / "run.gpx")]).exit_code == 0
    before = path.read_bytes()
    monkeypatch.setattr("pathlib.Path.write_text", fail(errno.ENOSPC))
    assert "the disk is full" in refused(1, "update", path, sources / "runs")
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_train_on_a_full_disk_keeps_the_old_model(data_dir, model, tmp_path, monkeypatch):
    (tmp_path / "m.keras").write_bytes(model.read_bytes())
    monkeypatch.setattr("keras.Model.save", fail(errno.ENOSPC))
    arguments = ["--units", "4", "--layers", "1", "--epochs", "1", "--data", "synthetic", "--data-dir", data_dir]
    assert "the disk is full" in refused(1, "train", "--output", tmp_path / "m.keras", *arguments)
    assert (tmp_path / "m.keras").read_bytes() == model.read_bytes()
    assert not list(tmp_path.rglob(".hrkeras-*"))


def test_build_on_a_full_disk_as_tensorflow_says_it(tmp_path, monkeypatch):
    def full(*_):
        raise RuntimeError("ResourceExhaustedError: Failed to write; No space left on device")

    monkeypatch.setattr("hrkeras.datasets.records.Writer.write", full)
    said = refused(1, "build", "synthetic", "--athletes", "1", "--runs", "10", "--data-dir", tmp_path)
    assert "the disk is full" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["/proc/nothing", "{file}/below"])
def test_folders_that_cannot_be(sources, tmp_path, place):
    place = place.format(file=sources / "text.txt")
    assert place.split("/")[1] in refused(1, "build", "synthetic", "--data-dir", place)
    assert place.split("/")[1] in refused(1, "predict", sources / "run.gpx", "--output", f"{place}/a.csv")
    assert place.split("/")[1] in refused(1, "update", f"{place}/me.json", sources / "runs")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_build_that_is_interrupted(tmp_path, how, code):
    process = subprocess.Popen(
        [sys.executable, "-m", "hrkeras.cli.main", "build", "synthetic", "--athletes", "400", "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
    )
    try:
        while not list(tmp_path.rglob(".hrkeras-*")):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)
    finally:
        for _ in range(5):  # Python drops an interrupt that falls into a callback of a library that is being imported
            process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                stdout, stderr = process.communicate(timeout=20)
                break
    assert process.returncode == code
    assert stdout == ""
    assert "Traceback" not in stderr
    assert ("Stopped; nothing half written is left." in stderr) == (how == signal.SIGINT)
    assert "--resume" not in stderr  # which a build does not have
    assert not list(tmp_path.iterdir())
