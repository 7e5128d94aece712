"""The shortest lines: what a command takes by itself, what it says of that, and what it says where there is nothing to take."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli import defaults, export, kinds
from hrkeras.cli.main import app
from hrkeras.datasets import build, builders
from hrkeras.evaluation import exported, protocols
from hrkeras.models import saving
from hrkeras.training import finetuning, fit, model_card
from hrkeras.tuning import spaces
from hrkeras.utils import errors
from hrkeras.workouts.simulation import formats, synthetic


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result


def said(result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def choices(command: str, name: str) -> list[str]:
    """What an option of a command lets one choose from."""
    program = typer.main.get_command(app)
    option = next(each for each in program.commands[command].params if each.name == name)
    record, _ = option.get_help_record(typer.Context(program))
    return record.partition("<")[2].rstrip(">").split("|")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A folder of datasets with one of simulated athletes."""
    folder = tmp_path_factory.mktemp("small")
    build.build("synthetic", None, "by_time", folder, athletes=2, runs=10, seed=3)
    return folder


@pytest.fixture(scope="module")
def watch(tmp_path_factory) -> Path:
    """A folder of datasets with one person's watch and, since a name is enough for a choice, a hint of endomondo."""
    folder = tmp_path_factory.mktemp("watch")
    formats.write_apple_health(list(synthetic.simulate(1, 20, seed=5, flawed=0, faulty=0)), folder / "export.zip")
    build.build("apple_watch", folder / "export.zip", "by_time", folder)
    pretend(folder, "endomondo")
    return folder


def pretend(folder: Path, *names: str) -> Path:
    """As if datasets had been built, for what asks no more."""
    for name in names:
        place = folder / name / "by_time" / "2.0.0"
        place.mkdir(parents=True)
        (place / "dataset_info.json").write_text("{}")
    return folder


def save_model(path: Path) -> None:
    models.gru(units=4, num_layers=1).save(path)


