"""Detect minutes of a run in which the heart rate is at a wrong level: a slow start, or a lock on the cadence.

Both begin or end with a jump that effort does not explain: within 10 s the heart rate covers most of a change of 15 beats/min
or more, while speed and slope stay the same. A heart takes most of a minute for that.
"""

from collections.abc import Iterator

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.effort import exponential_averages, graded_speed
from hrkeras.workouts.grid import STEP, at_steps, resample
from hrkeras.workouts.interpolation import interpolate
from hrkeras.workouts.sensor import cadence_lock
from hrkeras.workouts.sensor.jumps import FINE, LEAST_KNOWN, Jump, Run, jumps, wrong
from hrkeras.workouts.sensor.sensor_fault import Fault
from hrkeras.workouts.workout import Workout

MAX_GAP = 30.0  # s between heart rates; across a longer gap no jump is seen
FASTEST = 10.0  # m/s, beyond which a speed is a GPS error
WRONG = 12.0  # beats/min off the rest of the run
SOONEST, LATEST = 60.0, 600.0  # s when a slow start ends; earlier the normal rise of heart rate looks the same
RUNNING = 1.6  # m/s
FIT_ROUNDS = 6
LEAST_MISS = 3.0  # beats/min, below which all residuals have the same weight


def faults(workout: Workout, time: np.ndarray, heart_rate: np.ndarray, expected: np.ndarray | None) -> Iterator[Fault]:
    """Finds slow starts and locks on the cadence; none if speed is not known.

    Args:
        workout: the run.
        time: s, shape `(n,)`.
        heart_rate: beats/min, same shape; NaN where it is wrong otherwise.
        expected: see `sensor.faults`.
    """
    try:
        grid = resample(workout, FINE)
    except InvalidWorkoutError:
        return
    middle = FINE * (np.arange(len(grid.speed)) + 0.5)
    rate = interpolate(middle, time, heart_rate, MAX_GAP)
    if np.count_nonzero(np.isfinite(rate)) < 4 * LEAST_KNOWN:
        return
    effort = graded_speed(np.clip(grid.speed, 0, FASTEST).astype(np.float64), grid.altitude.astype(np.float64), FINE)
    cadence = at_steps(workout.time, workout.cadence, len(rate), FINE, MAX_GAP)
    cadence[~(cadence >= cadence_lock.LEAST_CADENCE)] = np.nan
    run = Run(rate, effort, rate - _explained(middle, rate, effort, expected), cadence)
    large = jumps(run, time, heart_rate)
    if np.isfinite(cadence).any():
        small = jumps(run, time, heart_rate, cadence_lock.SMALL, cadence_lock.USUAL)
        for first, behind, lock in list(cadence_lock.by_steps(run, small)):
            yield lock
            run.off[first:behind] = np.nan
            large = [jump for jump in large if not first - cadence_lock.AT_EDGE <= jump.step <= behind + cadence_lock.AT_EDGE]
    slow = next(((place, fault) for place, jump in enumerate(large) if (fault := _slow_start(run, jump))), None)
    if slow:
        yield slow[1]
        run.off[: large[slow[0]].step] = np.nan
        large = large[slow[0] + 1 :]
    yield from cadence_lock.by_level(run, large, float(time[-1]))


def _explained(middle, heart_rate, effort, expected) -> np.ndarray:
    """Beats/min that effort explains, up to a constant: what was expected, or a robust fit to this run."""
    if expected is not None:
        return np.interp(middle, STEP * (np.arange(len(expected)) + 0.5), expected)
    hours = middle / 3600
    features = np.column_stack([np.ones(len(effort)), *exponential_averages(effort, (18, 72)), hours, np.exp(-60 * hours)])
    measured = np.isfinite(heart_rate)
    used, target, weight = features[measured], heart_rate[measured], np.ones(np.count_nonzero(measured))
    for _ in range(FIT_ROUNDS):  # least absolute errors, by least squares with weights
        weighted = used * weight[:, None]
        coefficients = np.linalg.solve(weighted.T @ used + np.diag([0.0, 1, 1, 1, 1]), weighted.T @ target)
        weight = 1 / np.maximum(np.abs(target - used @ coefficients), LEAST_MISS)
    return features @ coefficients


def _slow_start(run: Run, jump: Jump) -> Fault | None:
    if not SOONEST <= jump.time <= LATEST or np.median(run.effort[: jump.step]) < RUNNING:
        return None
    off = wrong(run, 0, jump.step, len(run.off))
    if abs(off) < WRONG or off * jump.size > 0:
        return None
    how, jumped = ("low", "up") if off < 0 else ("high", "down")
    why = f"{abs(off):.0f} beats/min too {how} at first, then {jumped} by {abs(jump.size):.0f} within seconds at the same effort"
    return Fault("slow start", 0.0, jump.time, why)
