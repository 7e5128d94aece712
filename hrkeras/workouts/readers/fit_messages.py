"""The messages of a FIT file, and the fields of a message."""

import struct
from array import array
from collections.abc import Callable, Iterator
from math import nan
from typing import Any, NamedTuple, TypeVar

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError

MAX_MESSAGES = 2_000_000  # definitions included; a day of running has some 200,000
MAX_DEFINITIONS = 200_000  # each takes some 500 bytes; watches that write one before every message stay far below
COMPRESSED, DEFINITION, DEVELOPER = 0x80, 0x40, 0x20  # bits of a message's first byte
TIMESTAMP = 253  # number of this field in every message of the FIT profile
UNKNOWN_CLOCK = 0xFFFFFFFF
FIT_EPOCH = 631_065_600  # 1989-12-31 UTC, seconds since 1970
EARLIEST_CLOCK = 0x10000000  # a time below it counts from the device's start

# `struct` code and the value that means "none", by the number of the base type
BASE_TYPES: dict[int, tuple[str, float]] = {
    0: ("B", 0xFF),
    1: ("b", 0x7F),
    2: ("B", 0xFF),
    3: ("h", 0x7FFF),
    4: ("H", 0xFFFF),
    5: ("i", 0x7FFFFFFF),
    6: ("I", 0xFFFFFFFF),
    8: ("f", float("nan")),
    9: ("d", float("nan")),
    10: ("B", 0),
    11: ("H", 0),
    12: ("I", 0),
    13: ("B", 0xFF),
    14: ("q", 0x7FFFFFFFFFFFFFFF),
    15: ("Q", 0xFFFFFFFFFFFFFFFF),
    16: ("Q", 0),
}
STRING = 7


class Field(NamedTuple):
    """A field of a message.

    Attributes:
        begin: offset in the message, without its first byte.
        size: bytes.
        base: number of its base type, a key of `BASE_TYPES` or `STRING`.
    """

    begin: int
    size: int
    base: int

    @property
    def scalar(self) -> tuple[str, float] | None:
        """`struct` code and the value that means "none"; None if it is not a single number."""
        kind = BASE_TYPES.get(self.base)
        return kind if kind and struct.calcsize(f"={kind[0]}") == self.size else None


class Definition:
    """The layout of the messages with one local number.

    Attributes:
        number: of the message in the FIT profile.
        order: of its bytes, as for `struct`.
        fields: 3 bytes for each of its fields, as in the file.
        developer_fields: likewise for each field that a developer has defined.
        native_size: bytes of its fields, without those of developers.
        size: bytes of all.
        timestamp: offset of the time in a message, None if it has none.
    """

    __slots__ = ("_places", "developer_fields", "fields", "native_size", "number", "order", "size", "timestamp")

    def __init__(self, number: int, order: str, fields: bytes, developer_fields: bytes):
        self.number, self.order, self.fields, self.developer_fields = number, order, fields, developer_fields
        self.native_size = sum(fields[1::3])
        self.size = self.native_size + sum(developer_fields[1::3])
        self._places: dict[int, Field | None] = {}
        timestamp = self.field(TIMESTAMP)
        self.timestamp = timestamp.begin if timestamp and timestamp.size == 4 else None

    def field(self, number: int) -> Field | None:
        """A field by its number in the FIT profile, or None if the messages do not have it."""
        if number not in self._places:
            index = 3 * self.fields[::3].find(number)
            _, size, base = self.fields[index : index + 3] if index >= 0 else (0, 0, 0)
            self._places[number] = Field(sum(self.fields[1:index:3]), size, base & 0x1F) if index >= 0 else None
        return self._places[number]

    def developer(self) -> Iterator[tuple[tuple[int, int], int, int]]:
        """Developer and number of each developer field, its offset and its size."""
        begin = self.native_size
        for at in range(0, len(self.developer_fields), 3):
            number, size, developer = self.developer_fields[at : at + 3]
            yield (developer, number), begin, size
            begin += size

    def values(self, content: bytes, number: int) -> tuple[Any, ...]:
        """The numbers in a field of a message, including those that mean "none"; empty without such a field."""
        field = self.field(number)
        if field is None or field.base not in BASE_TYPES:
            return ()
        code, _ = BASE_TYPES[field.base]
        count = field.size // struct.calcsize(f"={code}")
        return struct.unpack_from(f"{self.order}{count}{code}", content, field.begin)

    def value(self, content: bytes, number: int) -> Any:
        """The number in a field of a message, or None."""
        field = self.field(number)
        if field is None or not (kind := field.scalar):
            return None
        (value,) = struct.unpack_from(self.order + kind[0], content, field.begin)
        return None if value == kind[1] or value != value else value

    def text(self, content: bytes, number: int) -> str:
        """The text in a field of a message, empty if it has none."""
        field = self.field(number)
        if field is None or field.base != STRING:
            return ""
        return content[field.begin : field.begin + field.size].partition(b"\0")[0].decode(errors="replace").strip()


