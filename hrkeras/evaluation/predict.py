"""Whole runs through a model: what is known before each, and what it predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hrkeras.athlete.interval import POSSIBLE
from hrkeras.athlete.kalman import Known
from hrkeras.athlete.population import Population
from hrkeras.athlete.shrinkage import Network, over_before
from hrkeras.datasets.windows import BATCH, WHOLE, Windows, of_runs, stitch
from hrkeras.evaluation import predictor
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import STEP, Grid

if TYPE_CHECKING:  # an exported model predicts without them
    from hrkeras.datasets.runs import Runs
    from hrkeras.evaluation.predictor import Model

LENGTH_STEP = 250  # a batch is padded to a multiple of so many steps, so that every backend compiles few shapes
TOGETHER = 8 * BATCH  # runs cut into windows at once: few enough for the memory, enough to fill batches


def predict(model: Model, windows: Windows, on_batch: Callable[[int], object] | None = None, **known) -> list[np.ndarray]:
    """Predicts whole runs.

    Args:
        model: with the inputs and output that `hrkeras.models` describes, or an exported one.
        windows: of the runs.
        on_batch: called with the number of windows predicted since the last call.
        **known: what else is known, as `Windows.inputs` takes it: `heart_rate`, `delay`, `course`.

    Returns:
        For each run, in the order of `windows.runs()`, heart rate in beats/min within what is possible, shape `(steps,)`.

    Raises:
        InputError: if a prediction is not finite.
    """
    longest, runner = windows.valid.shape[1], predictor.of(model)
    inputs = windows.inputs(**known)
    predictions = np.zeros(windows.valid.shape, np.float32)
    lengths = windows.valid.sum(axis=1).astype(int)
    order = np.argsort(lengths, kind="stable")
    for begin in range(0, len(order), BATCH):
        rows = order[begin : begin + BATCH]
        steps, full = lengths[rows[-1]], rows
        if runner.compiled:
            steps = -(-steps // LENGTH_STEP) * LENGTH_STEP
            full = np.concatenate([rows, rows[:1].repeat(BATCH - len(rows))])
        batch = {name: _padded(name, values[full], steps, longest) for name, values in inputs.items()}
        predicted = runner.predict_on_batch(batch)
        if predicted.shape != batch["time"].shape:
            raise InputError(f"The model {runner.name} gives no heart rate for each step of a run; use another.")
        predictions[rows, : min(steps, longest)] = predicted[: len(rows), :longest]
        if on_batch:
            on_batch(len(rows))
    if not np.isfinite(predictions[windows.valid > 0]).all():
        raise InputError(f"The model {runner.name} gives heart rates that are not finite; use another, or train it again.")
    return by_run(np.clip(predictions, *POSSIBLE), windows)


def _padded(name: str, values: np.ndarray, steps: int, longest: int) -> np.ndarray:
    """Step values cut or padded to so many steps; in padding nothing is valid and no heart rate is known."""
    if values.ndim < 2 or values.shape[1] != longest:
        return values
    values = values[:, :steps]
    size = ((0, 0), (0, steps - values.shape[1]), *[(0, 0)] * (values.ndim - 2))
    if name in ("valid", "heart_rate"):
        return np.pad(values, size, constant_values=0 if name == "valid" else np.nan)
    return np.pad(values, size, mode="edge")


def whole_runs(
    model: Model,
    grids: Sequence[Grid],
    known: Sequence[Known],
    starts: np.ndarray,
    on_batch: Callable[[int], object] | None = None,
) -> list[np.ndarray]:
    """Predicts any number of whole runs with nothing known of their heart rate.

    Args:
        model: see `predict`.
        grids: the runs.
        known: what was known before each of them.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        on_batch: see `predict`.

    Returns:
        For each run its heart rate in beats/min, shape `(steps,)`.
    """
    predicted: list[np.ndarray] = []
    for begin in range(0, len(grids), TOGETHER):
        rows = slice(begin, begin + TOGETHER)
        predicted += predict(model, of_runs(grids[rows], known[rows], starts[rows], size=WHOLE), on_batch)
    return predicted


def knows_history(model: Model) -> bool:
    """Whether a model uses what is known of the person and corrects the athlete's state."""
    return predictor.of(model).corrects


def known(
    model: Model,
    runs: Runs,
    population: Population,
    *,
    learnt: np.ndarray | None = None,
    alone: list[Known] | None = None,
    on_batch: Callable[[int], object] | None = None,
) -> list[Known]:
    """What is known before each run, and the weight of the model's correction, from the same person's runs that were over.

    Args:
        model: whose correction counts as much as it would have helped on those runs.
        runs: all of these people's.
        population: where the athletes' states start for this model, from `saving.population`.
        learnt: see `Runs.known`.
        alone: what is known without the model, from `Runs.known`, if already computed.
        on_batch: see `predict`.
    """
    states = [*alone] if alone else runs.known(population, learnt=learnt)
    if not knows_history(model):
        return states  # it corrects no state
    predicted = whole_runs(model, runs.grids, states, runs.starts, on_batch)
    ends = runs.ends
    for user in np.unique(runs.users):
        rows = np.flatnonzero(runs.users == user)
        mine = [states[row] for row in rows]
        network = Network()
        for place, over in over_before(runs.starts[rows], ends[rows]):
            for earlier in over:
                if learnt is None or learnt[rows[earlier]]:
                    expected, standard_deviation = mine[earlier].expected[:, 0], mine[earlier].standard_deviation
                    network.update(
                        runs.grids[rows[earlier]].heart_rate, expected, standard_deviation, predicted[rows[earlier]], STEP
                    )
            states[rows[place]] = replace(mine[place], shrinkage=network.shrinkage.value, interval=network.interval.limits)
    return states


def by_run(values: np.ndarray, windows: Windows) -> list[np.ndarray]:
    """Values of windows, put together to whole runs."""
    return [stitch(values[run.rows], windows.first_step[run.rows], len(run.grid.speed)) for run in windows.runs()]
