"""The route files of an Apple Health export: each is read once, however many workouts refer to it."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import gpx
from hrkeras.workouts.readers.apple_xml import Entry
from hrkeras.workouts.readers.point_table import ALTITUDE, LATITUDE, LONGITUDE, SPEED, TIME, Stream
from hrkeras.workouts.readers.source import ReadLog, guarded

DAMAGED = "damaged"  # or not readable now
MARGIN = 60.0  # s by which a route may begin before its workout or end after it
MAX_KEPT = 2_000_000  # points, 80 MB, of routes that later workouts refer to as well; no real export has such


class Routes:
    """The points of runs' routes.

    Args:
        runs: all runs whose routes will be requested.
        files: the export's route files by `file_key`.
        opened: opens one of them.
    """

    def __init__(
        self,
        runs: Iterable[Entry],
        files: Mapping[str, Any],
        opened: Callable[[Any, ReadLog], AbstractContextManager[Stream]],
    ):
        self._files, self._opened = files, opened
        self._uses = Counter(key for run in runs for key in _keys(run))
        self._kept: dict[str, np.ndarray | str] = {}
        self._room = MAX_KEPT

    def of(self, run: Entry) -> np.ndarray:
        """The points of a run's route, from `MARGIN` before its start to `MARGIN` after its end.

        Returns:
            Shape `(5, n)`: time in s since 1970-01-01 UTC, latitude, longitude, altitude and speed.

        Raises:
            InvalidWorkoutError: if the run has no readable route, or none at that time.
        """
        routes, problem = [run.points] if run.points.size else [], "route file missing"
        for key in _keys(run):
            if key in self._files:
                route = self._route(key)
                if isinstance(route, str):
                    problem = f"route file unusable: {route}"
                else:
                    routes.append(route)
        if not routes:
            raise InvalidWorkoutError(problem)
        points = np.concatenate([_between(route, run.start - MARGIN, run.end + MARGIN) for route in routes], axis=1)
        if not points.size:
            raise InvalidWorkoutError("route lies outside the workout's time")
        return points

    def _route(self, key: str) -> np.ndarray | str:
        """The points in order of time, shape `(5, n)`, or why there are none."""
        self._uses[key] -= 1
        if key in self._kept:
            route = self._kept.pop(key)
            self._room += _length(route)
        else:
            route = self._read(key)
        if self._uses[key]:
            self._kept[key] = kept = route if _length(route) <= self._room else "shared by too many workouts"
            self._room -= _length(kept)
        return route

    def _read(self, key: str) -> np.ndarray | str:
        try:
            with guarded(), self._opened(self._files[key], ReadLog()) as stream:
                points = np.concatenate([track.table for track in gpx.read_tracks(stream)])
        except InvalidWorkoutError as error:
            return str(error)
        except (InputError, OSError):
            return DAMAGED
        points = points[:, [TIME, LATITUDE, LONGITUDE, ALTITUDE, SPEED]].T
        return points[:, np.argsort(points[0], kind="stable")]


def any_present(runs: Iterable[Entry], files: Mapping[str, Any]) -> bool:
    """Whether at least one run has its route, in the XML or in one of the files."""
    return any(run.points.size or any(key in files for key in _keys(run)) for run in runs)


def file_key(name: str) -> str:
    """The key of a route file: its bare name, so that no path in the data is ever followed."""
    return unicodedata.normalize("NFKC", name.replace("\\", "/").rpartition("/")[2])


def _keys(run: Entry) -> Iterable[str]:
    return dict.fromkeys(map(file_key, run.routes))


def _between(points: np.ndarray, start: float, end: float) -> np.ndarray:
    first, last = np.searchsorted(points[0], [start, np.nextafter(end, np.inf)])
    return points[:, first:last]


def _length(route: np.ndarray | str) -> int:
    return 0 if isinstance(route, str) else route.shape[1]
