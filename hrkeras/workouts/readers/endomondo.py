"""Read `endomondoHR.json`: FitRec's Endomondo workouts, one a line as a Python dict or a JSON object, plain or gzip.

Ni, Muhlstein and McAuley, "Modeling Heart Rate and Activity Data for Personalized Fitness Recommendation",
WWW 2019. The file is available on request at https://sites.google.com/eng.ucsd.edu/fitrec-project.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.utils.processes import ordered_map
from hrkeras.workouts.readers import literals, sports
from hrkeras.workouts.readers.point_table import Stream
from hrkeras.workouts.readers.source import ReadLog, guarded, open_plain
from hrkeras.workouts.workout import Workout, from_points

MAX_LINE = 1 << 20  # bytes; 500 points need about 30,000
MAX_POINTS = 100_000
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
    path: Path | str,
    *,
    log: ReadLog | None = None,
    processes: int = 1,
    then: Callable[[Workout], Any] | None = None,
) -> Iterator[Any]:
    """Yields the file's workouts in its order, in constant memory.

    A line that is not a workout is counted in the log with the reason, and skipped.

    Args:
        path: the file; gzip is recognised by its content.
        log: receives the bytes read and the lines skipped.
        processes: number of worker processes that parse; with 1 this process does.
        then: function to apply to each workout in the process that parsed it; must be picklable with more than one.

    Yields:
        Each `Workout`, or the result of `then`.

    Raises:
        InputError: if the file cannot be read or holds no workout.
    """
    path, log = Path(path), log or ReadLog()
    has_workouts = False
    with open_plain(path, log) as stream:
        parse = partial(_parse, name=path.name, then=then)
        for items, skipped in ordered_map(parse, _blocks(stream), processes):
            for reason, number in skipped:
                log.skip(reason, f"{path.name}:{number}")
            has_workouts = has_workouts or bool(items)
            yield from items
    if not has_workouts:
        why = "; ".join(f"{reason} ({log.examples[reason][0]})" for reason in log.skipped) or "it is empty"
        raise InputError(
            f"{path}: expected an Endomondo file with one workout a line, found none: {why[:300]}. "
            "Give endomondoHR.json, plain or gzip; GPX, TCX, FIT and Apple Health files have readers of their own."
        )


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


def _parse(block: tuple[int, bytes], name: str, then) -> tuple[list, list[tuple[str, int]]]:
    first, lines = block
    items, skipped = [], []
    for number, line in enumerate(lines.split(b"\n"), start=first):
        if not line.strip():
            continue
        try:
            with guarded():
                workout = _workout(_entry(line), f"{name}:{number}")
        except InvalidWorkoutError as error:
            skipped.append((str(error), number))
        else:
            items.append(then(workout) if then else workout)
    return items, skipped


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
    if not isinstance(values, list) or len(values) > MAX_POINTS:
        raise InvalidWorkoutError(f"{key} is no list of at most {MAX_POINTS:,} numbers")
    try:
        column = np.array(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InvalidWorkoutError(f"{key} is no list of numbers") from None
    if column.ndim != 1:
        raise InvalidWorkoutError(f"{key} is no list of numbers")
    return column
