"""The records of a FIT file as rows of a table of points."""

from collections.abc import Mapping
from math import nan
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.readers.fit_messages import BASE_TYPES, Definition, Field, Messages, numbers, seconds
from hrkeras.workouts.readers.marks import REPAIRED_FIELD
from hrkeras.workouts.readers.point_table import (
    ALTITUDE,
    CADENCE,
    COLUMNS,
    DISTANCE,
    HEART_RATE,
    HEART_RATE_NAMES,
    LATITUDE,
    LONGITUDE,
    SPEED,
    TEMPERATURE,
    TIME,
    suggests_heart_rate,
)

RECORD = 20  # number of the message in the FIT profile
HEART_RATE_FIELD, COMPRESSED_SPEED = 3, 8  # and of its fields
MARK = "estimated_heart_rate"  # developer field of a copy that marks which of its heart rates were not measured
ESTIMATED = COLUMNS  # column of the heart rates that were put into a copy, after those of every table of points
REPAIRED = COLUMNS + 1  # and of those that were put in place of wrong ones
WIDTH = COLUMNS + 2
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
    (4, CADENCE, 1.0, 0.0),
    (13, TEMPERATURE, 1.0, 0.0),
)


class DeveloperField(NamedTuple):
    """A field that a developer has defined in the file.

    Attributes:
        base: number of its base type.
        name: as written, or `heart_rate` if it replaces that field.
    """

    base: int
    name: str


class RecordLayout(NamedTuple):
    """What is read of records, and where it lies in them without their first byte.

    Attributes:
        order: of the bytes in a number, as for `struct`.
        packed_speed: offset of speed and distance in three bytes, None if they are not there.
        fields: single numbers, each with its column, divisor and what is then subtracted; the last of a column that is not
            missing counts.
        unread: names of fields that may be a heart rate but are not read as one.
    """

    order: str
    packed_speed: int | None
    fields: tuple[tuple[Field, int, float, float], ...]
    unread: frozenset[str]

    @classmethod
    def of(cls, definition: Definition, described: Mapping[tuple[int, int], DeveloperField]) -> "RecordLayout":
        """The layout of the records of a definition, with developers' fields described by developer and number."""
        wanted: list[tuple[Field, int, float, float]] = []
        unread = set()
        for key, begin, size in definition.developer():
            base, name = described.get(key, DeveloperField(0, ""))
            if name == MARK:
                wanted.append((Field(begin, size, base), ESTIMATED, 1.0, 0.0))
            elif name == REPAIRED_FIELD:
                wanted.append((Field(begin, size, base), REPAIRED, 1.0, 0.0))
            elif name.strip().lower() in HEART_RATE_NAMES:
                wanted.append((Field(begin, size, base), HEART_RATE, 1.0, 0.0))
            elif suggests_heart_rate(name):
                unread.add(name)
        for number, column, divisor, less in FIELDS:
            if field := definition.field(number):
                wanted.append((field, column, divisor, less))
        packed = definition.field(COMPRESSED_SPEED)
        packed_speed = packed.begin if packed and packed.size == 3 else None
        return cls(definition.order, packed_speed, tuple(entry for entry in wanted if entry[0].scalar), frozenset(unread))

    def fill(self, table: np.ndarray, rows: np.ndarray, body: bytes, places: np.ndarray) -> None:
        """Sets rows of a table to what the records at some places tell, but for their times."""
        if self.packed_speed is not None:
            packed = numbers(body, places + 1 + self.packed_speed, "<H")
            measured = packed != 0xFFFF
            table[rows[measured], SPEED] = (packed[measured] & 0x0FFF) / 100
        for field, column, divisor, less in self.fields:
            code, missing = BASE_TYPES[field.base]
            values = numbers(body, places + 1 + field.begin, self.order + code)
            measured = values != missing
            if column == HEART_RATE:
                measured &= values != 0
            table[rows[measured], column] = values[measured].astype(np.float64) / divisor - less


def table_of(messages: Messages, index: np.ndarray, layouts: Mapping[Definition, RecordLayout]) -> np.ndarray:
    """The records among the messages of a file.

    Args:
        messages: all.
        index: of the records.
        layouts: by definition.

    Returns:
        Their table, shape `(n, WIDTH)`: the columns of `point_table`, `ESTIMATED` and `REPAIRED`; NaN where missing.
    """
    table = np.full((len(index), WIDTH), nan)
    table[:, TIME] = seconds(messages.times[index])
    kinds, kind = np.unique(messages.kind[index], return_inverse=True)
    found: dict[RecordLayout, int] = {}
    numbered = [found.setdefault(layouts[messages.kinds[each].definition], len(found)) for each in kinds]
    layout_of_each = np.array(numbered, np.int64)[kind]
    order = np.argsort(layout_of_each, kind="stable")
    parts = np.split(order, np.searchsorted(layout_of_each[order], np.arange(1, len(found))))
    with np.errstate(invalid="ignore"):  # in damaged numbers of floating point
        for layout, rows in zip(found, parts, strict=False):
            layout.fill(table, rows, messages.body, messages.places[index[rows]])
    return table
