"""The messages of a FIT file, and the fields of a message."""

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator
from math import nan
from typing import Any, NamedTuple, TypeVar

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError

MAX_MESSAGES = 2_000_000  # definitions included; a day of running has some 200,000
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
        raw = content[field.begin : field.begin + field.size]
        return raw.partition(b"\0")[0].decode(errors="replace").strip()


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


class Group(NamedTuple):
    """The messages with data of one definition and one first byte, or a definition; others may lie between them.

    Attributes:
        first: that byte.
        definition: of the messages.
        size: bytes of each.
        places: where each begins, increasing, shape `(n,)`.
        times: of each, in s of the FIT epoch, NaN if it has none.
    """

    first: int
    definition: Definition
    size: int
    places: np.ndarray
    times: np.ndarray

    @property
    def is_definition(self) -> bool:
        return is_definition(self.first)

    @property
    def head(self) -> "Group":
        """The first of the messages alone."""
        return self._replace(places=self.places[:1], times=self.times[:1])


def is_definition(first: int) -> bool:
    """Whether a message with this first byte is a definition."""
    return first & (COMPRESSED | DEFINITION) == DEFINITION


def local_number(first: int) -> int:
    """The local number in the first byte of a message."""
    return first >> 5 & 0x03 if first & COMPRESSED else first & 0x0F


def numbers(body: bytes, places: np.ndarray, code: str) -> np.ndarray:
    """The numbers of a `struct` code that begin at some places."""
    everywhere = np.ndarray(len(body) - struct.calcsize(code) + 1, code, body, strides=(1,))
    return everywhere[places]


def groups(body: bytes) -> tuple[list[Group], InvalidWorkoutError | None]:
    """The messages of a FIT file, and what is wrong with those that follow them: damage, or more than a recording can have."""
    found: list[tuple[int, Definition, int, array[int]]] = []
    definitions: dict[int, Definition] = {}
    current: dict[int, tuple[int, Callable[[int], None]]] = {}  # by the first byte
    error = None
    place = count = 0
    try:
        while place < len(body):
            first = body[place]
            if first in current:
                size, append = current[first]
            else:
                places, local = array("I"), local_number(first)
                append = places.append
                if is_definition(first):
                    definitions[local], size = _definition(body, place)
                    current = {other: group for other, group in current.items() if local_number(other) != local}
                else:
                    size = 1 + definitions[local].size
                    current[first] = size, append
                found.append((first, definitions[local], size, places))
            if place + size > len(body):
                raise InvalidWorkoutError("damaged FIT")
            if count == MAX_MESSAGES:
                raise InvalidWorkoutError(f"FIT of over {MAX_MESSAGES:,} messages")
            append(place)
            place += size
            count += 1
    except InvalidWorkoutError as problem:
        error = problem
    except (IndexError, KeyError, struct.error):
        error = InvalidWorkoutError("damaged FIT")
    return _timed(body, [each for each in found if each[-1]]), error


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


def _timed(body: bytes, found: Iterable[tuple[int, Definition, int, "array[int]"]]) -> list[Group]:
    """Groups with the times of their messages."""
    timed = []
    for first, definition, size, added in found:
        places = np.asarray(added)
        if first & (COMPRESSED | DEFINITION) or definition.timestamp is None:
            times = np.full(len(places), nan)
        else:
            stamps = numbers(body, places + 1 + definition.timestamp, f"{definition.order}I")
            times = np.where(stamps == UNKNOWN_CLOCK, nan, stamps)
        timed.append(Group(first, definition, size, places, times))
    return _uncompressed(timed) if any(group.first & COMPRESSED for group in timed) else timed


def _uncompressed(found: list[Group]) -> list[Group]:
    """Groups with the times of compressed messages: each has the lowest five bits and is 0 to 31 s after the time before it."""
    counts = [len(group.places) for group in found]
    order = np.argsort(np.concatenate([group.places for group in found]))
    times = np.concatenate([group.times for group in found])[order]
    low = np.repeat([group.first & 0x1F if group.first & COMPRESSED else -1 for group in found], counts)[order]
    known = (low >= 0) | ~np.isnan(times)
    times, low = np.append(0, times[known]), np.append(-1, low[known])  # the clock begins at 0
    whole = low < 0
    low[whole] = times[whole] % 32
    passed = np.append(0, np.where(whole[1:], 0, np.diff(low) % 32)).cumsum()
    last = np.maximum.accumulate(np.where(whole, np.arange(len(low)), 0))
    result = np.full(len(order), nan)
    result[order[known]] = (times[last] + passed - passed[last])[1:]
    return [group._replace(times=part) for group, part in zip(found, np.split(result, np.cumsum(counts[:-1])), strict=True)]


def in_order(found: Iterable[Group], body: bytes) -> Iterator[Message]:
    """The messages of some groups in the order of the file."""
    found = list(found)
    if not found:
        return
    places = np.concatenate([group.places for group in found])
    times = np.concatenate([group.times for group in found])
    index = np.repeat(np.arange(len(found)), [len(group.places) for group in found])
    order = np.argsort(places)
    for at, place, time in zip(index[order].data, places[order].data, times[order].data, strict=True):
        first, definition, size, *_ = found[at]
        yield Message(first, definition, body[place : place + size], time)


Numbers = TypeVar("Numbers", float, np.ndarray)


def seconds(clock: Numbers) -> Numbers:
    """Times of the FIT epoch in s since 1970-01-01 UTC; those that count from the device's start stay as they are."""
    return clock + FIT_EPOCH * (clock >= EARLIEST_CLOCK)
