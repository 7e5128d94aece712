"""Read the track points of a GPX file, recorded or planned."""

import re
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.point_table import ALTITUDE, COLUMNS, HEART_RATE, LATITUDE, LONGITUDE, SPEED, TIME, Stream
from hrkeras.workouts.workout import InvalidWorkoutError
from hrkeras.workouts.xml_points import MARK, XmlPoints


class GpxTrack(NamedTuple):
    """The points of all tracks of a GPX file, in the order of the file; what is missing is NaN.

    Args:
        creator: the program that wrote the file, empty if it does not say.
        name: the first track's name, empty if it has none.
        sport: the first track's type as written, empty if it has none.
        time: s since 1970-01-01 UTC, shape `(n,)`, as recorded: neither sorted nor checked.
        latitude: degrees, shape `(n,)`.
        longitude: degrees, shape `(n,)`.
        altitude: m, shape `(n,)`.
        speed: m/s, shape `(n,)`.
        heart_rate: beats/min, shape `(n,)`.
        estimated: whether the file says that hrkeras has estimated it.
    """

    creator: str
    name: str
    sport: str
    time: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    altitude: np.ndarray
    speed: np.ndarray
    heart_rate: np.ndarray
    estimated: bool = False


# a point as Apple Health writes it: most points there are, and a quarter of the time if they need no parser
_NUMBER = rb"(-?\d{1,20}(?:\.\d{1,20})?)"
APPLE_POINT = re.compile(
    rb'<trkpt lon="%b" lat="%b"><ele>%b</ele><time>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z</time><extensions><speed>%b</speed>'
    rb"(?:<course>[-\d.]+</course>)?(?:<hAcc>[-\d.]+</hAcc>)?(?:<vAcc>[-\d.]+</vAcc>)?</extensions></trkpt>" % ((_NUMBER,) * 4)
)
APPLE_COLUMNS = (LONGITUDE, LATITUDE, ALTITUDE, TIME, SPEED)


class Gpx(XmlPoints):
    """Collects the points of a GPX file."""

    kind, root, points = "GPX", "gpx", ("trkpt",)
    attributes = {"lat": LATITUDE, "lon": LONGITUDE}
    columns = {"time": TIME, "ele": ALTITUDE, "speed": SPEED, "hr": HEART_RATE, "heartrate": HEART_RATE}

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] = {}
        self.estimated = False
        self._plain = True

    def take_out(self, data):
        self._plain = self._plain and b"<!" not in data  # a comment or the like may hide points
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
        if name == "gpx" and len(self.path) == 1:
            self.said["creator"] = attributes.get("creator", "").strip()

    def ended(self, name, text):
        if name in ("name", "type") and text and self.path[-1] == "trk":
            self.said.setdefault(name, text)
        elif name == "desc" and self.path[-1] == "trk" and MARK in text:
            self.estimated = True


def read_points(stream: Stream) -> GpxTrack:
    """Reads GPX 1.0 or 1.1 with speed and heart rate wherever in a point the writer put them.

    Tracks and their segments are joined; routes and waypoints are passed over. A file that is cut off is refused
    rather than read up to the cut: half a run would pass for a whole one.

    Args:
        stream: anything with `read(size)` that gives bytes.

    Raises:
        InvalidWorkoutError: if the file is not GPX, damaged or cut off, has no track points or declares XML entities.
    """
    gpx = Gpx()
    gpx.parse(stream)
    table = gpx.take()
    if not len(table):
        raise InvalidWorkoutError("no track points")
    columns = np.ascontiguousarray(table.T)[[TIME, LATITUDE, LONGITUDE, ALTITUDE, SPEED, HEART_RATE]]
    track = GpxTrack(gpx.said.get("creator", ""), gpx.said.get("name", ""), gpx.said.get("type", ""), *columns)
    return track._replace(estimated=gpx.estimated)


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
    """Reads where a course leads, which need not have been run: the tracks, or the routes where no track has two points.

    Args:
        stream: anything with `read(size)` that gives bytes.

    Returns:
        A table of points each, shape `(n, COLUMNS)`, NaN where missing; positions and altitude alone.

    Raises:
        InvalidWorkoutError: if the file is not GPX, damaged or cut off, has no such points or declares XML entities.
    """
    gpx = _GpxCourse()
    gpx.parse(stream)
    found = next((tables for tables in gpx.parts.values() if sum(map(len, tables)) > 1), [])
    if not found:
        raise InvalidWorkoutError("no track and no route of two points or more")
    return found
