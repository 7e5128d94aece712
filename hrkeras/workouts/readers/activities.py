"""Divide the points of a file into workouts: points close in time, each instant once."""

from collections.abc import Iterable

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.clock import DISPLACED, MOST_STRAYS, is_date
from hrkeras.workouts.readers import marks, sports
from hrkeras.workouts.readers.point_table import HEART_RATE, MAX_ACTIVITIES, TIME, Recording

MAX_PAUSE = 7200.0  # s; what comes later is another workout
SET = 365 * 86_400.0  # s; between parts of one recording that are further apart the clock was set
NOT_SET = "part of a recording before or after its clock was set"  # why points are left out
MAX_OVERLAP = 60.0  # s by which a track may begin before the end of the one that it continues


def workouts(recordings: Iterable[Recording]) -> list[Recording]:
    """The recordings in the order of the file, cut where nothing was recorded for longer than `MAX_PAUSE`.

    Points of one time are merged: the first value of each column counts. Single points far from all others are left out, and so
    is the part of a recording before or after its clock was set, see `_by_one_clock`. One without times stays as it is.

    Raises:
        InvalidWorkoutError: if there are more than a file can hold.
    """
    activities: list[Recording] = []
    for recording in recordings:
        points = _by_one_clock(recording.table)
        left = np.count_nonzero(np.isfinite(recording.table[:, TIME])) - np.count_nonzero(np.isfinite(points[:, TIME]))
        first, *others = (recording._replace(table=table) for table in _parts(points))
        reasons = (NOT_SET,) if left > 1 else ()
        activities += [first._replace(passed_over=first.passed_over + reasons), *others]
        if len(activities) > MAX_ACTIVITIES:
            raise InvalidWorkoutError(f"over {MAX_ACTIVITIES:,} activities")
    return activities


def joined(tracks: Iterable[Recording]) -> list[Recording]:
    """Tracks in order of time; those that continue one another, of the same sport and within `MAX_PAUSE`, are joined.

    Tracks that overlap are separate recordings. One without times belongs to the one before it.
    """
    runs: list[list[Recording]] = []
    end = np.nan
    for track in sorted(tracks, key=lambda track: _range(track)[0]):
        begin, last = _range(track)
        other_sport = runs and len({_sport(runs[-1][0]), _sport(track)} - {""}) > 1
        if not runs or other_sport or begin < end - MAX_OVERLAP or MAX_PAUSE < begin - end < np.inf:
            runs.append([track])
            end = last
        else:
            runs[-1].append(track)
            end = np.fmax(end, last)
    return [_join(parts) for parts in runs]


def _sport(track: Recording) -> str:
    """The sport that a track's type or name indicates, empty if none."""
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
        tuple({remark for part in parts for remark in part.passed_over if remark == marks.TAKEN_OUT})
        if measured
        else parts[0].passed_over,
        next((part.utc_offset for part in parts if np.isfinite(part.utc_offset)), np.nan),
    )


def _by_one_clock(table: np.ndarray) -> np.ndarray:
    """The points of a recording, in its order, between which its clock was not set.

    Of parts over `SET` apart the latest with a date and more than a few points counts, or else the largest. Where the
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
    """Merges the points of one time, in the order of the table: the first value of each column, of heart rate the first above 0.

    Args:
        table: points with valid times, shape `(n, COLUMNS)`; NaN where missing.
    """
    time, first, index = np.unique(table[:, TIME], return_index=True, return_inverse=True)
    if len(time) == len(table):
        return table
    points = np.full((len(time), table.shape[1]), np.nan)
    for column, values in enumerate(table.T):
        rows = np.flatnonzero(values > 0 if column == HEART_RATE else np.isfinite(values))
        at, place = np.unique(index[rows], return_index=True)
        points[at, column] = values[rows[place]]
    return points[np.argsort(first)]
