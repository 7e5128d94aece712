"""Training; runs on whichever backend KERAS_BACKEND names."""

import shutil
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from made_up import made_up
from one_backend import ONE_BACKEND

from hrkeras import models
from hrkeras.athlete.kalman import COURSE_FACTS
from hrkeras.datasets import selection, windows
from hrkeras.datasets.followed import FollowedRuns
from hrkeras.datasets.runs import Runs, load
from hrkeras.layers import RunFeatures
from hrkeras.models import losses
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED, trained_with_both
from hrkeras.models.statistics import of_training
from hrkeras.training import fit, resuming
from hrkeras.training.batches import LONGEST_DELAY, MOVED, SHARES, Batches, mask_heart_rate
from hrkeras.training.histories import DEALT, MOST, split_people
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import STEP

FAST = fit.Settings(epochs=4, batch_size=7, learning_rate=3e-3, seed=5)


def prepared(runs: Runs):
    """Population and windows of the training and the validation split."""
    population = runs.population()
    known = runs.known(population)
    return population, runs.windows(known, "train"), runs.windows(known, "validation")


@pytest.fixture(scope="module")
def runs():
    found = made_up()
    return selection.part(found, np.flatnonzero(found.split != "test"))


@pytest.fixture(scope="module")
def train(runs):
    return prepared(runs)[1]


@pytest.fixture(scope="module")
def followed(runs):
    return FollowedRuns(runs, runs.population())


def small(statistics):
    return models.gru(units=4, num_layers=1, dropout=0.1, statistics=statistics)


def test_loss_and_metric_by_hand():
    y_true = np.float32([[100, np.nan, 100, 100], [150, np.nan, np.nan, np.nan]])
    y_pred = np.float32([[102, 50, 90, 100], [150, 0, 0, 999]])
    metric = losses.MaskedMeanAbsoluteError()
    metric.update_state(y_true, y_pred)
    assert float(metric.result()) == pytest.approx((2 + 10 + 0 + 0) / 4)
    plain = losses.MaskedHuber(delta=5.0, weights=(1.0, 0.0, 0.0))
    assert float(plain(y_true, y_pred)) == pytest.approx((0.5 * 4 / 5 + (10 - 2.5)) / 4)


def test_the_shape_loss_does_not_see_the_level():
    truth = np.random.default_rng(0).normal(150, 10, (2, 200)).astype("float32")
    shape = losses.MaskedHuber(weights=(0.0, 1.0, 1.0))
    assert float(shape(truth, truth + 30)) == pytest.approx(0, abs=1e-5)
    assert float(losses.MaskedHuber()(truth, truth + 30)) == pytest.approx(0.25 * 27.5, rel=1e-4)


def test_unmeasured_steps_and_padding_never_weigh(train):
    target = train.heart_rate
    predicted = np.random.default_rng(0).uniform(100, 180, target.shape).astype("float32")
    moved = np.where(np.isfinite(target), predicted, -1e6).astype("float32")
    assert np.isnan(target).sum() > (train.valid == 0).sum() > 0
    loss = losses.MaskedHuber()
    assert float(loss(target, predicted)) == pytest.approx(float(loss(target, moved)))


def test_statistics_are_those_of_the_valid_steps(runs, train):
    population = runs.population("made up")
    found = of_training([train], population)
    speed = train.speed[train.valid > 0]
    assert found.run_mean[RunFeatures.FEATURES.index("speed")] == pytest.approx(speed.mean(), rel=1e-4)
    assert found.run_variance[RunFeatures.FEATURES.index("speed")] == pytest.approx(speed.var(), rel=1e-3)
    assert found.heart_rate_mean == pytest.approx(np.nanmean(train.heart_rate), rel=1e-5)
    for column in (0, 10, -2, -1):
        assert found.history_mean[column] == pytest.approx(np.nanmean(train.history[:, column]), rel=1e-4, abs=1e-4)
        assert found.history_variance[column] == pytest.approx(np.nanvar(train.history[:, column]), rel=1e-3, abs=1e-5)
    np.testing.assert_allclose(found.course_mean, train.course.mean(axis=0), rtol=1e-4)
    assert found.population == population.as_dict()
    padded = replace(train, speed=np.where(train.valid > 0, train.speed, 99).astype("float32"))
    assert of_training([padded], population) == found


