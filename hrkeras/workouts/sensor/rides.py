"""Find parts of a recorded run that were ridden or driven: too fast for the heart, the legs or the world record."""

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import at_steps, resample
from hrkeras.workouts.records import fastest
from hrkeras.workouts.sensor.jumps import FINE
from hrkeras.workouts.sensor.sensor_fault import RIDE, Fault
from hrkeras.workouts.workout import Workout

SMOOTH = 12  # steps over which speed is averaged
FAST = 4.5  # m/s, on the flat or graded, that few runners keep up for minutes, and none with such a heart
SHORTEST, STOP = 120.0, 180.0  # s: the least, and a stop at most, as at traffic lights
CALM, CALM_SECONDS = 110.0, 300.0  # beats/min, too few for anybody at that speed, and s; a sensor may be too low for a while
QUICKER, VERY_FAST = 1.4, 5.5  # times the speed of the rest, which tells a ride from a sensor that is too low; m/s without a rest
MOVING = 1.0  # m/s
NO_STEPS = 100.0  # steps/min, with which nobody runs at that speed
ABOVE_RECORD, EFFORT = 1.05, 130.0  # factor, and beats/min with which a run is likelier than a ride


def rides(workout: Workout) -> list[Fault]:
    """Finds the parts that were ridden or driven, in order; their heart rate is right, but no run's.

    A part is a ride if it lasts 2 minutes or more at 4.5 m/s or faster, up to stops of 3 minutes, and is faster than the
    world record without a heart rate to match, or the heart rate stays below 110 beats/min for 5 minutes although it is 1.4
    times as fast as the rest, or hardly a step was counted. Speed is the median, since positions jump.

    Args:
        workout: as recorded; in another sport than running nothing is found.
    """
    if workout.sport != "running":
        return []
    try:
        grid = resample(workout, FINE)
    except InvalidWorkoutError:
        return []
    speed = grid.speed.astype(np.float64)
    fast = _fast(speed, graded_speed(speed, grid.altitude.astype(np.float64), FINE))
    if not len(fast):
        return []
    inside = (np.arange(len(speed)) >= fast[:, :1]) & (np.arange(len(speed)) < fast[:, 1:])
    rest = speed[~inside.any(axis=0) & (speed >= MOVING)]
    quick = QUICKER * float(np.median(rest)) if FINE * len(rest) >= SHORTEST else VERY_FAST
    cadence = at_steps(workout.time, workout.cadence, len(speed), FINE)
    found = []
    for first, behind in fast.tolist():
        seconds, middle = FINE * (behind - first), float(np.median(speed[first:behind]))
        if why := _why(middle, seconds, _middle(grid.heart_rate[first:behind]), _middle(cadence[first:behind]), quick):
            found.append(Fault(RIDE, FINE * first, FINE * behind, f"{3.6 * middle:.0f} km/h for {seconds / 60:.0f} min, {why}"))
    return found


def _fast(speed: np.ndarray, effort: np.ndarray) -> np.ndarray:
    """The first step of each long enough part that is fast, and that after its last, shape `(parts, 2)`."""
    padded = np.pad(np.minimum(speed, effort), (SMOOTH // 2, SMOOTH - 1 - SMOOTH // 2), mode="edge")
    smooth = np.convolve(padded, np.full(SMOOTH, 1 / SMOOTH), "valid")
    edges = np.flatnonzero(np.diff(smooth >= FAST, prepend=False, append=False))
    if len(edges):  # joined across stops
        apart = edges[2::2] - edges[1:-1:2] > STOP / FINE
        edges = np.concatenate([edges[:1], edges[1:-1][np.repeat(apart, 2)], edges[-1:]])
    parts = edges.reshape(-1, 2)
    return parts[FINE * (parts[:, 1] - parts[:, 0]) >= SHORTEST]


def _middle(values: np.ndarray) -> float:
    """Their median, NaN if fewer than half are known."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if 2 * len(known) >= len(values) else np.nan


def _why(speed: float, seconds: float, rate: float, cadence: float, quick: float) -> str:
    """Why a part is a ride; empty if it is none."""
    if not rate >= EFFORT and speed > ABOVE_RECORD * fastest(seconds):
        return "faster than the world record"
    if rate < CALM and seconds >= CALM_SECONDS and speed >= quick:
        return f"at {rate:.0f} beats/min, with which nobody runs as fast"
    return "and hardly a step was counted" if cadence < NO_STEPS and speed >= FAST else ""
