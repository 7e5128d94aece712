"""The layout of FIT files: the files chained in one, their messages, and the fields of a message."""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers.point_table import MAX_ACTIVITIES

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
_UINT32 = {order: struct.Struct(f"{order}I") for order in "<>"}


class File(NamedTuple):
    """One FIT file: its header, and its messages without the checksum that follows them."""

    head: bytes
    body: bytes

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return len(self.head) + len(self.body) + 2


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
    """A definition, or a message with data."""

    first: int
    definition: Definition
    raw: bytes

    @property
    def is_definition(self) -> bool:
        return self.first & (COMPRESSED | DEFINITION) == DEFINITION

    @property
    def local(self) -> int:
        """The number that data and its definition share."""
        return local_number(self.first)

    @property
    def content(self) -> bytes:
        """The data, without the first byte."""
        return self.raw[1:]


def local_number(first: int) -> int:
    """The local number in the first byte of a message."""
    return first >> 5 & 0x03 if first & COMPRESSED else first & 0x0F


def files(data: bytes) -> tuple[list[File], int]:
    """The FIT files in `data`, one or several chained, and the number of bytes after the last complete one.

    Raises:
        InvalidWorkoutError: if the first is not FIT, cut off or damaged.
    """
    if not data:
        raise InvalidWorkoutError("empty file")
    chained: list[File] = []
    place = 0
    while place < len(data):
        try:
            file = _file(data, place)
        except InvalidWorkoutError:
            if chained:
                break
            raise
        chained.append(file)
        place += file.size
        if len(chained) > MAX_ACTIVITIES:
            raise InvalidWorkoutError(f"over {MAX_ACTIVITIES:,} FIT files in one")
    return chained, len(data) - place


def _file(data: bytes, place: int) -> File:
    if data[place + 8 : place + 12] != b".FIT":
        raise InvalidWorkoutError("not FIT")
    head, size = data[place], struct.unpack_from("<I", data, place + 4)[0]
    end = place + head + size
    if head != 12 and head < 14:
        raise InvalidWorkoutError("damaged FIT")
    if not size:
        raise InvalidWorkoutError("FIT whose header says that nothing follows, as where a watch did not finish the file")
    if end + 2 > len(data):
        raise InvalidWorkoutError("FIT that is cut off")
    if head >= 14 and struct.unpack_from("<H", data, place + 12)[0] not in (0, checksum(data[place : place + 12])):
        raise InvalidWorkoutError("FIT whose checksum is wrong")
    if struct.unpack_from("<H", data, end)[0] != checksum(data[place:end]):
        raise InvalidWorkoutError("FIT whose checksum is wrong")
    return File(data[place : place + head], data[place + head : end])


def _table() -> list[int]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
        rows.append(byte)
    return rows


_CRC = _table()


def checksum(data: bytes) -> int:
    """The CRC-16 that ends a FIT file."""
    crc, table = 0, _CRC
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


def messages(body: bytes) -> Iterator[Message]:
    """The messages of a FIT file in order.

    Raises:
        InvalidWorkoutError: if they are damaged, or more than a recording can have.
    """
    definitions: dict[int, Definition] = {}
    place = count = 0
    try:
        while place < len(body):
            first = body[place]
            if first & COMPRESSED or not first & DEFINITION:
                definition = definitions[local_number(first)]
                end = place + 1 + definition.size
            else:
                end = place + 6 + 3 * body[place + 5]
                fields, own = body[place + 6 : end], b""
                if first & DEVELOPER:
                    begin, end = end + 1, end + 1 + 3 * body[end]
                    own = body[begin:end]
                order = ">" if body[place + 2] else "<"
                definition = Definition(struct.unpack_from(f"{order}H", body, place + 3)[0], order, fields, own)
                definitions[local_number(first)] = definition
            count += 1
            if end > len(body):
                raise InvalidWorkoutError("damaged FIT")
            if count > MAX_MESSAGES:
                raise InvalidWorkoutError(f"FIT of over {MAX_MESSAGES:,} messages")
            yield Message(first, definition, body[place:end])
            place = end
    except (IndexError, KeyError, struct.error):
        raise InvalidWorkoutError("damaged FIT") from None


class Clock:
    """The times of the messages of one file, which must be given in order."""

    def __init__(self) -> None:
        self._latest = 0

    def at(self, message: Message) -> int | None:
        """The time of a message with data, in s of the FIT epoch; None if it has none."""
        if message.first & COMPRESSED:
            self._latest += (message.first & 0x1F) - self._latest & 0x1F
            return self._latest
        place = message.definition.timestamp
        if place is None:
            return None
        (stamp,) = _UINT32[message.definition.order].unpack_from(message.raw, 1 + place)
        if stamp == UNKNOWN_CLOCK:
            return None
        self._latest = stamp
        return stamp


def seconds(clock: float) -> float:
    """A time of the FIT epoch in s since 1970-01-01 UTC; one that counts from the device's start stays as it is."""
    return clock + FIT_EPOCH if clock >= EARLIEST_CLOCK else clock
