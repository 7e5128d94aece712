"""Insert heart rates into the records of a FIT file; all other messages stay the same."""

import struct
from math import isnan

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import fit_files, fit_messages
from hrkeras.workouts.readers.fit import DESCRIPTION
from hrkeras.workouts.readers.fit_files import checksum
from hrkeras.workouts.readers.fit_messages import DEFINITION, DEVELOPER, STRING, Message, Messages
from hrkeras.workouts.readers.fit_records import HEART_RATE_FIELD, MARK, RECORD
from hrkeras.workouts.readers.point_table import HeartRateAt

DEVELOPER_ID = 207  # number of a message in the FIT profile
UINT8, BYTE = 0x02, 0x0D  # base types
UNKNOWN = 0xFF  # of an UINT8
MOST = 255  # fields of a message
PROTOCOL = 0x20  # version 2.0, the first with fields of developers
APPLICATION = b"hrkeras estimate"  # 16 bytes that identify who describes the field


def filled(data: bytes, heart_rate_at: HeartRateAt, mark: str = MARK) -> tuple[bytes, int]:
    """A FIT file with heart rates in its records.

    A record gets `heart_rate`, and a developer field, which decoders show by its name, with the inserted value or none.

    Args:
        data: a FIT file that `fit.read_sessions` has read; it may be several, one after the other.
        heart_rate_at: gives the heart rate at the time of a record.
        mark: name of the developer field.

    Returns:
        The copy, and the number of records that got a heart rate.

    Raises:
        InvalidWorkoutError: if it is not a FIT file, or its records have no room for another field.
    """
    files, rest = fit_files.files(data)
    parts, count = [], 0
    for file in files:
        body, more = _body(file.body, heart_rate_at, mark)
        parts.append(_file(file.head, body))
        count += more
    return b"".join(parts) + rest, count


def _file(head: bytes, body: bytes) -> bytes:
    new = bytearray(head)
    new[1] = max(new[1], PROTOCOL)
    struct.pack_into("<I", new, 4, len(body))
    if len(new) >= 14:
        struct.pack_into("<H", new, 12, checksum(bytes(new[:12])))
    data = bytes(new) + body
    return data + struct.pack("<H", checksum(data))


def _body(data: bytes, heart_rate_at: HeartRateAt, mark: str) -> tuple[bytes, int]:
    """The messages of one file with heart rates, and the number of records that got one."""
    messages = Messages(data)
    if messages.error:
        raise messages.error
    taken = {developer for message in messages.read() if (developer := _developer(message)) is not None}
    index = next((free for free in range(MOST) if free not in taken), None)
    if index is None:
        raise InvalidWorkoutError("FIT with 255 developers' fields")
    out, described, count = bytearray(), False, 0
    for message in messages.read():
        definition = message.definition
        if message.is_definition:
            if definition.number != RECORD:
                out += message.raw
                continue
            if not described:  # by the local number that is about to mean something else anyway
                out += _described(message.local, index, mark)
                described = True
            out += _wider(message, index)
            continue
        if definition.number != RECORD:
            out += message.raw
            continue
        new = 0 if isnan(message.time) else heart_rate_at(fit_messages.seconds(message.time))
        count += bool(new)
        native, own = message.content[: definition.native_size], message.content[definition.native_size :]
        field = definition.field(HEART_RATE_FIELD)
        if field is None:
            native += bytes([new or UNKNOWN])
        elif new:
            native = native[: field.begin] + bytes([new]) + native[field.begin + 1 :]
        out += message.raw[:1] + native + own + bytes([new or UNKNOWN])
    return bytes(out), count


def _developer(message: Message) -> int | None:
    """The number that a message assigns to a developer in this file, if it does."""
    if message.is_definition or message.definition.number != DEVELOPER_ID:
        return None
    return message.definition.value(message.content, 3)


def _wider(message: Message, index: int) -> bytes:
    """The definition of a record with a heart rate and the mark."""
    definition, raw = message.definition, message.raw
    fields, own = definition.fields, definition.developer_fields + bytes([0, 1, index])
    heart_rate = definition.field(HEART_RATE_FIELD)
    if heart_rate is None:
        fields += bytes([HEART_RATE_FIELD, 1, UINT8])
    elif heart_rate.size != 1:
        raise InvalidWorkoutError("FIT whose heart rate is no number of one byte")
    if max(len(fields), len(own)) > 3 * MOST:
        raise InvalidWorkoutError(f"FIT whose records have {MOST} fields")
    return bytes([raw[0] | DEVELOPER]) + raw[1:5] + bytes([len(fields) // 3]) + fields + bytes([len(own) // 3]) + own


def _described(local: int, index: int, mark: str) -> bytes:
    """The messages that identify the developer of a field and describe it."""
    name = mark.encode() + b"\0"
    return _message(local, DEVELOPER_ID, {1: (BYTE, APPLICATION), 3: (UINT8, bytes([index]))}) + _message(
        local,
        DESCRIPTION,
        {0: (UINT8, bytes([index])), 1: (UINT8, b"\0"), 2: (UINT8, bytes([UINT8])), 3: (STRING, name), 8: (STRING, b"bpm\0")},
    )


def _message(local: int, number: int, fields: dict[int, tuple[int, bytes]]) -> bytes:
    definition = b"".join(bytes([field, len(value), base]) for field, (base, value) in fields.items())
    head = struct.pack("<BBBHB", DEFINITION | local, 0, 0, number, len(fields))
    return head + definition + bytes([local]) + b"".join(value for _, value in fields.values())
