"""The network between the chief of a search and its worker is cut for some seconds, again and again."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from hrkeras.tuning import roles

CUT, BETWEEN, CUTS = 3.0, 2.0, 3  # s, s
TRIAL = 2.0  # s
ADDRESS = {"chief": "10.213.77.1", "worker": "10.213.77.2"}
BEGIN = """
import json, sys, time
from pathlib import Path
from hrkeras.tuning import oracles, parallel
from hrkeras.tuning.plan import Plan
folder, plan = Path(sys.argv[1]), Plan("batch", "grid", "gru", "synthetic", epochs=1, seeds=(0,))
parallel.BEAT = 0.5
"""
CHIEF = """
oracle = oracles.make(plan)
oracle._set_project_dir(folder, "trials")
oracle.say = lambda sentence: print(sentence, file=sys.stderr)
parallel.serve(oracle)
print(json.dumps({trial_id: [trial.status, trial.score] for trial_id, trial in oracle.trials.items()}))
"""
WORKER = """
import keras
from hrkeras.training import fit
from hrkeras.tuning.search import Search
def train(build, runs, trial, settings, **kwargs):
    with open(folder / "begun", "a") as stream:
        print(settings.batch_size, file=stream)
    time.sleep(float(sys.argv[3]))
    trial.mkdir(parents=True, exist_ok=True)
    (trial / "epochs.csv").write_text(f"epoch,mae,val_mae\\n1,7,{settings.batch_size}\\n")
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), []
fit.train = train
Search(plan, folder, Path(sys.argv[2])).search()
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def spaces():
    """Names of two network namespaces by role, each with one end of a cable; its ends are called as the roles."""
    names = {role: f"hrkeras-{role}-{os.getpid()}" for role in ADDRESS}
    if not shutil.which("ip"):
        pytest.skip("no command ip")
    try:
        try:
            for name in names.values():
                ip("netns", "add", name)
            ends = [("name", role, "netns", name) for role, name in names.items()]
            ip("-n", names["chief"], "link", "add", *ends[0], "type", "veth", "peer", *ends[1])
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces: {error.stderr.decode().strip()}")
        for role, name in names.items():
            ip("-n", name, "address", "add", f"{ADDRESS[role]}/24", "dev", role)
            ip("-n", name, "link", "set", role, "up")
        yield names
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def test_no_trial_is_lost_and_nobody_stops(spaces, data_dir, tmp_path):
    environment = os.environ | {roles.HOST: ADDRESS["chief"], roles.PORT: "8000"}

    def begin(role, code):
        command = ["ip", "netns", "exec", spaces[role], sys.executable, "-c", BEGIN + code]
        return subprocess.Popen(
            [*command, str(tmp_path), str(data_dir), str(TRIAL)],
            env=environment | {roles.ID: role},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    chief, worker = begin("chief", CHIEF), begin("worker", WORKER)
    try:
        while not (tmp_path / "begun").exists():
            assert chief.poll() is worker.poll() is None, worker.communicate()[1]
            time.sleep(0.1)
        for _ in range(CUTS):  # in a trial, at its end, or before the next
            ip("-n", spaces["worker"], "link", "set", "worker", "down")
            time.sleep(CUT)
            ip("-n", spaces["worker"], "link", "set", "worker", "up")
            time.sleep(BETWEEN)
        said = worker.communicate(timeout=300)[1]
        assert worker.returncode == 0, said
        result, said = chief.communicate(timeout=300)
        assert chief.returncode == 0, said
    finally:
        chief.kill()
        worker.kill()
    assert "Trial" not in said  # none had to be run again
    assert list(json.loads(result.splitlines()[-1]).values()) == [["COMPLETED", size] for size in (8, 16, 32, 64)]
    assert (tmp_path / "begun").read_text().split() == ["8", "16", "32", "64"]
