"""Read the workouts of an Apple Health export: the `.zip`, the folder unpacked from it, or its `.xml`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.utils.files import open_regular
from hrkeras.workouts.interpolation import MAX_HEART_RATE_GAP, interpolate
from hrkeras.workouts.readers import apple_routes, apple_xml, archive
from hrkeras.workouts.readers import cache as caches
from hrkeras.workouts.readers.apple_heart_rate import HeartRates
from hrkeras.workouts.readers.apple_person import Person
from hrkeras.workouts.readers.apple_routes import Routes, file_key
from hrkeras.workouts.readers.apple_xml import Stream
from hrkeras.workouts.readers.archive import Archive, Member
from hrkeras.workouts.readers.cache import Cache
from hrkeras.workouts.readers.content import Content, Recorder, pack, replay, unpack
from hrkeras.workouts.readers.source import ReadLog, guarded, open_plain
from hrkeras.workouts.sensor.detection import contact_lost
from hrkeras.workouts.workout import Workout, from_points

USER = "apple_watch"  # one export holds one person
HEAD = 1 << 18  # bytes within which the root element must begin; Apple's document type has 6 kB
BY_DATE = ("age", "sex")  # what an export tells only with the age, which depends on today's date
CANDIDATES = 20  # number of XML files in a zip or folder, the largest first, that are searched
WANTED = (
    "expected an Apple Health export, which the iPhone's Health app makes under 'Export All Health Data': "
    "give its .zip, the folder unpacked from it or the .xml therein"
)


def read(path, *, log: ReadLog | None = None, cache: Cache | None = None) -> Iterator[Workout]:
    """Reads every workout of an export, in the order of its XML.

    A run has the points of its route, with the heart rate of one source interpolated to their times; points while it
    was paused are left out. An indoor run, or one without a route, is "indoor running" and has a point for each
    heart rate, and so has every other sport, whose route is not read; where there is no heart rate, it has its beginning and end.

    Args:
        path: a `.zip` (read in place, never unpacked to disk), a folder or an `.xml` file.
        log: receives the bytes read, in all `size(path)`, and each workout that is passed over.
        cache: where what was read is kept, and is taken from if the export has not changed.

    Raises:
        InputError: if `path` is not an Apple Health export, or is damaged, encrypted, a decompression bomb or without
            any of the routes of its runs.
    """
    path, log = Path(path), log or ReadLog()
    with _open(path) as export:
        if cache is None:
            yield from _read(path, export, log)
            return
        source, me = caches.source(export.files), _me(export)
        if known := cache.get(source, partial(unpack, where=path.name, user=USER)):
            log.advance(export.size)
            log.person |= me | known.person
            yield from replay(known.items, log)
            return
        record = Recorder(log)
        for workout in _read(path, export, record):
            record.items.append(workout)
            yield workout
        log.person |= record.person
        lasting = {name: value for name, value in record.person.items() if name not in BY_DATE}
        readable = not any(reason.endswith(apple_routes.DAMAGED) for reason in record.reasons)
        if readable and record.person == me | lasting:
            cache.put(source, pack(Content(record.items, lasting), path.name))


def _me(export: "_Archive | _Folder") -> dict[str, Any]:
    """What the beginning of an export tells about the person as of today, which is not kept."""
    person = Person()
    with export.open(export.xml, ReadLog()) as stream:
        text = stream.read(HEAD)
    person.add(text, 0, len(text))
    return {name: value for name, value in person.facts().items() if name in BY_DATE}


def _read(path: Path, export: "_Archive | _Folder", log: ReadLog) -> Iterator[Workout]:
    advanced = 0

    def count(size: int) -> None:
        nonlocal advanced
        advanced += size
        log.advance(size)

    with export.open(export.xml, ReadLog(count)) as stream:
        content = apple_xml.scan(stream, log, path.name)
    log.person |= content.person
    runs = [entry for entry in content.entries if entry.is_run_outdoors]
    if runs and not apple_routes.any_present(runs, export.routes):
        raise InputError(
            f"{path}: route file missing for each of its runs ({len(runs):,}); give the whole export.zip, or the folder "
            "unpacked from it, which has them in the folder workout-routes beside the XML."
        )
    route_files = Routes(runs, export.routes, export.open)
    rest, number = export.size - advanced, len(content.entries)
    for done, entry in enumerate(content.entries):
        log.advance(rest * (done + 1) // (number + 1) - rest * done // (number + 1))
        try:
            with guarded():
                workout = _workout(entry, content.heart_rates, route_files)
        except InvalidWorkoutError as error:
            log.skip(str(error), entry.where)
        else:
            yield workout
    log.advance(rest - rest * number // (number + 1))


def routes(path) -> Iterator[tuple[str, Callable[[], AbstractContextManager[Stream]]]]:
    """Yields the route files of an export: the bare name, and a function that opens it until the next one is requested.

    Raises:
        InputError: as `read` does.
    """
    with _open(Path(path)) as export:
        for name, entry in export.routes.items():
            yield name, partial(export.open, entry, ReadLog())


def is_export(path) -> bool:
    """Whether `path` looks like an Apple Health export, complete or damaged; reads only a few kB."""
    path = Path(path)
    try:
        with _open(path):
            return True
    except InputError:
        try:
            with open_regular(path) as stream:
                start = stream.read(100)
        except (InputError, OSError):
            return False
        return start.startswith(archive.START) and b"apple_health_export/" in start


def size(path) -> int:
    """The number of bytes that `read(path)` reports to its log, for a progress bar.

    Raises:
        InputError: as `read` does.
    """
    with _open(Path(path)) as export:
        return export.size


def _workout(entry: apple_xml.Entry, heart_rates: HeartRates, routes: Routes) -> Workout:
    clock, heart_rate = heart_rates.during(entry.start, entry.end, entry.source)
    about: dict[str, Any] = {"user": USER, "sport": entry.sport, "where": entry.where, "utc_offset": entry.utc_offset}
    if not entry.is_run_outdoors:
        if entry.sport == "running":
            about["sport"] = "indoor running"
        running = ~_paused(entry, clock)
        if np.count_nonzero(running) < 2:
            return from_points(np.array([entry.start, entry.end]), **about)
        return from_points(clock[running], heart_rate=heart_rate[running], **about)
    points = routes.of(entry)
    time, latitude, longitude, altitude, speed = points[:, ~_paused(entry, points[0])]
    return from_points(
        time,
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        speed=speed,
        heart_rate=interpolate(time, clock, heart_rate, min(contact_lost(clock), MAX_HEART_RATE_GAP)),
        heart_rate_samples=int(np.count_nonzero(~_paused(entry, clock))),
        temperature=np.full(len(time), entry.temperature),
        humidity=entry.humidity,
        **about,
    )


def _paused(entry: apple_xml.Entry, clock: np.ndarray) -> np.ndarray:
    begins, ends = np.array(entry.pauses).reshape(-1, 2).T
    since = np.searchsorted(begins, clock)  # how many pauses have begun before
    return clock < np.concatenate([[-np.inf], ends])[since]


@contextmanager
def _open(path: Path) -> Iterator["_Archive | _Folder"]:
    if path.is_dir():
        yield _Folder(path)
        return
    with open_plain(path, ReadLog()) as stream:
        start = stream.read(4)
    if not start:
        raise InputError(f"{path}: the file is empty; {WANTED}.")
    if not start.startswith(archive.START):
        yield _Folder(path)
        return
    with archive.open_zip(path) as opened:
        yield _Archive(path, opened)


def _health_xml(path: Path, files: list, length: Callable, opened: Callable[..., AbstractContextManager[Stream]]):
    """The largest of `files` that holds health data; its name is in the phone's language."""
    for file in sorted(files, key=length, reverse=True)[:CANDIDATES]:
        with opened(file, ReadLog()) as stream:
            if apple_xml.ROOT in stream.read(HEAD):
                return file
    raise InputError(f"{path}: found no <HealthData> in {len(files)} XML files; {WANTED}.")


