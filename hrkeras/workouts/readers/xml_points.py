"""The points of an XML track (GPX, TCX): streamed, in bounded memory, and safe with a hostile file."""

from array import array
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from math import isnan, nan
from typing import ClassVar, NoReturn
from xml.parsers import expat

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import marks
from hrkeras.workouts.readers.point_table import (
    COLUMNS,
    HEART_RATE,
    HEART_RATE_NAMES,
    MAX_ACTIVITIES,
    MAX_POINTS,
    TIME,
    VALUE,
    Recording,
    Stream,
    suggests_heart_rate,
    without_heart_rate,
)
from hrkeras.workouts.readers.xml_shapes import BLANK, Block, Shapes

MARK = "Heart rate estimated by hrkeras from speed and altitude"  # in a filled copy
MAX_BYTES = 512 << 20  # of plain XML; a day's run recorded every second has 30 MB
MAX_TAG = 4 << 20  # bytes; expat rereads an unfinished tag with every chunk
MAX_NAMES = 10_000  # of elements and attributes; expat keeps each
MAX_DEPTH = 64  # elements within elements
MAX_TEXT, MAX_TITLE = 4096, 256  # characters of an element's text that are kept, and of the title of an activity
MAX_TAGS = 2_000_000  # outside of points; 100,000 waypoints with all that belongs to them
TAGS_A_POINT = 64  # a watch with every sensor writes 40
CHUNK, LATER_CHUNK = 1 << 15, 1 << 18  # bytes, at first, when shapes of points are learnt, and from `SMALL` on
SMALL = 1 << 20  # bytes