class TestData:
    def test_the_one_that_is_built(self, tmp_path, capsys):
        assert defaults.data(pretend(tmp_path, "tracks")) == "tracks"
        assert capsys.readouterr() == ("", "Using --data tracks.\n")

    def test_of_several_the_first_of_the_list(self, tmp_path, capsys):
        folder = pretend(tmp_path, "synthetic", "apple_watch", "endomondo", "something_else")
        assert defaults.data(folder) == "endomondo"
        assert capsys.readouterr().err == "Using --data endomondo (also built: apple_watch, synthetic).\n"

    def test_of_one_person(self, tmp_path, capsys):
        assert defaults.data(pretend(tmp_path / "a", "endomondo", "tracks", "apple_watch"), defaults.PERSONAL) == "apple_watch"
        assert defaults.data(pretend(tmp_path / "b", "endomondo", "tracks"), defaults.PERSONAL) == "tracks"
        assert capsys.readouterr().err == "Using --data apple_watch (also built: tracks).\nUsing --data tracks.\n"

    def test_where_tfds_looks(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TFDS_DATA_DIR", str(pretend(tmp_path, "endomondo", "synthetic")))
        assert builders.built() == ["endomondo", "synthetic"]
        monkeypatch.setenv("TFDS_DATA_DIR", "")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert builders.folder() == tmp_path / "tensorflow_datasets"

    @pytest.mark.parametrize("command", ["train", "tune --space batch", "audit"])
    def test_nothing_built(self, here, command):
        found = said(run(*command.split(), "--data-dir", "my data", code=1))
        for each in ("endomondo endomondoHR.json.gz", "apple_watch export.zip", "tracks FOLDER", "synthetic"):
            assert f"`hrkeras build {each} --data-dir 'my data'`" in found
        assert found.endswith("or say where one is (--data-dir).")
        assert not list(here.iterdir())

    def test_no_person_built(self, here):
        save_model(here / "endomondo.keras")
        folder = pretend(here / "datasets", "endomondo", "synthetic")
        found = said(run("finetune", "--base", "endomondo.keras", "--data-dir", folder, code=1))
        assert "No dataset of one person is built in " in found
        assert "`hrkeras build apple_watch export.zip --data-dir " in found
        assert "`hrkeras build tracks FOLDER --data-dir " in found
        assert "endomondoHR" not in found

    def test_commands_that_are_named_exist(self):
        program = typer.main.get_command(app)
        assert set(builders.SOURCES) == set(program.commands["build"].commands)


@pytest.fixture(scope="module")
def model():
    return models.gru(units=4, num_layers=1)


class TestDataOfAModel:
    def test_its_card_says(self, model, tmp_path, capsys):
        line = "`hrkeras evaluate my model.keras --data apple_watch/without_3`"
        (tmp_path / "my model.md").write_text(f"# A card\n\nFor the error: {line}.\n")
        pretend(tmp_path, "endomondo", "apple_watch")
        assert defaults.data_of(tmp_path / "my model.keras", model, tmp_path) == "apple_watch/without_3"
        assert capsys.readouterr().err == "Using --data apple_watch/without_3 (the dataset of my model.keras).\n"

    def test_its_population_says(self, model, tmp_path, monkeypatch):
        class Source:
            source = "tracks + synthetic=2"

        monkeypatch.setattr("hrkeras.models.saving.population", lambda model: Source)
        pretend(tmp_path, "endomondo", "tracks")
        assert defaults.data_of(tmp_path / "m.keras", model, tmp_path) == "tracks"

    def test_it_is_not_built(self, model, tmp_path):
        (tmp_path / "m.md").write_text("`hrkeras evaluate m.keras --data tracks`")
        assert defaults.data_of(tmp_path / "m.keras", model, pretend(tmp_path, "synthetic")) == "synthetic"

    def test_a_file_that_is_no_card(self, tmp_path):
        assert model_card.data(tmp_path / "nowhere.md") == ""
        (tmp_path / "notes.md").write_bytes(b"\xff `hrkeras evaluate`")
        assert model_card.data(tmp_path / "notes.md") == ""


class TestModel:
    def test_the_only_one_here(self, here, capsys):
        (here / "my model.keras").touch()
        (here / "folder.keras").mkdir()
        assert defaults.model(None, "MODEL") == Path("my model.keras")
        assert capsys.readouterr().err == "Using MODEL 'my model.keras'.\n"

    def test_of_none_the_base(self, here, capsys):
        assert defaults.model(None, "--base") == Path("base")
        why = "the model that comes with hrkeras; there is no .keras file in this folder"
        assert capsys.readouterr().err == f"Using --base base ({why}).\n"

    @pytest.mark.parametrize("command", ["evaluate", "export", "finetune"])
    def test_several(self, here, command):
        for name in ("b.keras", "a.keras"):
            (here / name).touch()
        assert "there are several .keras files in this folder; give one of a.keras, b.keras" in said(run(command, code=2))

    @pytest.mark.parametrize(
        ("path", "command"),
        [
            ("endomondo.keras", "hrkeras train --data endomondo"),
            ("made/endomondo.keras", "hrkeras train --data endomondo --output made/endomondo.keras"),
            ("mine.keras", "hrkeras train --output mine.keras"),
        ],
    )
    @pytest.mark.parametrize("words", ["finetune --base {}", "evaluate {}", "audit {}", "export {}", "ensemble {} {}"])
    def test_one_that_is_not_there(self, here, words, path, command):
        found = said(run(*words.format(path, path).split(), code=1))
        assert f"Error: {path}: no such file; train a model first: `{command}`." in found
        assert not list(here.iterdir())


class StandIn:
    """In place of a training: what it was given, and a log with an epoch each."""

    def __init__(self):
        self.given = []

    def __call__(self, build, runs, folder, settings, **kwargs):
        self.given.append((runs, folder, kwargs))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "epochs.csv").write_text(f"epoch,loss,mae,val_loss,val_mae,learning_rate\n1,1,7,1,{8 + settings.seed},0.1\n")
        (folder / "seconds.json").write_text('{"1": 1.0}')
        log = [{"epoch": 1, "loss": 1.0, "mae": 7.0, "val_loss": 1.0, "val_mae": 8.0, "learning_rate": 0.1}]
        return models.gru(units=4, num_layers=1), log


@pytest.fixture
def stand_in(monkeypatch) -> StandIn:
    found = StandIn()
    monkeypatch.setattr(fit, "train", found)
    return found


