"""The FIT files chained in one: their headers and checksums."""

import struct
from functools import cache
from typing import NamedTuple

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers.point_table import MAX_ACTIVITIES

SIGNATURE = b".FIT"  # in the header of each


class File(NamedTuple):
    """One FIT file: its header, and its messages without the checksum that follows them."""

    head: bytes
    body: bytes

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return len(self.head) + len(self.body) + 2


def files(data: bytes) -> tuple[list[File], bytes]:
    """The FIT files in `data`, one or several chained, and the bytes after the last complete one.

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
    return chained, data[place:]


def _file(data: bytes, place: int) -> File:
    if data[place + 8 : place + 12] != SIGNATURE:
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


@cache
def _after_words(level: int) -> np.ndarray:
    """Every checksum after `2**level` more words of zeros."""
    if level:
        table = _after_words(level - 1)
        return table[table]
    crc: np.ndarray = np.arange(1 << 16, dtype=np.uint16)
    for _ in range(16):
        crc = crc >> 1 ^ (crc & 1) * np.uint16(0xA001)
    return crc


def checksum(data: bytes) -> int:
    """The CRC-16 that ends a FIT file.

    It is linear and begins at 0: zeros in front change nothing, and neighbours are folded into one until one word is left.
    """
    words: np.ndarray = np.frombuffer(bytes(len(data) % 2) + data, "<u2")
    level = 0
    while len(words) > 1:
        if len(words) % 2:
            words = np.concatenate([np.zeros(1, np.uint16), words])
        words = _after_words(level)[words[::2]] ^ words[1::2]
        level += 1
    return int(_after_words(0)[words].sum())
