"""A workout on a uniform time grid."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from hrkeras.workouts.workout import InvalidWorkoutError, Workout, interpolate

STEP = 10.0  # s
WINDOW = 500  # steps
OVERLAP = 50  # steps of context that a later window of a long run has at least
MAX_STEPS = 100_000


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
    """Puts a workout onto a uniform grid.

    Speed is the distance covered in the step over its length, so no metre is lost or counted twice; across
    points without speed, and steps whose speed is out of range, the speed around them is assumed. Altitude and heart
    rate are the mean of the points in the step where there are several, and otherwise interpolated at its middle; heart
    rate stays unmeasured where its neighbours are further apart than `workout.MAX_HEART_RATE_GAP`.

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
            raise InvalidWorkoutError("no speed in the valid range")
        places = np.arange(len(speed))
        speed = np.interp(places, places[believed], speed[believed])
    steps, time = len(speed), workout.time
    middle = step * np.arange(steps) + step / 2
    bins = np.minimum(time / step, steps).astype(np.int64)
    altitude = _at_steps(middle, bins, time, workout.altitude, np.inf)
    known = np.isfinite(altitude)
    if not known.all():
        altitude = np.interp(middle, middle[known], altitude[known]) if known.any() else np.zeros(steps)
    return Grid(
        speed.astype(np.float32),
        altitude.astype(np.float32),
        _at_steps(middle, bins, time, workout.heart_rate).astype(np.float32),
    )


def mean_speeds(workout: Workout, step: float = STEP) -> np.ndarray:
    """Distance covered in each step over its length, m/s, shape `(steps,)`.

    Raises:
        InvalidWorkoutError: as `resample` does.
    """
    steps = int(min(workout.duration / step, MAX_STEPS + 1))
    if not 1 <= steps <= MAX_STEPS:
        raise InvalidWorkoutError(f"duration of {workout.duration:.0f} s is not between 1 and {MAX_STEPS:,} steps")
    time, speed = workout.time, workout.speed
    known = np.isfinite(speed)
    if not known.all():
        if not known.any():
            raise InvalidWorkoutError("no speed and no positions")
        speed = np.interp(time, time[known], speed[known])
    distance = np.zeros(len(time))
    np.cumsum(speed[1:] * (time[1:] - time[:-1]), out=distance[1:])
    passed = np.interp(step * np.arange(steps + 1), time, distance)
    return (passed[1:] - passed[:-1]) / step


def _at_steps(middle, bins, time, values, *max_gap) -> np.ndarray:
    found = interpolate(middle, time, values, *max_gap)
    measured = np.isfinite(values)
    if not measured.all():
        bins, values = bins[measured], values[measured]
    count = np.bincount(bins, minlength=len(middle) + 1)[: len(middle)]
    several = count > 1
    if several.any():
        total = np.bincount(bins, values, minlength=len(middle) + 1)[: len(middle)]
        found[several] = total[several] / count[several]
    return found


def window_starts(steps: int, window: int = WINDOW, overlap: int = OVERLAP) -> np.ndarray:
    """First steps of the windows that cover a run.

    A run of at most `window` steps is one window. A longer one is covered by full windows, evenly spread,
    each sharing at least `overlap` steps with the one before, so that a model has some context.
    """
    if steps <= window:
        return np.zeros(1, np.int64)
    count = -(-(steps - overlap) // (window - overlap))
    return np.linspace(0, steps - window, count).astype(np.int64)


def window(whole: Grid, first: int, step: float, size: int = WINDOW) -> dict[str, np.ndarray]:
    """One window of a run as the arrays that a model takes and is scored by.

    Args:
        whole: the run.
        first: step at which the window begins.
        step: s, length of a step.
        size: steps of the window; what lies behind the run is padding.

    Returns:
        time, speed, altitude, heart_rate (float32), measured and valid (bool), each of shape `(size,)`.
    """
    part = Grid(*(values[first : first + size] for values in whole))
    steps = len(part.speed)
    pad = (0, size - steps)
    measured = np.isfinite(part.heart_rate)
    return {
        "time": (step * (first + np.arange(size))).astype(np.float32),
        "speed": np.pad(part.speed, pad),
        "altitude": np.pad(part.altitude, pad, mode="edge"),
        "heart_rate": np.pad(np.where(measured, part.heart_rate, np.float32(0)), pad),
        "measured": np.pad(measured, pad),
        "valid": np.arange(size) < steps,
    }


def windows(whole: Grid, step: float, size: int = WINDOW, firsts: np.ndarray | None = None) -> Iterator[dict[str, Any]]:
    """The windows of a run: for each the arrays of `window`, its `first_step` and the run's `run_steps`.

    Where they begin `firsts` says, and `window_starts` if it is not given.
    """
    for first in window_starts(len(whole.speed), size) if firsts is None else firsts:
        yield {**window(whole, first, step, size), "first_step": first, "run_steps": len(whole.speed)}


def stitch(windows: np.ndarray, starts: np.ndarray, steps: int) -> np.ndarray:
    """Puts values of windows back together: at each step the earliest window that covers it counts.

    Args:
        windows: shape `(windows, window)`.
        starts: shape `(windows,)`, increasing, as from `window_starts`.
        steps: length of the run.

    Returns:
        Shape `(steps,)`.
    """
    whole = np.empty(steps, windows.dtype)
    for start, values in zip(starts[::-1], windows[::-1], strict=True):
        part = whole[start : start + len(values)]
        part[:] = values[: len(part)]
    return whole
