"""No command writes over its input, nor unasked over something that is not its own earlier output."""

import json
import os
import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli import kinds, outputs
from hrkeras.cli.main import app
from hrkeras.personal import athlete_update
from hrkeras.workouts.clock import date
from hrkeras.workouts.readers import tracks

PNG = b"\x89PNG\r\n\x1a\n" + b"IHDR...tEXtSoftware\0hrkeras"
FOREIGN = {
    "zip": b"PK\x05\x06" + bytes(18),
    "gpx": b"<?xml version='1.0'?><gpx/>",
    "json": b'{"shoes": 3}',
    "text": b"Dear diary,\n",
}


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.stderr.replace("│", " ").split())


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def mine(folder, tmp_path, monkeypatch):
    """A person's folder: runs, an export, a course, a model and links, in the current directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    for number, path in enumerate(sorted((folder / "runs").iterdir())[:3]):
        (tmp_path / "runs" / f"{number}.gpx").write_bytes(path.read_bytes())
    (tmp_path / "run.gpx").write_bytes((tmp_path / "runs" / "0.gpx").read_bytes())
    (tmp_path / "export.zip").write_bytes((folder / "export.zip").read_bytes())
    (tmp_path / "link.csv").symlink_to("run.gpx")
    os.link(tmp_path / "run.gpx", tmp_path / "hard.csv")
    (tmp_path / "linked").symlink_to("runs")
    for name in ("m.keras", "n.keras", "lag-llama.keras"):
        (tmp_path / name).write_bytes(b"a model")
    athlete_update.update(tmp_path / "me.json", [tmp_path / "run.gpx"])
    (tmp_path / "z.training" / "finetuned").mkdir(parents=True)
    (tmp_path / "z.training" / "finetuned" / "best.keras").write_bytes(b"a model")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "n.keras").write_bytes(b"a model")
    return tmp_path


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        "predict run.gpx --output run.gpx",
        "predict run.gpx --output link.csv",
        "predict run.gpx --output hard.csv",
        "predict run.gpx --output ./runs/../run.gpx",
        "predict run.gpx --output a.csv --plot run.gpx",
        "predict run.gpx --output m.keras --model m.keras",
        "predict run.gpx --output me.json --athlete me.json",
        "predict run.gpx --output export.zip --history export.zip",
        "predict runs --workout latest --output runs/2.gpx",
        "predict runs --workout latest --output linked/2.gpx",
        "fitness export.zip --output export.zip",
        "fitness export.zip --plot export.zip",
        "fitness runs --output runs/1.gpx",
        "zones export.zip --plot export.zip",
        "zones export.zip --plot me.json --athlete me.json",
        "report export.zip --output export.zip",
        "report runs --output runs/0.gpx",
        "report runs --output m.keras --model m.keras",
        "plan run.gpx --pace 5:30 --output run.gpx",
        "plan run.gpx --pace 5:30 --plot run.gpx",
        "plan run.gpx --pace 5:30 --plot me.json --athlete me.json",
        "estimate run.gpx --output run.gpx",
        "estimate runs --output runs",
        "estimate runs --output linked",
        "estimate run.gpx --output .",
        "repair run.gpx --output run.gpx",
        "repair runs --output linked",
        "inspect runs --output runs",
        "inspect runs --output linked",
        "inspect run.gpx --output .",
        "evaluate own/n.keras --data synthetic --output own",
        "finetune --base m.keras --data synthetic --output m.keras",
        "finetune --base z.training/finetuned/best.keras --data synthetic --output z.keras",
        "finetune --base m.keras --data synthetic --data-dir z.training --output z.keras",
        "train --data synthetic --data-dir z.training/finetuned --output z.keras",
        "tune --data synthetic --space batch --data-dir z.training --output .",
        "ensemble m.keras n.keras --data synthetic --output n.keras",
        "convert lag-llama lag-llama.keras --output lag-llama.keras",
        "export own/n.keras --format savedmodel --output own",
        "export own/n.keras --format savedmodel --output own/n.keras",
    ],
)
def test_an_output_that_is_an_input_is_refused(mine, words, force):
    before = contents(mine)
    code, said = run(*words.split(), *["--force"] * force)
    assert code == 2, said
    assert "is an input" in said or "holds an input" in said or "lies in an input" in said
    assert contents(mine) == before
    assert (mine / "link.csv").is_symlink()


def test_the_athletes_file_is_no_run(mine):
    before = contents(mine)
    assert run("update", "me.json", "me.json")[0] == 2
    assert run("update", "me.json", "runs", "--model", "me.json")[0] == 2
    assert contents(mine) == before


def test_two_outputs_want_two_places(mine):
    code, said = run("predict", "run.gpx", "--output", "a.csv", "--plot", "./a.csv")
    assert code == 2
    assert "found one for two" in said


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(
    "words",
    [
        "predict run.gpx --output {file}",
        "predict run.gpx --output a.csv --plot {file}",
        "fitness runs --output {file}",
        "fitness runs --plot {file}",
        "zones runs --plot {file}",
        "report runs --output {file}",
        "plan run.gpx --pace 5:30 --output {file}",
        "plan run.gpx --pace 5:30 --plot {file}",
        "train --data synthetic --output {file}.keras",
        "train --data synthetic --output {file}.card.keras",
        "finetune --base m.keras --data synthetic --output {file}.keras",
        "ensemble m.keras n.keras --data synthetic --output {file}.keras",
        "convert lag-llama lag-llama.keras --output {file}.keras",
        "export m.keras --format onnx --output {file}.onnx",
        "export m.keras --format litert --output {file}.tflite",
        "export m.keras --format savedmodel --output {file}.sm",
        "inspect runs --output {file}.pictures",
        "evaluate m.keras --data synthetic --output {file}.pictures",
        "tune --data synthetic --space batch --output {file}.search",
    ],
)
def test_what_is_of_another_kind_stays(mine, words, foreign):
    (mine / "theirs").write_bytes(foreign)
    for name in ("theirs.keras", "theirs.card.md", "theirs.onnx", "theirs.tflite", "theirs.sm.json"):
        (mine / name).write_bytes(foreign)
    for name in ("theirs.pictures/funnel.png", "theirs.search/results.csv"):
        (mine / name).parent.mkdir()
        (mine / name).write_bytes(foreign)
    before = contents(mine)
    code, said = run(*words.format(file="theirs").split())
    assert code == 2, said
    assert "so it stays as it is; give another place, or --force to replace it" in said
    assert contents(mine) == before


@pytest.mark.parametrize(
    ("words", "name", "kind"),
    [
        ("predict run.gpx --output", "a.csv", kinds.PREDICTION),
        ("predict run.gpx --output b.csv --plot", "a.png", kinds.PNG),
        ("fitness runs --output", "a.csv", kinds.FITNESS),
        ("zones runs --plot", "a.png", kinds.PNG),
        ("report runs --output", "a.html", kinds.PAGE),
        ("plan run.gpx --pace 5:30 --athlete me.json --output", "a.csv", kinds.PLAN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_its_own_output_is_written_anew_and_another_with_force(mine, words, name, kind):
    path = mine / name
    path.write_bytes(FOREIGN["gpx"])
    assert run(*words.split(), name)[0] == 2
    assert run(*words.split(), name, "--force")[0] == 0
    assert kind.matches(path)
    inode = path.stat().st_ino
    assert run(*words.split(), name)[0] == 0
    assert path.stat().st_ino != inode
    assert kind.matches(path)


def test_an_output_in_a_folder_of_runs_is_written_and_written_anew(mine):
    for _ in range(2):
        assert run("predict", "runs", "--workout", "latest", "--output", "runs/a.csv")[0] == 0
    assert kinds.PREDICTION.matches(mine / "runs" / "a.csv")


def test_what_is_no_file_is_never_written_over(mine):
    os.mkfifo(mine / "pipe")
    for place in ("pipe", "/dev/null"):
        code, said = run("predict", "run.gpx", "--output", place, "--force")
        assert code == 2
        assert "neither a file nor a folder" in said


def test_a_picture_of_an_estimate_spares_what_is_no_picture(mine, folder):
    source = next(iter(tracks.read(mine / "run.gpx")))
    name = date(source.start).replace(" ", "_").replace(":", "") + ".png"
    (mine / "copies").mkdir()
    (mine / "copies" / name).write_text("mine")
    code, said = run("estimate", "run.gpx", "--all", "--output", "copies", "--plot")
    assert code == 2
    assert f"copies/{name}: is there already" in said
    assert os.listdir(mine / "copies") == [name]


def test_a_dataset_is_not_built_into_its_source(mine):
    (mine / "tracks" / "by_time" / "2.0.0").mkdir(parents=True)
    (mine / "tracks" / "by_time" / "2.0.0" / "a.gpx").write_bytes((mine / "run.gpx").read_bytes())
    before = contents(mine)
    for source, said in (
        ("tracks", "is an input"),
        ("runs", "is not a dataset and nothing else, so it stays"),
    ):
        code, found = run("build", "tracks", source, "--data-dir", ".")
        assert code == 2
        assert said in found
    assert contents(mine) == before


@pytest.mark.parametrize(
    ("kind", "written", "theirs"),
    [
        (
            kinds.DATASET,
            ["2.0.0/dataset_info.json", "2.0.0/funnel.png", "2.0.0/synthetic-test.array_record-00000-of-00001"],
            ["2.0.0/my_notes.txt", "2.0.0/analysis/funnel.png"],
        ),
        (
            kinds.EXPORTS["savedmodel"],
            ["saved_model.pb", "assets/", "variables/variables.index", "variables/variables.data-00000-of-00001"],
            ["assets/mine.txt", "variables/variables.txt"],
        ),
    ],
    ids=["dataset", "SavedModel"],
)
def test_a_folder_of_ours_holds_nothing_else(tmp_path, kind, written, theirs):
    def write(name):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()

    for name in written:
        write(name)
    assert kind.matches(tmp_path)
    for name in theirs:
        write(name)
        assert not kind.matches(tmp_path)
        (tmp_path / name).unlink()
    for folder in tmp_path.glob("*/analysis"):
        folder.rmdir()
    assert kind.matches(tmp_path)


@pytest.mark.parametrize("name", ["export.zip", "athlete.json", "report.html", "endomondo.keras"])
def test_a_demo_spares_what_no_demo_made(mine, name):
    (mine / name).write_bytes(b"mine")
    (mine / "runs" / name).write_bytes(b"mine")
    before = contents(mine)
    for place in (".", "runs"):
        code, said = run("demo", "--output", place)
        assert code == 2
        assert "is not what a demo has left" in said
    assert contents(mine) == before


def test_a_demo_replaces_what_a_demo_made(tmp_path):
    from hrkeras.cli import demo

    (tmp_path / "export.zip").write_bytes(b"simulated")
    (tmp_path / "datasets").mkdir()
    demo._record(tmp_path)
    (tmp_path / "run.csv").touch()  # of a demo that was killed
    demo._check(tmp_path, False)
    (tmp_path / "run.csv").write_bytes(b"mine")
    with pytest.raises(typer.BadParameter, match="run.csv: is there already"):
        demo._check(tmp_path, False)
    (tmp_path / "run.csv").unlink()
    (tmp_path / "export.zip").write_bytes(b"mine")
    with pytest.raises(typer.BadParameter, match="export.zip: is there already"):
        demo._check(tmp_path, False)
    demo._check(tmp_path, True)


def write_zip(path: Path, *names: str):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")


def test_kinds_are_told_by_content(tmp_path):
    models.gru(units=4, num_layers=1).save(tmp_path / "a.keras")
    write_zip(tmp_path / "b.keras", "config.json", "export.xml")
    for name in ("saved", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "kept" / "letter.txt").touch()
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "about.json").write_text(json.dumps({"fingerprint": "a", "format": "onnx", "inputs": []}))
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "a.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    every = [kinds.KERAS, kinds.PNG, kinds.DESCRIPTION, *kinds.EXPORTS.values(), kinds.PAGE, kinds.CARD, kinds.PLAN]
    found = {path.name: [each for each in every if each.matches(path)] for path in tmp_path.iterdir()}
    assert found == {
        **{"a.keras": [kinds.KERAS], "b.keras": [], "a.png": [kinds.PNG], "about.json": [kinds.DESCRIPTION], "deep.json": []},
        **{"saved": [kinds.EXPORTS["savedmodel"]], "kept": [], "a.tflite": [kinds.EXPORTS["litert"]]},
    }


def test_every_command_that_writes_has_the_option():
    program = typer.main.get_command(app)
    without = {name for name, command in program.commands.items() if not any("--force" in param.opts for param in command.params)}
    assert without == {
        "audit",
        "update",
        "build",
        "cache",
        "convert",
    }  # convert is a group, whose command has it


def test_places_are_compared_through_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert outputs.lies_in(tmp_path / "link" / "a", tmp_path / "real")
    assert outputs.lies_in(tmp_path / "real" / "a" / "b", tmp_path / "link")
    assert not outputs.lies_in(tmp_path / "real", tmp_path / "real")
    assert not outputs.lies_in(tmp_path / "realer", tmp_path / "real")


@pytest.mark.parametrize("words", ["predict run.gpx --output -", "repair runs --output -", "report runs --output -"])
def test_a_dash_is_no_name(mine, words):
    assert run(*words.split())[0] == 2
    assert not (mine / "-").exists()


@pytest.mark.parametrize("words", [("repair", "runs", "--output", ""), ("estimate", "runs", "--output="), ("predict", "")])
def test_an_empty_argument_is_refused(mine, words):
    before = contents(mine)
    code, said = run(*words)
    assert (code, "one of the arguments is empty" in said) == (2, True)
    assert contents(mine) == before


def test_a_table_has_the_name_of_one(mine):
    assert run("predict", "run.gpx", "--output", "x.txt")[0] == 2


def test_a_picture_has_the_name_of_one(mine):
    code, said = run("zones", "runs", "--plot", "x.txt")
    assert code == 2
    assert "expected a name that ends in .png" in said
    assert not (mine / "x.txt").exists()
