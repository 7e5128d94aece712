"""Read the track points of a GPX file, recorded or planned."""

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import marks
from hrkeras.workouts.readers.activities import joined
from hrkeras.workouts.readers.point_table import (
    ALTITUDE,
    CADENCE,
    COURSE,
    LATITUDE,
    LONGITUDE,
    SPEED,
    TEMPERATURE,
    TIME,
    Recording,
    Stream,
)
from hrkeras.workouts.readers.xml_points import MARK, MAX_TITLE, XmlPoints


class Gpx(XmlPoints):
    """Collects the tracks of a GPX file."""

    kind, root, points = "GPX", "gpx", ("trkpt",)
    attributes = {"lat": LATITUDE, "lon": LONGITUDE}
    columns = {
        "time": TIME,
        "ele": ALTITUDE,
        "speed": SPEED,
        "cad": CADENCE,
        "cadence": CADENCE,
        "atemp": TEMPERATURE,
    }

    def __init__(self) -> None:
        super().__init__()
        self.tracks: list[Recording] = []
        self.has_route = False
        self._said: dict[str, str] = {}
        self._estimated = False

    def started(self, name, attributes):
        if name == "trk":
            self._said, self._estimated = {}, False
        elif name == "rtept":
            self.has_route = True

    def ended(self, name, text):
        if name == "trk":
            self.collect(self.tracks, self._said.get("type", ""), self._said.get("name", ""), self._estimated)
        elif self.path[-1:] == ["trk"]:
            if name in ("name", "type") and text:
                self._said.setdefault(name, text[:MAX_TITLE])
            elif name == "desc":
                self._estimated |= MARK in text
                self.repaired += marks.stretches(text)


def read_tracks(stream: Stream) -> list[Recording]:
    """Reads GPX 1.0 or 1.1, with speed and heart rate anywhere in a point.

    The segments of a track are joined, and tracks that continue one another; routes and waypoints are passed over. A file
    that is cut off is refused rather than read up to the cut: half a run would pass for a whole one.

    Args:
        stream: anything with `read(size)` that returns bytes.

    Returns:
        The tracks with points, in order of time.

    Raises:
        InvalidWorkoutError: if the file is not GPX, damaged or cut off, has no track points or declares XML entities.
    """
    gpx = Gpx()
    gpx.parse(stream)
    if not gpx.tracks:
        raise InvalidWorkoutError(COURSE if gpx.has_route else "no track points")
    return joined(gpx.tracks)


class _GpxCourse(XmlPoints):
    kind, root, points = "GPX", "gpx", ("trkpt", "rtept")
    attributes, columns = Gpx.attributes, {"ele": ALTITUDE}

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, list[np.ndarray]] = {"trk": [], "rte": []}

    def ended(self, name, text):
        if name in self.parts:
            self.parts[name].append(self.take())


def read_course(stream: Stream) -> list[np.ndarray]:
    """Reads a course, recorded or planned: the tracks, or the routes if no track has two points.

    Args:
        stream: anything with `read(size)` that returns bytes.

    Returns:
        A table of points for each, shape `(n, COLUMNS)`, NaN where missing; only positions and altitude.

    Raises:
        InvalidWorkoutError: if the file is not GPX, damaged or cut off, has no such points or declares XML entities.
    """
    gpx = _GpxCourse()
    gpx.parse(stream)
    tables = next((tables for tables in gpx.parts.values() if sum(map(len, tables)) > 1), [])
    if not tables:
        raise InvalidWorkoutError("no track and no route of two points or more")
    return tables
