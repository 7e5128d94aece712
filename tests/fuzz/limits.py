"""Reads one damaged file within limits: only the program's own errors may come out."""

import resource
import signal
from pathlib import Path

from targets import Target

from hrkeras.utils.errors import InputError, InvalidWorkoutError

SECONDS = 5.0  # of processor time
MEGABYTES = 300  # that the process may grow by over its highest before


class Excess(BaseException):
    """Reading took too long or too much memory; not an `Exception`, so that no guard takes it for a parser's."""


def read(target: Target, data: bytes, path: Path, seconds: float = SECONDS) -> None:
    """Reads damaged bytes.

    Args:
        target: that reads.
        data: the bytes.
        path: where they are written, without the suffix.
        seconds: of processor time, after which it takes too long.

    Raises:
        BaseException: whatever comes out but the program's own errors, or `Excess`.
    """
    path = path.with_suffix(target.suffix)
    path.write_bytes(target.pack(data))
    before = _highest()
    usual = signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        target.read(path)
    except (InputError, InvalidWorkoutError) as error:
        str(error).encode("utf-8")  # it can be printed
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, usual)
    if (grown := _highest() - before) > MEGABYTES:
        raise Excess(f"the process grew by {grown:.0f} MB")


def _too_long(number, frame) -> None:
    raise Excess("it took too long")


def _highest() -> float:
    """MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
