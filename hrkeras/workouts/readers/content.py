"""What a reader made of a file, in its order: workouts, and remarks on what it did not read; and the same as bytes.

There are no positions in it, since a `Workout` has none.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from hrkeras.workouts.clock import date_or_nan, possible_offset
from hrkeras.workouts.readers import apple_person
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.workout import Workout

COLUMNS = ("time", "speed", "altitude", "heart_rate", "cadence", "temperature")
NUMBERS = ("start", "gps_fraction", "first_clock", "utc_offset", "humidity")
ABOUT, POINTS = "about.json", "points.npy"  # entries of the zip, which is an npz with a text in it
MAX_BYTES = 1 << 30  # unpacked


class Remark(NamedTuple):
    """Something that was not read.

    Attributes:
        reason: why.
        where: file and entry.
        skipped: whether that cost a workout, as `ReadLog.skip` says, or was passed over in one.
    """

    reason: str
    where: str
    skipped: bool


class Content(NamedTuple):
    """What was read.

    Attributes:
        items: in their order.
        person: see `ReadLog`.
    """

    items: list[Workout | Remark]
    person: dict[str, Any]


class Recorder(ReadLog):
    """A log that counts into another one and keeps what it is told.

    Attributes:
        items: the remarks, and what else is appended.
    """

    def __init__(self, log: ReadLog):
        super().__init__(log.advance)
        self.skipped, self.passed_over, self.examples = log.skipped, log.passed_over, log.examples
        self.items: list[Workout | Remark] = []

    @property
    def reasons(self) -> set[str]:
        """Of all remarks."""
        return {item.reason for item in self.items if isinstance(item, Remark)}

    def _count(self, counts: Counter[str], reason: str, where: str) -> None:
        self.items.append(Remark(reason, where, counts is self.skipped))
        super()._count(counts, reason, where)


def replay(items: Iterable[Workout | Remark], log: ReadLog) -> Iterator[Workout]:
    """Yields the workouts, and tells a log the remarks between them."""
    for item in items:
        if isinstance(item, Workout):
            yield item
        elif item.skipped:
            log.skip(item.reason, item.where)
        else:
            log.pass_over(item.reason, item.where)


def pack(content: Content, where: str) -> bytes:
    """The content as bytes, without the names of the person and of the file.

    Args:
        content: what to pack.
        where: what the places in it begin with.
    """
    about = [
        {
            "points": len(item),
            "where": item.where.removeprefix(where),
            "sport": item.sport,
            "heart_rate_samples": item.heart_rate_samples,
            "estimated": item.estimated,
            "repaired": item.repaired,
            **{name: getattr(item, name) for name in NUMBERS},
        }
        if isinstance(item, Workout)
        else item._replace(where=item.where.removeprefix(where))
        for item in content.items
    ]
    workouts = [item for item in content.items if isinstance(item, Workout)]
    points = np.zeros((len(COLUMNS), sum(map(len, workouts))))
    for row, name in zip(points, COLUMNS, strict=True):
        np.concatenate([np.empty(0), *(getattr(workout, name) for workout in workouts)], out=row)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(ABOUT, "w") as stream:  # unlike `writestr`, without the time
            stream.write(json.dumps({"items": about, "person": content.person}).encode())
        with archive.open(POINTS, "w") as stream:
            np.lib.format.write_array(stream, points, allow_pickle=False)
    return packed.getvalue()


def unpack(packed: bytes, where: str, user: str) -> Content:
    """The content that `pack` made bytes of.

    Args:
        packed: the bytes.
        where: what the places in it are to begin with.
        user: the person.

    Raises:
        Exception: of any class, if the bytes are damaged or of something else.
    """
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        if sum(archive.getinfo(name).file_size for name in (ABOUT, POINTS)) > MAX_BYTES:
            raise ValueError("too large")
        about = json.loads(archive.read(ABOUT))
        with archive.open(POINTS) as stream:
            points = np.lib.format.read_array(stream, allow_pickle=False)
    if points.dtype != np.float64 or points.ndim != 2:
        raise ValueError("no points")
    items: list[Workout | Remark] = []
    end = 0
    for item in about["items"]:
        if isinstance(item, dict):
            begin, end = end, end + int(item["points"])
            items.append(_workout(item, dict(zip(COLUMNS, points[:, begin:end], strict=True)), where, user))
        else:
            reason, place, skipped = item
            items.append(Remark(str(reason), where + str(place), bool(skipped)))
    return Content(items, apple_person.plausible(about["person"]))


def _workout(item: dict[str, Any], columns: dict[str, np.ndarray], where: str, user: str) -> Workout:
    start, gps_fraction, first_clock, utc_offset, humidity = (float(item[name]) for name in NUMBERS)
    return Workout(
        **columns,
        user=user,
        sport=item["sport"],
        start=date_or_nan(start),
        gps_fraction=gps_fraction,
        where=where + str(item["where"]),
        heart_rate_samples=int(item["heart_rate_samples"]),
        estimated=bool(item["estimated"]),
        first_clock=first_clock,
        utc_offset=possible_offset(utc_offset),
        humidity=humidity,
        repaired=bool(item["repaired"]),
    )
