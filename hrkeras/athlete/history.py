"""What is known before a run starts, as one vector: its start time, and averages over the person's earlier runs.

`COLUMNS` names the entries. Those without data (before a first run, nearly all but the time of day and year) are NaN.
"""

import numpy as np

from hrkeras.athlete.population import CALENDAR, DAY, calendar
from hrkeras.workouts.grid import STEP, Grid

RECORD = (
    "mean_heart_rate",
    "heart_rate_spread",
    "first_minutes",
    "highest_heart_rate",
    "miss",
    "miss_early",
    "miss_late",
    "miss_easy",
    "miss_hard",
    "mean_effort",
    "climb_per_km",
    "log_minutes",
    "measured",
)
RESIDUAL = RECORD.index("miss")
LIKE = ("mean_effort", "climb_per_km", "log_minutes")
LIKE_SCALE = np.array([0.35, 0.5, 0.4])  # scale of the differences between similar runs
SPANS = (1.0, 4.0, 12.0, 40.0)  # runs
LOADS = (2.0, 7.0, 28.0)  # days
KEPT = 120  # runs
COLUMNS = (
    *CALENDAR,
    *(f"{name}_over_{span:.0f}" for span in SPANS for name in RECORD),
    "miss_same_hour",
    "miss_same_season",
    "miss_like",
    "miss_spread",
    *(f"hours_in_{load:.0f}_days" for load in LOADS),
    "log_days_since_last_run",
    "log_runs_before",
)
EARLY, LATE = 300.0, 3600.0  # s
_LIKE = slice(RECORD.index(LIKE[0]), RECORD.index(LIKE[-1]) + 1)
_PERIODS = np.array([[1.0], [365.25]])  # days
_NEARNESS = np.array([[24 / 1.5], [1 / 30]]) ** 2  # of an hour and a half, and of thirty days
_FADING = np.array([[30.0], [60.0], [60.0]])  # runs


def record(grid: Grid, efforts: np.ndarray, climb_per_km: float, expected: np.ndarray, step: float = STEP) -> np.ndarray:
    """Summarises a finished run in a few numbers.

    Args:
        grid: the run.
        efforts: its graded speed averaged over two minutes, m/s, shape `(steps,)`.
        climb_per_km: log of 1 and the metres climbed in a kilometre.
        expected: what the filter expected, beats/min, shape `(steps,)`.
        step: s, length of a step.

    Returns:
        Shape `(len(RECORD),)`, float64, as named by `RECORD`: beats/min, m/s, and what the names say. A residual is
        measured minus expected. What cannot be computed is NaN.
    """
    measured = np.isfinite(grid.heart_rate)
    heart_rate, residual = grid.heart_rate[measured].astype(np.float64), (grid.heart_rate - expected)[measured]
    time, hard = step * np.flatnonzero(measured), efforts[measured] > efforts.mean()
    chosen = np.array([np.ones(len(time)), time < 180, time < EARLY, time > LATE, ~hard, hard], np.float64)
    counts = chosen.sum(axis=1)
    counts[counts < 3] = np.nan
    means, residuals = (chosen @ np.array([heart_rate, residual]).T / counts[:, None]).T
    enough = len(time) > 2
    return np.array(
        [
            means[0],
            _deviation(heart_rate) if enough else np.nan,
            means[1],
            _quantile(heart_rate, 0.95) if enough else np.nan,
            residuals[0],
            *residuals[2:],
            efforts.mean(dtype=np.float64),
            climb_per_km,
            np.log(len(efforts) * step / 60),
            len(time) / len(efforts),
        ]
    )


def _quantile(values: np.ndarray, share: float) -> float:
    """`np.quantile`, which takes longer than all else that a run is summarised in."""
    place = share * (len(values) - 1)
    below = int(place)
    low, high = np.partition(values, (below, min(below + 1, len(values) - 1)))[[below, min(below + 1, len(values) - 1)]]
    return low + (place - below) * (high - low)


def vector(start: float, like: np.ndarray, starts: np.ndarray, hours: np.ndarray, records: np.ndarray, count: int) -> np.ndarray:
    """What is known before a run.

    Args:
        start: s since 1970-01-01 UTC, when the run begins.
        like: facts of its course, as named by `LIKE`, shape `(3,)`; NaN if the course is not known.
        starts: s, shape `(earlier,)`, of the last finished runs, the latest last.
        hours: their lengths, shape `(earlier,)`.
        records: from `record`, shape `(earlier, len(RECORD))`.
        count: number of runs in all.

    Returns:
        Shape `(len(COLUMNS),)`, float32, as named by `COLUMNS`.
    """
    columns = np.full(len(COLUMNS), np.nan, np.float32)
    columns[: len(CALENDAR)] = calendar(start)
    columns[-1] = np.log1p(count)
    columns[-5:-2] = 0.0
    if not len(starts):
        return columns
    finite = np.isfinite(records)
    values = np.where(finite, records, 0.0)
    age = np.arange(len(starts))[::-1]
    weights = np.exp(-age / np.array(SPANS)[:, None])
    total = weights @ finite
    averages = np.divide(weights @ values, total, out=np.full(total.shape, np.nan), where=total > 1e-3)
    place = len(CALENDAR) + averages.size
    columns[len(CALENDAR) : place] = averages.ravel()
    days = np.maximum(start - starts, 0.0) / DAY
    apart = np.zeros((3, len(days)))  # squared
    apart[:2] = ((days + _PERIODS / 2) % _PERIODS - _PERIODS / 2) ** 2 * _NEARNESS
    like_known = np.isfinite(like).all()
    if like_known:
        apart[2] = ((values[:, _LIKE] - like) ** 2) @ LIKE_SCALE**-2
    near = np.exp(-0.5 * apart - age / _FADING) * finite[:, RESIDUAL]
    residuals = values[:, RESIDUAL]
    columns[place : place + 3] = near @ residuals / (near.sum(axis=1) + 1.0)
    if not like_known:
        columns[place + 2] = np.nan
    recent = residuals[finite[:, RESIDUAL]][-20:]
    columns[place + 3] = _deviation(recent) if len(recent) > 2 else np.nan
    columns[place + 4 : place + 7] = np.exp(-days / np.array(LOADS)[:, None]) @ hours
    columns[-2] = np.log1p(days[-1])
    return columns


def _deviation(values: np.ndarray) -> float:
    """Standard deviation; faster than NumPy's for few values."""
    apart = values - values.mean()
    return float(np.sqrt(apart @ apart / len(apart)))
