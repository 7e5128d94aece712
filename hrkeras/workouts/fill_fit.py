"""Put heart rates into the records of a FIT file; all its other messages stay as they are."""

import struct
from collections.abc import Iterator
from math import nan
from typing import NamedTuple

from hrkeras.workouts.fit import DESCRIPTION, EARLIEST_CLOCK, FIT_EPOCH, MARK, RECORD
from hrkeras.workouts.point_table import HeartRateAt
from hrkeras.workouts.workout import InvalidWorkoutError

HEART_RATE, TIMESTAMP = 3, 253  # numbers of fields in the FIT profile
DEVELOPER_ID = 207  # and of a message
UINT8, STRING, BYTE = 0x02, 0x07, 0x0D  # base types
UNKNOWN = 0xFF  # of an UINT8
UNKNOWN_CLOCK = 0xFFFFFFFF
COMPRESSED, DEFINITION, DEVELOPER = 0x80, 0x40, 0x20  # bits of a message's first byte
MOST = 255  # fields of a message
PROTOCOL = 0x20  # version 2.0, the first with fields of developers
APPLICATION = b"hrkeras estimate"  # 16 bytes that say who describes the field


class _Definition(NamedTuple):
    """What the messages of one local number look like.

    Attributes:
        number: of the message in the profile.
        order: of its bytes, as for `struct`.
        fields: 3 bytes for each of its fields, as in the file.
        own: likewise for each field of a developer.
    """

    number: int
    order: str
    fields: bytes
    own: bytes

    @property
    def size(self) -> int:
        """Bytes of its fields, without those of developers."""
        return sum(self.fields[1::3])

    def place(self, field: int, size: int) -> int | None:
        """Where a field of so many bytes lies in a message; None if it has none, or one of another size."""
        at = self.fields[::3].find(field)
        return sum(self.fields[1 : 3 * at : 3]) if at >= 0 and self.fields[3 * at + 1] == size else None


class _Message(NamedTuple):
    """One message of a file: its definition and, if it is no definition itself, its bytes without the first."""

    first: int
    local: int
    definition: _Definition
    raw: bytes
    content: bytes | None


def filled(data: bytes, heart_rate_at: HeartRateAt, anew: bool) -> tuple[bytes, int]:
    """A FIT file with heart rates in its records.

    Each record gets `heart_rate` where it has none, and a field of a developer, which decoders show by its name: what was
    put in, and nothing where it was measured.

    Args:
        data: a FIT file that `fit.read_sessions` has read; it may be several, one after the other.
        heart_rate_at: at the time of a record.
        anew: whether records that have a heart rate get another.

    Returns:
        The copy, and how many records got a heart rate.

    Raises:
        InvalidWorkoutError: if it is none, or its records have no room for a field more.
    """
    parts, place, count = [], 0, 0
    try:
        while place < len(data):
            head, size = data[place], struct.unpack_from("<I", data, place + 4)[0]
            if place + head + size + 2 > len(data):
                raise IndexError
            body, more = _body(data[place + head : place + head + size], heart_rate_at, anew)
            parts.append(_file(data[place : place + head], body))
            place, count = place + head + size + 2, count + more
    except (IndexError, KeyError, struct.error):
        raise InvalidWorkoutError("damaged FIT") from None
    return b"".join(parts), count


def _file(head: bytes, body: bytes) -> bytes:
    from fitdecode.utils import compute_crc

    new = bytearray(head)
    new[1] = max(new[1], PROTOCOL)
    struct.pack_into("<I", new, 4, len(body))
    if len(new) >= 14:
        struct.pack_into("<H", new, 12, compute_crc(bytes(new[:12])))
    data = bytes(new) + body
    return data + struct.pack("<H", compute_crc(data))


