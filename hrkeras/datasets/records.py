"""Records of a dataset as TFDS reads them, made and written without TensorFlow.

TFDS's own serializer and writers take several times as long and need TensorFlow, half a gigabyte, in each process.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import numpy as np

from hrkeras.datasets import windows
from hrkeras.workouts import tables
from hrkeras.workouts.grid import STEP, Grid

BYTES_FIELD, FLOATS, INTEGERS = 2, 2, 3  # Protocol Buffers' type of such a field; numbers of fields in `tf.train.Feature`
POLYNOMIAL = 0x82F63B78  # of CRC-32C (Castagnoli), bits reversed
MASK = 0xA282EAD8  # that TFRecord files add to it
ALL = 0xFFFFFFFF


class Record(NamedTuple):
    """The bytes of an example, and their checksum in TFRecord files, which takes about as long to make."""

    data: bytes
    checksum: bytes


def of_window(grid: Grid, first_step: int, *, user: int, start: int, run: int) -> Record:
    """The record of the window of a run that begins at `first_step`."""
    (part,) = windows.windows(grid, STEP, firsts=[first_step])
    data = serialized({**part, "user": user, "start": start, "run": run})
    return Record(data, checksum(data))


def of_windows(rows: np.ndarray, path: Path) -> list[Record]:
    """The records of windows of runs in a file of `Tables`.

    Args:
        rows: where the run's grid begins, how many steps it has, and the last four arguments of `of_window`; shape
            `(windows, 6)`.
        path: of the file.
    """
    with open(path, "rb") as stream:
        return [
            of_window(Grid(*tables.read(stream, begin, steps)), first, user=user, start=start, run=run)
            for begin, steps, first, user, start, run in rows.tolist()
        ]


def serialized(example: Mapping[str, np.ndarray | int]) -> bytes:
    """The bytes of a `tf.train.Example`, its features in the order of their names.

    Args:
        example: features by name: arrays of one dimension, float32 or boolean, and whole numbers from 0 on.
    """
    features = (_field(1, _field(1, name.encode()) + _field(2, _feature(example[name]))) for name in sorted(example))
    return _field(1, b"".join(features))


def _feature(value: np.ndarray | int) -> bytes:
    if not isinstance(value, np.ndarray):
        return _field(INTEGERS, _field(1, _varint(int(value))))
    if value.dtype == bool:
        return _field(INTEGERS, _field(1, value.tobytes()))  # 0 and 1 are varints of one byte
    return _field(FLOATS, _field(1, value.astype("<f4").tobytes()))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | BYTES_FIELD) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """See https://protobuf.dev/programming-guides/encoding/#varints."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


class Writer:
    """Writes records to one shard, as TFRecord for `tfds.load` and as ArrayRecord for `tfds.data_source`; from `writing`."""

    def __init__(self, tfrecord, array_record):
        self._tfrecord, self._array_record = tfrecord, array_record
        self.count = self.size = 0

    def write(self, data: bytes, data_checksum: bytes) -> None:
        """Appends a `Record`; `count` and `size`, their number and bytes, grow."""
        length = struct.pack("<Q", len(data))
        self._tfrecord.write(b"".join((length, checksum(length), data, data_checksum)))
        self._array_record.write(data)
        self.count, self.size = self.count + 1, self.size + len(data)


@contextmanager
def writing(tfrecord: Path) -> Iterator[Writer]:
    """Context for writing a shard; the files are in place when it ends, unless it fails.

    Args:
        tfrecord: path of the TFRecord file; the ArrayRecord file is named likewise and lies beside it.
    """
    from array_record.python import array_record_module

    paths = [tfrecord, tfrecord.with_name(tfrecord.name.replace(".tfrecord-", ".array_record-"))]
    parts = [path.with_name(f"{path.name}.{uuid4().hex}.part") for path in paths]
    try:
        array_record = array_record_module.ArrayRecordWriter(os.fspath(parts[1]), "group_size:1")
        try:
            with open(parts[0], "wb") as stream:
                yield Writer(stream, array_record)
        finally:
            array_record.close()
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def checksum(data: bytes) -> bytes:
    """The masked CRC-32C of TFRecord files; see TensorFlow's `record_writer.h` for the format.

    A CRC is linear, so that it is the exclusive or of what each byte contributes at its place, which a table tells.
    """
    values = np.frombuffer(data, np.uint8).copy()
    values[:4] ^= 0xFF  # the register begins with 32 ones
    table, places = _contributions(-(-len(data) // 1024) * 1024)
    crc = int(np.bitwise_xor.reduce(table.take(places[len(places) - len(data) :] + values))) ^ ALL >> 8 * min(len(data), 4) ^ ALL
    return struct.pack("<I", ((crc >> 15 | crc << 17) + MASK) & ALL)


@cache
def _contributions(length: int) -> tuple[np.ndarray, np.ndarray]:
    """What each value of a byte contributes to the CRC of data of which it is the first, ..., last of `length` bytes.

    Returns:
        Shape `(length * 256,)`, uint32; and where in it the row of 256 values of each byte begins, shape `(length,)`.
    """
    last: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        last = last >> 1 ^ np.where(last & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    rows: list[np.ndarray] = [last]
    for _ in range(length - 1):
        rows.append(rows[-1] >> 8 ^ last[rows[-1] & 0xFF])
    return np.concatenate(rows[::-1]), 256 * np.arange(length)
