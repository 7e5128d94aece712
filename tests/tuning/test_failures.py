"""Processes of a search die, by a kill or by an error, and the search goes on; over gRPC on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import keras
import pandas as pd
import pytest

from hrkeras.cli import tune_processes
from hrkeras.training import fit
from hrkeras.tuning import oracles, parallel, roles
from hrkeras.tuning.plan import Plan
from hrkeras.tuning.search import Search
from hrkeras.utils import children
from hrkeras.utils.errors import InputError

PATIENT = 300  # s after which a test gives up


def until(condition):
    """Waits for something that is to come true, and returns it."""
    end = time.monotonic() + PATIENT
    while not (result := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return result


@pytest.fixture
def loopback(monkeypatch):
    """KerasTuner's environment variables for a free port; this process is a worker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv(roles.PORT, str(free.getsockname()[1]))
    monkeypatch.setenv(roles.HOST, "127.0.0.1")
    monkeypatch.setenv(roles.ID, "worker-1")


@contextmanager
def process(role, *arguments):
    """A process of `hrkeras` that counts a worker as dead after 5 s, and ends with this context at the latest."""
    code = "from hrkeras.tuning import oracles, parallel; oracles.SILENCE, parallel.BEAT = 5, 1\n"
    code += "from hrkeras.cli.main import app; app()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {roles.ID: role},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.skipif("HRKERAS_LONG_TESTS" not in os.environ, reason="takes minutes; set HRKERAS_LONG_TESTS=1 to run it")
def test_a_worker_then_the_chief_then_both_are_killed(loopback, data_dir, tmp_path):
    folder = tmp_path / "searched"
    command = ["tune", "--space", "batch", "--trials", "3", "--seeds", "1", "--epochs", "3", "--model", "gru", "--units", "4"]
    command += ["--layers", "1", "--no-history", "--no-course", "--data", "synthetic", "--data-dir", str(data_dir)]
    command += ["--output", str(folder)]

    def epochs(number):
        log = folder / "trials" / f"trial_{number}" / "seed_0" / "epochs.csv"
        return len(pd.read_csv(log)) if log.exists() else 0

    with ExitStack() as stack:
        chief = stack.enter_context(process("chief", *command))
        first = stack.enter_context(process("worker-1", *command))
        until(lambda: epochs(0))
        second = stack.enter_context(process("worker-2", *command))
        first.kill()
        first.wait()
        trained = pd.read_csv(folder / "trials" / "trial_0" / "seed_0" / "epochs.csv")
        until(lambda: epochs(1))
        chief.kill()  # the second worker does not notice
        chief.wait()
        chief = stack.enter_context(process("chief", *command))
        until(lambda: epochs(2))
        for each in (chief, second):
            each.kill()
            each.wait()
        chief = stack.enter_context(process("chief", *command))
        second = stack.enter_context(process("worker-2", *command))
        said = second.communicate(timeout=PATIENT)[1].decode()
        assert second.returncode == 0, said
        assert said.strip().endswith("The search has no more to try.")
        result, said = (stream.decode() for stream in chief.communicate(timeout=PATIENT))
    assert chief.returncode == 0, said
    assert "Best: batch size" in result
    table = pd.read_csv(folder / "results.csv")
    assert sorted(table["batch_size"]) == [8, 16, 32]
    assert [epochs(number) for number in range(3)] == [3, 3, 3]
    pd.testing.assert_frame_equal(pd.read_csv(folder / "trials" / "trial_0" / "seed_0" / "epochs.csv")[: len(trained)], trained)


class Chief:
    """A chief in a thread of this process."""

    def __init__(self, plan, folder):
        self.said = []
        self.oracle = oracles.make(plan)
        self.oracle.say = self.said.append
        self.oracle._set_project_dir(folder, "trials")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        self._server = parallel.serve(self.oracle)

    def ended(self):
        self._thread.join(PATIENT)
        return not self._thread.is_alive()


def trains(fails):
    """In place of `training.train`: raises what a batch size is to fail with, and writes a log of one epoch else."""

    def train(build, runs, folder, settings, **kwargs):
        if error := fails.get(settings.batch_size):
            raise error
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "epochs.csv").write_text(f"epoch,mae,val_mae\n1,7,{settings.batch_size}\n")
        return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), []

    return train


