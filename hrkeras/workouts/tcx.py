"""Read the activities of a TCX file (Garmin's Training Center XML)."""

from hrkeras.workouts.point_table import ALTITUDE, DISTANCE, HEART_RATE, LATITUDE, LONGITUDE, SPEED, TIME, Recording, Stream
from hrkeras.workouts.workout import InvalidWorkoutError
from hrkeras.workouts.xml_points import MARK, XmlPoints


class Tcx(XmlPoints):
    """Collects the points of a TCX file."""

    kind, root, point = "TCX", "trainingcenterdatabase", "trackpoint"
    columns = {
        "time": TIME,
        "latitudedegrees": LATITUDE,
        "longitudedegrees": LONGITUDE,
        "altitudemeters": ALTITUDE,
        "speed": SPEED,
        "value": HEART_RATE,  # within a point only HeartRateBpm has one
        "distancemeters": DISTANCE,
    }

    def __init__(self) -> None:
        super().__init__()
        self.sport = ""
        self.estimated = False
        self.activities: list[Recording] = []

    def started(self, name, attributes):
        if name == "activity":
            self.sport, self.estimated = attributes.get("Sport", "").strip(), False
            self.take()  # a course's points, which nobody recorded

    def ended(self, name, text):
        if name == "activity":
            table = self.take()
            if len(table):
                self.activities.append(Recording(self.sport, table, self.estimated))
        elif name == "notes" and self.path[-1] == "activity" and MARK in text:
            self.estimated = True


def read_activities(stream: Stream) -> list[Recording]:
    """Reads what was recorded, the laps of an activity joined; courses and planned workouts are passed over.

    A file that is cut off is refused rather than read up to the cut: half a run would pass for a whole one.

    Args:
        stream: anything with `read(size)` that gives bytes.

    Returns:
        Each activity.

    Raises:
        InvalidWorkoutError: if the file is not TCX, damaged or cut off, has no track points or declares XML entities.
    """
    tcx = Tcx()
    tcx.parse(stream)
    if not tcx.activities:
        raise InvalidWorkoutError("no track points")
    return tcx.activities
