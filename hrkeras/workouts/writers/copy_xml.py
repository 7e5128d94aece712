"""Insert heart rates into a GPX or TCX file by editing its bytes, so that all else stays the same."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple
from xml.parsers import expat

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers.gpx import Gpx
from hrkeras.workouts.readers.point_table import HEART_RATE_NAMES, TIME, VALUE, HeartRateAt, Stream
from hrkeras.workouts.readers.tcx import Tcx
from hrkeras.workouts.readers.xml_points import CHUNK, XmlPoints, local

GARMIN = "http://www.garmin.com/xmlschemas/TrackPointExtension/v"
GPX_1_0 = "http://www.topografix.com/GPX/1/0"
PREFIXES = ("gpxtpx", "hrkerastpx")  # the usual one, and one for a file that uses it for something else

VALUED = "heartratebpm"  # an element that holds its number in another

PIECE = 1 << 13  # bytes
UTF_16 = {BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}
_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")


class Edit(NamedTuple):
    """Bytes that replace those from `begin` to `end`."""

    begin: int
    end: int
    new: bytes


class _Element(NamedTuple):
    """An element within a point that has ended.

    Attributes:
        tag: its name with its prefix.
        depth: elements that are open around it.
        begin: where it begins.
        inside: where its content begins, or an empty tag ends; only for elements that `_Fill` may change.
        end: where its closing tag begins.
        empty: whether it is an empty tag; likewise.
        is_rate: whether its text is a heart rate.
    """

    tag: str
    depth: int
    begin: int
    inside: int
    end: int
    empty: bool
    is_rate: bool

    @property
    def prefix(self) -> str:
        """With its colon; empty if it has none."""
        return "".join(self.tag.rpartition(":")[:2])

    def holding(self, new: str) -> Edit:
        """Inserts text after its content."""
        if not self.empty:
            return Edit(self.end, self.end, new.encode())
        return Edit(self.inside - 2, self.inside, f">{new}</{self.tag}>".encode())

    def beginning(self, new: str) -> Edit:
        """Inserts text before its content."""
        return self.holding(new) if self.empty else Edit(self.inside, self.inside, new.encode())

    def of(self, new: str) -> Edit:
        """Replaces its content."""
        return self.holding(new) if self.empty else Edit(self.inside, self.end, new.encode())


class _Fill(XmlPoints):
    """Finds where heart rate goes in the points, and where a file describes its content in words."""

    element: ClassVar[str]  # name of the element that holds points and is marked, in lower case
    words: ClassVar[str]  # name of the element in it that people read
    before_words: ClassVar[frozenset[str]]  # elements that come before that, in lower case
    by_shape = False
    around: ClassVar[frozenset[str]]  # names of elements in a point that a heart rate may be put into

    def __init__(self, heart_rate_at: HeartRateAt, said: str) -> None:
        super().__init__()
        self.edits: list[Edit] = []
        self.filled = 0
        self._at, self._mark_text = heart_rate_at, said
        self._open: list[tuple[str, int, int, bool]] = []  # tag, begin, inside and empty of each open element, as in `_Element`
        self._inner: list[_Element] = []
        self._mark: Edit | None = None
        self._prefix = ""
        self._rewritten = HEART_RATE_NAMES | self.around | {VALUE}
        self._filled_before = 0

    def insert(self, point: _Element, inner: list[_Element], heart_rate: int) -> Edit:
        """Where a heart rate goes in a point that has no element for it."""
        raise NotImplementedError

    def start(self, tag, attributes):
        begin = self.begin + self.parser.CurrentByteIndex
        super().start(tag, attributes)
        within = self.row is not None and self.path[-1] in self._rewritten
        text = self._text_of_tag() if within or self.path[-2:] == [self.element, self.words.lower()] else b""
        self._open.append((tag, begin, begin + len(text), text.endswith(b"/>")))
        if self.path[-1] == self.element:
            self._prefix = "".join(tag.rpartition(":")[:2])
        if self._mark or self.row is not None or self.path[-2:-1] != [self.element]:
            return
        if self.path[-1] not in self.before_words and self.path[-1] != self.words.lower():
            self._mark = self._new_words(begin)

    def end(self, tag):
        end, name = self.begin + self.parser.CurrentByteIndex, self.path[-1]
        opened, begin, inside, empty = self._open.pop()
        is_rate = (self.path[-2] if name == VALUE else name) in HEART_RATE_NAMES and name != VALUED
        element = _Element(opened, len(self._open), begin, inside, end, empty, is_rate)
        if self.row is not None:
            if name in self.points:
                self._fill(element, self.row)
                self._inner.clear()
            else:
                self._inner.append(element)
        elif name == self.words.lower() and self.path[-2] == self.element:
            self._mark = element.beginning(f"{self._mark_text} ")  # a reader does not keep all of a long text
        elif name == self.element:
            if self.filled > self._filled_before:
                self.edits.append(self._mark or self._new_words(end))
            self._mark, self._filled_before = None, self.filled
        super().end(tag)

    def _new_words(self, place: int) -> Edit:
        tag = self._prefix + self.words
        return Edit(place, place, f"<{tag}>{self._mark_text}</{tag}>".encode())

    def _text_of_tag(self) -> bytes:
        """The text of the tag at the parser's position."""
        match = _TAG.match(self.parser.GetInputContext() or b"")
        if not match:  # the parser has read it as a whole
            raise InvalidWorkoutError("damaged XML")
        return match.group()

    def _fill(self, point: _Element, row: list[float]) -> None:
        if self.element not in self.path:
            return
        heart_rate = self._at(row[TIME])
        if heart_rate:
            rates = [rate for rate in self._inner if rate.is_rate]
            innermost = [rate for rate in rates if not any(rate.begin < inner.begin < rate.end for inner in rates)]
            self.edits += [rate.of(str(heart_rate)) for rate in innermost] or [self.insert(point, self._inner, heart_rate)]
            self.filled += 1