def _messages(data: bytes) -> Iterator[_Message]:
    definitions: dict[int, _Definition] = {}
    place = 0
    while place < len(data):
        first = data[place]
        local = first >> 5 & 0x03 if first & COMPRESSED else first & 0x0F
        if first & COMPRESSED or not first & DEFINITION:
            found = definitions[local]
            end = place + 1 + found.size + sum(found.own[1::3])
            content = data[place + 1 : end]
        else:
            order = ">" if data[place + 2] else "<"
            end = place + 6 + 3 * data[place + 5]
            fields, own = data[place + 6 : end], b""
            if first & DEVELOPER:
                begin, end = end + 1, end + 1 + 3 * data[end]
                own = data[begin:end]
            found = definitions[local] = _Definition(struct.unpack_from(f"{order}H", data, place + 3)[0], order, fields, own)
            content = None
        if end > len(data):
            raise IndexError
        yield _Message(first, local, found, data[place:end], content)
        place = end


def _body(data: bytes, heart_rate_at: HeartRateAt, anew: bool) -> tuple[bytes, int]:
    """The messages of one file with heart rates, and how many records got one."""
    taken = {each.content[at] for each in _messages(data) if (at := _index_place(each)) is not None and each.content}
    index = next((free for free in range(MOST) if free not in taken), None)
    if index is None:
        raise InvalidWorkoutError("FIT with 255 developers' fields")
    out, described, clock, count = bytearray(), False, 0, 0
    for first, local, definition, raw, content in _messages(data):
        if content is not None:
            clock = _clock(first, definition, content, clock)
        if definition.number != RECORD:
            out += raw
        elif content is None:
            if not described:  # by the local number that is about to mean something else anyway
                out += _described(local, index)
                described = True
            out += _wider(raw, definition, index)
        else:
            place = definition.place(HEART_RATE, 1)
            measured = content[place] if place is not None else UNKNOWN
            time = clock + FIT_EPOCH if EARLIEST_CLOCK <= clock < UNKNOWN_CLOCK else nan
            found = heart_rate_at(time) if anew or measured in (0, UNKNOWN) else 0
            count += bool(found)
            fields, own = content[: definition.size], content[definition.size :]
            rate = bytes([found or measured])
            fields = fields + rate if place is None else fields[:place] + rate + fields[place + 1 :]
            out += raw[:1] + fields + own + bytes([found or UNKNOWN])
    return bytes(out), count


def _index_place(message: _Message) -> int | None:
    return message.definition.place(3, 1) if message.definition.number == DEVELOPER_ID else None


def _clock(first: int, definition: _Definition, content: bytes, before: int) -> int:
    """The time of a message in s of the FIT epoch, if it has one, or else that of the one before."""
    if first & COMPRESSED:
        return before + ((first & 0x1F) - before & 0x1F)
    place = definition.place(TIMESTAMP, 4)
    return before if place is None else struct.unpack_from(f"{definition.order}I", content, place)[0]


def _wider(raw: bytes, definition: _Definition, index: int) -> bytes:
    """The definition of a record with a heart rate and the mark."""
    fields, own = definition.fields, definition.own + bytes([0, 1, index])
    if HEART_RATE not in fields[::3]:
        fields += bytes([HEART_RATE, 1, UINT8])
    elif definition.place(HEART_RATE, 1) is None:
        raise InvalidWorkoutError("FIT whose heart rate is no number of one byte")
    if max(len(fields), len(own)) > 3 * MOST:
        raise InvalidWorkoutError(f"FIT whose records have {MOST} fields")
    return bytes([raw[0] | DEVELOPER]) + raw[1:5] + bytes([len(fields) // 3]) + fields + bytes([len(own) // 3]) + own


def _described(local: int, index: int) -> bytes:
    """Says who describes a field, and describes it."""
    name = MARK.encode() + b"\0"
    return _message(local, DEVELOPER_ID, {1: (BYTE, APPLICATION), 3: (UINT8, bytes([index]))}) + _message(
        local,
        DESCRIPTION,
        {0: (UINT8, bytes([index])), 1: (UINT8, b"\0"), 2: (UINT8, bytes([UINT8])), 3: (STRING, name), 8: (STRING, b"bpm\0")},
    )


def _message(local: int, number: int, fields: dict[int, tuple[int, bytes]]) -> bytes:
    definition = b"".join(bytes([field, len(value), base]) for field, (base, value) in fields.items())
    head = struct.pack("<BBBHB", DEFINITION | local, 0, 0, number, len(fields))
    return head + definition + bytes([local]) + b"".join(value for _, value in fields.values())
