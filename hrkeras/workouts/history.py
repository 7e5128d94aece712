"""What is known of a person before a run starts, from runs that were over before it began.

`COLUMNS` names every number; `table` makes them for many runs, `before` for one. A number that nothing is known
for (all of them before a first run, but the count of runs) is NaN.
"""

import numpy as np

from hrkeras.workouts.grid import STEP, Grid

SPANS = (1, 5, 20, 60)  # runs
SUMMARY = ("mean_heart_rate", "mean_speed", "mean_abs_vertical_speed", "heart_rate_spread", "duration")
COLUMNS = tuple(f"{name}_last_{span}" for span in SPANS for name in SUMMARY) + (
    "log_days_since_last_run",
    "log_runs_before",
)
DAY = 86_400.0


def summarise(grid: Grid, step: float = STEP) -> np.ndarray:
    """A run in a few numbers.

    Args:
        grid: the run.
        step: s, length of a step.

    Returns:
        Shape `(5,)`, float64, as named by `SUMMARY`: beats/min, m/s, m/s, beats/min (standard deviation), s.
        What cannot be had is NaN.
    """
    measured = grid.heart_rate[np.isfinite(grid.heart_rate)].astype(np.float64)
    climb = np.abs(np.diff(grid.altitude.astype(np.float64))) / step
    return np.array(
        [
            measured.mean() if len(measured) else np.nan,
            grid.speed.mean(dtype=np.float64),
            climb.mean() if len(climb) else 0.0,
            measured.std() if len(measured) else np.nan,
            len(grid.speed) * step,
        ]
    )


def table(users: np.ndarray, starts: np.ndarray, summaries: np.ndarray) -> np.ndarray:
    """History of every run, each from the same person's runs that were over before it began.

    A second recording of a run, by another device, overlaps it and so is no part of its history.

    Args:
        users: shape `(runs,)`, whose run it is.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        summaries: shape `(runs, 5)`, from `summarise`.

    Returns:
        Shape `(runs, len(COLUMNS))`, float32, rows in the order given.
    """
    found = np.empty((len(users), len(COLUMNS)), np.float32)
    ends = starts + summaries[:, SUMMARY.index("duration")]
    order = np.lexsort((ends, users))
    for rows in np.split(order, np.flatnonzero(np.diff(users[order])) + 1):
        mine, began, over = summaries[rows], starts[rows], ends[rows]
        for row in rows:
            earlier = np.searchsorted(over, starts[row], side="right")
            found[row] = before(starts[row], began[:earlier], mine[:earlier])
    return found


def before(start: float, starts: np.ndarray, summaries: np.ndarray) -> np.ndarray:
    """History of one run.

    Args:
        start: s since 1970-01-01 UTC, when the run begins.
        starts: s, shape `(earlier,)`, of runs that were over before `start`, in the order in which they ended.
        summaries: shape `(earlier, 5)`, from `summarise`.

    Returns:
        Shape `(len(COLUMNS),)`, float32, as named by `COLUMNS`.
    """
    values = np.full(len(COLUMNS), np.nan, np.float32)
    values[-1] = np.log1p(len(starts))
    if not len(starts):
        return values
    for place, span in enumerate(SPANS):
        recent = summaries[-span:]
        known = np.isfinite(recent)
        total = np.where(known, recent, 0.0).sum(axis=0)
        mean = np.divide(total, known.sum(axis=0), out=np.full(total.shape, np.nan), where=known.any(axis=0))
        values[place * len(SUMMARY) : (place + 1) * len(SUMMARY)] = mean
    values[-2] = np.log1p((start - starts[-1]) / DAY)
    return values