class _GpxFill(_Fill, Gpx):
    element, words, before_words = "trk", "desc", frozenset({"name", "cmt"})
    around = frozenset({"extensions", "trackpointextension"})
    before = frozenset({"atemp", "wtemp", "depth"})  # what comes before `hr` in Garmin's extension

    def start(self, tag, attributes):
        if not self.path:
            self._root(self.begin + self.parser.CurrentByteIndex, tag, attributes)
        super().start(tag, attributes)

    def _root(self, begin: int, tag: str, attributes: Mapping[str, str]) -> None:
        declared = (name[6:] for name, value in attributes.items() if name[:6] == "xmlns:" and value.startswith(GARMIN))
        free = next(candidate for candidate in PREFIXES if f"xmlns:{candidate}" not in attributes)
        prefix = next(declared, None)
        self._extension = prefix or free
        place = begin + 1 + len(tag.encode())
        self._declared = None if prefix else Edit(place, place, f' xmlns:{free}="{GARMIN}1"'.encode())
        name, _, _ = tag.rpartition(":")
        self._bare = attributes.get(f"xmlns:{name}" if name else "xmlns") == GPX_1_0  # which knows no `extensions`

    def insert(self, point, inner, heart_rate):
        garmin = next((element for element in inner if local(element.tag) == "trackpointextension"), None)
        if garmin:
            new = f"<{garmin.prefix}hr>{heart_rate}</{garmin.prefix}hr>"
            own = [
                element for element in inner if element.depth == garmin.depth + 1 and garmin.begin < element.begin < garmin.end
            ]
            place = min((element.begin for element in own if local(element.tag) not in self.before), default=0)
            return Edit(place, place, new.encode()) if place else garmin.holding(new)
        if self._declared:
            self.edits.append(self._declared)
            self._declared = None
        name = f"{self._extension}:TrackPointExtension"
        new = f"<{name}><{self._extension}:hr>{heart_rate}</{self._extension}:hr></{name}>"
        extensions = next(
            (element for element in inner if local(element.tag) == "extensions" and element.depth == point.depth + 1), None
        )
        if extensions:
            return extensions.holding(new)
        return point.holding(new if self._bare else f"<{point.prefix}extensions>{new}</{point.prefix}extensions>")