class TestTune:
    def test_the_line_as_it_is_typed(self, stand_in, small, here):
        result = run("tune", "--space", "batch", "--data-dir", small)
        assert result.stderr.startswith("Using --output tuned.\nUsing --data synthetic.\n")
        assert len(stand_in.given) == 4 * 3 + 1  # at last the best, whose folder holds it already
        assert {"search.json", "results.csv", "results.md", "best.keras", "best.md"} <= {
            each.name for each in (here / "tuned").iterdir()
        }
        assert "Next: hrkeras evaluate tuned/best.keras --data synthetic" in result.stdout
        page = (here / "tuned" / "results.md").read_text()
        assert "hrkeras tune --space batch --data synthetic --output tuned" in page
        again = run("tune", "--space", "batch", "--data-dir", small, "--json")
        assert len(json.loads(again.stdout)["trainings"]) == 12
        assert again.stderr.startswith("Using --output tuned.\nUsing --data synthetic (as the search in tuned).\n")

    def test_it_goes_on_with_its_dataset_when_another_is_built(self, stand_in, small, here):
        kept = here / "tuned" / "search.json"
        kept.parent.mkdir()
        kept.write_text(json.dumps({"space": "batch", "tuner": "grid", "data": "synthetic"}))
        found = said(run("tune", "--space", "batch", "--data-dir", pretend(here / "datasets", "endomondo"), code=1))
        assert "Using --data synthetic (as the search in tuned)." in found
        assert "build it with `hrkeras build synthetic`, or say where it is (--data-dir)." in found

    def test_another_space_wants_another_folder(self, stand_in, small, here):
        (here / "tuned").mkdir()
        (here / "tuned" / "search.json").write_text(json.dumps({"space": "batch", "tuner": "grid", "data": "synthetic"}))
        found = said(run("tune", "--space", "gru", "--data-dir", small, code=1))
        assert "tuned holds a search of the space batch; give that of gru a folder of its own: --output tuned_gru." in found
        assert not stand_in.given

    def test_a_folder_of_something_else_stays(self, stand_in, small, here):
        (here / "tuned").mkdir()
        (here / "tuned" / "results.csv").write_text("mine")
        found = said(run("tune", "--space", "batch", "--data-dir", small, code=2))
        assert found.startswith("Using --output tuned.")
        assert "is there already and is not the folder of a search" in found
        assert (here / "tuned" / "results.csv").read_text() == "mine"


class TestFinetune:
    def test_the_line_as_it_is_typed(self, stand_in, watch, here):
        save_model(here / "endomondo.keras")
        result = run("finetune", "--base", "endomondo.keras", "--data-dir", watch, "--epochs", 1)
        assert result.stderr.startswith("Using --data apple_watch.\nUsing --output endomondo_apple_watch.keras.\n")
        written = {"endomondo_apple_watch.keras", "endomondo_apple_watch.md", "endomondo_apple_watch.training"}
        assert {each.name for each in here.iterdir()} == written | {"endomondo.keras"}
        assert model_card.data(here / "endomondo_apple_watch.md") == "apple_watch"

    def test_the_output_lies_beside_the_base(self, watch, here, monkeypatch):
        (here / "made").mkdir()
        save_model(here / "made" / "base.keras")
        (here / "made" / "base_apple_watch.keras").write_text("mine")
        monkeypatch.setattr(finetuning, "adapt", None)
        found = said(run("finetune", "--base", "made/base.keras", "--data-dir", watch, code=2))
        assert "Using --output made/base_apple_watch.keras." in found
        assert "is there already and is not a .keras model" in found
        assert (here / "made" / "base_apple_watch.keras").read_text() == "mine"

    def test_the_base_by_default(self, watch, here, monkeypatch):
        """Without a dataset of many people; what is written lies in the current folder."""

        def stop(base, *arguments, **more):
            raise errors.InputError(f"{saving.fingerprint(base)} is to be adapted.")

        monkeypatch.setattr(finetuning, "adapt", stop)
        monkeypatch.setattr("hrkeras.evaluation.audit.model.checks", lambda *arguments, **more: iter(()))
        for words in ([], ["--base", "base"]):
            result = run("finetune", *words, "--data-dir", watch, code=1)
            assert f"{exported.base().fingerprint} is to be adapted." in said(result)
            assert "Using --output base_apple_watch.keras." in said(result)
            assert ("Using --base base" in said(result)) == (not words)


class TestTrain:
    def test_the_line_as_it_is_typed(self, stand_in, small, here):
        result = run("train", "--data-dir", small)
        assert result.stderr == "Using --data synthetic.\nUsing --output synthetic.keras.\n"
        assert {each.name for each in here.iterdir()} == {"synthetic.keras", "synthetic.md", "synthetic.training"}
        assert model_card.data(here / "synthetic.md") == "synthetic"

    @pytest.mark.parametrize(
        ("data", "name"),
        [(["synthetic/without_1"], "synthetic_without_1.keras"), (["synthetic", "tracks=2"], "synthetic+tracks.keras")],
    )
    def test_a_model_is_named_after_its_data(self, small, here, data, name):
        words = [part for each in data for part in ("--data", each)]
        (here / name).write_text("mine")
        found = said(run("train", *words, "--data-dir", small, code=2))
        assert f"Using --output {name}." in found
        assert "is there already and is not a .keras model" in found


