"""Read the activities and courses of a TCX file (Garmin's Training Center XML)."""

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import marks
from hrkeras.workouts.readers.point_table import (
    ALTITUDE,
    CADENCE,
    COURSE,
    DISTANCE,
    LATITUDE,
    LONGITUDE,
    SPEED,
    TIME,
    Recording,
    Stream,
)
from hrkeras.workouts.readers.xml_points import MARK, XmlPoints


class Tcx(XmlPoints):
    """Collects the points of a TCX file."""

    kind, root, points = "TCX", "trainingcenterdatabase", ("trackpoint",)
    columns = {
        "time": TIME,
        "latitudedegrees": LATITUDE,
        "longitudedegrees": LONGITUDE,
        "altitudemeters": ALTITUDE,
        "speed": SPEED,
        "distancemeters": DISTANCE,
        "cadence": CADENCE,
        "runcadence": CADENCE,
    }

    def __init__(self) -> None:
        super().__init__()
        self.sport = ""
        self.estimated = False
        self.parts: dict[str, list[Recording]] = {"course": [], "activity": []}

    def started(self, name, attributes):
        if name in self.parts:
            self.sport, self.estimated = attributes.get("Sport", "").strip(), False
            self.collect([])  # points that are in neither

    def ended(self, name, text):
        if name in self.parts:
            self.collect(self.parts[name], self.sport, estimated=self.estimated)
        elif name == "notes" and self.path[-1] == "activity":
            self.estimated |= MARK in text
            self.repaired += marks.stretches(text)


def read_activities(stream: Stream) -> list[Recording]:
    """Reads the recorded activities, their laps joined; courses and planned workouts are passed over.

    A file that is cut off is refused rather than read up to the cut: half a run would pass for a whole one.

    Args:
        stream: anything with `read(size)` that returns bytes.

    Returns:
        The activities.

    Raises:
        InvalidWorkoutError: if the file is not TCX, damaged or cut off, has no track points or declares XML entities.
    """
    tcx = Tcx()
    tcx.parse(stream)
    if not tcx.parts["activity"]:
        raise InvalidWorkoutError(COURSE if tcx.parts["course"] else "no track points")
    return tcx.parts["activity"]


def read_course(stream: Stream) -> list[np.ndarray]:
    """Reads the points of courses, or of activities if there are none; tables and errors as in `read_activities`."""
    tcx = Tcx()
    tcx.parse(stream)
    recordings = next(filter(None, tcx.parts.values()), [])
    if not recordings:
        raise InvalidWorkoutError("no track points")
    return [recording.table for recording in recordings]
