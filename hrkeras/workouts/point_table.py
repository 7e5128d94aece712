"""What the readers of track files share: the columns of a table of points, and what they read from."""

from typing import Protocol

TIME, LATITUDE, LONGITUDE, ALTITUDE, SPEED, HEART_RATE, DISTANCE = range(7)
COLUMNS = 7
MAX_POINTS = 1_000_000  # eleven days, recorded every second


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...
