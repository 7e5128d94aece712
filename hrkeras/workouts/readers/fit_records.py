"""The records of a FIT file as rows of a table of points."""

import struct
from collections.abc import Mapping
from math import nan
from typing import NamedTuple

from hrkeras.workouts.readers.fit_messages import BASE_TYPES, Definition, Field, seconds
from hrkeras.workouts.readers.point_table import (
    ALTITUDE,
    COLUMNS,
    DISTANCE,
    HEART_RATE,
    HEART_RATE_NAMES,
    LATITUDE,
    LONGITUDE,
    SPEED,
    TIME,
    suggests_heart_rate,
)

RECORD = 20  # number of the message in the FIT profile
HEART_RATE_FIELD, COMPRESSED_SPEED = 3, 8  # and of its fields
MARK = "estimated_heart_rate"  # developer field of a copy that marks which of its heart rates were not measured
ESTIMATED = COLUMNS  # column of the heart rates that were put into a copy, after those of every table of points
WIDTH = COLUMNS + 1
SEMICIRCLES = 2**31 / 180  # per degree
FIELDS = (  # number, column, divisor, and what is then subtracted; the last field of a column with a number counts
    (0, LATITUDE, SEMICIRCLES, 0.0),
    (1, LONGITUDE, SEMICIRCLES, 0.0),
    (5, DISTANCE, 100.0, 0.0),
    (2, ALTITUDE, 5.0, 500.0),
    (78, ALTITUDE, 5.0, 500.0),
    (6, SPEED, 1000.0, 0.0),
    (73, SPEED, 1000.0, 0.0),
    (HEART_RATE_FIELD, HEART_RATE, 1.0, 0.0),
)


class DeveloperField(NamedTuple):
    """A field that a developer has defined in the file.

    Attributes:
        base: number of its base type.
        name: as written, or `heart_rate` if it replaces that field.
    """

    base: int
    name: str


class RecordLayout:
    """Reads the records of one definition.

    Args:
        definition: of the records.
        described: developers' fields by developer and number.

    Attributes:
        unread: names of fields that may be a heart rate but are not read as one.
    """

    def __init__(self, definition: Definition, described: Mapping[tuple[int, int], DeveloperField]):
        wanted: list[tuple[Field, int, float, float]] = []
        self.unread: set[str] = set()
        for key, begin, size in definition.developer():
            base, name = described.get(key, DeveloperField(0, ""))
            if name == MARK:
                wanted.append((Field(begin, size, base), ESTIMATED, 1.0, 0.0))
            elif name.strip().lower() in HEART_RATE_NAMES:
                wanted.append((Field(begin, size, base), HEART_RATE, 1.0, 0.0))
            elif suggests_heart_rate(name):
                self.unread.add(name)
        for number, column, divisor, less in FIELDS:
            if field := definition.field(number):
                wanted.append((field, column, divisor, less))
        wanted = [entry for entry in wanted if entry[0].scalar]
        places = sorted({entry[0].begin: entry[0] for entry in wanted}.values())
        layout, end = definition.order, -1  # the first byte of a message is not counted
        for field in places:
            layout += "x" * (field.begin - end) + BASE_TYPES[field.base][0]
            end = field.begin + field.size
        self._unpack = struct.Struct(layout).unpack_from
        self._steps = [
            (places.index(field), (BASE_TYPES[field.base][1], 0 if column == HEART_RATE else None), column, divisor, less)
            for field, column, divisor, less in wanted
        ]
        packed = definition.field(COMPRESSED_SPEED)
        self._packed_speed = 1 + packed.begin if packed and packed.size == 3 else 0

    def row(self, raw: bytes, clock: int | None) -> list[float]:
        """The row of a record, whose first byte is that of the message, at a time in s of the FIT epoch."""
        row = [nan] * WIDTH
        if clock is not None:
            row[TIME] = seconds(clock)
        if (at := self._packed_speed) and raw[at : at + 2] != b"\xff\xff":
            row[SPEED] = (raw[at] | (raw[at + 1] & 0x0F) << 8) / 100
        values = self._unpack(raw)
        for index, missing, column, divisor, less in self._steps:
            value = values[index]
            if value not in missing:
                row[column] = value / divisor - less
        return row
