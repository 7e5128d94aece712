"""Two hosts, here two processes that talk over the loopback interface, train what one does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import pytest
import quick_xla
from one_backend import ONE_BACKEND

from hrkeras.training import hosts
from hrkeras.utils.errors import InputError

ONE = """
import json, shutil, sys
from pathlib import Path
from hrkeras.cli.shared import start
start("jax")
import keras
from hrkeras import models
from hrkeras.training import fit, hosts
sys.path.insert(0, sys.argv[1])
from made_up import made_up
hosts.join()
runs, folder = made_up(people=2, runs=14, steps=(60, 90)), Path(sys.argv[2])
build = lambda statistics: models.gru(units=4, num_layers=0, course=False, statistics=statistics)
def train(name, seed=0, **kwargs):
    return fit.train(build, runs, folder / name, fit.Settings(epochs=2, batch_size=11, seed=seed), **kwargs)
"""
ALONE = """
def copy(epoch, logs):
    if epoch == 0:
        shutil.copytree(folder / "alone", folder / "killed")
_, log = train("alone", callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=copy)])
print(json.dumps(log))
"""
TOGETHER = """
logs = [train(name, resume=True) for name in ("together", "killed")]
different = [float(abs(a - b).max()) for a, b in zip(logs[0][0].get_weights(), logs[1][0].get_weights())]
try:
    train("refused", seed=hosts.number())
except fit.InputError as error:
    print(json.dumps([*(log for _, log in logs), max(different), str(error)]))
"""


def begin(folder: Path, script: str, number: int | None = None, port: int = 0) -> subprocess.Popen:
    """A process that runs a script: alone, or as one of two hosts."""
    environment = os.environ | {"XLA_FLAGS": quick_xla.flags()}
    if number is not None:
        places = {"JOB_ADDRESSES": f"127.0.0.1:{port}", "NUM_PROCESSES": "2", "PROCESS_ID": str(number)}
        environment |= {f"KERAS_DISTRIBUTION_{name}": value for name, value in places.items()}
    command = [sys.executable, "-c", ONE + script, str(Path(__file__).parents[1]), str(folder)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(process: subprocess.Popen):
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    return json.loads(said.splitlines()[-1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@ONE_BACKEND
def test_two_hosts_learn_what_one_does_and_one_writes(tmp_path):
    """From nothing, and from the first epoch of a training on one host."""
    pytest.importorskip("jax")
    alone, port = result(begin(tmp_path, ALONE)), free_port()
    both = [begin(tmp_path, TOGETHER, number, port) for number in (0, 1)]
    try:
        first, second = (result(process) for process in both)
    finally:
        for process in both:
            process.kill()
    assert first == second
    together, resumed, different, refused = first
    for log in (together, resumed):
        assert [row["epoch"] for row in log] == [1, 2]
        for row, expected in zip(log, alone, strict=True):
            for name in ("mae", "val_mae"):
                assert row[name] == pytest.approx(expected[name], rel=1e-4)
    assert different < 1e-3
    assert refused.startswith("The hosts were asked for different trainings")
    names = {path.name for path in (tmp_path / "together").iterdir()}
    assert names == {"after-epoch-2.keras", "best.keras", "epochs.csv", "epochs.png", "settings.json", "tensorboard"}
    assert len(list((tmp_path / "together" / "tensorboard" / "train").iterdir())) == 1


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="it can")
def test_other_backends_say_so(monkeypatch):
    monkeypatch.setenv(hosts.VARIABLE, "127.0.0.1:1")
    with pytest.raises(InputError, match="on several hosts needs the backend jax, found "):
        hosts.join()
