"""Score a model on test runs beside its baselines, under a named protocol."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from hrkeras import baselines
from hrkeras.windows import Run, Windows
from hrkeras.workouts.grid import stitch
from hrkeras.workouts.workout import InputError

PROTOCOL = "profile"
PROTOCOL_MEANING = (
    "profile: speed and altitude of the whole run and the heart rate of the person's earlier runs are known, "
    "nothing of the run's own heart rate is."
)
RESAMPLES = 1000
BATCH = 64


def predict(model: keras.Model, windows: Windows, on_batch: Callable[[int], object] | None = None) -> list[np.ndarray]:
    """Predicts whole runs.

    Args:
        model: with the inputs and output that `hrkeras.models` describes.
        windows: of the runs.
        on_batch: called with the number of windows predicted since the last call.

    Returns:
        For each run, in the order of `windows.runs()`, heart rate in beats/min, shape `(steps,)`.
    """
    parts = []
    for begin in range(0, len(windows), BATCH):
        part = windows[begin : begin + BATCH]
        short = BATCH - len(part)  # one shape of batch, so that every backend compiles once
        inputs = {name: np.concatenate([values, values[:1].repeat(short, 0)]) for name, values in part.inputs().items()}
        parts.append(keras.ops.convert_to_numpy(model.predict_on_batch(inputs))[: len(part)])
        if on_batch:
            on_batch(len(part))
    found = np.concatenate(parts)
    return [stitch(found[run.rows], windows.first_step[run.rows], len(run.grid.speed)) for run in windows.runs()]


@dataclass(frozen=True)
class Score:
    """Errors of one model or baseline over runs, in beats/min over measured steps.

    Attributes:
        name: of what was scored.
        mae: mean absolute error over all steps.
        rmse: root mean squared error over all steps.
        median_run_mae: median over runs of the mean absolute error of the run.
        mae_interval: 95 % bootstrap interval of `mae`, resampling runs.
        runs: how many.
        steps: how many, measured ones only.
    """

    name: str
    mae: float
    rmse: float
    median_run_mae: float
    mae_interval: tuple[float, float]
    runs: int
    steps: int


def score(name: str, runs: list[Run], predicted: list[np.ndarray], seed: int = 0) -> Score:
    """Scores predictions; runs without one measured heart rate do not count."""
    absolute, squared, steps = _run_sums(runs, predicted)
    counted = steps > 0
    if not counted.any():
        return Score(name, np.nan, np.nan, np.nan, (np.nan, np.nan), 0, 0)
    absolute, squared, steps = absolute[counted], squared[counted], steps[counted]
    draws = np.random.default_rng(seed).multinomial(len(steps), np.full(len(steps), 1 / len(steps)), RESAMPLES)
    low, high = np.percentile((draws @ absolute) / (draws @ steps), [2.5, 97.5])
    return Score(
        name,
        float(absolute.sum() / steps.sum()),
        float((squared.sum() / steps.sum()) ** 0.5),
        float(np.median(absolute / steps)),
        (float(low), float(high)),
        len(steps),
        int(steps.sum()),
    )


def _run_sums(runs, predicted) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    errors = [_errors(run, found) for run, found in zip(runs, predicted, strict=True)]
    absolute = np.array([np.abs(error).sum(dtype=np.float64) for error in errors])
    return (
        absolute,
        np.array([np.square(error, dtype=np.float64).sum() for error in errors]),
        np.array([*map(len, errors)]),
    )


def _errors(run: Run, predicted: np.ndarray) -> np.ndarray:
    """Predicted minus measured at the measured steps."""
    return (predicted - run.grid.heart_rate)[np.isfinite(run.grid.heart_rate)]


def run_errors(runs: list[Run], predicted: list[np.ndarray]) -> np.ndarray:
    """Mean absolute error of each run in beats/min, shape `(runs,)`; NaN where nothing was measured."""
    absolute, _, steps = _run_sums(runs, predicted)
    return np.divide(absolute, steps, out=np.full(len(steps), np.nan), where=steps > 0)


def error_by_minute(runs: list[Run], predicted: list[np.ndarray], step: float, minutes: int = 90) -> np.ndarray:
    """Mean absolute error in beats/min by minute into the run, shape `(minutes,)`; NaN where nothing was measured."""
    total, count = np.zeros(minutes), np.zeros(minutes)
    for run, found in zip(runs, predicted, strict=True):
        measured = np.isfinite(run.grid.heart_rate)
        minute = (np.flatnonzero(measured) * step // 60).astype(int)
        inside = minute < minutes
        np.add.at(total, minute[inside], np.abs(_errors(run, found))[inside])
        np.add.at(count, minute[inside], 1)
    return np.divide(total, count, out=np.full(minutes, np.nan), where=count > 0)


@dataclass(frozen=True)
class Evaluation:
    """A model's scores beside its baselines'.

    Attributes:
        rows: the model's score, then those of the baselines, all on the same steps.
        people: by person, the number of runs and the scores as in `rows`.
        runs: the test runs.
        predicted: the model's prediction of each.
    """

    rows: list[Score]
    people: dict[int, list[Score]]
    runs: list[Run]
    predicted: list[np.ndarray]


def evaluate(
    model: keras.Model,
    name: str,
    train: Windows,
    validation: Windows,
    test: Windows,
    on_batch: Callable[[int], object] | None = None,
) -> Evaluation:
    """Scores a model on the test split under the protocol `profile`, beside the baselines.

    Args:
        model: to score.
        name: for its row.
        train: what the baselines learn from.
        validation: what the baselines' penalties are chosen by.
        test: what is scored.
        on_batch: see `predict`.

    Raises:
        InputError: if heart rate was measured at no step.
    """
    runs = list(test.runs())
    if not np.isfinite(test.heart_rate).any():
        raise InputError("Not one heart rate was measured in the runs to score; there is nothing to compare with.")
    found = {name: predict(model, test, on_batch)}
    found |= baselines.predictions(list(train.runs()), list(validation.runs()), runs)
    rows = [score(key, runs, values) for key, values in found.items()]
    people = {}
    for user in sorted({run.user for run in runs}):
        mine = [index for index, run in enumerate(runs) if run.user == user]
        some = [runs[index] for index in mine]
        people[user] = [score(key, some, [values[index] for index in mine]) for key, values in found.items()]
    return Evaluation(rows, people, runs, found[name])


def table(rows: list[Score]) -> str:
    """Scores as an aligned text table, errors in beats/min."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'':{width}}  {'MAE':>6}  {'95 % interval':>14}  {'RMSE':>6}  {'median run':>10}"]
    for row in rows:
        interval = "{:.2f} - {:.2f}".format(*row.mae_interval)
        lines.append(f"{row.name:{width}}  {row.mae:6.2f}  {interval:>14}  {row.rmse:6.2f}  {row.median_run_mae:10.2f}")
    return "\n".join(lines)


def people_table(found: Evaluation) -> str:
    """Mean absolute error of model and baselines for each person, as an aligned text table."""
    names = [row.name for row in found.rows]
    letters = "ABCDEFGH"
    lines = [f"{'person':>6}  {'runs':>5}  " + "  ".join(f"{letter:>6}" for letter in letters[: len(names)])]
    for user, rows in found.people.items():
        lines.append(f"{user:6}  {rows[0].runs:5}  " + "  ".join(f"{row.mae:6.2f}" for row in rows))
    return "\n".join(lines) + "\n\n" + "; ".join(f"{letter} {name}" for letter, name in zip(letters, names, strict=False))
