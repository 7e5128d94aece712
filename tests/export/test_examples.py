"""The examples predict from an export and a GPX file what the model predicts, without Keras and TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hrkeras.athlete import athlete_file
from hrkeras.athlete.kalman import AthleteState
from hrkeras.models import saving
from hrkeras.personal import prediction, run_choice
from hrkeras.workouts.grid import resample
from hrkeras.workouts.simulation import formats, synthetic

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CODE = """
import runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, "")
reached = []
sys.addaudithook(lambda event, _: event in ("socket.connect", "socket.getaddrinfo") and reached.append(event))
runpy.run_path(sys.argv[0], run_name="__main__")
assert not reached, reached
heavy = {"keras", "tensorflow", "torch", "jax"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize(("kind", "quantize", "package"), [("litert", True, "ai_edge_litert"), ("onnx", False, "onnxruntime")])
def test_an_example_predicts_what_the_model_does(kind, quantize, package, exported, saved, tmp_path):
    pytest.importorskip(package)
    path, _ = exported("gru", kind, quantize=quantize)
    tracks = list(synthetic.simulate(1, 2, seed=8, flawed=0, faulty=0))
    formats.write_gpx_folder(tracks, tmp_path / "runs")
    first, second = sorted((tmp_path / "runs").rglob("*.gpx"))
    athlete = AthleteState(saving.population(saving.load(saved("gru"))))
    workout, _, _ = run_choice.load_run(first)
    athlete.update(workout.start, resample(workout))
    athlete_file.save(athlete, tmp_path / "me.json")
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CODE, f"predict_{kind}.py", path, second, tmp_path / "me.json"],
        cwd=EXAMPLES,
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not list(home.rglob("*"))  # and no library has kept anything
    lines = done.stdout.splitlines()
    assert lines[1].startswith("10 s: ")
    found = [float(line.split()[2]) for line in lines]
    wanted = prediction.predict(run_choice.load_run(second)[0], athlete, saving.load(saved("gru"))).heart_rate
    np.testing.assert_allclose(found, wanted[: len(found)], atol=0.6 if quantize else 0.06)
    assert len(found) == len(wanted)