class _TcxFill(_Fill, Tcx):
    element, words, before_words = "activity", "Notes", frozenset({"id", "lap"})
    around = frozenset({VALUED})
    after = frozenset({"cadence", "sensorstate", "extensions"})  # what follows heart rate in a point

    def insert(self, point, inner, heart_rate):
        new = f"<{point.prefix}Value>{heart_rate}</{point.prefix}Value>"
        own = [element for element in inner if element.depth == point.depth + 1]
        for element in own:
            if local(element.tag) == VALUED:
                return element.holding(new)
        name = f"{point.prefix}HeartRateBpm"
        place = min((element.begin for element in own if local(element.tag) in self.after), default=point.end)
        return Edit(place, place, f"<{name}>{new}</{name}>".encode())


FILLS: dict[str, type[_Fill]] = {"gpx": _GpxFill, "tcx": _TcxFill}


def edits(kind: str, stream: Stream, heart_rate_at: HeartRateAt, words: str) -> tuple[list[Edit], int]:
    """The edits that insert heart rates into the points of a GPX or TCX file, and words that mark it.

    Args:
        kind: a key of `FILLS`.
        stream: the file.
        heart_rate_at: gives the heart rate at the time of a point.
        words: the mark.

    Returns:
        The edits in order, at positions in the text as UTF-8, and the number of points that get a heart rate.

    Raises:
        InvalidWorkoutError: as from the readers, and for UTF-16 without a byte order mark.
    """
    fill, pieces = FILLS[kind](heart_rate_at, words), _Pieces(stream)
    if pieces.codec:
        fill.parser = expat.ParserCreate("utf-8")  # whatever the declaration says
    fill.parse(pieces)
    return sorted(fill.edits), fill.filled


class _Pieces:
    """A file in small pieces of UTF-8; they are small since the parser copies the rest of a piece to show a tag.

    Attributes:
        codec: that of UTF-16, if the first bytes are its byte order mark; text in another encoding stays the same.
    """

    def __init__(self, stream: Stream):
        self._stream, self._head = stream, stream.read(4)
        self.codec = UTF_16.get(self._head[:2])
        if not self.codec and b"\0" in self._head:
            raise InvalidWorkoutError("XML in UTF-16 that does not say so, which cannot be copied; save it as UTF-8")
        self._decoder = getincrementaldecoder(self.codec)() if self.codec else None

    def read(self, size: int, /) -> bytes:
        data, self._head = self._head or self._stream.read(min(size, PIECE)), b""
        if not self._decoder:
            return data
        while data and not (text := self._decoder.decode(data)):
            data = self._stream.read(PIECE)
        return text.encode() if data else self._decoder.decode(b"", final=True).encode()


def copy(stream: Stream, changes: list[Edit], write: Callable[[bytes], object]) -> None:
    """Writes a file with changes, which must be in order."""
    pieces = _Pieces(stream)

    def put(data: bytes) -> None:
        write(data.decode().encode(pieces.codec) if pieces.codec else data)

    place, waiting = 0, iter(changes)
    edit = next(waiting, None)
    while data := pieces.read(CHUNK):
        begin, end = place, place + len(data)
        while edit and edit.begin <= end:
            put(data[begin - place : max(begin, edit.begin) - place])
            begin = max(begin, edit.begin)
            if edit.end > end:  # goes on in the next piece
                put(edit.new)
                edit = Edit(end, edit.end, b"")
                begin = end
                break
            put(edit.new)
            begin, edit = edit.end, next(waiting, None)
        put(data[begin - place :])
        place = end