class XmlPoints:
    """Collects the points of one kind of XML track; a subclass names the elements.

    Namespace prefixes and the case of names are ignored. Of a value that a point gives twice, the first counts; text that
    is not a number is NaN. Heart rate is the content of one of `HEART_RATE_NAMES`, directly or in a `Value`.

    Attributes:
        path: local names of the open elements, from the outermost.
        row: values so far of the open point, shape `(COLUMNS,)`; None outside points.
        parser: the parser of the document.
        begin: bytes before the document that are not passed to the parser.
    """

    kind: ClassVar[str]  # for messages
    root: ClassVar[str]  # name of the outermost element, in lower case, as all these names
    points: ClassVar[tuple[str, ...]]  # names of the elements that are a point
    columns: ClassVar[Mapping[str, int]]  # column by the name of an element within a point
    attributes: ClassVar[Mapping[str, int]] = {}  # column by the name of an attribute of the point
    by_shape: ClassVar[bool] = True  # whether points may be read without the parser

    def __init__(self) -> None:
        self.path: list[str] = []
        self._values = array("d")
        self._count = 0
        self._begun = False
        self.row: list[float] | None = None
        self._columns = {**dict.fromkeys((*HEART_RATE_NAMES, VALUE), HEART_RATE), **self.columns}
        self._others: set[str] = set()  # names of other elements in points since the last recording
        self._unread: set[str] = set()  # and of those that should hold a heart rate but do not hold a number
        self.begin = 0
        self.parser = expat.ParserCreate()
        self._shapes = Shapes(self.points, self.attributes, self._columns)
        self._parsed = self._tags = 0  # bytes and tags that the parser was given
        self._point_at = -1  # where the last point begins in them
        self._piece = b""  # what it was given last
        self._later: Iterator[bytes | Block] = iter(())  # what follows of the same piece of the document
        self._text = ""
        self.repaired: list[tuple[float, float]] = []  # stretches of the open activity, from `marks.stretches`

    def started(self, name: str, attributes: Mapping[str, str]) -> None:
        """Called at the start of an element that is neither a point nor in one; it is the last in `path`."""

    def ended(self, name: str, text: str) -> None:
        """Called at the end of such an element; `path` leads to its parent."""

    def parse(self, stream: Stream) -> None:
        """Reads `stream` to its end.

        Raises:
            InvalidWorkoutError: if it is not a complete document of this kind, or exceeds what a recording can be.
        """
        parser = self.parser
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = _refuse("entities")
        parser.AttlistDeclHandler = _refuse("attributes")  # a default is copied into every element
        total, failure, rest = 0, "damaged XML", b""
        try:
            while data := stream.read(CHUNK if total < SMALL else LATER_CHUNK) if total else self._beginning(stream):
                total += len(data)
                if self.begin + total > MAX_BYTES:
                    raise InvalidWorkoutError(f"over {MAX_BYTES >> 20} MB")
                rest = self._read(rest + data)
            self._parse(rest)
            failure, self._piece = "XML that is cut off", b""
            parser.Parse(b"", True)
        except InvalidWorkoutError:
            raise
        except expat.ExpatError:
            unread = self._piece[parser.ErrorByteIndex - self._parsed :]
            if unread and not any(self._later) and self._is_padded(unread, stream):
                return
            reason = "empty file" if not self.begin + total else failure if self._begun else "not XML"
            raise InvalidWorkoutError(reason) from None
        except (ValueError, LookupError):
            raise InvalidWorkoutError("XML in a text encoding that is not supported") from None
        finally:  # they hold this object, which holds the parser
            parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None

    def _read(self, data: bytes) -> bytes:
        """Reads a piece of the document: what is written like an earlier point at once, the rest by the parser. Returns what
        follows the last point, to be read with the next piece; nothing where no points are read at once."""
        known = bool(self._shapes)
        data = data if known else self._learn(data)
        end = self._shapes.ends(data)
        self._later = self._shapes.split(data[:end])
        for piece in self._later:
            if isinstance(piece, bytes):
                self._parse(self._learn(piece) if known else piece)
                known = False  # one shape a piece
            elif piece:
                self._add(piece)
        return data[end:]

    def _learn(self, data: bytes) -> bytes:
        """Parses up to the end of the first point, with which later ones are compared; returns the rest."""
        begin, end = self._shapes.find(data) if self.by_shape else (0, 0)
        before, parsed = self._count, self._parsed
        self._parse(data[:end])
        if self._count == before + 1 and self.row is None and self._point_at == parsed + begin:
            self._shapes.learn(data[begin:end])
        return data[end:]

    def _parse(self, data: bytes) -> None:
        self._tags += data.count(b"<")
        if self._tags > MAX_TAGS + TAGS_A_POINT * self._count:
            raise InvalidWorkoutError(f"XML with over {MAX_TAGS:,} tags that belong to no point")
        self._parsed += len(data)
        self._piece = data
        self.parser.Parse(data, False)
        if self._parsed - self.parser.CurrentByteIndex > MAX_TAG:
            raise InvalidWorkoutError(f"an XML tag of over {MAX_TAG >> 20} MB")
        if len(self.parser.intern) > MAX_NAMES:
            raise InvalidWorkoutError(f"XML with over {MAX_NAMES:,} names")

    def _add(self, block: Block) -> None:
        unread = self._parsed - self.parser.CurrentByteIndex  # the beginning of a tag, or a return character
        if not self.path or self.row is not None or unread > self._piece.endswith(b"\r"):
            raise InvalidWorkoutError("damaged XML")
        if len(self.path) + block.depth > MAX_DEPTH:
            raise InvalidWorkoutError(f"XML nested over {MAX_DEPTH} deep")
        self._count += len(block.table)
        if self._count > MAX_POINTS:
            raise InvalidWorkoutError(f"over {MAX_POINTS:,} points")
        self._values.frombytes(block.table.tobytes())
        self._others |= block.others
        self._text = ""

    def _is_padded(self, data: bytes, stream: Stream) -> bool:
        """Whether the document is complete and only NUL and blanks follow: in `data`, where the parser failed, and `stream`."""
        total = 0
        while self._begun and not self.path and not data.strip(BLANK + b"\0") and total < MAX_BYTES:
            if not (data := stream.read(CHUNK)):
                return True
            total += len(data)
        return False

    def _beginning(self, stream: Stream) -> bytes:
        """The first bytes after leading blanks, which are not allowed before a declaration but which some services write."""
        head = b""
        while len(head) < len(BOM_UTF8) and (data := stream.read(CHUNK)):
            rest = head = head + data
            while head != (rest := rest.lstrip(BLANK).removeprefix(BOM_UTF8)):
                self.begin += len(head) - len(rest)
                head = rest
            if self.begin > MAX_BYTES:
                raise InvalidWorkoutError(f"over {MAX_BYTES >> 20} MB")
        return head

    def collect(self, recordings: list[Recording], sport: str = "", name: str = "", estimated: bool = False) -> None:
        """Moves the points collected since the last call, if any, into a recording of one activity."""
        if self._values:
            table = self.take()
            repaired = marks.take_out(table, self.repaired)
            unread = self._unread.union(filter(suggests_heart_rate, self._others))
            recordings.append(Recording(sport, table, estimated, name, repaired or without_heart_rate(table, unread)))
            if len(recordings) > MAX_ACTIVITIES:
                raise InvalidWorkoutError(f"over {MAX_ACTIVITIES:,} activities")
        self._others, self._unread, self.repaired = set(), set(), []

    def take(self) -> np.ndarray:
        """Removes and returns the points collected since the last call, shape `(n, COLUMNS)`, NaN where missing."""
        table = np.array(self._values).reshape(-1, COLUMNS)
        self._values = array("d")
        return table

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called at the start of any element."""
        name = local(tag)
        path = self.path
        if not path:
            if name != self.root:
                raise InvalidWorkoutError(f"XML, but not {self.kind}")
            self._begun = True
        if len(path) == MAX_DEPTH:
            raise InvalidWorkoutError(f"XML nested over {MAX_DEPTH} deep")
        path.append(name)
        self._text = ""
        if self.row is None:
            if name in self.points:
                self._point_at = self.parser.CurrentByteIndex
                self.row = [nan] * COLUMNS
                for attribute, column in self.attributes.items():
                    self.row[column] = number(attributes.get(attribute, ""))
            else:
                self.started(name, attributes)
        elif name in self.points:
            raise InvalidWorkoutError("damaged XML")

    def _characters(self, text: str) -> None:
        if len(self._text) < MAX_TEXT:
            self._text += text

    def end(self, tag: str) -> None:
        """Called at the end of any element."""
        name = self.path.pop()
        row = self.row
        if row is None:
            self.ended(name, self._text[:MAX_TEXT].strip())
        elif name in self.points:
            self._count += 1
            if self._count > MAX_POINTS:
                raise InvalidWorkoutError(f"over {MAX_POINTS:,} points")
            self._values.extend(row)
            self.row = None
        elif (column := self._columns.get(name)) is None:
            self._others.add(name)
        elif column == HEART_RATE:
            self._heart_rate(name, row)
        elif isnan(row[column]):
            row[column] = seconds(self._text) if column == TIME else number(self._text)
        self._text = ""

    def _heart_rate(self, name: str, row: list[float]) -> None:
        """Takes the text of an element that holds a heart rate, or of a `Value` within such an element."""
        if not row[HEART_RATE] > 0 and (name != VALUE or self.path[-1] in HEART_RATE_NAMES):
            value = number(self._text)
            if not isnan(value):
                row[HEART_RATE] = value
            elif self._text.strip():
                self._unread.add(name)


@lru_cache(256)
def local(tag: str) -> str:
    """The name of an element without its prefix, in lower case."""
    return tag.rpartition(":")[2].lower()


def _refuse(what: str) -> Callable[..., NoReturn]:
    def refuse(*declaration: object) -> NoReturn:
        raise InvalidWorkoutError(f"declares XML {what}")

    return refuse


def number(text: str) -> float:
    """`text` as a number, or NaN."""
    try:
        return float(text)
    except ValueError:
        return nan


def seconds(text: str, utc_offset: float = nan) -> float:
    """Seconds since 1970-01-01 UTC of an ISO 8601 time, NaN if it is not one; if it has no offset, it is `utc_offset` s ahead of
    UTC, or in UTC where that is NaN."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo:
            return moment.timestamp()
        return moment.replace(tzinfo=UTC).timestamp() - (0.0 if isnan(utc_offset) else utc_offset)
    except (ValueError, OverflowError):
        return nan
