"""Detect minutes of a run in which the heart rate is at a wrong level: a slow start, or a lock on the cadence.

Both begin or end with a jump that effort does not explain: within 10 s the heart rate covers most of a change of 15 beats/min
or more, while speed and slope stay the same. A heart takes most of a minute for that.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.effort import exponential_averages, graded_speed
from hrkeras.workouts.grid import STEP, resample
from hrkeras.workouts.interpolation import interpolate
from hrkeras.workouts.sensor.sensor_fault import Fault
from hrkeras.workouts.workout import Workout

FINE = 5.0  # s, the steps on which jumps are looked for
MAX_GAP = 30.0  # s between heart rates; across a longer gap no jump is seen
FASTEST = 10.0  # m/s, beyond which a speed is a GPS error
SIDE, ACROSS = 4, 2  # steps averaged before and after a jump, and steps that it may take
JUMP, UNUSUAL = 12.0, 5.0  # beats/min, and multiples of the usual change of this run's heart rate in that time
AT_ONCE = 0.6  # share of a jump that must fall within the steps that it may take
SURE = 20.0  # beats/min within these steps, which no change of effort explains
SMOOTH = 7  # steps over which effort is averaged
LATELY, LONGER = 6, 15  # steps before a jump; effort must be the same over both
SAME_EFFORT = 0.6  # m/s
APART = 6  # steps between two jumps
WRONG, LEAST_WRONG = 12.0, 4.0  # beats/min off the steps beside, and off what was expected
NEAR = 60  # steps beside a lock that it is compared with
LEAST_KNOWN = 6  # steps, of either
SOONEST, LATEST = 60.0, 600.0  # s when a slow start ends; earlier the normal rise of heart rate looks the same
RUNNING = 1.6  # m/s
LOCK = (150.0, 190.0)  # beats/min, as the cadence of nearly all runners in steps/min
STEADY = 25.0  # beats/min from the lowest to the highest tenth of a lock: cadence hardly changes
SHORTEST, SHORTEST_OPEN = 45.0, 150.0  # s of a lock with jumps on both sides, or with one, which may be a last sprint
MOST = 0.6  # share of the run; for a longer lock it is unclear whether it or the rest is wrong
FIT_ROUNDS = 6
LEAST_MISS = 3.0  # beats/min, below which all residuals have the same weight


class _Run(NamedTuple):
    """A run on fine steps, each of shape `(steps,)`: beats/min, graded speed in m/s, residual from what effort explains."""

    heart_rate: np.ndarray
    effort: np.ndarray
    off: np.ndarray


class _Jump(NamedTuple):
    """A step of the run, s since its start, beats/min up (0 at the ends of the run), and whether no effort explains it."""

    step: int
    time: float
    size: float
    sure: bool


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
    run = _Run(rate, effort, rate - _explained(middle, rate, effort, expected))
    jumps = _jumps(run, time, heart_rate)
    slow = next(((place, fault) for place, jump in enumerate(jumps) if (fault := _slow_start(run, jump))), None)
    if slow:
        yield slow[1]
        run.off[: jumps[slow[0]].step] = np.nan
        jumps = jumps[slow[0] + 1 :]
    ends = [_Jump(0, 0.0, 0.0, False), *jumps, _Jump(len(effort), float(time[-1]), 0.0, False)]
    yield from filter(None, (_lock(run, before, after) for before, after in pairwise(ends)))


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


def _sides(values: np.ndarray, side: int, across: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of `side` steps before each step, and of as many from `across` steps after it; NaN where a step is unknown."""
    padded = np.pad(values, side + across, constant_values=np.nan)
    means = np.lib.stride_tricks.sliding_window_view(padded, side).mean(axis=1)
    return means[across:][: len(values)], means[side + 2 * across :][: len(values)]


