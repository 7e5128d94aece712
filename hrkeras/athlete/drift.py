"""Drift: how much heart rate rose within a run beyond what the athlete's state explains by pace, hills and length.

The rise is the slope of a least-squares line through the means of each minute after the warm-up. Chance makes such a slope too: what
is left of heart rate when the line is subtracted goes up and down over minutes, and the state's explanation has an error of
its own. The limits allow for both.
"""

from typing import NamedTuple

import numpy as np

from hrkeras.athlete.fitness import Told
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import STEP, Grid

WARM_UP = 10.0  # min, left out
LEAST = 20  # minutes with heart rate, fewer tell nothing
MEMORY = 4.0  # min, time constant of the residuals' autocorrelation; see benchmarks/drift_within_run.py
STATE_ERROR = 0.3  # true error of the explained slope over the state's standard deviation of it; likewise
FOUR_IN_FIVE, NINETEEN_IN_TWENTY = 1.2816, 1.9600  # standard deviations of a normal distribution
PER_MINUTE = round(60 / STEP)  # steps


class Drift(NamedTuple):
    """The rise of heart rate within one run after the warm-up, in beats/min per hour.

    Attributes:
        left_over: measured less explained, with its limits.
        measured: of the measured heart rate.
        explained: of what the state expected.
        decoupling: for comparison, Pa:HR of the same steps, %: by how much the ratio of mean graded speed to mean heart rate is
            lower in their second half than in their first.
        minutes: how many were used.
    """

    left_over: Told
    measured: float
    explained: float
    decoupling: float
    minutes: int


class Relation(NamedTuple):
    """How something changes with temperature.

    Attributes:
        slope: per 10 degrees Celsius, with limits that contain it nineteen times in twenty.
        runs: how many tell.
        range: the temperatures between which the middle nine tenths of these runs lie, degrees Celsius.
    """

    slope: Told
    runs: int
    range: tuple[float, float]


def of_run(
    grid: Grid, expected: np.ndarray, features: np.ndarray, covariance: np.ndarray, left_out: np.ndarray | None = None
) -> Drift | None:
    """The drift of a run; None if too little of it has a heart rate.

    Args:
        grid: the run.
        expected: what the state expected before it, beats/min, shape `(steps,)`.
        features: of the state, from `Population.features`, shape `(steps, len(STATES))`.
        covariance: of the state's weights before the run, shape `(len(STATES), len(STATES))`.
        left_out: steps not to use, such as those where the sensor was wrong, shape `(steps,)`.
    """
    minute = np.arange(len(expected)) // PER_MINUTE
    used = np.isfinite(grid.heart_rate) & (minute >= WARM_UP)
    if left_out is not None:
        used &= ~left_out
    count = np.bincount(minute, used)
    used &= count[minute] >= PER_MINUTE / 2
    chosen, place = np.unique(minute[used], return_inverse=True)
    if len(chosen) < LEAST:
        return None
    residual = grid.heart_rate[used].astype(np.float64) - expected[used]
    size = np.bincount(place)
    slope, noise = _slope(chosen, np.bincount(place, residual) / size)
    of_step = slope[place] / size[place]
    contrast = of_step @ features[used]
    explained, left_over = float(of_step @ expected[used]), float(of_step @ residual)
    margin = FOUR_IN_FIVE * np.sqrt(noise + STATE_ERROR**2 * contrast @ covariance @ contrast)
    return Drift(
        Told(left_over, left_over - margin, left_over + margin),
        explained + left_over,
        explained,
        decoupling(graded_speed(grid.speed, grid.altitude)[used], grid.heart_rate[used]),
        len(chosen),
    )


def _slope(minute: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, float]:
    """What to multiply the means of each minute by to get the slope per hour of the line through them, shape `(minutes,)`; and
    the slope's variance from residuals whose autocorrelation falls exponentially.

    The residuals' variance is estimated from what the line leaves of them, which is less than all of it by a known ratio. As few
    minutes tell it only roughly, the slope's variance is widened so that 1.28 standard deviations are the limits of Student's t
    distribution (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5).
    """
    hours = minute / 60
    line = np.column_stack([np.ones(len(hours)), hours])
    solution = np.linalg.pinv(line)
    autocorrelation = np.exp(-np.abs(np.subtract.outer(minute, minute)) / MEMORY)
    remainder = np.eye(len(hours)) - line @ solution
    left = remainder @ autocorrelation
    variance = np.sum((remainder @ residual) ** 2) / np.trace(left)
    freedom = np.trace(left) ** 2 / np.sum(left * left.T)
    wider = 1 + (FOUR_IN_FIVE**2 + 1) / 4 / freedom
    return solution[1], variance * wider**2 * (solution[1] @ autocorrelation @ solution[1])


def decoupling(speed: np.ndarray, heart_rate: np.ndarray) -> float:
    """Pa:HR in %, as in `Drift`, of the speed in m/s and the heart rate in beats/min of some steps, shape `(steps,)` each."""
    first, second = (
        part_of_speed.mean(dtype=np.float64) / part_of_rate.mean(dtype=np.float64)
        for part_of_speed, part_of_rate in zip(np.array_split(speed, 2), np.array_split(heart_rate, 2), strict=True)
    )
    return float(100 * (first - second) / first) if first > 0 else np.nan