def test_a_trial_that_raises_errors_fails_after_three_attempts_and_the_worker_goes_on(loopback, data_dir, tmp_path, monkeypatch):
    plan = Plan("batch", "grid", "gru", "synthetic", epochs=1, seeds=(0,))
    chief = Chief(plan, tmp_path)
    fails = {
        8: fit.DivergedError("The loss is not finite in epoch 1; use a lower learning rate."),
        16: MemoryError("no memory for 16"),
        64: InputError("There are no runs; build the dataset."),
    }
    monkeypatch.setattr(fit, "train", trains(fails))
    Search(plan, tmp_path, data_dir).search()
    assert chief.ended()
    assert {trial_id: (trial.status, trial.message) for trial_id, trial in chief.oracle.trials.items()} == {
        "0000": ("FAILED", "The loss is not finite in epoch 1"),
        "0001": ("FAILED", "MemoryError: no memory for 16"),
        "0002": ("COMPLETED", ""),
        "0003": ("FAILED", "There are no runs"),
    }
    assert chief.said == [
        "Trial 0000 has failed: The loss is not finite in epoch 1.",
        "Trial 0001, attempt 1 of 3: MemoryError: no memory for 16; it will be run again.",
        "Trial 0001, attempt 2 of 3: MemoryError: no memory for 16; it will be run again.",
        "Trial 0001 has failed: MemoryError: no memory for 16.",
        "Trial 0003, attempt 1 of 3: There are no runs; it will be run again.",
        "Trial 0003, attempt 2 of 3: There are no runs; it will be run again.",
        "Trial 0003 has failed: There are no runs.",
    ]
    monkeypatch.delenv(roles.HOST)
    alone = Search(plan, tmp_path, data_dir)
    assert [(trial.val_mae, trial.reason) for trial in alone.trials()][0] == (32, "")
    assert "MemoryError: no memory for 16" in [trial.reason for trial in alone.trials()]


def test_a_full_disk_ends_the_worker_and_the_trial_is_kept_for_another(loopback, data_dir, tmp_path, monkeypatch):
    plan = Plan("batch", "grid", "gru", "synthetic", epochs=1, seeds=(0,))
    chief = Chief(plan, tmp_path)
    monkeypatch.setattr(fit, "train", trains({8: OSError(28, "No space left on device")}))
    with pytest.raises(OSError, match="No space left"):
        Search(plan, tmp_path, data_dir).search()
    monkeypatch.setattr(fit, "train", trains({}))
    monkeypatch.setattr(oracles, "SILENCE", 5.0)
    monkeypatch.setenv(roles.ID, "worker-2")
    Search(plan, tmp_path, data_dir).search()
    assert chief.ended()
    assert {trial.status for trial in chief.oracle.trials.values()} == {"COMPLETED"}
    assert "Trial 0000, attempt 1 of 3: worker-1 was not heard of for 5 s; it will be run again." in chief.said


def test_a_worker_whose_chief_is_away_ends_with_a_sentence(loopback, data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "WAIT", 0.5)
    with pytest.raises(InputError, match=r"The chief of the search at 127.0.0.1:\d+ does not answer.*the search goes on"):
        Search(Plan("batch", "grid", "gru", "synthetic"), tmp_path, data_dir)


def test_a_second_chief_cannot_take_the_port(loopback, tmp_path):
    plan = Plan("batch", "grid", "gru", "synthetic")
    chief = Chief(plan, tmp_path)
    parallel.Client(oracles.make(plan)).get_space()  # waits for the first
    with pytest.raises(InputError, match=r"cannot listen at 127.0.0.1:\d+; set .* to a free port"):
        parallel.serve(oracles.make(plan))
    chief.oracle.over = True
    assert chief.ended()


@pytest.fixture
def stand_ins(monkeypatch, tmp_path):
    """In place of chief and workers: small programs by role, which are told how often they were started before."""

    def set_up(**programs):
        (tmp_path / "programs.json").write_text(json.dumps(programs))
        code = "import json, os, pathlib, signal, sys, time; folder = pathlib.Path(sys.argv[1])\n"
        code += f"role = os.environ[{roles.ID!r}]; starts = folder / f'{{role}}.starts'\n"
        code += "before = len(starts.read_text()) if starts.exists() else 0; starts.write_text('x' * (before + 1))\n"
        code += "exec(json.loads((folder / 'programs.json').read_text())[role.replace('-', '_')])"
        monkeypatch.setattr(children, "command", lambda *arguments: [sys.executable, "-c", code, str(tmp_path)])
        said = []
        try:
            tune_processes.run([], sum(name != "chief" for name in programs), said.append)
        finally:
            starts = {path.stem: len(path.read_text()) for path in tmp_path.glob("*.starts")}
        return said, starts

    return set_up


SLEEP, KILL = "time.sleep(60)", "os.kill(os.getpid(), signal.SIGKILL)"


def test_what_is_killed_is_started_again(stand_ins):
    said, starts = stand_ins(chief=f"{SLEEP} if before else {KILL}", worker_1=f"time.sleep(1) if before > 1 else {KILL}")
    assert starts == {"chief": 2, "worker-1": 3}
    assert sorted(said) == [
        f"The process chief was killed by signal {signal.SIGKILL:d}; it is started again.",
        *[f"The process worker-1 was killed by signal {signal.SIGKILL:d}; it is started again."] * 2,
    ]


def test_the_others_go_on_without_a_worker_that_ends_with_an_error(stand_ins):
    said, starts = stand_ins(chief=SLEEP, worker_1="sys.exit(3)", worker_2="time.sleep(2)")
    assert said == ["The process worker-1 of the search ended with code 3; the others go on."]
    assert starts == {"chief": 1, "worker-1": 1, "worker-2": 1}


def test_a_worker_that_is_always_killed_is_not_started_for_ever(stand_ins):
    with pytest.raises(InputError, match="worker-1 of the search ended with code -9.*The same command goes on"):
        stand_ins(chief=SLEEP, worker_1=KILL)