def test_evaluate_takes_the_model_that_is_there_and_its_data(small, here, monkeypatch):
    monkeypatch.setattr("hrkeras.evaluation.audit.everything.checks", lambda *arguments, **more: iter(()))
    save_model(here / "m.keras")
    result = run("evaluate", "--data-dir", small, "--json")
    assert result.stderr.startswith("Using MODEL m.keras.\nUsing --data synthetic.\n")
    assert json.loads(result.stdout)["data"] == "synthetic"


def test_audit_takes_the_dataset(small, here):
    result = run("audit", "--data-dir", small)
    assert result.stderr.startswith("Using --data synthetic.\n")
    assert "None of " in result.stdout


def test_ensemble_takes_dataset_and_name(small, here):
    for name in ("a.keras", "b.keras"):
        save_model(here / name)
    result = run("ensemble", "a.keras", "b.keras", "--data-dir", small)
    assert result.stderr.startswith("Using --output ensemble.keras.\nUsing --data synthetic.\n")
    assert kinds.KERAS.matches(here / "ensemble.keras")


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ("", "m_savedmodel"),
        ("--format litert --quantize", "m_quantized.tflite"),
        ("--format onnx --streaming", "m_streaming.onnx"),
    ],
)
def test_an_export_is_named_after_its_model(here, monkeypatch, words, output):
    def stop(model, output, kind, **more):
        raise errors.InputError(f"{output} is to be written.")

    monkeypatch.setattr("hrkeras.export.process.export", stop)
    (here / "made").mkdir()
    (here / "made" / "m.keras").touch()
    assert f"made/{output} is to be written." in said(run("export", "made/m.keras", *words.split(), code=1))
    assert f"Error: {output.replace('m_', 'base_')} is to be written." in said(run("export", "base", *words.split(), code=1))


def test_formats_of_an_export_are_the_same_everywhere():
    assert choices("export", "kind") == list(kinds.EXPORTS) == list(export.ENDINGS)


def test_predict_and_report_name_what_they_write(folder, here):
    first = min((folder / "runs").iterdir())
    assert run("predict", first).stderr == f"Using --output {first.stem}.csv.\n"
    latest = run("predict", folder / "export.zip")
    assert latest.stderr == "Using --output export.csv.\nUsing --workout latest.\n"
    assert "Known of the person: 7 earlier runs" in latest.stdout
    assert run("report", folder / "export.zip").stderr.startswith("Using --output report.html.\n")
    assert kinds.PAGE.matches(here / "report.html")
    assert kinds.PREDICTION.matches(here / "export.csv")
    run("predict", folder / "export.zip")  # its own output is written anew
    (here / "export.csv").write_text("mine")
    assert "is there already" in said(run("predict", folder / "export.zip", code=2))


def test_names_come_from_the_library():
    assert choices("evaluate", "protocol") == choices("audit", "protocol") == list(protocols.PROTOCOLS)
    assert choices("tune", "space") == list(spaces.SPACES)


def test_the_program_lists_its_commands_as_a_story():
    program = typer.main.get_command(app)
    panels: dict[str, list[str]] = {}
    for name, command in program.commands.items():
        panels.setdefault(command.rich_help_panel, []).append(name)
    assert list(panels) == ["Try it", "Data", "Models", "Export", "My runs"]
    assert panels["Models"] == ["train", "tune", "finetune", "ensemble", "evaluate", "audit", "convert"]
    assert panels["Data"] == ["build", "inspect"]
    stdout = run("--help").stdout
    places = [stdout.index(f"─ {panel} ─") for panel in panels]
    assert places == sorted(places)


def test_advice_names_the_option_of_the_command(here, monkeypatch):
    """Only where it has one; `estimate` has no --person."""

    def fail(*arguments, **more):
        raise errors.InputError("There are two; name one.", "person")

    monkeypatch.setattr("hrkeras.workouts.readers.detect.read", fail)
    (here / "run.gpx").touch()
    assert said(run("fitness", "run.gpx", code=1)).endswith("Error: There are two; name one (--person).")
    assert said(run("estimate", "run.gpx", code=1)).endswith("Error: There are two; name one.")