def changed(runs: Runs, rows: np.ndarray, more: float) -> Runs:
    """The same runs, some of them with a higher heart rate."""
    grids = [each._replace(heart_rate=each.heart_rate + more * row) for each, row in zip(runs.grids, rows, strict=True)]
    return replace(runs, grids=grids)


def test_a_model_is_built_from_the_training_split_alone(runs, tmp_path):
    found = []

    def build(statistics):
        found.append(statistics)
        raise KeyboardInterrupt

    for split in ("validation", "nothing", "train"):
        with pytest.raises(KeyboardInterrupt):
            fit.train(build, changed(runs, runs.split == split, np.float32(50)), tmp_path / "t", FAST)
    assert found[0] == found[1] != found[2]


def batches_of(batches: Batches, epochs: int = 1) -> list:
    """All batches of so many epochs."""
    found = []
    for _ in range(epochs):
        found += list(batches)
        batches.epoch += 1
    batches.epoch -= epochs
    return found


def rows_of(windows, given: dict) -> np.ndarray:
    """Which windows a batch holds: no two begin at the same speed and altitude."""
    first = windows.speed[:, 0] + 1j * windows.altitude[:, 0]
    return np.array([np.flatnonzero(first == each).item() for each in given["speed"][:, 0] + 1j * given["altitude"][:, 0]])


def test_every_window_comes_once_an_epoch_and_the_order_depends_on_the_seed(train, followed):
    def order(batches):
        return np.concatenate([rows_of(train, given) for given, _ in batches_of(batches)]).tolist()

    first, again, other = (Batches(followed, "train", 8, seed=seed) for seed in (1, 1, 2))
    assert order(first) == order(again) != order(other)
    assert sorted(order(first)) == list(range(len(train)))
    both = np.concatenate([rows_of(train, given) for given, _ in batches_of(first, 2)]).tolist()
    before, later = both[: len(train)], both[len(train) :]
    assert before == order(first)
    assert sorted(before) == sorted(later)
    assert before != later == order(Batches(followed, "train", 8, seed=1, epoch=1))
    plain = Batches(followed, "train", 8)
    assert all((np.diff(rows_of(train, given)) == 1).all() for given, _ in batches_of(plain))
    twice = np.concatenate([rows_of(train, given) for given, _ in batches_of(plain, 2)]).tolist()
    assert twice == 2 * order(plain)


def test_what_is_known_depends_on_the_seed_and_the_epoch_alone(followed):
    first, again, later = (Batches(followed, "train", 8, seed=1, epoch=epoch) for epoch in (3, 3, 4))
    heart_rates = [
        np.nan_to_num(np.concatenate([given["heart_rate"] for given, _ in batches_of(each)])) for each in (first, again, later)
    ]
    np.testing.assert_array_equal(heart_rates[0], heart_rates[1])
    assert (heart_rates[0] != heart_rates[2]).any()


@pytest.fixture(scope="module")
def long():
    """Runs of many lengths, and the windows of their training split."""
    found = made_up(people=4, runs=8, steps=(20, 420), seed=2)
    return FollowedRuns(found, found.population()), prepared(found)[1]


def test_batches_cut_no_valid_step_off(long):
    found = [given["valid"] for given, _ in batches_of(Batches(long[0], "train", 2, seed=0))]
    assert sum(float(valid.sum()) for valid in found) == long[1].valid.sum()
    assert {valid.shape[1] for valid in found} == {100, 200, 300, 400, long[1].valid.shape[1]}


def test_the_first_two_batches_are_of_the_least_and_the_greatest_length(long):
    """Keras takes from these which sizes vary; whatever else came first, it would refuse the others on TensorFlow."""
    for seed in range(400):
        batches = Batches(long[0], "train", 2, seed=seed)
        assert {batches[index][0]["valid"].shape[1] for index in (0, 1)} == {100, long[1].valid.shape[1]}


