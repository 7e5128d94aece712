"""Read a workout of the export that Endomondo gave its athletes: JSON in the folder Workouts, if there is no TCX beside it."""

from collections.abc import Iterator
from math import nan
from typing import Any

import numpy as np
import orjson

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers.point_table import (
    ALTITUDE,
    COLUMNS,
    DISTANCE,
    HEART_RATE,
    LATITUDE,
    LONGITUDE,
    MAX_POINTS,
    SPEED,
    TIME,
    Recording,
    Stream,
)
from hrkeras.workouts.readers.source import read_whole
from hrkeras.workouts.readers.xml_points import seconds

FOLDER, SUFFIX = "workouts", ".json"
MAX_BYTES = 64 << 20
FIELDS = {  # column, and factor of the values
    "latitude": (LATITUDE, 1.0),
    "longitude": (LONGITUDE, 1.0),
    "altitude": (ALTITUDE, 1.0),
    "speed_kmh": (SPEED, 1 / 3.6),
    "heart_rate_bpm": (HEART_RATE, 1.0),
    "distance_km": (DISTANCE, 1000.0),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_workout(stream: Stream) -> list[Recording]:
    """Reads the workout.

    Args:
        stream: anything with `read(size)` that returns bytes.

    Raises:
        InvalidWorkoutError: if it is not a workout or has no points.
    """
    content = read_whole(stream, MAX_BYTES)
    try:
        about = dict(_items(orjson.loads(content)))
    except orjson.JSONDecodeError:
        raise InvalidWorkoutError("not JSON") from None
    points = about.get("points")
    if not isinstance(points, list) or not points:
        raise InvalidWorkoutError("no track points")
    if len(points) > MAX_POINTS:
        raise InvalidWorkoutError(f"over {MAX_POINTS:,} points")
    sport, name = (text if isinstance(text := about.get(key), str) else "" for key in ("sport", "name"))
    return [Recording(sport, np.array([_row(point) for point in points]), name=name)]


def _items(value: Any, depth: int = 4) -> Iterator[tuple[str, Any]]:
    """The keys and values of objects in nested lists, which is how Endomondo wrote what would be a single object."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _items(item, depth - 1)


def _row(point: Any) -> list[float]:
    row = [nan] * COLUMNS
    entries = dict(_items(point))
    for key, value in (*entries.items(), *_items(entries.get("location"))):
        if key == "timestamp" and isinstance(value, str):
            row[TIME] = _clock(value)
        elif key in FIELDS and isinstance(value, int | float) and not isinstance(value, bool):
            column, factor = FIELDS[key]
            row[column] = value * factor
    return row


def _clock(text: str) -> float:
    """Seconds since 1970-01-01 UTC of a time such as "Sat Aug 01 05:26:38 UTC 2015"; NaN if it is none."""
    parts = text.split()
    if len(parts) != 6 or parts[1] not in MONTHS or parts[4] not in ("UTC", "GMT"):
        return seconds(text)
    return seconds(f"{parts[5]}-{MONTHS.index(parts[1]) + 1:02d}-{parts[2]:0>2}T{parts[3]}Z")
