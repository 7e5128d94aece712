"""Errors of predictions over runs, with intervals that resample the runs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hrkeras.datasets.windows import Run

RESAMPLES = 1000


@dataclass(frozen=True)
class Score:
    """Errors of one model or baseline over runs, in beats/min over the steps that count.

    Attributes:
        name: of the model or baseline.
        mae: mean absolute error over all steps.
        rmse: root mean squared error over all steps.
        median_run_mae: median over runs of the mean absolute error of the run.
        mae_interval: 95 % bootstrap interval of `mae`, resampling runs.
        runs: how many.
        steps: how many.
        worse_by: how much higher `mae` is than the model's on the same steps, and its 95 % interval, resampling runs
            in pairs; None for the model.
        people_mae: mean over people of the mean over their runs of the mean absolute error of a run: all people count alike.
    """

    name: str
    mae: float
    rmse: float
    median_run_mae: float
    mae_interval: tuple[float, float]
    runs: int
    steps: int
    worse_by: tuple[float, float, float] | None = None
    people_mae: float = np.nan

    def as_dict(self) -> dict[str, Any]:
        """The score as a flat row of a table; NaN for what the model's own row lacks."""
        (low, high), worse = self.mae_interval, self.worse_by or (np.nan, np.nan, np.nan)
        row: dict[str, Any] = {"name": self.name, "mae": self.mae, "mae_low": low, "mae_high": high, "rmse": self.rmse}
        row |= {"median_run_mae": self.median_run_mae, "people_mae": self.people_mae, "runs": self.runs, "steps": self.steps}
        return row | dict(zip(("worse_by", "worse_by_low", "worse_by_high"), worse, strict=True))

    @property
    def differs(self) -> bool:
        """Whether the difference from the model's error is significant: its interval excludes 0."""
        return self.worse_by is not None and not self.worse_by[1] <= 0 <= self.worse_by[2]


@dataclass(frozen=True)
class Coverage:
    """Coverage of a prediction interval (10 to 90 %) over all measured steps.

    Attributes:
        name: of the model or baseline.
        inside: share of the measured heart rates in it, 0 to 1.
        width: mean, beats/min.
        people: `inside` by person.
    """

    name: str
    inside: float
    width: float
    people: dict[int, float]


Counted = list[np.ndarray]  # of each run, which of its steps count, shape (steps,)


def score(
    name: str, runs: list[Run], predicted: list[np.ndarray], counted: Counted | None = None, model: list[np.ndarray] | None = None
) -> Score:
    """Scores predictions; runs without a step that counts are left out.

    Args:
        name: of the model or baseline.
        runs: the runs.
        predicted: of each run, beats/min, shape `(steps,)`.
        counted: the steps that count; the measured ones if not given.
        model: the model's predictions, to compare with in pairs.
    """
    absolute, squared, steps = _run_sums(runs, predicted, counted)
    used = steps > 0
    if not used.any():
        return Score(name, np.nan, np.nan, np.nan, (np.nan, np.nan), 0, 0)
    absolute, squared, steps = absolute[used], squared[used], steps[used]
    users = np.array([run.user for run in runs])[used]
    draws = np.random.default_rng(0).multinomial(len(steps), np.full(len(steps), 1 / len(steps)), RESAMPLES)
    drawn = (draws @ absolute) / (draws @ steps)
    mae = float(absolute.sum() / steps.sum())
    worse = None
    if model is not None:
        others = _run_sums(runs, model, counted)[0][used]
        between = np.percentile(drawn - (draws @ others) / (draws @ steps), [2.5, 97.5])
        worse = (mae - float(others.sum() / steps.sum()), float(between[0]), float(between[1]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Score(
        name,
        mae,
        float((squared.sum() / steps.sum()) ** 0.5),
        float(np.median(absolute / steps)),
        (float(low), float(high)),
        len(steps),
        int(steps.sum()),
        worse,
        float(np.mean([(absolute / steps)[users == user].mean() for user in np.unique(users)])),
    )


def _run_sums(runs, predicted, counted=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counted = counted or [np.isfinite(run.grid.heart_rate) for run in runs]
    errors = [(values - run.grid.heart_rate)[mask] for run, values, mask in zip(runs, predicted, counted, strict=True)]
    absolute = np.array([np.abs(error).sum(dtype=np.float64) for error in errors])
    return (
        absolute,
        np.array([np.square(error, dtype=np.float64).sum() for error in errors]),
        np.array([*map(len, errors)]),
    )


def coverage(name: str, runs: list[Run], intervals: list[tuple[np.ndarray, np.ndarray]]) -> Coverage:
    """Coverage of prediction intervals, given for each run as lower and upper limit in beats/min, shape `(steps,)`."""
    rows = []
    for run, (low, high) in zip(runs, intervals, strict=True):
        measured = np.isfinite(run.grid.heart_rate)
        within = (low <= run.grid.heart_rate) & (run.grid.heart_rate <= high)
        rows.append((run.user, within[measured].sum(), (high - low)[measured].sum(dtype=np.float64), measured.sum()))
    users, inside, width, steps = map(np.array, zip(*rows, strict=True))
    people = {int(user): float(inside[users == user].sum() / steps[users == user].sum()) for user in np.unique(users[steps > 0])}
    return Coverage(name, float(inside.sum() / steps.sum()), float(width.sum() / steps.sum()), people)


def run_errors(runs: list[Run], predicted: list[np.ndarray], counted: Counted | None = None) -> np.ndarray:
    """Mean absolute error of each run in beats/min, shape `(runs,)`; NaN where no step counts."""
    absolute, _, steps = _run_sums(runs, predicted, counted)
    return np.divide(absolute, steps, out=np.full(len(steps), np.nan), where=steps > 0)


def error_by_minute(
    runs: list[Run], predicted: list[np.ndarray], step: float, counted: Counted | None = None, minutes: int = 90
) -> np.ndarray:
    """Mean absolute error in beats/min by minute into the run, shape `(minutes,)`; NaN where no step counts."""
    total, count = np.zeros(minutes), np.zeros(minutes)
    counted = counted or [np.isfinite(run.grid.heart_rate) for run in runs]
    for run, values, steps in zip(runs, predicted, counted, strict=True):
        minute = (np.flatnonzero(steps) * step // 60).astype(int)
        inside = minute < minutes
        np.add.at(total, minute[inside], np.abs(values - run.grid.heart_rate)[steps][inside])
        np.add.at(count, minute[inside], 1)
    return np.divide(total, count, out=np.full(minutes, np.nan), where=count > 0)