def test_without_a_seed_nothing_of_the_run_is_known_but_its_course(train, followed):
    for given, wanted in batches_of(Batches(followed, "train", 8)):
        rows = rows_of(train, given)
        assert np.isnan(given["heart_rate"]).all()
        assert (given["delay"] == 0).all()
        np.testing.assert_array_equal(given["course"], train.course[rows])
        np.testing.assert_array_equal(given["expected"], train.expected[rows])
        for output in (UNCONDITIONED, CONDITIONED):
            np.testing.assert_array_equal(wanted[output], train.heart_rate[rows])


def test_the_unaided_prediction_learns_from_all_that_was_measured(train, followed):
    levels = np.empty(0)
    for given, wanted in batches_of(Batches(followed, "train", 8, seed=3)):
        rows = rows_of(train, given)
        np.testing.assert_array_equal(wanted[UNCONDITIONED], train.heart_rate[rows])
        for others in (given["heart_rate"], wanted[CONDITIONED]):  # at the level of another day, the same throughout a window
            moved = others - train.heart_rate[rows]
            moved = moved[np.isfinite(moved).any(axis=1)]
            level = np.nanmean(moved, axis=1)
            np.testing.assert_allclose(np.nanmax(np.abs(moved - level[:, None]), axis=1), 0, atol=1e-3)
            levels = np.append(levels, level)
    assert np.std(levels) == pytest.approx(MOVED, rel=0.5)


def test_who_does_not_know_the_course_is_told_nothing_of_it(train, followed):
    live = []
    for epoch in range(30):
        for given, _ in batches_of(Batches(followed, "train", len(train), seed=0, epoch=epoch)):
            rows = rows_of(train, given)
            hidden = np.isnan(given["course"]).all(axis=1)
            assert np.isfinite(given["course"][~hidden]).all()
            told = train.expected[rows].copy()
            told[hidden, :, :3] -= train.course_share[rows][hidden, None]
            np.testing.assert_array_equal(given["expected"], told)
            live.append(hidden.mean())
    assert given["course"].shape[1] == len(COURSE_FACTS)
    assert np.mean(live) == pytest.approx(0.15, abs=0.04)


def test_as_many_windows_as_asked_know_less_of_their_person(train, followed):
    count, less = train.history[:, -1], []
    for epoch in range(12):
        batches = Batches(followed, "train", len(train), seed=0, epoch=epoch, history_dropout=0.5)
        ((given, _),) = batches_of(batches)
        rows = rows_of(train, given)
        assert (given["history"][:, -1] <= count[rows] + 1e-6).all()
        fewer = given["history"][:, -1] < count[rows] - 1e-6
        same = (given["history"] == train.history[rows]) | np.isnan(train.history[rows])
        assert same[~fewer & (count[rows] == 0)].all()
        assert (given["expected"][fewer] != train.expected[rows][fewer]).any(axis=(1, 2)).all()
        less.append(fewer[count[rows] > np.log1p(2.5)].mean())
    assert np.mean(less) == pytest.approx(0.5, abs=0.1)


def test_who_knows_less_knows_it_from_the_same_person(runs, train):
    """Everyone but person 0 has no heart rate: what is known of them must say so, however few runs it comes from."""
    silent = replace(
        runs,
        grids=[
            each._replace(heart_rate=each.heart_rate * (1 if user == 0 else np.nan))
            for each, user in zip(runs.grids, runs.users, strict=True)
        ],
    )
    known = FollowedRuns(silent, runs.population())
    windows = silent.windows(silent.known(runs.population()), "train")
    for epoch in range(5):
        ((given, _),) = batches_of(Batches(known, "train", len(windows), seed=1, epoch=epoch, history_dropout=1.0))
        others = windows.user[rows_of(windows, given)] != 0
        mean_heart_rate = given["history"][:, 6]
        assert np.isnan(mean_heart_rate[others]).all()
        assert np.isfinite(mean_heart_rate[~others]).any()


