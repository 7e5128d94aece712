"""Open source files, and count what is read and what is skipped."""

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.utils.files import open_regular
from hrkeras.utils.text import cleaned
from hrkeras.workouts.readers.point_table import Stream

MAX_RATIO = 200  # real recordings shrink by 5 to 40; a bomb by 1,000
RATIO_FROM = 64 << 20  # bytes above which the ratio is checked
GZIP = b"\x1f\x8b"  # first bytes of gzip data
EXAMPLES = 3  # places kept for each reason


class ReadLog:
    """Log of a reader: bytes read, workouts skipped, and what was passed over in others.

    Args:
        on_bytes: called with the number of bytes of the source read since the last call.

    Attributes:
        skipped: count by reason.
        passed_over: count by reason of what was not read in workouts that were.
        examples: the first few places (file and line or entry) of each reason.
        person: what the source tells about the person besides: `age` in years, `sex`, `resting_heart_rate` in beats/min.
    """

    def __init__(self, on_bytes: Callable[[int], object] | None = None):
        self.skipped: Counter[str] = Counter()
        self.passed_over: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.person: dict[str, Any] = {}
        self._on_bytes = on_bytes

    def skip(self, reason: str, where: str) -> None:
        """Counts one workout, line or file that cannot be used."""
        self._count(self.skipped, reason, where)

    def pass_over(self, what: str, where: str) -> None:
        """Counts something that cannot be read in a workout that can be used without it."""
        self._count(self.passed_over, what, where)

    def _count(self, counts: Counter[str], reason: str, where: str) -> None:
        reason, where = cleaned(reason), cleaned(where)
        counts[reason] += 1
        places = self.examples.setdefault(reason, [])
        if len(places) < EXAMPLES:
            places.append(where)

    def refuse(self, error: InputError, where: str) -> None:
        """Counts a file by the reason in an error message that begins with its path."""
        message = str(error)
        problem = message.removeprefix(f"{where}: ") if message.startswith(where) else message.partition(": ")[2] or message
        self.skip(re.split(r" \(|; ", problem)[0], where)

    def advance(self, size: int) -> None:
        """Reports that `size` more bytes of the source were read."""
        if self._on_bytes:
            self._on_bytes(size)

    @contextmanager
    def whole(self, size: int) -> "Iterator[ReadLog]":
        """A log for a part of the source that reports `size` bytes to this one in total, however many are reported to it."""
        left = size

        def count(number: int) -> None:
            nonlocal left
            number = min(number, left)
            left -= number
            self.advance(number)

        part = ReadLog(count)
        part.skipped, part.passed_over, part.examples = self.skipped, self.passed_over, self.examples
        try:
            yield part
        finally:
            self.advance(left)


def usage_text(used: int, left_out: Mapping[str, int], examples: Mapping[str, list[str]] | None = None) -> str:
    """How many recordings were found, used and not, and why, in the words of every command.

    Args:
        used: how many were.
        left_out: how many were not, by reason.
        examples: the first places of each reason, of which the first is named; `ReadLog.examples`.
    """
    reasons = sorted(((count, reason) for reason, count in left_out.items() if count), key=lambda row: (-row[0], row[1]))
    number = used + sum(count for count, _ in reasons)
    if not reasons:
        few = {1: "the one recording", 2: "both recordings"}
        return f"Used {few.get(number, f'all {number:,} recordings')}."
    places = {reason: f" (first: {where[0]})" for reason, where in (examples or {}).items()}
    why = "; ".join(f"{count:,} x {reason}{places.get(reason, '')}" for count, reason in reasons)
    return f"Used {used:,} of {number:,} recording{'' if number == 1 else 's'}. Not used: {why}."


def passed_over_lines(log: ReadLog) -> list[str]:
    """What was passed over in workouts that were read, in a line; none if nothing."""
    return read_log_lines(log)[-1:] if log.passed_over else []


def read_log_text(log: ReadLog) -> str:
    """What was not read, as one line; empty if nothing."""
    return _counted(log.skipped + log.passed_over, log)


