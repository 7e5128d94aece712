"""Read `endomondoHR.json`: FitRec's Endomondo workouts, one a line as a Python dict or a JSON object, plain or gzip.

Ni, Muhlstein and McAuley, "Modeling Heart Rate and Activity Data for Personalized Fitness Recommendation",
WWW 2019. The file is available on request at https://sites.google.com/eng.ucsd.edu/fitrec-project.
"""

import os
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.utils.files import open_regular
from hrkeras.utils.processes import ordered_map
from hrkeras.workouts.readers import literals, sports
from hrkeras.workouts.readers.point_table import Stream
from hrkeras.workouts.readers.source import GZIP, ReadLog, guarded, open_plain
from hrkeras.workouts.workout import Workout, from_points

MAX_LINE = 1 << 20  # bytes; 500 points need about 30,000
MAX_POINTS = 100_000
PART = 64 << 20  # bytes that a worker reads of a plain file on Beam
BLOCK = 1 << 19  # bytes that are read, and that one process parses, at once


def size(path: Path) -> int:
    """Bytes that reading the file will report to its log."""
    return path.stat().st_size if path.is_file() else 0


def is_endomondo(path: Path) -> bool:
    """Whether the file starts like an Endomondo file: with a dict."""
    try:
        with open_plain(path, ReadLog()) as stream:
            return stream.read(64).removeprefix(BOM_UTF8).lstrip()[:1] == b"{"
    except (InputError, OSError):
        return False


def read(
    *paths: Path | str,
    log: ReadLog | None = None,
    processes: int = 1,
    then: Callable[[Workout], Any] | None = None,
) -> Iterator[Any]:
    """Yields the workouts of files in their order, in constant memory.

    A line that is not a workout is counted in the log with the reason, and skipped.

    Args:
        paths: the files; gzip is recognised by its content.
        log: receives the bytes read and the lines skipped.
        processes: number of worker processes that parse; with 1 this process does.
        then: function to apply to each workout in the process that parsed it; must be picklable with more than one.

    Yields:
        Each `Workout`, or the result of `then`.

    Raises:
        InputError: if a file cannot be read or holds no workout.
    """
    log = log or ReadLog()
    counts = Counter[Path]()
    for block in ordered_map(partial(_parse, then=then), _blocks_of([Path(path) for path in paths], log), processes):
        counts[block.path] += len(block.items)
        for reason, number in block.skipped:
            log.skip(reason, f"{block.path.name}:{number}")
        yield from block.items
    check_counts([Path(path) for path in paths], counts, log)


def check_counts(paths: Iterable[Path], counts: Mapping[Path, int], log: ReadLog) -> None:
    """Raises an `InputError` if one of the files that were read has no workouts."""
    for path in paths:
        if not counts.get(path):
            why = "; ".join(f"{reason} ({log.examples[reason][0]})" for reason in log.skipped if size(path)) or "it is empty"
            raise InputError(
                f"{path}: expected an Endomondo file with one workout a line, found none: {why[:300]}. "
                "Give endomondoHR.json, plain or gzip; GPX, TCX, FIT and Apple Health files have readers of their own."
            )


class Part(NamedTuple):
    """Lines of a file that one process can read: from byte `begin` to `end`, or all of a gzip file, whose `end` is None."""

    path: Path
    begin: int
    end: int | None


def parts(paths: Iterable[Path], size: int = PART) -> list[Part]:
    """Cuts files at the ends of lines into parts of about `size` bytes; gzip can only be read from its beginning.

    Raises:
        InputError: if a file cannot be read.
    """
    cut = []
    for path in paths:
        with open_regular(path) as stream:
            if stream.read(len(GZIP)) == GZIP:
                cut.append(Part(path, 0, None))
                continue
            begin, behind = 0, stream.seek(0, os.SEEK_END)
            while begin < behind:
                stream.seek(begin + size)
                while stream.readline(BLOCK)[-1:] not in (b"\n", b""):
                    pass
                end = min(stream.tell(), behind)
                cut.append(Part(path, begin, end))
                begin = end
    return cut


