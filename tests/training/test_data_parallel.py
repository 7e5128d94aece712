"""Training on two devices does what training on one does."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import quick_xla
from one_backend import ONE_BACKEND

from hrkeras.training import data_parallel
from hrkeras.utils.errors import InputError

TRAINED = """
import json, sys
from pathlib import Path
from hrkeras.cli.shared import start
start("jax")
from hrkeras import models
from hrkeras.training import fit
sys.path.insert(0, sys.argv[1])
from made_up import made_up
runs, logs = made_up(people=2, runs=14, steps=(60, 90)), []
for devices in (1, 2):
    build = lambda statistics: models.gru(units=4, num_layers=0, course=False, statistics=statistics)
    settings = fit.Settings(epochs=1, batch_size=7)
    model, log = fit.train(build, runs, Path(sys.argv[2]) / str(devices), settings, devices=devices)
    logs.append(log)
    model.save(Path(sys.argv[2]) / f"{devices}.keras")
try:
    fit.train(build, runs, Path(sys.argv[2]) / "3", settings, devices=3)
except fit.InputError as error:
    logs.append(str(error))
print(json.dumps(logs))
"""


@ONE_BACKEND
def test_two_devices_learn_what_one_does(tmp_path):
    """Batches of seven windows, which two do not divide."""
    pytest.importorskip("jax")
    environment = os.environ | {"XLA_FLAGS": f"--xla_force_host_platform_device_count=2 {quick_xla.flags()}"}
    command = [sys.executable, "-c", TRAINED, os.path.dirname(os.path.dirname(__file__)), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one, two, refused = json.loads(done.stdout.splitlines()[-1])
    assert len(one) == len(two) == 1
    for first, second in zip(one, two, strict=True):
        for name in ("mae", "val_mae"):  # Keras weighs the loss of each batch by its rows, those that fill it up among them
            assert second[name] == pytest.approx(first[name], rel=1e-4)
    assert refused == "Expected at most 2 devices, the number of those that JAX finds, found 3."


def test_a_batch_is_filled_up_with_rows_of_which_nothing_is_wanted():
    inputs, wanted = {"time": np.arange(10.0).reshape(5, 2)}, {"a": np.ones((5, 2))}
    filled, still = data_parallel.shared(inputs, wanted, 3)
    np.testing.assert_array_equal(filled["time"], [*inputs["time"], inputs["time"][0]])
    np.testing.assert_array_equal(still["a"], [[1, 1]] * 5 + [[np.nan] * 2])
    assert data_parallel.shared(inputs, wanted, 5) == (inputs, wanted)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="it can")
def test_other_backends_say_so():
    with pytest.raises(InputError, match="needs the backend jax, found .*; give --backend jax"), data_parallel.devices(2):
        pass
