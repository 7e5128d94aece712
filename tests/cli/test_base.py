"""The base model as commands use it when no model is named: quickly, and never in place of what a person's file is meant for."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from hrkeras.athlete import athlete_file, population
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.shrinkage import Network, Shrinkage
from hrkeras.cli.main import app
from hrkeras.evaluation import exported
from hrkeras.personal import athlete_update
from hrkeras.utils import packaged

ANOTHER = "starts from another population than the base model, so that is not used; to use it, make the file anew"
HEAVY = ("keras", "tensorflow", "jax", "torch")


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result


def said(result) -> str:
    return " ".join(result.stderr.split())


@pytest.fixture
def paths(folder, tmp_path, monkeypatch) -> list[Path]:
    """The runs of one person, in order; the current folder is empty."""
    monkeypatch.chdir(tmp_path)
    return sorted((folder / "runs").iterdir())


def predicted(*arguments) -> pd.DataFrame:
    run("predict", *arguments, "--output", "out.csv", "--force")
    return pd.read_csv("out.csv")


def written(path: Path, **changes) -> Path:
    """A person's file that starts from another population than the base if so changed."""
    values = population.default().as_dict() | changes
    athlete_file.save(AthleteState(population.from_dict(values)), path)
    return path


def test_commands_need_no_keras(folder, tmp_path):
    """All of them in one process, from a person's file and from runs."""
    runs, last = folder / "runs", max((folder / "runs").iterdir())
    commands = [
        ["update", "me.json", *sorted(runs.iterdir())[:-1]],
        ["predict", last, "--athlete", "me.json", "--plot", "run.png"],
        ["plan", last, "--history", folder / "export.zip", "--pace", "6:00"],
        ["estimate", last, "--all", "--history", runs],
        ["repair", last, "--history", runs],
        ["report", folder / "export.zip"],
        ["fitness", runs],
        ["zones", runs],
    ]
    code = (
        f"import sys\nfrom hrkeras.cli.main import app\n"
        f"for words in {[list(map(str, words)) for words in commands]}:\n"
        f"    app(words, standalone_mode=False)\n"
        f"    assert not {{*{HEAVY}}} & set(sys.modules), words\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Predicted by the base model.") == 2
    assert done.stdout.count("Estimated by the base model.") == 1
    assert "Heart rate is predicted by the base model from" in (tmp_path / "report.html").read_text()


def test_it_is_the_default_and_what_its_file_predicts(folder, paths):
    known = [paths[-1], "--history", folder / "runs"]
    default = predicted(*known)
    pd.testing.assert_frame_equal(default, predicted(*known, "--model", "base"))
    pd.testing.assert_frame_equal(default, predicted(*known, "--model", packaged.file("base", ".onnx")))
    alone = predicted(*known, "--model", "none")
    assert (default["heart_rate"] - alone["heart_rate"]).abs().max() > 0.5
    assert "no such file; train a model first" in said(run("predict", *known, "--model", "bass.keras", code=1))
    assert "bass.onnx: there is no such file." in said(run("predict", *known, "--model", "bass.onnx", code=1))


def test_a_folder_of_its_name_means_nothing(paths):
    Path("base").mkdir()
    assert "Predicted by the base model." in run("predict", paths[0], "--model", "base").stdout


def test_report_by_the_state_alone(folder, paths):
    run("report", folder / "runs", "--model", "none")
    assert "Heart rate is predicted by the athlete&#x27;s state alone from" in Path("report.html").read_text()


def test_a_file_from_before_is_predicted_by_the_state_alone(paths):
    me = written(Path("me.json"), level=44.0)
    run("update", me, *paths[:4], "--model", "none")
    arguments = ["predict", paths[5], "--athlete", me]
    result = run(*arguments)
    assert f"{me} {ANOTHER} from all runs: hrkeras update NEW.json RUNS" in said(result)
    assert "Predicted by the athlete's state alone." in result.stdout
    assert "Error: me.json starts from another population (" in said(run(*arguments, "--model", "base", code=1))
    assert ANOTHER not in said(run(*arguments, "--model", "none"))
    for words in (["plan", paths[5], "--pace", "6:00"], ["estimate", paths[5], "--all"]):
        result = run(*words, "--athlete", me)
        assert ANOTHER in said(result)
        assert "ted by the athlete's state alone." in result.stdout


def test_a_file_from_before_learns_on_for_the_state(paths):
    me = written(Path("me.json"), level=44.0)
    result = run("update", me, *paths[:3])
    assert ANOTHER in said(result)
    assert "Added 3 runs" in result.stdout
    state = athlete_file.load(me)
    assert (state.count, state.network.name, state.population.level) == (3, "", 44.0)


def test_a_new_file_learns_how_far_the_base_helps(paths):
    run("update", "me.json", *paths[:5])
    assert said(run("update", "me.json", *paths)) == ""
    state, wanted = athlete_file.load(Path("me.json")), AthleteState()
    workouts = [workout for path in paths for workout in athlete_update.detect.read(path)]
    athlete_update.learn_from(wanted, workouts, model=exported.base())
    assert state.network.name == exported.base().fingerprint
    assert state.network.shrinkage.squares == pytest.approx(wanted.network.shrinkage.squares)
    assert state.network.shrinkage.squares != Shrinkage().squares
    run("update", "alone.json", *paths, "--model", "none")
    assert athlete_file.load(Path("alone.json")).network.name == ""


def test_a_file_that_is_meant_for_another_model_keeps_to_it(paths):
    me = Path("me.json")
    athlete = AthleteState(network=Network("another"))
    athlete_file.save(athlete, me)
    result = run("update", me, paths[0])
    assert "me.json keeps how far another model helps, which stays as it is; give that model with --model" in said(result)
    assert (athlete_file.load(me).network.name, athlete_file.load(me).count) == ("another", 1)
    run("update", me, paths[1], "--model", "base")
    assert athlete_file.load(me).network.name == exported.base().fingerprint
