"""Detect that a heart rate sensor has locked on the cadence: it counts steps in place of beats.

Where the steps were counted too, a lock is where heart rate and cadence agree, from or to a jump. Elsewhere it is a level near
a usual cadence between two jumps, or between a jump and an end of the run.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from hrkeras.workouts.sensor.jumps import FINE, LEAST_KNOWN, Jump, Run
from hrkeras.workouts.sensor.jumps import wrong as wrong_by
from hrkeras.workouts.sensor.sensor_fault import Fault

WRONG = 12.0  # beats/min off the steps beside
NEAR = 60  # steps beside a lock that it is compared with
LOCK = (150.0, 190.0)  # beats/min, as the cadence of nearly all runners in steps/min
STEADY = 25.0  # beats/min from the lowest to the highest tenth of a lock: cadence hardly changes
SHORTEST, SHORTEST_OPEN = 45.0, 150.0  # s of a lock with jumps on both sides, or with one, which may be a last sprint
MOST = 0.6  # share of the run; for a longer lock it is unclear whether it or the rest is wrong
LEAST_CADENCE = 120.0  # steps/min; fewer are walked
SAME, ALIKE, OTHER = 5.0, 3.0, 8.0  # beats/min off the cadence: at a step of a lock, at half of these at most, and of no lock
MOSTLY, BRIEF = 0.8, 3  # share of the steps of a lock at which they agree, and how many others in a row are passed over
AT_EDGE = 3  # steps between where they begin or cease to agree and the jump
SMALL, USUAL = 8.0, 3.0  # beats/min, and multiples of the usual change, of a jump to or from the cadence
WRONG_BY_STEPS = 6.0  # beats/min off the steps beside, either way


def by_steps(run: Run, small: Sequence[Jump]) -> Iterator[tuple[int, int, Fault]]:
    """Finds locks where steps were counted.

    Args:
        run: the run.
        small: its jumps of `SMALL` beats/min or more.

    Yields:
        The first step of a lock, that after its last, and the fault.
    """
    apart = np.abs(run.heart_rate - run.cadence)
    edges = np.flatnonzero(np.diff(apart > SAME, prepend=False, append=False)).reshape(-1, 2)
    far = edges[edges[:, 1] - edges[:, 0] > BRIEF]
    for begin, end in zip(np.append(0, far[:, 1]), np.append(far[:, 0], len(apart)), strict=True):
        near = np.flatnonzero(apart[begin:end] <= SAME) + begin
        if FINE * len(near) < SHORTEST:
            continue
        first, behind = int(near[0]), int(near[-1]) + 1
        here = apart[first:behind]
        here = here[np.isfinite(here)]
        off = wrong_by(run, first, behind, NEAR)
        if len(near) < MOSTLY * len(here) or np.median(here) > ALIKE or abs(off) < WRONG_BY_STEPS:
            continue
        times = [next((jump.time for jump in small if abs(jump.step - step) <= AT_EDGE), None) for step in (first, behind)]
        if times == [None, None]:
            continue
        begins, ends = (FINE * step if time is None else time for step, time in zip((first, behind), times, strict=True))
        steps = np.nanmedian(run.cadence[first:behind])
        side = "above" if off > 0 else "below"
        why = f"as many as the {steps:.0f} steps a minute counted, {abs(off):.0f} {side} what the effort explains, within seconds"
        yield first, behind, Fault("cadence lock", begins, ends, why)


def by_level(run: Run, jumps: Sequence[Jump], last: float) -> Iterator[Fault]:
    """Finds locks by their level alone; where steps were counted that are others, it is none.

    Args:
        run: the run.
        jumps: in order of time.
        last: s, when the last heart rate was measured.
    """
    ends = [Jump(0, 0.0, 0.0, False), *jumps, Jump(len(run.effort), last, 0.0, False)]
    for before, after in pairwise(ends):
        apart = np.abs(run.heart_rate - run.cadence)[before.step : after.step]
        apart = apart[np.isfinite(apart)]
        is_other = len(apart) >= LEAST_KNOWN and np.median(apart) > OTHER
        if not is_other and (lock := _by_level(run, before, after)):
            yield lock


def _by_level(run: Run, before: Jump, after: Jump) -> Fault | None:
    if before.size < 0 or after.size > 0 or before.size == after.size:
        return None
    two_sided = before.size and after.size
    shortest = SHORTEST if two_sided or before.sure or after.sure else SHORTEST_OPEN
    rates = run.heart_rate[before.step : after.step]
    rates = rates[np.isfinite(rates)]
    if not shortest <= after.time - before.time <= MOST * FINE * len(run.off) or len(rates) < LEAST_KNOWN:
        return None
    low, middle, high = np.percentile(rates, [10, 50, 90])
    off = wrong_by(run, before.step, after.step, NEAR)
    if off < WRONG or not LOCK[0] <= middle <= LOCK[1] or high - low > STEADY:
        return None
    sides = " and ".join(f"{'up' if jump.size > 0 else 'down'} by {abs(jump.size):.0f}" for jump in (before, after) if jump.size)
    why = f"near {middle:.0f} as steps a minute are, {off:.0f} above what the effort explains, {sides} within seconds"
    return Fault("cadence lock", before.time, after.time, why)
