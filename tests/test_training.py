"""Training; runs on whichever backend KERAS_BACKEND names."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from hrkeras import losses, models, training, windows
from hrkeras.batches import Batches
from hrkeras.layers import RunFeatures
from hrkeras.workouts.workout import InputError

FAST = training.Settings(epochs=3, batch_size=8, seed=5)


@pytest.fixture(scope="module")
def splits(data_dir):
    return [windows.load("synthetic", split, data_dir) for split in ("train", "validation")]


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


def test_unmeasured_steps_and_padding_never_weigh(splits):
    train = splits[0]
    model = small(training.statistics(train))
    loss = losses.MaskedHuber()
    given, target = train.inputs(), train.heart_rate
    predicted = keras.ops.convert_to_numpy(model.predict_on_batch(given))
    moved = np.where(np.isfinite(target), predicted, -1e6).astype("float32")
    assert float(loss(target, predicted)) == pytest.approx(float(loss(target, moved)))


def test_statistics_are_those_of_the_valid_steps(splits):
    train = splits[0]
    found = training.statistics(train)
    speed = train.speed[train.valid > 0]
    assert found.run_mean[RunFeatures.FEATURES.index("speed")] == pytest.approx(speed.mean(), rel=1e-4)
    assert found.run_variance[RunFeatures.FEATURES.index("speed")] == pytest.approx(speed.var(), rel=1e-3)
    assert found.heart_rate_mean == pytest.approx(np.nanmean(train.heart_rate), rel=1e-5)
    assert found.history_mean[0] == pytest.approx(np.nanmean(train.history[:, 0]), rel=1e-5)
    assert found.history_variance[0] == pytest.approx(np.nanvar(train.history[:, 0]), rel=1e-4)
    padded = replace(train, speed=np.where(train.valid > 0, train.speed, 99).astype("float32"))
    assert training.statistics(padded) == found


def test_every_window_comes_once_an_epoch_and_the_order_depends_on_the_seed(splits):
    def starts(batches):
        return [tuple(zip(x["time"][:, 0], y[:, 5], strict=True)) for x, y in (batches[i] for i in range(len(batches)))]

    first, again, other = (Batches(splits[0], 8, seed=seed) for seed in (1, 1, 2))
    assert str(starts(first)) == str(starts(again)) != str(starts(other))
    assert sum(map(len, starts(first))) == len(splits[0])
    before = str(starts(first))
    first.on_epoch_end()
    assert str(starts(first)) != before
    later = Batches(splits[0], 8, seed=1, epoch=1)
    assert str(starts(later)) == str(starts(first))


def test_batches_cut_no_valid_step_off(splits):
    batches = Batches(splits[0], 8)
    total = sum(float(batches[index][0]["valid"].sum()) for index in range(len(batches)))
    assert total == splits[0].valid.sum()


def test_history_is_hidden_and_thinned_as_often_as_asked(splits):
    train = splits[0]
    known = train.history[:, -1]

    def shares(**options):
        found = []
        for epoch in range(20):
            batches = Batches(train, len(train), seed=0, epoch=epoch, **options)
            found.append(batches._history)
        return np.stack(found)

    hidden = shares(hidden=0.3)[:, :, -1]
    assert (hidden[:, known > 0] == 0).mean() == pytest.approx(0.3, abs=0.05)
    thinned = shares(thinned=0.5)[:, :, -1]
    assert (thinned <= known + 1e-6).all()
    many = known > np.log1p(5)
    assert (thinned[:, many] < known[many] - 0.1).mean() == pytest.approx(0.5, abs=0.1)


def test_training_learns_and_keeps_the_best(splits, tmp_path):
    settings = replace(FAST, epochs=6)
    model, log = training.train(small, *splits, tmp_path / "t", settings)
    assert [row["epoch"] for row in log] == list(range(1, len(log) + 1))
    assert min(row["val_mae"] for row in log) < log[0]["val_mae"]
    metric = losses.MaskedMeanAbsoluteError()
    metric.update_state(splits[1].heart_rate, model.predict(splits[1].inputs(), verbose=0))
    assert float(metric.result()) == pytest.approx(min(row["val_mae"] for row in log), rel=1e-3)
    kept = {path.name for path in (tmp_path / "t").iterdir()}
    last = f"after-epoch-{len(log)}.keras"
    assert kept == {"best.keras", last, "epochs.csv", "epochs.png", "settings.json", "tensorboard"}
    assert len(pd.read_csv(tmp_path / "t" / "epochs.csv")) == len(log)


def test_early_stopping():
    log = [{"epoch": n + 1, "val_mae": error} for n, error in enumerate([9, 7, 8, 8])]
    assert training.best_epoch(log) == 2
    assert not training.is_over(log, 3)
    assert training.is_over(log, 2)
    assert not training.is_over([], 1)


class Kill(keras.callbacks.Callback):
    """Ends training in the middle of its second epoch, as a kill would."""

    def on_train_batch_begin(self, batch, logs=None):
        if self.params and batch == 1 and self.epoch == 1:
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def test_a_resumed_training_ends_as_an_unbroken_one(splits, tmp_path):
    unbroken, log = training.train(small, *splits, tmp_path / "one", FAST)
    with pytest.raises(KeyboardInterrupt):
        training.train(small, *splits, tmp_path / "two", FAST, callbacks=[Kill()])
    resumed, log_resumed = training.train(small, *splits, tmp_path / "two", FAST, resume=True)
    pd.testing.assert_frame_equal(pd.DataFrame(log), pd.DataFrame(log_resumed), rtol=1e-4)
    for one, two in zip(unbroken.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def test_resuming_a_finished_training_changes_nothing(splits, tmp_path):
    _, log = training.train(small, *splits, tmp_path / "t", FAST)
    _, again = training.train(small, *splits, tmp_path / "t", FAST, resume=True)
    pd.testing.assert_frame_equal(pd.DataFrame(log), pd.DataFrame(again))


def test_resuming_with_other_settings_is_refused(splits, tmp_path):
    training.train(small, *splits, tmp_path / "t", replace(FAST, epochs=1))
    with pytest.raises(InputError, match="was begun otherwise"):
        training.train(small, *splits, tmp_path / "t", FAST, resume=True)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one backend is enough for a real kill")
def test_kill_9_loses_at_most_the_epoch_under_way(data_dir, tmp_path):
    command = [sys.executable, "-m", "hrkeras.cli.main", "train", "--data", "synthetic", "--data-dir", str(data_dir)]
    command += ["--units", "4", "--layers", "1", "--epochs", "6", "--batch-size", "8", "--output"]

    def run(name, *more):
        return [*command, str(tmp_path / name), *more]

    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "KERAS_BACKEND": "tensorflow"},
    }
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
