"""What an exported model takes, made of a recorded run by hrkeras.workouts, which needs NumPy alone."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hrkeras.athlete import athlete_file
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import from_dict
from hrkeras.utils.errors import InputError
from hrkeras.workouts import quality
from hrkeras.workouts.grid import STEP
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import ReadLog


def inputs(description: dict, run: str, athlete: str | None = None) -> dict[str, np.ndarray]:
    """Inputs for a whole run of whose heart rate nothing is known.

    Args:
        description: the JSON beside the export.
        run: a GPX, TCX or FIT file.
        athlete: the person's file from `hrkeras update ME.json RUNS --model MODEL.keras`; nothing is known if not given.
    """
    population = from_dict(description["population"])
    state = athlete_file.load(Path(athlete)) if athlete else AthleteState(population)
    if state.population != population:
        raise InputError(f"{athlete} starts from another population than the model; make it with hrkeras update --model.")
    workouts = list(detect.read(Path(run), ReadLog()))
    if len(workouts) != 1:
        raise InputError(f"{run}: expected one run, found {len(workouts)}; give its own GPX, TCX or FIT file.")
    (workout,) = workouts
    if state.count and workout.start < state.ends[-1]:
        raise InputError(f"{run}: expected a run after those that {athlete} knows; predict a run before it is added.")
    grid = quality.gridded(workout, quality.Limits(require_user=False))
    known = state.asked_by(description["fingerprint"], state.predict(state.assumed_start(workout.start), grid))
    steps = len(grid.speed)
    found = {
        "time": STEP * np.arange(steps),
        "speed": grid.speed,
        "altitude": grid.altitude,
        "valid": np.ones(steps),
        "known_heart_rate": np.full(steps, np.nan),
        "expected": known.expected,
        "delay": np.zeros(1),
        "course": known.course,
        "history": known.history,
        "trust": np.full(1, known.shrinkage),
        "person": np.full(1, np.nan),
    }
    return {each["name"]: np.asarray(found[each["name"]], np.float32)[None] for each in description["inputs"]}


def main(predict: Callable[..., list[float]], usage: str) -> None:
    """Prints what is predicted of the files that the command line names."""
    if len(sys.argv) not in (3, 4):
        sys.exit(usage)
    try:
        for step, value in enumerate(predict(*sys.argv[1:])):
            print(f"{STEP * step:.0f} s: {value:.1f} beats/min")
    except (InputError, OSError) as error:
        sys.exit(str(error))
