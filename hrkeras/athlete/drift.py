"""Drift: how much heart rate rose within a run beyond what the athlete's state explains by pace, hills and length.

The rise is the slope of a least-squares line through the means of each minute after the warm-up. Chance makes such a slope
too: what is left of heart rate when the line is subtracted goes up and down over minutes, and the state's explanation has an
error of its own. The limits allow for both.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hrkeras.athlete import fitness
from hrkeras.athlete.fitness import View, WithLimits
from hrkeras.athlete.zones import NORMAL
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import STEP, Grid

WARM_UP = 10.0  # min, left out
LEAST = 20  # minutes with heart rate, fewer tell nothing
MEMORY = 4.0  # min, time constant of the residuals' autocorrelation; see benchmarks/drift_limits.py
STATE_ERROR = 0.3  # true error of the explained slope over the state's standard deviation of it; likewise
NINETEEN_IN_TWENTY = 1.9600  # standard deviations of a normal distribution, as `NORMAL` for four in five
WIDER = NINETEEN_IN_TWENTY / NORMAL  # limits of nineteen times in twenty, over those of four in five
PER_HOUR = 120 / (sum(fitness.LATER) - sum(fitness.READ))  # an hour over the time between what `fitness.later` compares
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

    left_over: WithLimits
    measured: float
    explained: float
    decoupling: float
    minutes: int

    @property
    def is_clear(self) -> bool:
        """Whether more or less than nothing was left over, and chance makes so much in one run of twenty."""
        return abs(self.left_over.value) > WIDER * (self.left_over.high - self.left_over.value)


def used(grid: Grid, left_out: np.ndarray | None = None) -> np.ndarray:
    """The steps of a run that tell its drift, shape `(steps,)`: with heart rate, after the warm-up; none if there are too few.

    Args:
        grid: the run.
        left_out: steps not to use, such as those where the sensor was wrong, shape `(steps,)`.
    """
    minute = np.arange(len(grid.heart_rate)) // PER_MINUTE
    used = np.isfinite(grid.heart_rate) & (minute >= WARM_UP)
    if left_out is not None:
        used &= ~left_out
    enough = np.bincount(minute, used) >= PER_MINUTE / 2
    return used & enough[minute] & (np.count_nonzero(enough) >= LEAST)


def of_run(grid: Grid, expected: np.ndarray, features: np.ndarray, covariance: np.ndarray, used: np.ndarray) -> Drift:
    """The drift of a run.

    Args:
        grid: the run.
        expected: what the state expected before it, beats/min, shape `(steps,)`.
        features: of the state, from `Population.features`, shape `(steps, len(STATES))`.
        covariance: of the state's weights before the run, shape `(len(STATES), len(STATES))`.
        used: steps, from `used`, at least one.
    """
    minute, place, size = np.unique(np.flatnonzero(used) // PER_MINUTE, return_inverse=True, return_counts=True)
    residual = grid.heart_rate[used].astype(np.float64) - expected[used]
    slope, noise = _slope(minute, np.bincount(place, residual) / size)
    of_step = slope[place] / size[place]
    contrast = of_step @ features[used]
    explained, left_over = float(of_step @ expected[used]), float(of_step @ residual)
    margin = NORMAL * float(np.sqrt(noise + STATE_ERROR**2 * contrast @ covariance @ contrast))
    return Drift(
        WithLimits(left_over, left_over - margin, left_over + margin),
        explained + left_over,
        explained,
        decoupling(graded_speed(grid.speed, grid.altitude)[used], grid.heart_rate[used]),
        len(minute),
    )


def _slope(minute: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, float]:
    """What to multiply the means of each minute by to get the slope per hour of the line through them, shape `(minutes,)`; and
    the slope's variance from residuals whose autocorrelation falls exponentially.

    The residuals' variance is estimated from what the line leaves of them, which is less than all of it by a known ratio; the
    slope's is made larger since few minutes tell it only roughly.
    """
    hours = (minute - minute.mean()) / 60
    slope = hours / (hours @ hours)
    autocorrelation = np.exp(-np.abs(np.subtract.outer(minute, minute)) / MEMORY)
    remainder = np.eye(len(hours)) - 1 / len(hours) - np.outer(hours, slope)
    left = remainder @ autocorrelation
    variance = np.sum((remainder @ residual) ** 2) / np.trace(left)
    freedom = np.trace(left) ** 2 / np.sum(left * left.T)
    return slope, variance * wider(NORMAL, freedom) ** 2 * (slope @ autocorrelation @ slope)


def wider(deviations: float, freedom: float) -> float:
    """By how much limits so many standard deviations away widen if these are estimated with few degrees of freedom.

    An approximation of Student's t distribution: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    return 1 + (deviations**2 + 1) / 4 / freedom


def decoupling(speed: np.ndarray, heart_rate: np.ndarray) -> float:
    """Pa:HR in %, as in `Drift`, of the speed in m/s and the heart rate in beats/min of some steps, shape `(steps,)` each."""
    first, second = (
        part_of_speed.mean(dtype=np.float64) / part_of_rate.mean(dtype=np.float64)
        for part_of_speed, part_of_rate in zip(np.array_split(speed, 2), np.array_split(heart_rate, 2), strict=True)
    )
    return float(100 * (first - second) / first) if first > 0 else np.nan


def usual(views: Sequence[View], start: float, speed: float) -> list[WithLimits]:
    """How much heart rate usually rises between minute 20 and minute 60 of a steady run on the flat, in beats/min per hour.

    Args:
        views: of the person's state.
        start: s since 1970-01-01 UTC, of any of their runs.
        speed: m/s.
    """
    contrast = PER_HOUR * fitness.later(views[0], start, speed)
    errors = NORMAL * STATE_ERROR * np.sqrt([contrast @ view.covariance @ contrast for view in views])
    values = [float(contrast @ view.weights) for view in views]
    return [WithLimits(value, value - error, value + error) for value, error in zip(values, errors.tolist(), strict=True)]
