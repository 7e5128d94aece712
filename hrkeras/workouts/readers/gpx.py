"""Read the track points of a GPX file, recorded or planned."""

import re

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import marks
from hrkeras.workouts.readers.activities import joined
from hrkeras.workouts.readers.point_table import (
    ALTITUDE,
    CADENCE,
    COLUMNS,
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

# a point as Apple Health writes it: the most frequent kind, read in a quarter of the time without a parser
_NUMBER = rb"(-?\d{1,20}(?:\.\d{1,20})?)"
APPLE_POINT = re.compile(
    rb'<trkpt lon="%b" lat="%b"><ele>%b</ele><time>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z</time><extensions><speed>%b</speed>'
    rb"(?:<course>[-\d.]+</course>)?(?:<hAcc>[-\d.]+</hAcc>)?(?:<vAcc>[-\d.]+</vAcc>)?</extensions></trkpt>" % ((_NUMBER,) * 4)
)
APPLE_COLUMNS = (LONGITUDE, LATITUDE, ALTITUDE, TIME, SPEED)
_TRACK = re.compile(rb"<trk[ >]")


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
        self._plain = True
        self._begun_tracks, self._tail = 0, b""

    def take_out(self, data):
        # a comment or the like may hide points, and which of several tracks one is in only the parser knows
        self._begun_tracks += len(_TRACK.findall(self._tail + data))
        self._tail = data[-4:]
        self._plain = self._plain and b"<!" not in data and self._begun_tracks < 2
        parts = APPLE_POINT.split(data) if self._plain else [data]
        if len(parts) == 1:
            return data
        table = np.full((len(parts) // 6, COLUMNS), np.nan)
        try:
            for place, column in enumerate(APPLE_COLUMNS, start=1):
                table[:, column] = np.array(parts[place::6]).astype("M8[s]" if column == TIME else np.float64)
        except ValueError:  # a date that does not exist
            return data
        self.add(table)
        return b"".join(parts[::6])

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
