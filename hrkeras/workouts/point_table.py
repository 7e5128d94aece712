"""What the readers of track files share: the columns of a table of points, and what they read from."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

TIME, LATITUDE, LONGITUDE, ALTITUDE, SPEED, HEART_RATE, DISTANCE = range(7)
COLUMNS = 7
MAX_POINTS = 1_000_000  # eleven days, recorded every second


HeartRateAt = Callable[[float], int]  # beats/min at s since 1970-01-01 UTC; 0 where there is none


class Recording(NamedTuple):
    """What a file holds of one activity.

    Attributes:
        sport: as written, empty if it does not say.
        table: points, shape `(n, COLUMNS)`, NaN where missing.
        estimated: whether the file says that its heart rate is one of ours, which no sensor measured.
        name: of the activity as written, empty if it has none.
    """

    sport: str
    table: np.ndarray
    estimated: bool = False
    name: str = ""


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...
