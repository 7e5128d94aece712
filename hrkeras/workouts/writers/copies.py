"""Copy a GPX, TCX or FIT file with estimated or repaired heart rates, which are marked as not measured."""

import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.utils.files import atomic_write
from hrkeras.workouts.readers import fit, tracks
from hrkeras.workouts.readers.fit_records import MARK as FIELD
from hrkeras.workouts.readers.marks import Mark
from hrkeras.workouts.readers.point_table import HEART_RATE, TIME, HeartRateAt, Stream
from hrkeras.workouts.readers.track_files import JSON
from hrkeras.workouts.readers.xml_points import MARK
from hrkeras.workouts.writers import copy_fit, copy_xml

ESTIMATED = Mark(f"{MARK} where no sensor measured it.", FIELD)
REPLACED = Mark(f"{MARK}, also where a sensor measured it.", FIELD)


def copy(
    kind: str,
    opened: Callable[[], AbstractContextManager[Stream]],
    target: Path,
    heart_rate_at: HeartRateAt,
    anew: bool = False,
    mark: Mark = ESTIMATED,
) -> int:
    """Writes a copy, unless no point gets a heart rate.

    Heart rate is written to Garmin's extension of a point in GPX, to its `HeartRateBpm` in TCX, and to the records'
    `heart_rate` in FIT. It is marked by words in the track's `desc` or the activity's `Notes`, or by an extra field in
    each record. All other bytes stay the same, except lengths and checksums.

    Args:
        kind: of the file, a key of `tracks.READERS`.
        opened: opens it for reading; called several times.
        target: path of the copy, which is gzipped if this ends in .gz.
        heart_rate_at: gives the heart rate at the time of a point.
        anew: whether times with a heart rate get a new one too.
        mark: of the copy.

    Returns:
        The number of points that got a heart rate.

    Raises:
        InvalidWorkoutError: if the file cannot be used, as from its reader, or is JSON, which cannot be copied.
        InputError: if it cannot be read.
    """
    if kind == JSON:
        raise InvalidWorkoutError("JSON, which cannot be copied; give it as GPX, TCX or FIT")
    if not anew:
        with opened() as stream:
            heart_rate_at = where_unmeasured(kind, stream, heart_rate_at)
    if kind == "fit":
        with opened() as stream:
            data, count = copy_fit.filled(fit.content(stream), heart_rate_at, mark.field)
    else:
        with opened() as stream:
            changes, count = copy_xml.edits(kind, stream, heart_rate_at, mark.words)
    if not count:
        return 0
    with atomic_write(target) as part, open(part, "wb") as plain:
        packed = gzip.GzipFile("", "wb", fileobj=plain, mtime=0) if target.suffix == ".gz" else None
        write = (packed or plain).write
        if kind == "fit":
            write(data)
        else:
            with opened() as stream:
                copy_xml.copy(stream, changes, write)
        if packed:
            packed.close()
    return count


def where_unmeasured(kind: str, stream: Stream, heart_rate_at: HeartRateAt) -> HeartRateAt:
    """A function that gives a heart rate only at times without one in any of the file's points or messages."""
    measured: set[float] = set()
    for recording in tracks.READERS[kind](stream):
        measured.update(recording.table[recording.table[:, HEART_RATE] > 0, TIME].tolist())
    return lambda clock: 0 if clock in measured else heart_rate_at(clock)