def read_log_lines(log: ReadLog) -> list[str]:
    """What was not read: a line for workouts and one for what was passed over in others; empty if nothing."""
    titles = {"Skipped while reading": log.skipped, "Passed over in workouts that were read": log.passed_over}
    return [f"{title}: {_counted(counts, log)}" for title, counts in titles.items() if counts]


def _counted(counts: Counter[str], log: ReadLog) -> str:
    return "; ".join(f"{count:,} x {reason} (first: {log.examples[reason][0]})" for reason, count in counts.most_common())


@contextmanager
def guarded() -> Iterator[None]:
    """Context for parsing one file, line or entry, so that an unexpected error in it does not stop the others.

    Errors of the operating system and of the readers themselves pass through.

    Raises:
        InvalidWorkoutError: in place of any other exception.
    """
    try:
        yield
    except (InputError, InvalidWorkoutError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InvalidWorkoutError(f"damaged ({type(error).__name__})") from error


def read_whole(stream: Stream, most: int, what: str = "") -> bytes:
    """All bytes of a stream.

    Args:
        stream: anything with `read(size)` that returns bytes.
        most: maximum number of bytes.
        what: the stream is, to begin the message with.

    Raises:
        InvalidWorkoutError: if there are more.
    """
    chunks: list[bytes] = []
    left = most + 1
    while left > 0 and (chunk := stream.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise InvalidWorkoutError(f"{what}over {most >> 20} MB")
    return b"".join(chunks)


class _Counted:
    """A binary file that reports to a log how much was read."""

    def __init__(self, stream: BinaryIO, log: ReadLog):
        self._stream, self._log, self.count = stream, log, 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        self._log.advance(len(data))
        return data


class Expansion:
    """Guards against data that unpacks to more than a recording or an export can have.

    Args:
        where: the file, for the message.
        packed: returns the number of its bytes that were unpacked so far.
        advice: how to go on.
    """

    def __init__(self, where: str, packed: Callable[[], int], advice: str):
        self._where, self._packed, self._advice, self._count = where, packed, advice, 0

    def add(self, size: int) -> None:
        """Counts bytes that were unpacked.

        Raises:
            InputError: if there are far too many for the packed size.
        """
        self._count += size
        if self._count > RATIO_FROM and self._count > MAX_RATIO * self._packed():
            raise InputError(
                f"{self._where}: unpacks to more than {MAX_RATIO} times its size, which no recording does; {self._advice}"
            )


class _Gzip:
    """The plain bytes of a gzip file."""

    def __init__(self, packed: Stream, where: str, expansion: Expansion):
        self._plain = gzip.GzipFile(fileobj=packed)  # type: ignore[call-overload]
        self._where, self._expansion = where, expansion

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._plain.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{self._where}: the gzip data is cut off or damaged ({error}); fetch the file anew.") from None
        self._expansion.add(len(data))
        return data


class _Begun:
    """A stream whose first bytes have already been read."""

    def __init__(self, start: bytes, rest: Stream):
        self._start, self._rest = start, rest

    def read(self, size: int, /) -> bytes:
        data, self._start = self._start[:size], self._start[size:]
        return data + self._rest.read(size - len(data)) if len(data) < size else data


def decompressed(stream: Stream, where: str, expansion: Expansion) -> Stream:
    """The plain bytes of a stream, whether gzip (recognised by its first two bytes) or plain.

    Args:
        stream: at its beginning.
        where: its path, for messages.
        expansion: counts all bytes that gzip data unpacks to.
    """
    start = stream.read(2)
    stream = _Begun(start, stream)
    return _Gzip(stream, where, expansion) if start == GZIP else stream


@contextmanager
def open_plain(path: Path, log: ReadLog) -> Iterator[Stream]:
    """Opens a file for reading, unpacking gzip (recognised by its first bytes, not by its name) on the fly.

    Raises:
        InputError: as `open_regular`, or if the file is damaged gzip or a decompression bomb.
    """
    with open_regular(path) as stream:
        counted = _Counted(stream, log)
        advice = "if you trust it, unpack it first and give the plain file."
        yield decompressed(counted, str(path), Expansion(str(path), lambda: counted.count, advice))
