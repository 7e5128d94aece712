"""Runs recorded more than once, by two devices or apps: which recordings are of one run, and which of them is kept."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import numpy as np

from hrkeras.workouts.grid import STEP
from hrkeras.workouts.workout import Workout

RESTART = 60.0  # s; consecutive runs may overlap by this much, since watches are restarted and clocks differ

Content = tuple[int, int]


class Recording(Protocol):
    """A workout or a run of one person, `user`, from `start` to `end`, s since 1970-01-01 UTC."""

    @property
    def user(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


Recorded = TypeVar("Recorded", bound=Recording)


def overlap(start, end, starts, ends) -> np.ndarray:
    """Whether recordings of one person are of one run: they overlap by more than a minute, or by more than half of the shorter.

    Args:
        start: s since 1970-01-01 UTC, when a recording began; a number or an array.
        end: likewise, when it ended.
        starts: when others began, of a shape that fits.
        ends: likewise, when they ended.

    Returns:
        Booleans.
    """
    common = np.minimum(end, ends) - np.maximum(start, starts)
    shorter = np.minimum(np.subtract(end, start), np.subtract(ends, starts))
    return common > np.minimum(RESTART, shorter / 2)


def content(workout: Workout) -> Content:
    """How much data a recording holds: of two, the one with the greater content is kept.

    Returns:
        Number of steps of 10 s with a measured heart rate, and the sum of those with a measured speed and altitude.
    """
    steps = (workout.time // STEP).astype(np.int64)

    def measured(values: np.ndarray) -> int:
        return int(np.count_nonzero(np.diff(steps[np.isfinite(values)], prepend=-1)))

    heart_rate = 0 if workout.estimated else measured(workout.heart_rate)
    if workout.heart_rate_samples:  # of which a reader may have drawn a few onto many points
        heart_rate = min(heart_rate, workout.heart_rate_samples)
    return heart_rate, measured(workout.speed) + measured(workout.altitude)


def distinct(recordings: Sequence[Recorded], contents: Iterable[tuple]) -> list[Recorded]:
    """The recording of each run that is kept, see `kept`, in the order given."""
    users, starts, ends = ([getattr(recording, name) for recording in recordings] for name in ("user", "start", "end"))
    chosen = kept(users, starts, ends, list(contents))
    return [recording for recording, is_kept in zip(recordings, chosen, strict=True) if is_kept]


def kept(people: Sequence, starts, ends, contents: Sequence[tuple]) -> np.ndarray:
    """Chooses one recording of each run.

    Of recordings that overlap, the one with the greatest content is kept, of equals the one that began first. The order
    given decides only if that is equal, too.

    Args:
        people: the person of each recording, a name or a number.
        starts: s since 1970-01-01 UTC, shape `(recordings,)`.
        ends: likewise.
        contents: of each recording, from `content`.

    Returns:
        Which recordings are kept, booleans of shape `(recordings,)`.
    """
    starts, ends = np.asarray(starts, np.float64), np.asarray(ends, np.float64)
    chosen = np.ones(len(starts), bool)
    for together in _at_one_time(people, starts, ends):
        best_first = sorted(together, key=lambda row: (*(-much for much in contents[row]), starts[row], row))
        kept_rows: list[int] = []
        for row in best_first:
            chosen[row] = not overlap(starts[row], ends[row], starts[kept_rows], ends[kept_rows]).any()
            if chosen[row]:
                kept_rows.append(row)
    return chosen


def _at_one_time(people: Sequence, starts: np.ndarray, ends: np.ndarray) -> list[list[int]]:
    """Rows of each person's recordings that overlap, directly or through others; those of unknown date are left out."""
    groups: list[list[int]] = []
    person, until = None, -np.inf
    for row in sorted(np.flatnonzero(np.isfinite(starts)).tolist(), key=lambda row: (people[row], starts[row])):
        if groups and people[row] == person and starts[row] < until:
            groups[-1].append(row)
            until = max(until, ends[row])
        else:
            groups.append([row])
            person, until = people[row], ends[row]
    return [group for group in groups if len(group) > 1]
