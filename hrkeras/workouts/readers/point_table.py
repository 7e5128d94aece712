"""Shared by the readers of track files: the columns of a table of points, and the stream that they read."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np

TIME, LATITUDE, LONGITUDE, ALTITUDE, SPEED, HEART_RATE, DISTANCE, CADENCE, TEMPERATURE = range(9)
COLUMNS = 9
MAX_POINTS = 1_000_000  # eleven days, recorded every second
MAX_ACTIVITIES = 10_000  # in a file; two a day for thirteen years
HEART_RATE_NAMES = frozenset(  # names of what holds the heart rate of a point, in lower case
    {"hr", "heartrate", "heart_rate", "heart-rate", "heart rate", "heartratebpm", "bpm", "hrbpm", "pulse"}
)
VALUE = "value"  # an element of XML that holds the number of the one around it
COURSE = "a course to follow, not a recording, which is for `hrkeras plan`"  # why a file is refused
MAX_NAME = 40  # characters of a name in a message
_SUGGESTS = re.compile(r"heart|pulse|bpm|^hr|hr$")

HeartRateAt = Callable[[float], int]  # beats/min at s since 1970-01-01 UTC; 0 where there is none


class Recording(NamedTuple):
    """The content of a file for one activity.

    Attributes:
        sport: as written, empty if missing.
        table: points, shape `(n, COLUMNS)`, NaN where missing; times are s since 1970-01-01 UTC, or all since an unknown one.
        estimated: whether the file is marked as having a heart rate that hrkeras estimated.
        name: the activity's name as written, empty if it has none.
        passed_over: what could not be read in the file although the activity can be used, each a few words.
        utc_offset: s that local time is ahead of UTC; NaN where the file does not tell.
    """

    sport: str
    table: np.ndarray
    estimated: bool = False
    name: str = ""
    passed_over: tuple[str, ...] = ()
    utc_offset: float = np.nan


class Stream(Protocol):
    """Where bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


@lru_cache(256)
def suggests_heart_rate(name: str) -> bool:
    """Whether something of this name may hold a heart rate."""
    return bool(_SUGGESTS.search(name.lower()))


def without_heart_rate(table: np.ndarray, unread: Iterable[str]) -> tuple[str, ...]:
    """A remark on points without a heart rate whose file has something that looks like one; empty if they have one.

    Args:
        table: points, at least `COLUMNS` wide.
        unread: names of what looks like a heart rate.
    """
    names = sorted({"".join(filter(str.isprintable, name))[:MAX_NAME] for name in unread})
    if not names or (table[:, HEART_RATE] > 0).any():
        return ()
    return (f"heart rate in a form that is not read: {', '.join(names[:3])}",)