class Message(NamedTuple):
    """A definition, or a message with data.

    Attributes:
        first: its first byte.
        definition: of its fields.
        raw: all its bytes.
        time: in s of the FIT epoch, NaN if it has none.
    """

    first: int
    definition: Definition
    raw: bytes
    time: float

    @property
    def is_definition(self) -> bool:
        return is_definition(self.first)

    @property
    def local(self) -> int:
        """The number that data and its definition share."""
        return local_number(self.first)

    @property
    def content(self) -> bytes:
        """The data, without the first byte."""
        return self.raw[1:]


class Kind(NamedTuple):
    """What messages with one first byte and one definition have in common; a definition is of a kind of its own."""

    first: int
    definition: Definition
    size: int

    def stamp(self) -> int:
        """Where in a message its time begins, -1 if it is not there."""
        stamp = self.definition.timestamp
        return -1 if self.first & (COMPRESSED | DEFINITION) or stamp is None else 1 + stamp

    def low_time(self) -> int:
        """The lowest five bits of the time, -1 if the first byte does not have them."""
        return self.first & 0x1F if self.first & COMPRESSED else -1


def is_definition(first: int) -> bool:
    """Whether a message with this first byte is a definition."""
    return first & (COMPRESSED | DEFINITION) == DEFINITION


def local_number(first: int) -> int:
    """The local number in the first byte of a message."""
    return first >> 5 & 0x03 if first & COMPRESSED else first & 0x0F


def numbers(body: bytes, places: np.ndarray, code: str) -> np.ndarray:
    """The numbers of a `struct` code that begin at some places."""
    everywhere = np.ndarray(max(0, len(body) - struct.calcsize(f"={code[-1]}") + 1), code, body, strides=(1,))
    return everywhere[places]


def _definition(body: bytes, place: int) -> tuple[Definition, int]:
    """A definition, and its size in bytes."""
    end = place + 6 + 3 * body[place + 5]
    fields, own = body[place + 6 : end], b""
    if body[place] & DEVELOPER:
        begin, end = end + 1, end + 1 + 3 * body[end]
        own = body[begin:end]
    if end > len(body):
        raise IndexError
    order = ">" if body[place + 2] else "<"
    return Definition(struct.unpack_from(f"{order}H", body, place + 3)[0], order, fields, own), end - place


