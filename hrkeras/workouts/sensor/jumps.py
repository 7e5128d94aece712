"""Jumps of the heart rate that effort does not explain: within 10 s most of a change, while speed and slope stay the same.

A heart takes most of a minute for that.
"""

from typing import NamedTuple

import numpy as np

FINE = 5.0  # s, the steps on which jumps are looked for
SIDE, ACROSS = 4, 2  # steps averaged before and after a jump, and steps that it may take
JUMP, UNUSUAL = 12.0, 5.0  # beats/min, and multiples of the usual change of this run's heart rate in that time
AT_ONCE = 0.6  # share of a jump that must fall within the steps that it may take
SURE = 20.0  # beats/min within these steps, which no change of effort explains
SMOOTH = 7  # steps over which effort is averaged
LATELY, LONGER = 6, 15  # steps before a jump; effort must be the same over both
SAME_EFFORT = 0.6  # m/s
APART = 6  # steps between two jumps
LEAST_WRONG = 4.0  # beats/min off what was expected
LEAST_KNOWN = 6  # steps, of either


class Run(NamedTuple):
    """A run on fine steps, each of shape `(steps,)`: beats/min, graded speed in m/s, residual from what effort explains, and the
    steps/min that were counted, NaN where they were not or the person stood or walked."""

    heart_rate: np.ndarray
    effort: np.ndarray
    off: np.ndarray
    cadence: np.ndarray


class Jump(NamedTuple):
    """A step of the run, s since its start, beats/min up (0 at the ends of the run), and whether no effort explains it."""

    step: int
    time: float
    size: float
    sure: bool


def _sides(values: np.ndarray, side: int, across: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of `side` steps before each step, and of as many from `across` steps after it; NaN where a step is unknown."""
    unknown = np.full(side + across, np.nan)
    padded = np.concatenate([unknown, values, unknown])
    means = np.sum([padded[shift : len(padded) - side + 1 + shift] for shift in range(side)], axis=0) / side
    return means[across:][: len(values)], means[side + 2 * across :][: len(values)]


def _recent(values: np.ndarray, steps: int) -> np.ndarray:
    """For each step the values from `steps` steps before it to the end of a jump there, shape `(len(values), ...)`."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(values, (steps, ACROSS), mode="edge"), steps + ACROSS + 1)


def jumps(run: Run, time: np.ndarray, heart_rate: np.ndarray, size: float = JUMP, unusual: float = UNUSUAL) -> list[Jump]:
    """The jumps of the heart rate that effort does not explain, in order of time.

    Args:
        run: the run.
        time: s, shape `(n,)`.
        heart_rate: beats/min, same shape; NaN where it is wrong otherwise.
        size: the least, beats/min.
        unusual: the least, in multiples of the usual change.
    """
    before, after = _sides(run.heart_rate, SIDE, ACROSS)
    off_before, off_after = _sides(run.off, SIDE, ACROSS)
    last, first = _sides(run.heart_rate, 1, ACROSS - 1)
    change, at_once = after - before, np.abs(first - last)
    valid = np.isfinite(change)
    if not valid.any():
        return []
    up = np.sign(change)
    least = max(size, unusual * float(np.median(np.abs(change[valid]))))
    clear = (np.minimum(np.abs(change), up * (off_after - off_before)) >= least) & (up == np.sign(first - last))
    clear &= at_once >= AT_ONCE * np.abs(change)
    if not clear.any():
        return []
    effort = np.convolve(np.pad(run.effort, SMOOTH // 2, mode="edge"), np.ones(SMOOTH) / SMOOTH, "valid")
    lately, longer = _recent(effort, LATELY), _recent(effort, LONGER)
    more = np.where(up > 0, lately.max(axis=1) - longer.min(axis=1), longer.max(axis=1) - lately.min(axis=1))
    sure = at_once >= SURE
    candidates = np.where(clear & (sure | (more <= SAME_EFFORT)), np.abs(change), 0.0)
    found = []
    while candidates[place := int(np.argmax(candidates))]:
        moment = _moment(time, heart_rate, place, up[place])
        found.append(Jump(place + ACROSS // 2, moment, float(change[place]), bool(sure[place])))
        candidates[max(0, place - APART) : place + APART + 1] = 0
    return sorted(found)


def _moment(time: np.ndarray, heart_rate: np.ndarray, place: int, up: float) -> float:
    """Time of the first heart rate after the steepest change near a jump."""
    first, behind = np.searchsorted(time, [FINE * (place - ACROSS), FINE * (place + 2 * ACROSS)])
    near = np.flatnonzero(np.isfinite(heart_rate[first:behind])) + first
    if len(near) < 2:
        return FINE * (place + ACROSS / 2)
    return float(time[near[1 + int(np.argmax(up * np.diff(heart_rate[near])))]])


def wrong(run: Run, first: int, behind: int, reach: int) -> float:
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