def test_reveal_shows_in_the_shares_it_says_and_wants_only_what_it_hides():
    random = np.random.default_rng(0)
    heart_rate = random.uniform(100, 180, (4000, 80)).astype("float32")
    heart_rate[:, 70:] = np.nan
    heart_rate[::3, 5] = np.nan
    known, delay, wanted = mask_heart_rate(heart_rate, random)
    shown, measured = np.isfinite(known), np.isfinite(heart_rate)
    assert known.shape == wanted.shape == heart_rate.shape
    assert (known.dtype, wanted.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(known[shown], heart_rate[shown])
    later = delay > 0
    nothing = ~shown.any(axis=1) & np.isnan(wanted).all(axis=1)
    some = ~later & ~nothing
    beginning = some & (shown[:, :70] >= shown[:, 1:71])[:, 7:-1].all(axis=1) & ~shown[:, 45:].any(axis=1)
    for case, rows in (("forecast", later), ("nothing", nothing), ("beginning", beginning), ("imputation", some & ~beginning)):
        assert rows.mean() == pytest.approx(SHARES[case], abs=0.03), case
    np.testing.assert_array_equal(known[later], heart_rate[later])
    np.testing.assert_array_equal(wanted[later], heart_rate[later])
    np.testing.assert_array_equal(np.isfinite(wanted[some]), (measured & ~shown)[some])
    steps = delay[later] / STEP
    assert (steps == steps.round()).all()
    assert (steps.min(), steps.max()) == (1, LONGEST_DELAY)
    again = mask_heart_rate(heart_rate, np.random.default_rng(1)), mask_heart_rate(heart_rate, np.random.default_rng(1))
    for one, two in zip(*again, strict=True):
        np.testing.assert_array_equal(one, two)


def test_people_are_split_and_never_mixed():
    random = np.random.default_rng(0)
    users = random.permutation(np.repeat([3, 7, 8], (400, 200, 1)))
    starts = random.permutation(len(users)).astype(float)
    people = split_people(users, starts, random)
    assert people.shape == users.shape
    for person in np.unique(people):
        assert len(np.unique(users[people == person])) == 1
    for user in (3, 7):
        mine = np.flatnonzero(users == user)
        mine = mine[np.argsort(starts[mine])]
        numbers, counts = np.unique(people[mine], return_counts=True)
        assert len(numbers) > 4
        assert counts[:2] / len(mine) == pytest.approx(DEALT[0], abs=0.08)
        assert (counts == 1).sum() / len(mine) == pytest.approx(DEALT[3], abs=0.08)
        pieces = people[mine][np.isin(people[mine], numbers[2:][counts[2:] > 1])]
        assert (np.diff(pieces) >= 0).all()  # each of runs after each other
        assert 1 < counts[2:].max() <= MOST
    assert len(np.unique(people[users == 8])) == 1


@pytest.fixture(scope="module")
def trained(runs, tmp_path_factory):
    """Folder, model and log of an unbroken training."""
    folder = tmp_path_factory.mktemp("trained") / "t"
    return folder, *fit.train(small, runs, folder, FAST)


def mean_error(model, windows: windows.Windows) -> float:
    """Mean absolute error of a model that knows nothing of the runs' heart rate."""
    predicted = model.predict(windows.inputs(), verbose=0)
    predicted = predicted[UNCONDITIONED] if isinstance(predicted, dict) else predicted
    return float(np.nanmean(np.abs(predicted - windows.heart_rate)))


def test_training_keeps_the_best(runs, trained):
    folder, model, log = trained
    assert [row["epoch"] for row in log] == list(range(1, FAST.epochs + 1))
    assert set(log[0]) == {"epoch", "loss", "mae", "val_loss", "val_mae", "learning_rate"}
    assert mean_error(model, prepared(runs)[2]) == pytest.approx(min(row["val_mae"] for row in log), rel=1e-3)
    kept = {path.name for path in folder.iterdir()}
    last = f"after-epoch-{len(log)}.keras"
    assert kept == {"best.keras", last, "epochs.csv", "epochs.png", "settings.json", "tensorboard"}
    assert len(pd.read_csv(folder / "epochs.csv")) == len(log)


@ONE_BACKEND
def test_validation_is_never_trained_on(runs, trained, tmp_path):
    folder, _, log = trained
    moved = changed(runs, runs.split == "validation", np.float32(30))
    _, other = fit.train(small, moved, tmp_path / "t", FAST)
    assert [row["loss"] for row in other] == pytest.approx([row["loss"] for row in log], rel=1e-4)
    one, two = (keras.models.load_model(each / f"after-epoch-{FAST.epochs}.keras") for each in (folder, tmp_path / "t"))
    for first, second in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)
    for model, given, found in ((one, runs, log), (two, moved, other)):  # what was changed is what the error is of
        assert mean_error(model, prepared(given)[2]) == pytest.approx(found[-1]["val_mae"], rel=1e-3)
    assert not np.array_equal(*(prepared(each)[2].heart_rate for each in (runs, moved)), equal_nan=True)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_split_without_heart_rate_is_refused_before_anything_is_written(split, runs, tmp_path):
    silent = [grid._replace(heart_rate=np.full_like(grid.heart_rate, np.nan)) for grid in runs.grids]
    grids = [silent[run] if runs.split[run] == split else grid for run, grid in enumerate(runs.grids)]
    with pytest.raises(InputError, match=f"The {split} split has no measured heart rate; build"):
        fit.train(small, replace(runs, grids=grids), tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_a_model_that_could_not_be_loaded_again_is_not_trained(runs, tmp_path):
    with pytest.raises(InputError, match="its layer 'projection' gives 240,000,000 numbers"):
        fit.train(lambda statistics: models.gru(units=5000, num_layers=0, statistics=statistics), runs, tmp_path)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others trace otherwise, or not")
def test_a_step_is_traced_once(runs, tmp_path, monkeypatch):
    traced, step = [], keras.Model.train_step
    monkeypatch.setattr(keras.Model, "train_step", lambda self, data: (traced.append(1), step(self, data))[1])
    fit.train(small, runs, tmp_path, replace(FAST, epochs=1))
    assert traced == [1]


def test_early_stopping():
    log = [{"epoch": n + 1, "val_mae": error} for n, error in enumerate([9, 7, 8, 8])]
    assert fit.best_epoch(log) == 2
    assert not fit.is_over(log, 3)
    assert fit.is_over(log, 2)
    assert not fit.is_over([], 1)


class Kill(keras.callbacks.Callback):
    """Ends training in the middle of its second epoch, as a kill would."""

    def on_train_batch_begin(self, batch, logs=None):
        if self.params and batch == 1 and self.epoch == 1:
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def test_a_resumed_training_ends_as_an_unbroken_one(runs, trained, tmp_path):
    _, unbroken, log = trained
    with pytest.raises(KeyboardInterrupt):
        fit.train(small, runs, tmp_path / "two", FAST, callbacks=[Kill()])
    assert not (tmp_path / "two" / "after-epoch-2.keras").exists()
    resumed, log_resumed = fit.train(small, runs, tmp_path / "two", FAST, resume=True)
    pd.testing.assert_frame_equal(pd.DataFrame(log), pd.DataFrame(log_resumed), rtol=1e-4)
    for one, two in zip(unbroken.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def test_resuming_a_finished_training_changes_nothing(runs, trained, tmp_path):
    folder, model, log = trained
    shutil.copytree(folder, tmp_path / "t")
    again, log_again = fit.train(small, runs, tmp_path / "t", FAST, resume=True)
    pd.testing.assert_frame_equal(pd.DataFrame(log), pd.DataFrame(log_again))
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_resuming_what_is_damaged_is_refused(runs, trained, tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(trained[0], folder)
    (last,) = folder.glob("after-epoch-*.keras")
    last.write_bytes(b"no model")
    with pytest.raises(InputError, match="its epochs cannot be read .* begin anew without resuming"):
        fit.train(small, runs, folder, FAST, resume=True)


def test_a_best_model_that_cannot_be_trusted_is_refused_before_training_goes_on(runs, trained, tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    shutil.copytree(trained[0], folder)
    (folder / f"after-epoch-{FAST.epochs}.keras").rename(folder / "after-epoch-2.keras")
    pd.read_csv(folder / "epochs.csv")[:2].to_csv(folder / "epochs.csv", index=False)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(folder / "best.keras")
    monkeypatch.setattr(keras.Model, "fit", lambda *args, **kwargs: pytest.fail("it was trained"))
    with pytest.raises(InputError, match=r"its epochs cannot be read \(best.keras: expected a model"):
        fit.train(small, runs, folder, FAST, resume=True)


def test_a_kept_model_is_within_the_limits_of_others(tmp_path, monkeypatch):
    path = tmp_path / "after-epoch-1.keras"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(path)
    monkeypatch.setattr(keras.models, "load_model", lambda *args, **kwargs: pytest.fail("it was loaded"))
    with pytest.raises(InputError, match="this is another kind of model"):
        resuming.model(path)


def test_a_kept_optimizer_goes_on_as_it_was(tmp_path):
    one, two = (trained_with_both(models.gru(units=4, num_layers=1)) for _ in range(2))
    for each in (one, two):
        fit._compile(each, FAST, 3, None)
    one.optimizer.build(one.trainable_variables)
    one.optimizer.variables[2].assign(one.optimizer.variables[2] + 0.5)
    one.save(tmp_path / "a.keras")
    resuming.restore_optimizer(two, tmp_path / "a.keras")
    for each, other in zip(one.optimizer.variables, two.optimizer.variables, strict=True):
        np.testing.assert_array_equal(each, other)
    bare = trained_with_both(models.gru(units=4, num_layers=1))
    bare.save(tmp_path / "bare.keras")
    with pytest.raises(InputError, match="its epochs cannot be read"):
        resuming.restore_optimizer(two, tmp_path / "bare.keras")


def test_resuming_with_other_settings_is_refused(runs, trained):
    with pytest.raises(InputError, match="was begun otherwise"):
        fit.train(small, runs, trained[0], replace(FAST, epochs=9), resume=True)


@ONE_BACKEND
def test_the_command_gives_no_test_run_to_training(data_dir, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from hrkeras.cli.main import app

    given = []
    monkeypatch.setattr(fit, "train", lambda build, runs, *args, **kwargs: given.append(runs) or 1 / 0)
    command = ["train", "--data", "synthetic", "--data-dir", str(data_dir), "--output", str(tmp_path / "m.keras")]
    assert isinstance(CliRunner().invoke(app, command).exception, ZeroDivisionError)
    assert set(given[0].split) == {"train", "validation"}
    assert len(given[0].users) < len(load("synthetic", data_dir).users)


@ONE_BACKEND
def test_kill_9_loses_at_most_the_epoch_under_way(data_dir, tmp_path):
    command = [sys.executable, "-m", "hrkeras.cli.main", "train", "--data", "synthetic", "--data-dir", str(data_dir)]
    command += ["--units", "4", "--layers", "1", "--epochs", "4", "--batch-size", "16", "--output"]

    def run(name, *more):
        return [*command, str(tmp_path / name), *more]

    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(run("killed.keras"), **quiet)
    while process.poll() is None and not (tmp_path / "killed.training" / "after-epoch-2.keras").exists():
        time.sleep(0.02)
    process.kill()
    process.wait(30)
    assert not (tmp_path / "killed.keras").exists()
    subprocess.run(run("killed.keras", "--resume"), check=True, **quiet)
    subprocess.run(run("whole.keras"), check=True, **quiet)
    one, two = (pd.read_csv(tmp_path / f"{name}.training" / "epochs.csv") for name in ("killed", "whole"))
    pd.testing.assert_frame_equal(one, two, rtol=1e-4)
    assert "best epoch" in (tmp_path / "killed.md").read_text()