class Messages:
    """The messages of a FIT file, `n` in the order of the file.

    Attributes:
        body: all their bytes.
        error: what is wrong behind the last of them, damage or more than a recording can have; None if nothing is.
        kinds: of messages.
        kind: of each message, an index of `kinds`, shape `(n,)`.
        places: where each begins, shape `(n,)`.
        times: of each, in s of the FIT epoch, NaN if it has none, shape `(n,)`.
    """

    def __init__(self, body: bytes):
        self.body = body
        self.error: InvalidWorkoutError | None = None
        self.kinds: list[Kind] = []
        places, kind = array("I"), array("I")
        try:
            self._find(places.append, kind.append)
        except InvalidWorkoutError as error:
            self.error = error
        except (IndexError, KeyError, struct.error):
            self.error = InvalidWorkoutError("damaged FIT")
        self.places, self.kind = np.asarray(places), np.asarray(kind)
        self.times = self._stamps()
        low = self._each(Kind.low_time)
        if (low >= 0).any():
            self._uncompress(low)

    def _find(self, add_place: Callable[[int], None], add_kind: Callable[[int], None]) -> None:
        body, definitions, place, count = self.body, dict[int, Definition](), 0, 0
        current: dict[int, tuple[int, int]] = {}  # size and kind by the first byte
        while place < len(body):
            first = body[place]
            if first in current:
                size, kind = current[first]
            elif len(self.kinds) == MAX_DEFINITIONS:
                raise InvalidWorkoutError(f"FIT of over {MAX_DEFINITIONS:,} definitions")
            else:
                local, kind = local_number(first), len(self.kinds)
                if is_definition(first):
                    definitions[local], size = _definition(body, place)
                    current = {other: known for other, known in current.items() if local_number(other) != local}
                else:
                    size = 1 + definitions[local].size
                    current[first] = size, kind
                self.kinds.append(Kind(first, definitions[local], size))
            if place + size > len(body):
                raise InvalidWorkoutError("damaged FIT")
            if count == MAX_MESSAGES:
                raise InvalidWorkoutError(f"FIT of over {MAX_MESSAGES:,} messages")
            add_place(place)
            add_kind(kind)
            place += size
            count += 1

    def _each(self, of_kind: Callable[[Kind], int]) -> np.ndarray:
        """A number that the kind of each message tells."""
        return np.array([of_kind(kind) for kind in self.kinds], np.int64)[self.kind]

    def _stamps(self) -> np.ndarray:
        """The times that lie in the messages themselves."""
        times = np.full(len(self.places), nan)
        stamp, is_big = self._each(Kind.stamp), self._each(lambda kind: kind.definition.order == ">")
        for order in "<>":
            index = np.flatnonzero((stamp >= 0) & (is_big == (order == ">")))
            stamps = numbers(self.body, self.places[index] + stamp[index], f"{order}I")
            times[index] = np.where(stamps == UNKNOWN_CLOCK, nan, stamps)
        return times

    def _uncompress(self, low: np.ndarray) -> None:
        """Sets the times of which only the lowest bits are told: each is 0 to 31 s after the time before it, 0 at first."""
        known = (low >= 0) | ~np.isnan(self.times)
        times, low = np.append(0, self.times[known]), np.append(-1, low[known])
        whole = low < 0
        low[whole] = times[whole] % 32
        passed = np.append(0, np.where(whole[1:], 0, np.diff(low) % 32)).cumsum()
        last = np.maximum.accumulate(np.where(whole, np.arange(len(low)), 0))
        self.times[known] = (times[last] + passed - passed[last])[1:]

    def find(self, *message_numbers: int) -> np.ndarray:
        """The indices of the messages with data that have one of these numbers in the FIT profile."""
        found = self._each(lambda kind: not is_definition(kind.first) and kind.definition.number in message_numbers)
        return np.flatnonzero(found)

    def read(self, index: np.ndarray | slice = slice(None)) -> Iterator[Message]:
        """Some messages, or all."""
        for at, place, time in zip(self.kind[index].data, self.places[index].data, self.times[index].data, strict=True):
            first, definition, size = self.kinds[at]
            yield Message(first, definition, self.body[place : place + size], time)


Numbers = TypeVar("Numbers", float, np.ndarray)


def seconds(clock: Numbers) -> Numbers:
    """Times of the FIT epoch in s since 1970-01-01 UTC; those that count from the device's start stay as they are."""
    return clock + FIT_EPOCH * (clock >= EARLIEST_CLOCK)
