"""A workout on a uniform time grid."""

from typing import NamedTuple

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.interpolation import MAX_HEART_RATE_GAP, interpolate, stretches
from hrkeras.workouts.workout import Workout

STEP = 10.0  # s
MAX_STEPS = 100_000
STANDING = 0.5  # m/s, below it


class Grid(NamedTuple):
    """A workout at uniform steps, all float32 of shape `(steps,)`.

    Attributes:
        speed: m/s, mean over the step.
        altitude: m, at the middle of the step, relative to nothing; 0 throughout if none was measured.
        heart_rate: beats/min; NaN where it was not measured.
    """

    speed: np.ndarray
    altitude: np.ndarray
    heart_rate: np.ndarray


def resample(workout: Workout, step: float = STEP, min_speed: float = 0.0, max_speed: float = np.inf) -> Grid:
    """Resamples a workout to a uniform grid.

    Speed is the distance covered in a step over its length, so no metre is lost or counted twice; points without
    speed, and steps whose speed is out of range, are interpolated. Altitude and heart rate are the mean of the points in
    the step if there are several, and otherwise interpolated at its middle; heart rate stays unmeasured where its
    neighbours are further apart than `interpolation.MAX_HEART_RATE_GAP`.

    Args:
        workout: what to resample.
        step: s, length of a step.
        min_speed: m/s, the lowest that a step may have.
        max_speed: m/s, the highest.

    Raises:
        InvalidWorkoutError: if the workout is shorter than one step, longer than 100,000, or has no speed.
    """
    speed = mean_speeds(workout, step)
    believed = (speed >= min_speed) & (speed <= max_speed)
    if not believed.all():
        if not believed.any():
            raise InvalidWorkoutError(f"none of its speeds lies between {min_speed:g} and {max_speed:g} m/s")
        places = np.arange(len(speed))
        speed = np.interp(places, places[believed], speed[believed])
    steps = len(speed)
    altitude = at_steps(workout.time, workout.altitude, steps, step, np.inf)
    measured = np.isfinite(altitude)
    if not measured.all():
        middle = step * np.arange(steps) + step / 2
        altitude = np.interp(middle, middle[measured], altitude[measured]) if measured.any() else np.zeros(steps)
    return Grid(
        speed.astype(np.float32),
        altitude.astype(np.float32),
        at_steps(workout.time, workout.heart_rate, steps, step).astype(np.float32),
    )


def paused(grid: Grid, step: float = STEP) -> np.ndarray:
    """Where nobody ran and nothing was recorded, as while a watch is stopped, shape `(steps,)`: steps of 2 minutes or more of
    standing still without heart rate, of which those at both ends may be partly run."""
    answer = np.isnan(grid.heart_rate) & (grid.speed < STANDING)
    for first, behind in stretches(answer):
        answer[first:behind] = (behind - first + 2) * step >= MAX_HEART_RATE_GAP
    return answer


def mean_speeds(workout: Workout, step: float = STEP) -> np.ndarray:
    """Distance covered in each step over its length, m/s, shape `(steps,)`.

    Raises:
        InvalidWorkoutError: as `resample` does.
    """
    steps = int(min(workout.duration / step, MAX_STEPS + 1))
    if not 1 <= steps <= MAX_STEPS:
        limit = f"at least {step:g}" if steps < 1 else f"at most {MAX_STEPS * step:,.0f}"
        raise InvalidWorkoutError(f"it lasts {workout.duration:.0f} s, and a run takes {limit} s")
    time, speed = workout.time, workout.speed
    measured = np.isfinite(speed)
    if not measured.all():
        if not measured.any():
            raise InvalidWorkoutError("no speed and no positions")
        speed = np.interp(time, time[measured], speed[measured])
    distance = np.zeros(len(time))
    np.cumsum(speed[1:] * (time[1:] - time[:-1]), out=distance[1:])
    passed = np.interp(step * np.arange(steps + 1), time, distance)
    return (passed[1:] - passed[:-1]) / step


def at_steps(time, values, steps: int, step: float = STEP, max_gap: float = MAX_HEART_RATE_GAP) -> np.ndarray:
    """Values of points, such as cadence or temperature, on the grid: the mean of several in a step, else interpolated.

    Args:
        time: s since the start, shape `(n,)`.
        values: shape `(n,)`; NaN where unmeasured.
        steps: how many there are.
        step: s, length of a step.
        max_gap: s, the widest gap between two measured neighbours to interpolate across.

    Returns:
        Shape `(steps,)`; NaN where unmeasured.
    """
    middle = step * np.arange(steps) + step / 2
    bins = np.minimum(time / step, steps).astype(np.int64)
    resampled = interpolate(middle, time, values, max_gap)
    measured = np.isfinite(values)
    if not measured.all():
        bins, values = bins[measured], values[measured]
    count = np.bincount(bins, minlength=len(middle) + 1)[: len(middle)]
    several = count > 1
    if several.any():
        total = np.bincount(bins, values, minlength=len(middle) + 1)[: len(middle)]
        resampled[several] = total[several] / count[several]
    return resampled
