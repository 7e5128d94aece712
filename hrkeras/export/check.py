"""Comparison of an export's predictions with the model's, on simulated runs."""

import itertools
import time
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from hrkeras.athlete.following import follow
from hrkeras.athlete.population import Population
from hrkeras.datasets.windows import WINDOW, of_runs
from hrkeras.export.formats import Runner
from hrkeras.export.graph import HEART_RATE, KNOWN
from hrkeras.export.streaming import NEXT, STATE
from hrkeras.models import saving
from hrkeras.personal import athlete_update
from hrkeras.training.batches import mask_heart_rate
from hrkeras.workouts.simulation import synthetic

RUNS = 20
ATHLETES = 2
LIMIT = 0.01  # beats/min
QUANTIZED_LIMIT = 0.5  # beats/min
Runs = list[dict[str, np.ndarray]]


def runs(population: Population, delay: float | None = None, people: Sequence[float] = ()) -> Runs:
    """Inputs of 20 runs of two simulated people, from their first one on, with varying parts of the inputs known.

    Their lengths differ. Of some no heart rate is known, of others the beginning, all but gaps, or all up to a delay;
    the course is known or not.

    Args:
        population: where the people's states start.
        delay: s; if given, every second run's heart rate is known that much later, the others' not at all; the course is
            known in every second pair of runs.
        people: people with an embedding in the model; every third run is assigned to one of them in turn.

    Returns:
        For each run the inputs of a model, of shape `(1, steps, ...)`.
    """
    inputs: Runs = []
    random = np.random.default_rng(0)
    workouts = athlete_update.usable(synthetic.read(athletes=ATHLETES, runs=2 * RUNS // ATHLETES, seed=7))
    for user in sorted({workout.user for workout in workouts}):
        mine = [workout for workout in workouts if workout.user == user][: RUNS // ATHLETES]
        starts, grids = np.array([run.start for run in mine]), [run.grid for run in mine]
        for run, known in follow(starts, grids, population=population):
            window = of_runs([grids[run]], [known], starts[run : run + 1])[:1]
            if delay is None:
                shown, later, _ = mask_heart_rate(window.heart_rate, random)
                inputs.append(window.inputs(heart_rate=shown, delay=later, course=bool(random.random() < 0.5)))
            else:
                every = window.heart_rate if len(inputs) % 2 else None
                inputs.append(window.inputs(heart_rate=every, delay=delay, course=len(inputs) % 4 > 1))
    for place, number in zip(range(0, len(inputs), 3), itertools.cycle(people), strict=False):
        inputs[place]["person"] = np.full((1, 1), number, np.float32)
    return inputs


def expected(model: keras.Model, runs: Runs) -> list[np.ndarray]:
    """A model's predictions of runs, each of shape `(steps,)`."""
    steps = [run["time"].shape[1] for run in runs]
    padded = {
        name: np.concatenate([_padded(name, run[name], steps[index]) for index, run in enumerate(runs)]) for name in runs[0]
    }
    return [row[:size] for row, size in zip(model.predict_on_batch(padded), steps, strict=True)]


def _padded(name: str, values: np.ndarray, steps: int) -> np.ndarray:
    """Padded to the longest window, if it has steps."""
    if values.ndim < 2 or values.shape[1] != steps:
        return values
    padding = np.nan if name == HEART_RATE else 0
    return np.pad(values, [(0, 0), (0, WINDOW - steps), *[(0, 0)] * (values.ndim - 2)], constant_values=padding)


def predicted(run: Runner, runs: Runs, inputs: Mapping[str, tuple]) -> tuple[list[np.ndarray], float]:
    """An export's predictions of runs.

    Args:
        run: runs the export.
        runs: from `runs`.
        inputs: names and shapes of those that it takes.

    Returns:
        Heart rate of each run in beats/min, of shape `(steps,)`, and how long a run of 500 steps takes, or one
        step if streamed, milliseconds.
    """
    predictions, seconds = [], []

    def timed(given):
        begin = time.perf_counter()
        answer = run(given)
        seconds.append((time.perf_counter() - begin) / given["time"].shape[1])
        return answer

    for run_inputs in runs:
        given = {KNOWN if name == HEART_RATE else name: np.asarray(values, np.float32) for name, values in run_inputs.items()}
        given = {name: values for name, values in given.items() if name in inputs}
        predictions.append(_streamed(timed, given, inputs[STATE]) if STATE in inputs else timed(given)[HEART_RATE][0])
    return predictions, 1e3 * float(np.median(seconds)) * (1 if STATE in inputs else WINDOW)


def _streamed(run: Runner, given: dict[str, np.ndarray], size: tuple) -> np.ndarray:
    """Predictions of a streamed export, given at each step the heart rate measured at the step before."""
    predictions, state = [], np.zeros(size, np.float32)
    given[KNOWN] = np.concatenate([np.full((1, 1), np.nan, np.float32), given[KNOWN][:, :-1]], axis=1)
    sequences = {KNOWN, *(name for name, shape in saving.INPUTS.items() if shape[1] is None)} & set(given)
    for step in range(given["time"].shape[1]):
        now = {name: given[name][:, step : step + 1] for name in sequences}
        answer = run(given | now | {STATE: state})
        state = answer[NEXT]
        predictions.append(answer[HEART_RATE][0, 0])
    return np.array(predictions)


def largest_difference(predicted: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """The largest difference between predictions of runs, beats/min; NaN if one is not finite."""
    return float(np.max([np.abs(first - second).max() for first, second in zip(predicted, expected, strict=True)]))
