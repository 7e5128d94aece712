"""Read `endomondoHR.json`: FitRec's Endomondo workouts, one Python dict literal per line, plain or gzip.

Ni, Muhlstein and McAuley, "Modeling Heart Rate and Activity Data for Personalized Fitness Recommendation",
WWW 2019. The file is to be asked for at https://sites.google.com/eng.ucsd.edu/fitrec-project.
"""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from hrkeras.workouts import sports
from hrkeras.workouts.point_table import Stream
from hrkeras.workouts.processes import ordered_map
from hrkeras.workouts.source import ReadLog, open_plain
from hrkeras.workouts.workout import InputError, InvalidWorkoutError, Workout, from_points

MAX_LINE = 1 << 20  # bytes; 500 points need about 30,000
MAX_POINTS = 100_000
BLOCK = 1 << 19  # bytes read at once; what one process parses at once


def size(path: Path) -> int:
    """Bytes that reading the file will report to its log."""
    return path.stat().st_size if path.is_file() else 0


def is_endomondo(path: Path) -> bool:
    """Whether the file starts like an Endomondo file: with a dict literal."""
    try:
        with open_plain(path, ReadLog()) as stream:
            return stream.read(64).lstrip()[:1] == b"{"
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

    A line that is no workout is counted in the log with the reason, and passed over.

    Args:
        path: the file; gzip is recognised by its content.
        log: told of bytes read and lines skipped.
        processes: how many worker processes parse; 1 parses here.
        then: what to make of each workout where it was parsed; must be picklable with more than one process.

    Yields:
        Each `Workout`, or what `then` made of it.

    Raises:
        InputError: if the file cannot be read or holds not one workout.
    """
    path, log = Path(path), log or ReadLog()
    found = False
    with open_plain(path, log) as stream:
        parse = partial(_parse, name=path.name, then=then)
        for items, skipped in ordered_map(parse, _blocks(stream), processes):
            for reason, number in skipped:
                log.skip(reason, f"{path.name}:{number}")
            found = found or bool(items)
            yield from items
    if not found:
        why = "; ".join(f"{reason} ({log.examples[reason][0]})" for reason in log.skipped) or "it is empty"
        raise InputError(
            f"{path}: expected an Endomondo file with one workout a line, found none: {why[:300]}. "
            "Give endomondoHR.json, plain or gzip; GPX, TCX, FIT and Apple Health files have readers of their own."
        )


def _blocks(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Whole lines in blocks, with the number of the first; workers split them, which costs more than cutting blocks.

    Memory stays bounded: of a line that is too long the beginning is given, itself too long.
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
            workout = _workout(_literal(line), f"{name}:{number}")
        except InvalidWorkoutError as error:
            skipped.append((str(error), number))
        else:
            items.append(then(workout) if then else workout)
    return items, skipped


def _literal(line: bytes) -> dict:
    """The dict that a line spells. Without a double quote in it, swapping the quotes makes it JSON exactly."""
    if len(line) > MAX_LINE:
        raise InvalidWorkoutError(f"line of more than {MAX_LINE:,} bytes")
    try:
        if b'"' in line:
            raise ValueError
        found = orjson.loads(line.replace(b"'", b'"'))
    except ValueError:
        try:
            found = ast.literal_eval(line.decode("utf-8").strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise InvalidWorkoutError("line is no complete dict literal") from None
    if not isinstance(found, dict):
        raise InvalidWorkoutError("line is no complete dict literal")
    return found


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
        user=str(entry.get("userId", ""))[:100],
        sport=sports.name(str(entry.get("sport", ""))[:100]),
        where=where,
    )


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
