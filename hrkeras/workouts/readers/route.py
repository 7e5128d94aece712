"""The course of a planned run: its length and its climbs. Positions do not leave this file."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.effort import MAX_GRADE
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.positions import haversine, valid_positions
from hrkeras.workouts.quality import Limits
from hrkeras.workouts.readers import fit, gpx, tcx, track_files, tracks
from hrkeras.workouts.readers.point_table import ALTITUDE, LATITUDE, LONGITUDE, Stream
from hrkeras.workouts.readers.source import ReadLog

PIECE = 20.0  # m
GRADE_METRES = 150.0  # about what `effort.GRADE_SECONDS` are run in
SHORTEST, LONGEST = 200.0, 300_000.0  # m
FAR = 1000.0  # m between two points above which the line between them is a guess
ALONE = 100.0  # times the usual distance between two points: a position this far from both its neighbours is invalid

READERS: dict[str, Callable[[Stream], list[np.ndarray]]] = {
    "gpx": gpx.read_course,
    "tcx": tcx.read_course,
    "fit": fit.read_course,
}


@dataclass(frozen=True, eq=False)
class Route:
    """A course in `n` pieces of equal length, about `PIECE`.

    Attributes:
        length: m, of the whole.
        altitude: m, mean over each piece, shape `(n,)`; 0 throughout if none is known.
        has_altitude: whether it is known; without it the course is taken as flat.
        warnings: sentences on what looks wrong in the file.
    """

    length: float
    altitude: np.ndarray
    has_altitude: bool = True
    warnings: list[str] = field(default_factory=list)

    @property
    def piece(self) -> float:
        """Length of a piece in m."""
        return self.length / len(self.altitude)

    @property
    def edges(self) -> np.ndarray:
        """Where the pieces begin, and the end, m from the start, shape `(n + 1,)`."""
        return np.linspace(0, self.length, len(self.altitude) + 1)

    @property
    def grade(self) -> np.ndarray:
        """Rise over run of each piece, shape `(n,)`: from the mean altitude of the 75 m before it to that of those after."""
        edges = self.edges
        summed = np.concatenate([[0.0], np.cumsum(self.altitude)]) * self.piece
        middle = edges[:-1] + self.piece / 2
        before, after = np.maximum(middle - GRADE_METRES / 2, 0), np.minimum(middle + GRADE_METRES / 2, self.length)
        at_before, at_middle, at_after = (np.interp(place, edges, summed) for place in (before, middle, after))
        rise = (at_after - at_middle) / (after - middle) - (at_middle - at_before) / (middle - before)
        return 2 * rise / (after - before)

    @property
    def climbs(self) -> np.ndarray:
        """Metres climbed in each piece, shape `(n,)`."""
        return np.maximum(self.grade, 0) * self.piece


def read(path: Path, log: ReadLog | None = None) -> Route:
    """Reads the course in a GPX file (a track or a route, with times or without), a TCX file or a recorded FIT file.

    Args:
        path: the file; it may be gzipped.
        log: receives the bytes read.

    Raises:
        InputError: if it holds no course, or one that cannot be run in one go.
    """
    if not tracks.is_track(path):
        kinds = ("a folder", os.path.isdir(path)), (f"a file that ends in {path.suffix or 'nothing'}", os.path.exists(path))
        actual = next((kind for kind, is_it in kinds if is_it), "nothing there")
        raise InputError(f"{path}: expected the course as a .gpx, .tcx or .fit file, found {actual}; export it as GPX.")
    try:
        table = np.concatenate(tracks.parse(track_files.of_file(path), READERS, log or ReadLog()))
        return from_positions(table[:, LATITUDE], table[:, LONGITUDE], table[:, ALTITUDE])
    except InvalidWorkoutError as error:
        raise InputError(
            f"{path}: expected the course of a run, but found: {error}; export it anew, or give another file or a stage of it."
        ) from None


def from_positions(latitude, longitude, altitude) -> Route:
    """The course along positions, in their order.

    Args:
        latitude: degrees, shape `(n,)`; a position that is invalid, or far from all others, is passed over.
        longitude: degrees, shape `(n,)`.
        altitude: m, shape `(n,)`; NaN where it is not known.

    Raises:
        InvalidWorkoutError: if there are fewer than two positions, or the course is too short or too long.
    """
    valid, known = valid_positions(latitude, longitude), np.isfinite(altitude)
    if known.any() and (valid & ~known).any():  # of some devices, records have either a position or an altitude
        rows = np.arange(len(altitude))
        altitude = np.where(known, altitude, np.interp(rows, rows[known], altitude[known]))
    latitude, longitude, altitude = latitude[valid], longitude[valid], altitude[valid]
    alone = _alone(latitude, longitude)
    latitude, longitude, altitude = latitude[~alone], longitude[~alone], altitude[~alone]
    if len(latitude) < 2:
        raise InvalidWorkoutError("fewer than two positions")
    legs = haversine(latitude, longitude)
    distance = np.concatenate([[0.0], np.cumsum(legs)])
    length = float(distance[-1])
    if not SHORTEST <= length <= LONGEST:
        raise InvalidWorkoutError(
            f"a course of {length / 1000:,.2f} km, where one of {SHORTEST / 1000:g} to {LONGEST / 1000:g} km can be run in one go"
        )
    warnings = []
    if alone.any():
        count = f"{alone.sum():,} positions lie" if alone.sum() > 1 else "1 position lies"
        warnings.append(f"{count} far from all others in the file and {'were' if alone.sum() > 1 else 'was'} passed over.")
    if (far := legs[legs > FAR]).size:
        warnings.append(
            f"between points of the course lie up to {far.max() / 1000:.1f} km, in all {far.sum() / 1000:.1f} km are straight "
            "lines between points over 1 km apart, so its length and climb may be wrong: export it with more points."
        )
    pieces = max(round(length / PIECE), 1)
    limits = Limits()
    plausible = (altitude >= limits.min_altitude) & (altitude <= limits.max_altitude)
    if not plausible.any() or np.ptp(altitude[plausible]) == 0:  # planning sites write 0 where it is unknown
        return Route(length, np.zeros(pieces), False, warnings)
    route = Route(length, _means(distance[plausible], altitude[plausible], np.linspace(0, length, pieces + 1)), True, warnings)
    warnings += steep(route)
    return route


def of_grid(grid: Grid) -> Route | None:
    """The course of a recorded run; None if it is shorter than any course."""
    passed = np.concatenate([[0.0], np.cumsum(STEP * grid.speed, dtype=np.float64)])
    if passed[-1] < SHORTEST:
        return None
    middle, moved = (passed[1:] + passed[:-1]) / 2, grid.speed > 0
    edges = np.linspace(0, passed[-1], max(round(passed[-1] / PIECE), 1) + 1)
    return Route(float(passed[-1]), _means(middle[moved], grid.altitude[moved].astype(np.float64), edges))


def steep(route: Route) -> list[str]:
    """Where a course is steeper than is run, in a sentence; nothing if nowhere."""
    steepest = int(np.abs(route.grade).argmax())
    if (grade := abs(route.grade[steepest])) <= MAX_GRADE:
        return []
    return [
        f"the altitude changes by {100 * grade:.0f} % of the distance at km {route.edges[steepest] / 1000:.1f}, steeper than "
        "is run: what is said of heart rate there is a guess, and wrong if the file's altitude is."
    ]


def _alone(latitude, longitude) -> np.ndarray:
    """Which positions are far from those before and after, although these are near one another, booleans of shape `(n,)`."""
    alone = np.zeros(len(latitude), bool)
    if len(latitude) > 3:
        legs = haversine(latitude, longitude)
        skipped = [haversine(latitude[side::2], longitude[side::2]) for side in (0, 1)]
        past = np.empty(len(latitude) - 2)
        past[::2], past[1::2] = skipped
        near = np.minimum(legs[:-1], legs[1:])
        alone[1:-1] = (near > max(FAR, ALONE * float(np.median(legs)))) & (past < near / 10)
    return alone


def _means(distance, altitude, edges) -> np.ndarray:
    """Mean altitude between successive edges, along straight lines between points, shape `(len(edges) - 1,)`."""
    at = np.union1d(distance, edges)
    values = np.interp(at, distance, altitude)
    summed = np.concatenate([[0.0], np.cumsum(np.diff(at) * (values[1:] + values[:-1]) / 2)])
    return np.diff(np.interp(edges, at, summed)) / np.diff(edges)
