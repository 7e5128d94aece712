"""`hrkeras finetune`, and `train` on several sources, as a person runs them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli.main import app
from hrkeras.datasets import build as building
from hrkeras.datasets import builders, stored
from hrkeras.datasets.runs import load
from hrkeras.models import saving
from hrkeras.models.statistics import of_training
from hrkeras.training import finetuning, fit

FAST = ["--epochs", "1"]


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """Datasets: one person's 20 runs, and those of two with few."""
    folder = tmp_path_factory.mktemp("mine")
    building.build("synthetic", None, "by_time", folder / "one", athletes=1, runs=20, seed=5)
    building.build("synthetic", None, "by_time", folder / "two", athletes=2, runs=6, seed=5)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("base") / "base.keras"
    models.gru(units=4, num_layers=1).save(path)
    return path


def said(result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_finetune_prints_all_stages_and_writes_a_model(base, mine, tmp_path):
    command = [
        "finetune",
        "--base",
        base,
        "--data",
        "synthetic",
        "--data-dir",
        mine / "one",
        "--output",
        tmp_path / "me.keras",
        *FAST,
    ]
    result = run(*command)
    assert result.exit_code == 0, result.output
    for row in (finetuning.AS_IT_IS, finetuning.WITH_HISTORY, finetuning.FINETUNED, finetuning.NEW, "ridge per person, bias"):
        assert f"\n{row}" in result.stdout
    assert "Lowest error: " in result.stdout
    assert "cannot be told" in result.stdout  # whether the base has seen these runs
    kept = "the base is kept" in result.stdout
    assert kept != ("is better than the base" in result.stdout)
    model, original = saving.load(tmp_path / "me.keras"), saving.load(base)
    same = all(np.array_equal(one, two) for one, two in zip(model.get_weights(), original.get_weights(), strict=True))
    assert same == kept
    assert saving.population(model) == saving.population(original)
    card = (tmp_path / "me.md").read_text()
    assert "normalisation comes from the model it began from" in card
    assert "on the person's validation runs" in card
    assert {path.name for path in (tmp_path / "me.training").iterdir()} == {"finetuned", "alone"}
    again = run(*command, "--resume", "--json")
    found = json.loads(again.stdout)
    assert len(found["test"]) == 7
    assert found["kept_base"] == kept
    assert f"{found['validation']['base']:.2f}" in result.stdout
    assert "was begun otherwise (" in said(run(*command, "--resume", "--half-life", 30))


@pytest.mark.parametrize(
    ("code", "more", "found"),
    [
        (1, ["--data-dir", "{two}"], "choose one, 0 to 1 (--person)."),
        (1, ["--data-dir", "{two}", "--person", 4], "there is no person 4"),
        (1, ["--data-dir", "{two}", "--person", 1], "at least 10 runs of the person in the train split"),
        (1, ["--data-dir", "{one}", "--rate", "attention=1"], "the layers that can learn are context_0, "),
        (1, ["--data-dir", "{one}", "--base", "{one}/nothing.keras"], "train a model first"),
        (1, ["--data-dir", "{one}", "--data", "weather"], "expected one of endomondo"),
        (2, ["--rate", "deviation"], "expected LAYER=SCALE with a scale of 0 to 100, found deviation"),
        (2, ["--rate", "deviation=-1"], "found deviation=-1"),
        (2, ["--output", "{base}"], "is an input"),
        (2, ["--output", "me.h5"], "ending in .keras"),
    ],
)
def test_finetune_of_what_cannot_be(base, mine, tmp_path, monkeypatch, code, more, found):
    monkeypatch.chdir(tmp_path)
    places = {"one": mine / "one", "two": mine / "two", "base": base}
    more = [str(each).format(**places) for each in more]
    result = run("finetune", "--base", base, "--data", "synthetic", *more)
    assert result.exit_code == code, result.output
    assert found in said(result)
    assert not list(tmp_path.rglob("*.keras"))


def test_a_base_that_has_seen_the_test_runs_is_refused(mine, tmp_path):
    runs = load("synthetic", mine / "one")
    runs = replace(runs, split=np.full(len(runs.split), "train"))
    population = runs.population()
    statistics = of_training([runs.windows(runs.known(population), "train")], population)
    models.gru(units=4, num_layers=1, statistics=statistics).save(tmp_path / "seen.keras")
    result = run("finetune", "--base", tmp_path / "seen.keras", "--data", "synthetic", "--data-dir", mine / "one")
    assert result.exit_code == 1
    assert "fails the audit" in said(result)
    assert "all splits" in said(result)


def test_train_mixes_sources(mine, data_dir, tmp_path, monkeypatch):
    """Tracks are stood in for by simulated athletes of another folder."""
    folders = {"synthetic": data_dir, "tracks": mine / "two"}
    find = builders.find
    for module in (builders, stored):
        monkeypatch.setattr(module, "find", lambda name, _: find("synthetic", folders[name]))
    given = []
    monkeypatch.setattr(fit, "train", lambda build, runs, *rest, **more: given.append((runs, more)) or 1 / 0)
    run("train", "--data", "synthetic", "--data", "tracks=3", "--output", tmp_path / "m.keras", "--augment", 0.5)
    ((runs, more),) = given
    assert set(runs.users) == set(range(6))
    assert set(runs.split) == {"train", "validation"}
    assert set(more["weights"][runs.users > 3]) == {3.0}
    assert set(more["weights"][runs.users < 4]) == {1.0}
    assert more["description"]["data"] == "synthetic + tracks=3"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (["synthetic=0"], "a weight above 0"),
        (["synthetic=much"], "found synthetic=much"),
        (["synthetic", "synthetic=2"], "expected each dataset once"),
    ],
)
def test_train_on_sources_that_cannot_be(tmp_path, data, found):
    result = run("train", *[part for each in data for part in ("--data", each)], "--output", tmp_path / "m.keras")
    assert result.exit_code == 2
    assert found in said(result)
