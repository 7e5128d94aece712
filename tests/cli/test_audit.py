"""`hrkeras audit`, and what `hrkeras evaluate` makes of it, as a person runs them."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli.main import app
from hrkeras.datasets.runs import load
from hrkeras.models.statistics import of_training


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == exit_code, result.output
    return result


def saved(path, short_runs_dir, splits):
    """An untrained model with the statistics of some splits."""
    runs = load("synthetic", short_runs_dir)
    runs = replace(runs, split=np.where(np.isin(runs.split, splits), "train", "other"))
    population = runs.population("synthetic")
    statistics = of_training([runs.windows(runs.known(population), "train")], population)
    keras.utils.set_random_seed(0)
    models.gru(units=4, num_layers=1, statistics=statistics).save(path)
    return path


@pytest.fixture(scope="module")
def clean(short_runs_dir, tmp_path_factory):
    return saved(tmp_path_factory.mktemp("models") / "clean.keras", short_runs_dir, ["train"])


@pytest.fixture(scope="module")
def leaking(short_runs_dir, tmp_path_factory):
    return saved(tmp_path_factory.mktemp("models") / "leaking.keras", short_runs_dir, ["train", "validation", "test"])


def test_a_dataset_alone(short_runs_dir):
    lines = run("audit", "--data", "synthetic", "--data-dir", short_runs_dir).stdout.splitlines()
    assert lines[-1] == "None of 7 checks failed."
    assert lines[0].startswith("runs at the same time: passed: ")
    assert len(lines) == 8


def test_a_clean_model_passes_and_is_scored(clean, short_runs_dir):
    found = json.loads(
        run("audit", clean, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", "live", "--json").stdout
    )
    assert {each["state"] for each in found} == {"passed"}
    assert [each["check"] for each in found][:2] == ["live: hidden heart rate", "live: future of the course"]
    stdout = run("evaluate", clean, "--data", "synthetic", "--data-dir", short_runs_dir).stdout
    assert "fails the audit" not in stdout
    assert "Audit under this protocol: none of 10 checks failed." in stdout


def test_a_leaking_model_is_told_and_still_scored(leaking, short_runs_dir):
    arguments = [leaking, "--data", "synthetic", "--data-dir", short_runs_dir]
    result = run("audit", *arguments, "--protocol", "profile", exit_code=1)
    assert "statistics: FAILED: " in result.stdout
    assert "all splits of synthetic" in result.stdout
    assert "1 of 10 checks failed." in result.stderr
    result = run("evaluate", *arguments, exit_code=1)
    assert "leaking (fails the audit) " in result.stdout
    assert "all splits of synthetic" in result.stdout
    assert "Audit under this protocol: 1 of 10 checks failed." in result.stdout
    assert "The audit fails, so these scores mean nothing." in result.stderr


def test_evaluate_says_what_audit_says(clean, short_runs_dir, monkeypatch):
    runs = load("synthetic", short_runs_dir)
    heard = [np.where(np.isfinite(each.heart_rate), each.heart_rate, 140) for each in runs.grids]
    grids = [each._replace(altitude=-np.square(rate)) for each, rate in zip(runs.grids, heard, strict=True)]
    monkeypatch.setattr("hrkeras.datasets.runs.load", lambda *arguments: replace(runs, grids=grids))
    arguments = [clean, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", "profile"]
    audited = json.loads(run("audit", *arguments, "--json", exit_code=1).stdout)
    assert "inputs of steps" in [each["check"] for each in audited if each["state"] == "FAILED"]
    found = json.loads(run("evaluate", *arguments, "--json", exit_code=1).stdout)
    assert found["audit"] == audited
    assert found["cases"][0]["rows"][0]["name"] == "clean (fails the audit)"


def test_people_that_were_trained_on_fail_by_user(clean, short_runs_dir):
    result = run(
        "audit", clean, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", "by_user", "--json", exit_code=1
    )
    (failed,) = [each for each in json.loads(result.stdout) if each["state"] == "FAILED"]
    assert failed["check"] == "statistics"
    assert "the training split of synthetic/by_time" in failed["finding"]


def test_later_needs_a_day(clean, short_runs_dir):
    result = run("audit", clean, "--data", "synthetic", "--data-dir", short_runs_dir, "--protocol", "later", exit_code=2)
    assert "until_2023-01-01" in result.stderr