def _recent(values: np.ndarray, steps: int) -> np.ndarray:
    """For each step the values from `steps` steps before it to the end of a jump there, shape `(len(values), ...)`."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(values, (steps, ACROSS), mode="edge"), steps + ACROSS + 1)


def _jumps(run: _Run, time: np.ndarray, heart_rate: np.ndarray) -> list[_Jump]:
    """The jumps of the heart rate that effort does not explain, in order of time."""
    before, after = _sides(run.heart_rate, SIDE, ACROSS)
    off_before, off_after = _sides(run.off, SIDE, ACROSS)
    last, first = _sides(run.heart_rate, 1, ACROSS - 1)
    size, at_once = after - before, np.abs(first - last)
    valid = np.isfinite(size)
    if not valid.any():
        return []
    up = np.sign(size)
    least = max(JUMP, UNUSUAL * float(np.median(np.abs(size[valid]))))
    clear = (np.minimum(np.abs(size), up * (off_after - off_before)) >= least) & (up == np.sign(first - last))
    effort = np.convolve(np.pad(run.effort, SMOOTH // 2, mode="edge"), np.ones(SMOOTH) / SMOOTH, "valid")
    lately, longer = _recent(effort, LATELY), _recent(effort, LONGER)
    more = np.where(up > 0, lately.max(axis=1) - longer.min(axis=1), longer.max(axis=1) - lately.min(axis=1))
    sure = at_once >= SURE
    candidates = np.where(clear & (at_once >= AT_ONCE * np.abs(size)) & (sure | (more <= SAME_EFFORT)), np.abs(size), 0.0)
    jumps = []
    while candidates[place := int(np.argmax(candidates))]:
        moment = _moment(time, heart_rate, place, up[place])
        jumps.append(_Jump(place + ACROSS // 2, moment, float(size[place]), bool(sure[place])))
        candidates[max(0, place - APART) : place + APART + 1] = 0
    return sorted(jumps)


def _moment(time: np.ndarray, heart_rate: np.ndarray, place: int, up: float) -> float:
    """Time of the first heart rate after the steepest change near a jump."""
    first, behind = np.searchsorted(time, [FINE * (place - ACROSS), FINE * (place + 2 * ACROSS)])
    near = np.flatnonzero(np.isfinite(heart_rate[first:behind])) + first
    if len(near) < 2:
        return FINE * (place + ACROSS / 2)
    return float(time[near[1 + int(np.argmax(up * np.diff(heart_rate[near])))]])


def _wrong(run: _Run, first: int, behind: int, reach: int) -> float:
    """Beats/min by which a stretch differs from up to `reach` steps on either side, beyond what effort explains.

    0 if too few steps are measured, or if the stretch itself is as expected, so that its surroundings are wrong instead.
    """
    inside = run.off[first:behind]
    beside = np.concatenate([run.off[max(0, first - reach) : first], run.off[behind : behind + reach]])
    inside, beside = inside[np.isfinite(inside)], beside[np.isfinite(beside)]
    if min(len(inside), len(beside)) < LEAST_KNOWN:
        return 0.0
    level, off = np.median(inside), np.median(inside) - np.median(beside)
    return float(off) if level * np.sign(off) >= LEAST_WRONG else 0.0


def _slow_start(run: _Run, jump: _Jump) -> Fault | None:
    if not SOONEST <= jump.time <= LATEST or np.median(run.effort[: jump.step]) < RUNNING:
        return None
    wrong = _wrong(run, 0, jump.step, len(run.off))
    if abs(wrong) < WRONG or wrong * jump.size > 0:
        return None
    how, jumped = ("low", "up") if wrong < 0 else ("high", "down")
    why = (
        f"{abs(wrong):.0f} beats/min too {how} at first, then {jumped} by {abs(jump.size):.0f} within seconds at the same effort"
    )
    return Fault("slow start", 0.0, jump.time, why)


def _lock(run: _Run, before: _Jump, after: _Jump) -> Fault | None:
    if before.size < 0 or after.size > 0 or before.size == after.size:
        return None
    two_sided = before.size and after.size
    shortest = SHORTEST if two_sided or before.sure or after.sure else SHORTEST_OPEN
    rates = run.heart_rate[before.step : after.step]
    rates = rates[np.isfinite(rates)]
    if not shortest <= after.time - before.time <= MOST * FINE * len(run.off) or len(rates) < LEAST_KNOWN:
        return None
    low, middle, high = np.percentile(rates, [10, 50, 90])
    wrong = _wrong(run, before.step, after.step, NEAR)
    if wrong < WRONG or not LOCK[0] <= middle <= LOCK[1] or high - low > STEADY:
        return None
    sides = " and ".join(f"{'up' if jump.size > 0 else 'down'} by {abs(jump.size):.0f}" for jump in (before, after) if jump.size)
    why = f"near {middle:.0f} as steps a minute are, {wrong:.0f} above what the effort explains, {sides} within seconds"
    return Fault("cadence lock", before.time, after.time, why)
