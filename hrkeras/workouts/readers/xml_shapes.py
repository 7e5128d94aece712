"""The points of an XML track that are written like an earlier one of their file: read as a block, without a parser."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.readers.point_table import COLUMNS, HEART_RATE_NAMES, TIME, VALUE

MAX_SHAPES = 8  # of a file; what is written in yet another one is left to the parser
MAX_POINT = 4096  # bytes of a point that others are compared with
_TEXT = re.compile(rb"(?<=>)([^<>\s][^<>]*)(?=</)")
_TAGS = re.compile(rb"(?:\s*<[^<>]*>)*\s*")
_BEGUN = re.compile(rb"(?:<(?:[\w.-]+:)?([\w.-]+)[^<>]*>\s*)?<(?:[\w.-]+:)?([\w.-]+)[^<>]*(?<!/)>$")  # the tags before a text
_NAME = re.compile(rb"<(?:[\w.-]+:)?([\w.-]+)")
_ATTRIBUTE = re.compile(rb"""([\w.:-]+)(\s*=\s*["'])([^"']*)""")
_NUMBER = rb"(-?\d{1,40}(?:\.\d{1,40})?)"
_MOMENT = rb"([1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?"
_OTHER = rb"[ -%'-;=-\\^-~]{0,256}"  # text of no entity and no end of a CDATA section, one byte a character
_HIDING = (b"<!", b"<?")  # begin comments and the like, which may hold points that do not count


class Shape(NamedTuple):
    """How a point is written.

    Attributes:
        pattern: matches points that differ from it in values only; a group for each value.
        columns: which value each group holds.
        others: local names, in lower case, of its elements that hold no value.
    """

    pattern: bytes
    columns: tuple[int, ...]
    others: frozenset[str]


class Shapes:
    """The shapes of a file's points. It is true where points can be read by them.

    Args:
        points: local names of the elements that are a point, in lower case, as all these names.
        attributes: column by the name of an attribute of the point.
        columns: column by the name of an element in the point.
    """

    def __init__(self, points: Collection[str], attributes: Mapping[str, int], columns: Mapping[str, int]) -> None:
        self._attributes, self._columns = attributes, columns
        self._begin = re.compile(rb"<((?:[\w.-]+:)?(?:%b))\b" % "|".join(points).encode(), re.IGNORECASE)
        self._shapes: list[Shape] = []
        self._pattern = re.compile(b"")
        self._hidden = False
        self.end = b""  # the tag that ends a point

    def __bool__(self) -> bool:
        return bool(self._shapes) and not self._hidden

    @property
    def others(self) -> frozenset[str]:
        """Local names of the elements that hold no value."""
        return frozenset().union(*(shape.others for shape in self._shapes))

    def ends(self, data: bytes) -> int:
        """Where the last point in `data` ends; at the end of `data` if there is none, or none can be read without the parser."""
        end = data.rfind(self.end) if self else -1
        if self and end < 0:  # a point may begin in it that is hidden
            self._hidden = True
        return end + len(self.end) if end >= 0 else len(data)

    def find(self, data: bytes) -> tuple[int, int]:
        """Where the first complete point in `data` begins and ends; both 0 if there is none or it is very long."""
        if not (begun := self._begin.search(data)):
            return 0, 0
        end = b"</%b>" % begun[1]
        place = data.find(end, begun.end(), begun.start() + MAX_POINT)
        return (begun.start(), place + len(end)) if place > 0 else (0, 0)

    def learn(self, point: bytes) -> None:
        """Reads points like this one, which the parser has accepted, from now on, if its values can be told."""
        shape = _shape(point, self._attributes, self._columns) if len(self._shapes) < MAX_SHAPES else None
        if shape:
            self._shapes.append(shape)
            self.end = self.end or point[point.rindex(b"<") :]
            self._pattern = re.compile(b"|".join(shape.pattern for shape in self._shapes))

    def split(self, data: bytes) -> Iterator[bytes | np.ndarray]:
        """Divides a piece of the document that begins and ends outside of points.

        Yields:
            In the order of `data`, what the parser has to read, and tables of points, shape `(n, COLUMNS)`, NaN where missing.
        """
        self._hidden = self._hidden or any(mark in data for mark in _HIDING)
        if not self:
            yield data
            return
        parts = self._pattern.split(data)
        width = self._pattern.groups + 1
        try:
            table = self._table(parts, width)
        except ValueError:  # a date that does not exist
            yield data
            return
        begin = 0
        for place, gap in enumerate(parts[::width]):
            if gap and not gap.isspace():
                yield table[begin:place]
                yield gap
                begin = place
        yield table[begin:]

    def _table(self, parts: list[bytes], width: int) -> np.ndarray:
        """The values of all points in `parts`: what is between them, then `width - 1` groups of each."""
        table = np.full((len(parts) // width, COLUMNS), np.nan)
        place = 1
        for shape in self._shapes:
            first = parts[place::width]
            rows = slice(None) if None not in first else [row for row, value in enumerate(first) if value is not None]
            for column in shape.columns:
                values = [value for value in parts[place::width] if value is not None]
                if column == TIME:
                    table[rows, column] = np.array(values, "M8[us]").astype(np.int64) / 1e6
                else:
                    table[rows, column] = np.fromiter(map(float, values), np.float64, len(values))
                place += 1
        return table


def _shape(point: bytes, attributes: Mapping[str, int], columns: Mapping[str, int]) -> Shape | None:
    """How a well-formed point is written; None if it has no value, one twice, or one in a form that is not known."""
    place = point.index(b">") + 1
    pattern, taken, others = b"", list[int](), set[str]()
    parts = _ATTRIBUTE.split(point[:place])
    for before, name, equals, text in zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=False):
        column = attributes.get(name.decode())
        pattern += re.escape(before + name + equals) + (re.escape(text) if column is None else _value(column))
        taken += [] if column is None else [column]
    pattern += re.escape(parts[-1])
    parts = _TEXT.split(point[place:])
    for tags, text in zip(parts[::2], [*parts[1::2], b""], strict=True):
        others.update(name.decode().lower() for name in _NAME.findall(tags))
        pattern += re.escape(tags)
        begun = _BEGUN.search(tags)
        if not _TAGS.fullmatch(tags) or bool(begun) < bool(text):
            return None
        if not begun or not text:
            break
        around, name = ((found or b"").decode().lower() for found in begun.groups())
        if name == VALUE and around not in HEART_RATE_NAMES:
            return None
        column = columns.get(name)
        pattern += _OTHER if column is None else _value(column)
        taken += [] if column is None else [column]
    once = len(set(taken)) == len(taken) > 0
    return Shape(pattern, tuple(taken), frozenset(others.difference(columns))) if once and re.fullmatch(pattern, point) else None


def _value(column: int) -> bytes:
    return _MOMENT if column == TIME else _NUMBER
