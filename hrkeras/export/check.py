"""What an export says beside what the model says, on simulated runs."""

import itertools
import time
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from hrkeras.athlete.kalman import follow
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
    """Inputs of 20 runs of two simulated people, from their first one on, in every state of knowledge.

    Their lengths differ. Of some nothing of the heart rate is known, of others the beginning, all but gaps, or what is
    older than a while; the course is known or not.

    Args:
        population: where the people's states start.
        delay: s; if given, of every second run all heart rate is known so much later, of the others nothing; the course is
            known of every second two.
        people: whom the model knows by heart; every third run is one of theirs in turn.

    Returns:
        Of each run what a model takes, of shape `(1, steps, ...)`.
    """
    found: Runs = []
    random = np.random.default_rng(0)
    workouts = athlete_update.usable(synthetic.read(athletes=ATHLETES, runs=2 * RUNS // ATHLETES, seed=7))
    for user in sorted({each.user for each in workouts}):
        mine = [each for each in workouts if each.user == user][: RUNS // ATHLETES]
        starts, grids = np.array([run.start for run in mine]), [run.grid for run in mine]
        for run, known in follow(starts, grids, population=population):
            window = of_runs([grids[run]], [known], starts[run : run + 1])[:1]
            if delay is None:
                shown, later, _ = mask_heart_rate(window.heart_rate, random)
                found.append(window.inputs(heart_rate=shown, delay=later, course=bool(random.random() < 0.5)))
            else:
                every = window.heart_rate if len(found) % 2 else None
                found.append(window.inputs(heart_rate=every, delay=delay, course=len(found) % 4 > 1))
    for place, number in zip(range(0, len(found), 3), itertools.cycle(people), strict=False):
        found[place]["person"] = np.full((1, 1), number, np.float32)
    return found


def expected(model: keras.Model, runs: Runs) -> list[np.ndarray]:
    """What a model says of runs, each of shape `(steps,)`."""
    steps = [each["time"].shape[1] for each in runs]
    padded = {name: np.concatenate([_padded(name, each[name], steps[run]) for run, each in enumerate(runs)]) for name in runs[0]}
    return [row[:size] for row, size in zip(model.predict_on_batch(padded), steps, strict=True)]


def _padded(name: str, values: np.ndarray, steps: int) -> np.ndarray:
    """To the longest window, if it has steps."""
    if values.ndim < 2 or values.shape[1] != steps:
        return values
    padding = np.nan if name == HEART_RATE else 0
    return np.pad(values, [(0, 0), (0, WINDOW - steps), *[(0, 0)] * (values.ndim - 2)], constant_values=padding)


def said(run: Runner, runs: Runs, inputs: Mapping[str, tuple]) -> tuple[list[np.ndarray], float]:
    """What an export says of runs.

    Args:
        run: what runs the export.
        runs: from `runs`.
        inputs: names and shapes of those that it takes.

    Returns:
        Heart rate of each run in beats/min, of shape `(steps,)`, and how long a run of 500 steps takes, or one step of
        what is streamed, milliseconds.
    """
    found, seconds = [], []

    def timed(given):
        begin = time.perf_counter()
        answer = run(given)
        seconds.append((time.perf_counter() - begin) / given["time"].shape[1])
        return answer

    for each in runs:
        given = {KNOWN if name == HEART_RATE else name: np.asarray(values, np.float32) for name, values in each.items()}
        given = {name: values for name, values in given.items() if name in inputs}
        found.append(_streamed(timed, given, inputs[STATE]) if STATE in inputs else timed(given)[HEART_RATE][0])
    return found, 1e3 * float(np.median(seconds)) * (1 if STATE in inputs else WINDOW)


def _streamed(run: Runner, given: dict[str, np.ndarray], size: tuple) -> np.ndarray:
    """What a step says, asked once a step with what was measured at the step before."""
    found, state = [], np.zeros(size, np.float32)
    given[KNOWN] = np.concatenate([np.full((1, 1), np.nan, np.float32), given[KNOWN][:, :-1]], axis=1)
    sequences = {KNOWN, *(name for name, shape in saving.INPUTS.items() if shape[1] is None)} & set(given)
    for step in range(given["time"].shape[1]):
        now = {name: given[name][:, step : step + 1] for name in sequences}
        answer = run(given | now | {STATE: state})
        state = answer[NEXT]
        found.append(answer[HEART_RATE][0, 0])
    return np.array(found)


def largest_difference(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Between predictions of runs, beats/min; NaN if one is none."""
    return float(np.max([np.abs(one - two).max() for one, two in zip(found, expected, strict=True)]))
