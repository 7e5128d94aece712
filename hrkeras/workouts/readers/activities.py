"""Which points of a file are one workout: those close in time, each instant once."""

from collections.abc import Iterable

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.clock import DISPLACED, MOST_STRAYS, is_date
from hrkeras.workouts.readers import sports
from hrkeras.workouts.readers.point_table import HEART_RATE, MAX_ACTIVITIES, TIME, Recording

MAX_PAUSE = 7200.0  # s; what comes later is another workout
SET = 365 * 86_400.0  # s; parts of one recording that are further apart are by a clock that was set in between
NOT_SET = "part of a recording before or after its clock was set"  # why points are left out
MAX_OVERLAP = 60.0  # s by which a track may begin before the one that it continues has ended


def workouts(recordings: Iterable[Recording]) -> list[Recording]:
    """What was recorded, in the order of the file, cut where nothing was for longer than `MAX_PAUSE`.

    Points of one time are merged: of each column the first value counts. Single points far from all others are left out, and so
    is the part of a recording before or after its clock was set, see `_by_one_clock`. One without times stays as it is.

    Raises:
        InvalidWorkoutError: if there are more than a file can hold.
    """
    found: list[Recording] = []
    for recording in recordings:
        points = _by_one_clock(recording.table)
        left = np.count_nonzero(np.isfinite(recording.table[:, TIME])) - np.count_nonzero(np.isfinite(points[:, TIME]))
        first, *others = (recording._replace(table=table) for table in _parts(points))
        reasons = (NOT_SET,) if left > 1 else ()
        found += [first._replace(passed_over=first.passed_over + reasons), *others]
        if len(found) > MAX_ACTIVITIES:
            raise InvalidWorkoutError(f"over {MAX_ACTIVITIES:,} activities")
    return found


def joined(tracks: Iterable[Recording]) -> list[Recording]:
    """Tracks in order of time, those joined that continue one another: of no other sport and after no longer than `MAX_PAUSE`.

    Tracks that overlap are recordings of their own. One without times belongs to the one before it.
    """
    runs: list[list[Recording]] = []
    end = np.nan
    for track in sorted(tracks, key=lambda each: _range(each)[0]):
        begin, last = _range(track)
        other = runs and len({_sport(runs[-1][0]), _sport(track)} - {""}) > 1
        if not runs or other or begin < end - MAX_OVERLAP or MAX_PAUSE < begin - end < np.inf:
            runs.append([track])
            end = last
        else:
            runs[-1].append(track)
            end = np.fmax(end, last)
    return [_join(parts) for parts in runs]


def _sport(track: Recording) -> str:
    """What a track's type or name tells of its sport, empty if nothing."""
    return sports.name(track.sport) or sports.of_title(track.name)


def _range(track: Recording) -> tuple[float, float]:
    """The first and the last time of a track, infinity and NaN if it has none."""
    time = track.table[:, TIME]
    time = time[np.isfinite(time)]
    return (float(time.min()), float(time.max())) if len(time) else (np.inf, np.nan)


def _join(parts: list[Recording]) -> Recording:
    if len(parts) == 1:
        return parts[0]
    table = np.concatenate([part.table for part in parts])
    measured = (table[:, HEART_RATE] > 0).any()
    return Recording(
        next((part.sport for part in parts if part.sport), ""),
        table,
        any(part.estimated for part in parts),
        next((part.name for part in parts if part.name), ""),
        () if measured else parts[0].passed_over,
    )


def _by_one_clock(table: np.ndarray) -> np.ndarray:
    """The points of a recording, in its order, that were timed by a clock that was not set in between.

    Of parts over `SET` apart the latest counts that has a date and more than a few points, or else the largest. Where the
    clock falls back once, so that what was recorded later lies wholly before the rest, the larger of the two parts counts.
    """
    time = table[:, TIME]
    timed = np.flatnonzero(np.isfinite(time))
    if not len(timed) or (np.ptp(time[timed]) <= SET and (np.diff(time[timed]) > -DISPLACED).all()):
        return table
    order = timed[np.argsort(time[timed], kind="stable")]
    parts = np.split(order, 1 + np.flatnonzero(np.diff(time[order]) > SET))
    dated = [part for part in parts if len(part) > max(1, MOST_STRAYS * len(order)) and is_date(time[part[0]])]
    part = np.sort(dated[-1] if dated else max(parts, key=len))
    steps = np.diff(time[part])
    falls = np.flatnonzero(steps < -DISPLACED)
    if len(falls) == 1 and np.median(steps) > 0:
        earlier, later = np.split(part, falls + 1)
        if DISPLACED < time[earlier].min() - time[later].max() <= MAX_PAUSE:
            part = max(earlier, later, key=len)
    return table[part]


def _parts(table: np.ndarray) -> list[np.ndarray]:
    time = table[:, TIME]
    gaps = np.diff(time)
    if ((gaps > 0) & (gaps <= MAX_PAUSE)).all():
        return [table]
    points = merged(table[np.isfinite(time)])
    if len(points) < 2:
        return [table]
    table = points
    time = np.sort(table[:, TIME])
    begins = time[1:][np.diff(time) > MAX_PAUSE]
    if len(begins) >= MAX_ACTIVITIES:
        raise InvalidWorkoutError(f"over {MAX_ACTIVITIES:,} activities")
    if not len(begins):
        return [table]
    index = np.searchsorted(begins, table[:, TIME], side="right")
    order = np.argsort(index, kind="stable")
    parts = np.split(table[order], np.searchsorted(index[order], np.arange(1, len(begins) + 1)))
    return [part for part in parts if len(part) > 1] or [table]


def merged(table: np.ndarray) -> np.ndarray:
    """Points with those of one time as one, in the order of the table: of each column the first value, of heart rate above 0.

    Args:
        table: points with valid times, shape `(n, COLUMNS)`; NaN where missing.
    """
    time, first, index = np.unique(table[:, TIME], return_index=True, return_inverse=True)
    if len(time) == len(table):
        return table
    points = np.full((len(time), table.shape[1]), np.nan)
    for column, values in enumerate(table.T):
        there = np.flatnonzero(values > 0 if column == HEART_RATE else np.isfinite(values))
        at, place = np.unique(index[there], return_index=True)
        points[at, column] = values[there[place]]
    return points[np.argsort(first)]