def read_part(part: Part, then: Callable[[Workout], Any]) -> Iterator["Parsed"]:
    """Yields the workouts of a part, some lines at a time; the first has the number 1.

    Args:
        part: from `parts`.
        then: function to apply to each workout.

    Raises:
        InputError: if the file cannot be read.
    """
    with ExitStack() as stack:
        if part.end is None:
            stream = stack.enter_context(open_plain(part.path, ReadLog()))
        else:
            file = stack.enter_context(open_regular(part.path))
            file.seek(part.begin)
            stream = _Limited(file, part.end - part.begin)
        for first, lines in _blocks(stream):
            yield _parse(Block(part.path, first, lines), then)


class _Limited:
    """A stream that ends after `left` bytes."""

    def __init__(self, stream: Stream, left: int):
        self._stream, self._left = stream, left

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data


class Block(NamedTuple):
    """Some complete lines of a file; `first` is the number of the first, from 1."""

    path: Path
    first: int
    lines: bytes


class Parsed(NamedTuple):
    """What a block of `lines` lines holds: workouts, or what `then` made of them, and reason and number of lines without."""

    path: Path
    lines: int
    items: list
    skipped: list[tuple[str, int]]


def _blocks_of(paths: Iterable[Path], log: ReadLog) -> Iterator[Block]:
    for path in paths:
        with open_plain(path, log) as stream:
            yield from (Block(path, first, lines) for first, lines in _blocks(stream))


def _blocks(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Complete lines in blocks, with the number of the first; workers split them, which costs more than cutting blocks.

    Memory stays bounded: a line that is too long is cut off, at a length that is still too long.
    """
    number, rest = 1, b""
    while chunk := stream.read(BLOCK):
        whole, newline, last = chunk.rpartition(b"\n")
        if not newline:
            rest = (rest + chunk)[: MAX_LINE + 1]
            continue
        whole = rest + whole
        yield number, whole
        number, rest = number + whole.count(b"\n") + 1, last
    if rest:
        yield number, rest


def _parse(block: Block, then: Callable[[Workout], Any] | None) -> Parsed:
    items, skipped = [], []
    for number, line in enumerate(block.lines.split(b"\n"), start=block.first):
        if not line.strip():
            continue
        try:
            with guarded():
                workout = _workout(_entry(line), f"{block.path.name}:{number}")
        except InvalidWorkoutError as error:
            skipped.append((str(error), number))
        else:
            items.append(then(workout) if then else workout)
    return Parsed(block.path, block.lines.count(b"\n") + 1, items, skipped)


def _entry(line: bytes) -> dict:
    if len(line) > MAX_LINE:
        raise InvalidWorkoutError(f"line of more than {MAX_LINE:,} bytes")
    try:
        return literals.parse(line.removeprefix(BOM_UTF8))
    except ValueError:
        raise InvalidWorkoutError("line is no complete dict") from None


def _workout(entry: dict, where: str) -> Workout:
    if "timestamp" not in entry:
        raise InvalidWorkoutError("no timestamp")
    speed = _column(entry, "speed")
    return from_points(
        _column(entry, "timestamp"),
        latitude=_column(entry, "latitude"),
        longitude=_column(entry, "longitude"),
        speed=None if speed is None else speed / 3.6,
        altitude=_column(entry, "altitude"),
        heart_rate=_column(entry, "heart_rate"),
        user=_text(entry, "userId"),
        sport=sports.name(_text(entry, "sport")),
        where=where,
    )


def _text(entry: dict, key: str) -> str:
    """A text, or a number as text; empty if missing."""
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise InvalidWorkoutError(f"{key} is neither text nor number")
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _column(entry: dict, key: str) -> np.ndarray | None:
    if (values := entry.get(key)) is None:
        return None
    if not isinstance(values, list) or len(values) > MAX_POINTS or bool in set(map(type, values)):
        raise InvalidWorkoutError(f"{key} is no list of at most {MAX_POINTS:,} numbers")
    try:
        column = np.array(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InvalidWorkoutError(f"{key} is no list of numbers") from None
    if column.ndim != 1:
        raise InvalidWorkoutError(f"{key} is no list of numbers")
    return column
