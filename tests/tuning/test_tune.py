"""`hrkeras tune` for real: chief and workers on loopback, then killed, then to its end."""

import json
import os
import subprocess
import sys
import time

import grpc
import keras
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from hrkeras.cli import tune_processes
from hrkeras.cli.main import app
from hrkeras.models import saving
from hrkeras.training import fit
from hrkeras.tuning import roles
from hrkeras.tuning.plan import Plan
from hrkeras.tuning.search import Search, _chief
from hrkeras.utils.errors import InputError

SMALL = ["--space", "batch", "--tuner", "random", "--seeds", "1", "--epochs", "2", "--units", "4", "--layers", "1"]
BARE = ["--no-history", "--no-course"]


def command(data_dir, output, *more):
    return ["tune", "--data", "synthetic", "--data-dir", str(data_dir), "--output", str(output), *SMALL, *BARE, *more]


def run(arguments, code=0):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result


def kept(folder):
    """What each trial left, with when it was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix in (".csv", ".keras")}


@pytest.fixture(scope="module")
def by_workers(data_dir, tmp_path_factory):
    """A search of two trials by two workers on loopback."""
    folder = tmp_path_factory.mktemp("tuned") / "searched"
    return folder, run(command(data_dir, folder, "--trials", "2", "--workers", "2"))


def test_workers_do_a_search(by_workers):
    folder, result = by_workers
    assert {path.name for path in folder.iterdir()} == {
        *("search.json", "trials", "results.csv", "results.md", "curves.png", "best.keras", "best.md"),
    }
    table = pd.read_csv(folder / "results.csv")
    assert len(table) == table["batch_size"].nunique() == 2
    for row in table.to_dict("records"):
        log = pd.read_csv(folder / "trials" / f"trial_{row['trial']}" / "seed_0" / "epochs.csv")
        assert (len(log), log["val_mae"].min()) == (2, pytest.approx(row["val_mae"]))
    best = table.loc[table["val_mae"].idxmin()]
    assert result.stdout.startswith("| batch size | validation MAE | training MAE | best epoch | s/epoch | worse by (95 %) |")
    assert f"Best: batch size {best['batch_size']:.0f}, validation MAE {best['val_mae']:.2f} beats/min" in result.stdout
    assert "One seed cannot tell them apart" in result.stdout
    assert f"| best epoch | {best['mae']:.2f} | {best['val_mae']:.2f} |" in (folder / "best.md").read_text()
    assert "tune --space batch --data synthetic" in (folder / "results.md").read_text()
    assert saving.load(folder / "best.keras").count_params() > 0


def test_kill_9_loses_at_most_the_epoch_under_way(by_workers, data_dir):
    folder, _ = by_workers
    before = kept(folder / "trials")
    more = command(data_dir, folder, "--trials", "3")
    process = subprocess.Popen(
        [sys.executable, "-m", "hrkeras.cli.main", *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    training_folder = folder / "trials" / "trial_2" / "seed_0"
    while process.poll() is None and not (training_folder / "epochs.csv").exists():
        time.sleep(0.02)
    process.kill()
    process.wait(30)
    begun = pd.read_csv(training_folder / "epochs.csv")
    assert len(begun) == 1
    values = json.loads((folder / "trials" / "trial_2" / "trial.json").read_text())["hyperparameters"]["values"]
    result = run([*more, "--json"])
    assert ", epoch 2: training MAE" in result.stderr
    assert ", epoch 1: training MAE" not in result.stderr  # it goes on, and what had ended is not trained again
    pd.testing.assert_frame_equal(pd.read_csv(training_folder / "epochs.csv")[:1], begun)
    after = kept(folder / "trials")
    assert {path: after[path] for path in before} == before
    found = json.loads(result.stdout)
    assert len(found["trainings"]) == 3
    assert next(row["batch_size"] for row in found["trainings"] if row["trial"] == "2") == values["batch_size"]
    assert found["distinguishable"] is None
    assert found["val_mae"] == min(row["val_mae"] for row in found["trainings"])


def test_a_process_of_a_search_ends_with_who_started_it():
    code = "import threading, time; from hrkeras.cli import tune_worker as each\n"
    code += "threading.Thread(target=each.end_with_starter, daemon=True).start(); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    process.stdin.close()  # as the system does when the other process is killed
    assert process.wait(30) == 1


def test_workers_that_all_fail_end_the_search():
    with pytest.raises(InputError, match=r"The process (chief|worker-\d) of the search ended with code 2"):
        tune_processes.run(["tune", "--no-such-option"], 2, lambda sentence: None)


def test_other_settings_and_wrong_calls_are_refused(by_workers, data_dir, tmp_path, monkeypatch):
    folder, _ = by_workers
    said = run(command(data_dir, folder, "--epochs", "3"), 1).stderr
    assert "was begun otherwise (epochs: 2); repeat what began it, or choose another folder (--output)." in said
    assert "is not one of" in run(command(data_dir, tmp_path, "--space", "all"), 2).stderr
    assert "--workers" in run(command(data_dir, tmp_path, "--workers", "0"), 2).stderr
    assert "searches num_layers and units" in run(command(data_dir, tmp_path, "--space", "gru"), 1).stderr
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    assert "set all three or none" in " ".join(run(command(data_dir, tmp_path), 2).stderr.split())


class StandIn:
    """In place of `training.train`: what it is given, and a log whose error follows from seed and batch size."""

    def __init__(self):
        self.given, self.fails = [], {}

    def __call__(self, build, runs, folder, settings, **kwargs):
        self.given.append((runs, folder, settings))
        if error := self.fails.get(settings.batch_size):
            raise error
        folder.mkdir(parents=True, exist_ok=True)
        error = 7 + settings.batch_size / 100 + settings.seed / 1000
        log = [{"epoch": n + 1, "mae": error, "val_mae": error + 1 / (n + 1), "loss": 1.0} for n in range(settings.epochs)]
        pd.DataFrame(log).to_csv(folder / "epochs.csv", index=False)
        (folder / "seconds.json").write_text(json.dumps({row["epoch"]: 1.0 for row in log}))
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        return model, log


@pytest.fixture
def stand_in(monkeypatch):
    found = StandIn()
    monkeypatch.setattr(fit, "train", found)
    return found


def test_no_run_of_the_test_split_is_seen(stand_in, data_dir, tmp_path):
    search = Search(Plan("batch", "grid", "gru", "synthetic", epochs=2, seeds=(4, 5), share=0.5), tmp_path, data_dir)
    search.search()
    search.retrain(search.trials()[0])
    assert all(set(runs.split) == {"train", "validation"} for runs, _, _ in stand_in.given)
    tried = [(settings.batch_size, settings.seed) for _, _, settings in stand_in.given]
    assert tried == [(size, seed) for size in (8, 16, 32, 64) for seed in (4, 5)] + [(8, 4)]
    half, whole = ((runs.split == "train").sum() for runs in (stand_in.given[0][0], stand_in.given[-1][0]))
    assert whole / 2 <= half < whole
    assert [each.values["batch_size"] for each in search.trials()] == [8, 16, 32, 64]
    assert search.trials()[0].val_mae == pytest.approx(np.mean([7.08 + 0.5 + seed / 1000 for seed in (4, 5)]))


def test_hyperbands_best_is_trained_for_all_epochs(stand_in, data_dir, tmp_path):
    plan = Plan("gru", "hyperband", "gru", "synthetic", epochs=4, seeds=(0,))
    search = Search(plan, tmp_path, data_dir)
    search.search()
    assert {each.epochs for each in search.trials()} == {2, 4}
    best = search.trials()[0]
    short = best._replace(epochs=2)
    assert (search.trains_again(best), search.trains_again(short)) == (False, True)
    search.retrain(short)
    assert (stand_in.given[-1][1].name, stand_in.given[-1][2].epochs) == (f"best_{best.trial_id}.training", 4)


def test_a_loss_that_is_no_number_is_a_failed_trial_and_anything_else_stops(stand_in, data_dir, tmp_path):
    stand_in.fails = {8: fit.DivergedError("no number"), 16: OSError("the disk is full")}
    plan = Plan("batch", "grid", "gru", "synthetic", epochs=2, seeds=(0,))
    with pytest.raises(OSError, match="the disk is full"):
        Search(plan, tmp_path, data_dir).search()
    del stand_in.fails[16]
    search = Search(plan, tmp_path, data_dir)
    search.search()
    assert [(each.values["batch_size"], bool(each.trained)) for each in search.trials()] == [
        (16, True),
        (32, True),
        (64, True),
        (8, False),
    ]


def test_a_trial_whose_seconds_were_not_kept_counts_and_one_with_a_damaged_log_stops(stand_in, data_dir, tmp_path, monkeypatch):
    def damaged(build, runs, folder, settings, **kwargs):
        made = stand_in(build, runs, folder, settings, **kwargs)
        (folder / "seconds.json").unlink()
        if settings.batch_size == 32:
            (folder / "epochs.csv").write_text("epoch")
        return made

    monkeypatch.setattr(fit, "train", damaged)
    plan = Plan("batch", "grid", "gru", "synthetic", epochs=2, seeds=(0,))
    with pytest.raises(InputError, match="expected the log of a training, found a damaged one; delete the folder"):
        Search(plan, tmp_path, data_dir).search()
    monkeypatch.setattr(fit, "train", stand_in)
    search = Search(plan, tmp_path, data_dir)
    search.search()
    assert [(each.values["batch_size"], bool(each.trained[0].seconds)) for each in search.trials()] == [
        (8, False),
        (16, False),
        (32, True),
        (64, True),
    ]


def test_the_chief_that_does_not_answer(monkeypatch):
    class Away(grpc.RpcError):
        def code(self):
            return grpc.StatusCode.UNAVAILABLE

    monkeypatch.setitem(os.environ, roles.HOST, "10.0.0.1")
    monkeypatch.setitem(os.environ, roles.PORT, "8000")
    with pytest.raises(InputError, match=r"10.0.0.1:8000 does not answer \(UNAVAILABLE\)"), _chief():
        raise Away
