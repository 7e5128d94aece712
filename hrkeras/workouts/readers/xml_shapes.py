"""The points of an XML track that are written like an earlier one of their file: read as a block, without a parser."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.readers.point_table import COLUMNS, HEART_RATE_NAMES, TIME, VALUE

MAX_SHAPES = 8  # of a file; what is written in yet another one is left to the parser
MAX_POINT = 4096  # bytes of a point that others are compared with
MAX_DEPTH = 32  # of its elements
BLANK = b" \t\r\n"
_PARTS = re.compile(rb"(<[^<>]*>)")
_TAG = re.compile(rb"""<(/?)(?:[\w.-]+:)?([\w.-]+)(?:\s+[\w.:-]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*\s*(/?)>""")
_ATTRIBUTE = re.compile(rb"""(\s+([\w.:-]+)\s*=\s*["'])((?<=")[^"]*|(?<=')[^']*)""")
_NUMBER = rb"(-?\d{1,40}(?:\.\d{1,40})?)"
_MOMENT = rb"((?:19|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?"
_OTHER = rb"[ -%'-;=-\\^-~]{0,256}"  # text of no entity and no end of a CDATA section, one byte a character
_HIDING = (b"<!", b"<?")  # begin comments and the like, which may hold points that do not count


class Shape(NamedTuple):
    """How a point is written.

    Attributes:
        pattern: matches points that differ from it in values only; a group for each value.
        columns: which value each group holds.
        others: local names, in lower case, of its elements that hold no value.
        depth: of its elements.
    """

    pattern: bytes
    columns: tuple[int, ...]
    others: frozenset[str]
    depth: int


class Block(NamedTuple):
    """Points that follow one another, shape `(n, COLUMNS)`, NaN where missing, and the `others` and `depth` of their shapes."""

    table: np.ndarray
    others: frozenset[str]
    depth: int

    def __bool__(self) -> bool:
        return len(self.table) > 0


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
        self._hidden, self._last = False, b""  # the last byte seen, with which a mark may begin
        self.end = b""  # the tag that ends a point

    def __bool__(self) -> bool:
        return bool(self._shapes) and not self._hidden

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

    def split(self, data: bytes) -> Iterator[bytes | Block]:
        """Divides what follows of the document; it ends outside of points.

        Yields:
            In the order of `data`, what the parser has to read, and points.
        """
        self._hidden = self._hidden or any(mark in self._last + data for mark in _HIDING)
        self._last = data[-1:]
        if not self:
            yield data
            return
        parts, width, begin = self._pattern.split(data), self._pattern.groups + 1, 0
        try:
            table, which = self._table(parts, width)
        except ValueError:  # a date that does not exist
            yield data
            return
        for place, gap in enumerate(parts[::width]):
            if gap.strip(BLANK):
                yield self._block(table[begin:place], which[begin:place])
                yield gap
                begin = place
        yield self._block(table[begin:], which[begin:])

    def _block(self, table: np.ndarray, which: np.ndarray) -> Block:
        shapes = [self._shapes[number] for number in np.unique(which)]
        others = frozenset[str]().union(*(shape.others for shape in shapes))
        return Block(table, others, max((shape.depth for shape in shapes), default=0))

    def _table(self, parts: list[bytes], width: int) -> tuple[np.ndarray, np.ndarray]:
        """The values of all points in `parts`, which holds what is between them, then `width - 1` groups of each; and the shape
        of each point."""
        table, which = np.full((len(parts) // width, COLUMNS), np.nan), np.zeros(len(parts) // width, int)
        place = 1
        for number, shape in enumerate(self._shapes):
            first = parts[place::width]
            rows = slice(None) if None not in first else [row for row, value in enumerate(first) if value is not None]
            which[rows] = number
            for column in shape.columns:
                values = [value for value in parts[place::width] if value is not None]
                if column == TIME:
                    table[rows, column] = np.array(values, "M8[us]").astype(np.int64) / 1e6
                else:
                    table[rows, column] = np.fromiter(map(float, values), np.float64, len(values))
                place += 1
        return table, which


def _shape(point: bytes, attributes: Mapping[str, int], columns: Mapping[str, int]) -> Shape | None:
    """How a well-formed point is written; None if it has no value, one twice, or one in a form that is not known."""
    _, first, *parts, _ = _PARTS.split(point)
    if not _TAG.fullmatch(first):
        return None
    pattern, taken = _of_point(first, attributes)
    others, path, deepest, is_begun = set[str](), [""], 1, True
    for text, tag in zip(parts[::2], parts[1::2], strict=True):
        match = _TAG.fullmatch(tag)
        if not match or len(path) > MAX_DEPTH:
            return None
        closing, name, empty = match.groups()
        lower = name.decode().lower()
        if text.strip(BLANK):
            is_all = closing and is_begun  # that is in its element
            if not is_all or (lower == VALUE and path[-2] not in HEART_RATE_NAMES):
                return None
            column = columns.get(lower)
            pattern += _OTHER if column is None else _value(column)
            taken += [] if column is None else [column]
        else:
            pattern += re.escape(text)
        pattern += re.escape(tag)
        if closing:
            path.pop()
        else:
            others |= {lower} - columns.keys()
            path += [] if empty else [lower]
        is_begun, deepest = not closing and not empty, max(deepest, len(path))
    once = len(set(taken)) == len(taken) > 0
    return Shape(pattern, tuple(taken), frozenset(others), deepest) if once and re.fullmatch(pattern, point) else None


def _of_point(tag: bytes, attributes: Mapping[str, int]) -> tuple[bytes, list[int]]:
    """The pattern of the tag that begins a point, and which values it holds."""
    pattern, taken, end = b"", list[int](), 0
    for attribute in _ATTRIBUTE.finditer(tag):
        column = attributes.get(attribute[2].decode())
        pattern += re.escape(tag[end : attribute.end(1)]) + (re.escape(attribute[3]) if column is None else _value(column))
        taken += [] if column is None else [column]
        end = attribute.end()
    return pattern + re.escape(tag[end:]), taken


def _value(column: int) -> bytes:
    return _MOMENT if column == TIME else _NUMBER