class _Folder:
    """An export as plain files.

    Attributes:
        xml: the file of the health data.
        routes: route files by `apple_routes.file_key`, without links that lead outside the export.
        files: all of these on the disk.
        size: total bytes.
    """

    def __init__(self, path: Path):
        files = [path] if path.is_file() else [f for p in ("*.xml", "*/*.xml") for f in path.glob(p) if f.is_file()]
        self.xml: Path = _health_xml(path, files, lambda file: file.stat().st_size, self.open)
        root = self.xml.parent.resolve()
        self.routes = {
            file_key(file.name): file
            for file in self.xml.parent.glob("*/*.gpx")
            if file.is_file() and file.resolve().is_relative_to(root)
        }
        self.files = (self.xml, *self.routes.values())
        self.size = sum(file.stat().st_size for file in self.files)

    def open(self, file, log: ReadLog) -> AbstractContextManager[Stream]:
        return open_plain(file, log)


class _Archive:
    """An export as a zip file, which is read in place; attributes as in `_Folder`."""

    def __init__(self, path: Path, opened: Archive):
        self._opened, self.files, self.size = opened, (path,), path.stat().st_size
        xmls = [member for member in opened.members if member.name.lower().endswith(".xml")]
        self.xml: Member = _health_xml(path, xmls, lambda member: member.size, self.open)
        root = "".join(self.xml.name.rpartition("/")[:2])
        self.routes = {
            file_key(member.name): member
            for member in opened.members
            if member.name.startswith(root) and member.name.lower().endswith(".gpx")
        }

    def open(self, file, log: ReadLog) -> AbstractContextManager[Stream]:
        return self._opened.open(file, log)
