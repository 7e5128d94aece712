"""Read the workouts in GPX, TCX and FIT files: a single one, or a folder or zip of them."""

import io
import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.utils.processes import ordered_map
from hrkeras.workouts.readers import activities, cache, endomondo_export, fit, gpx, marks, sports, tcx
from hrkeras.workouts.readers.cache import Cache
from hrkeras.workouts.readers.content import Content, Recorder, Remark, pack, replay, unpack
from hrkeras.workouts.readers.point_table import COURSE, Recording, Stream
from hrkeras.workouts.readers.source import ReadLog, guarded, read_whole
from hrkeras.workouts.readers.track_files import JSON, TrackFile, files, is_track, is_zip, size
from hrkeras.workouts.workout import Workout, from_points

Points = TypeVar("Points")
ACTIVITY = ", activity "  # precedes the number of one of several activities in a file
FEW = 16  # files that one process reads in less time than others need to start
ON_FOOT = {sports.RUNNING, sports.INDOOR_RUNNING, "walking", "hiking"}
QUICK, MAX_ONE_FOOT = 90, 115.0  # percentile of cadence; runners take some 150 to 190 steps/min, half of it with one foot
HELD = 16 << 20  # bytes; a larger file in a zip is not handed to another process

READERS: dict[str, Callable[[Stream], list[Recording]]] = {
    "gpx": gpx.read_tracks,
    "tcx": tcx.read_activities,
    "fit": fit.read_sessions,
    JSON: endomondo_export.read_workout,
}


def read(
    path: str | os.PathLike, *, log: ReadLog | None = None, processes: int = 1, cache: Cache | None = None
) -> Iterator[Workout]:
    """Reads a GPX, TCX or FIT file, or all of them in a folder with its sub-folders or in a zip.

    `track_files.files` determines the person of each workout and their order. The sport is that in the export's table of
    activities or in the file; if both lack it, that in the name of the activity or the file, or else running.

    Args:
        path: a file, a folder or a zip (read in place, never unpacked to disk); every file may also be gzipped.
        log: receives the bytes read, in all `size(path)`, and the files in a folder or zip that cannot be used.
        processes: how many read the files in a folder or zip; with 1 this one does.
        cache: where what was read from these is kept, and is taken from if they have not changed.

    Raises:
        InputError: if there is nothing to read, or the single file given cannot be used.
    """
    path, log = Path(path), log or ReadLog()
    several = os.path.isdir(path) or is_zip(path)
    if not several and not is_track(path):
        actual = f"a file that ends in {path.suffix or 'nothing'}" if os.path.exists(path) else "nothing there"
        raise InputError(
            f"{path}: expected a .gpx, .tcx or .fit file, or a folder or zip of them, but found {actual}; check the path."
        )
    with log.whole(size(path)) as part:
        yield from _read_all(path, part, processes, cache) if several else _read_one(path, part)


def file_of(workout: Workout) -> str:
    """The path of the file that a workout was read from, as `TrackFile.where` has it."""
    return re.sub(f"{ACTIVITY}\\d+$", "", workout.where)


def _read_one(path: Path, log: ReadLog) -> Iterator[Workout]:
    try:
        for file in files(path, log):
            yield from _read_file(file, log)
    except InvalidWorkoutError as error:
        advice = "" if str(error) == COURSE else "; export it anew from the watch or the service, or give another file"
        raise InputError(f"{path}: expected the recording of a workout, but found: {error}{advice}.") from None


def _read_all(path: Path, log: ReadLog, processes: int, cache: Cache | None) -> Iterator[Workout]:
    has_files = False
    for file, items in _contents(path, processes, cache):
        yield from replay(items, log)
        if file:
            has_files = True
            log.advance(file.size)
    if not has_files:
        where = "folder" if os.path.isdir(path) else "zip"
        why = "".join(f" ({reason}: {log.examples[reason][0]})" for reason in log.skipped)
        raise InputError(f"{path}: expected .gpx, .tcx or .fit files in this {where}, but found none{why}; check the path.")


def _contents(path: Path, processes: int, kept: Cache | None) -> Iterator[tuple[TrackFile | None, list[Workout | Remark]]]:
    """Each file with the remarks made on the way to it and what it holds, in order; at last None with the other remarks."""
    way = Recorder(ReadLog())
    begun = deque[tuple[TrackFile, list[Workout | Remark], cache.Source | None, Content | None, Any]]()

    def unread() -> Iterator[TrackFile | None]:
        for file in files(path, way):
            before, way.items = way.items, []
            source = _source(file) if kept else None
            known = kept.get(source, partial(unpack, where=file.where, user=file.user)) if kept and source else None
            held = None if known else _held(file)
            here = None if known or held else _content(file, bool(kept))
            begun.append((file, before, source, known, here))
            yield held

    for there in ordered_map(partial(_content, packed=bool(kept)), unread(), processes, FEW):
        file, before, source, known, here = begun.popleft()
        if known:
            items = known.items
        else:
            items, lasting = here or there
            if isinstance(items, bytes):
                if kept and source and lasting:
                    kept.put(source, items)
                items = unpack(items, file.where, file.user).items
        yield file, before + items
    yield None, way.items


def _source(file: TrackFile) -> cache.Source | None:
    """What a file is read from; None if it is missing."""
    try:
        return cache.source(file.at[:1], file.at[1:], file.kind, file.listed)
    except OSError:
        return None


def _held(file: TrackFile) -> TrackFile | None:
    """The file, such that it can be opened at any time: one in a zip with its bytes; None if they are damaged or too many."""
    if len(file.at) == 1:
        return file
    try:
        with file.opened(ReadLog()) as stream:
            return file._replace(opened=partial(_in_memory, read_whole(stream, HELD)))
    except (InputError, InvalidWorkoutError):
        return None


def _in_memory(data: bytes, log: ReadLog) -> AbstractContextManager[Stream]:
    return nullcontext(io.BytesIO(data))


def _content(file: TrackFile, packed: bool) -> tuple[list[Workout | Remark] | bytes, bool]:
    """What a file holds, as it is or packed, and whether that is what it would hold when it is read again."""
    record, lasting = Recorder(ReadLog()), True
    try:
        for workout in _read_file(file, record):
            record.items.append(workout)
    except InvalidWorkoutError as error:
        record.skip(str(error), file.where)
        lasting = not isinstance(error.__cause__ or error.__context__, OSError | MemoryError)
    except InputError as error:
        record.refuse(error, file.where)
        lasting = False
    return pack(Content(record.items, {}), file.where) if packed else record.items, lasting


def parse(file: TrackFile, readers: Mapping[str, Callable[[Stream], Points]], log: ReadLog) -> Points:
    """Reads a file with the reader of its kind.

    Args:
        file: the file, which may be gzipped.
        readers: by kind of file.
        log: receives the bytes read.

    Raises:
        InputError: if it is missing or its packed data is damaged.
        InvalidWorkoutError: if the reader refuses it, or it cannot be read.
    """
    try:
        with guarded(), log.whole(file.size) as part, file.opened(part) as stream:
            return readers[file.kind](stream)
    except OSError as error:
        raise InvalidWorkoutError(f"a file that cannot be read ({error.strerror})") from None


def _read_file(file: TrackFile, log: ReadLog) -> Iterator[Workout]:
    recordings = activities.workouts(parse(file, READERS, log))
    stem = PurePath(file.where).name.partition(".")[0]
    for number, recording in enumerate(recordings, 1):
        where = f"{file.where}{ACTIVITY}{number}" if len(recordings) > 1 else file.where
        sport = sports.of_activity(file.listed.sport, recording.sport, (recording.name, file.listed.name, stem))
        try:
            with guarded():
                workout = _workout(recording, file.user, sport, where)
        except InvalidWorkoutError as error:
            if len(recordings) == 1:
                raise
            log.skip(str(error), where)
        else:
            for what in recording.passed_over:
                log.pass_over(what, where)
            yield workout


def _workout(recording: Recording, user: str, sport: str, where: str) -> Workout:
    clock, latitude, longitude, altitude, speed, heart_rate, distance, cadence, temperature = recording.table.T
    from_distance = _speed_from_distance(clock, distance)
    unknown = ~(speed > 0) & ~np.isfinite(latitude) & np.isfinite(from_distance)
    speed = np.where(unknown, from_distance, speed)
    try:
        return from_points(
            clock,
            latitude=latitude,
            longitude=longitude,
            speed=speed,
            altitude=altitude,
            heart_rate=heart_rate,
            cadence=_steps_per_minute(cadence, sport),
            temperature=temperature,
            user=user,
            sport=sport,
            estimated=recording.estimated,
            utc_offset=recording.utc_offset,
            repaired=marks.TAKEN_OUT in recording.passed_over,
            where=where,
        )
    except InvalidWorkoutError as error:
        timed = np.count_nonzero(np.isfinite(clock))
        if not timed and np.count_nonzero(np.isfinite(latitude)) > 1:
            raise InvalidWorkoutError(COURSE) from None
        if timed < 2:
            raise
        raise InvalidWorkoutError(f"{error}: the device's clock was wrong") from None


def _steps_per_minute(cadence, sport: str) -> np.ndarray:
    """Steps/min of both feet; most files tell those of one foot, and of other sports revolutions or strokes, left out here."""
    stepping = cadence[cadence > 0]
    if sport not in ON_FOOT or not len(stepping):
        return np.full(len(cadence), np.nan)
    return cadence * (2 if np.percentile(stepping, QUICK) < MAX_ONE_FOOT else 1)


def _speed_from_distance(clock, distance) -> np.ndarray:
    """Speed in m/s if a device records distance but neither speed nor position: indoors, or before the first fix."""
    speed = np.full(len(clock), np.nan)
    places = np.flatnonzero(np.isfinite(clock) & np.isfinite(distance))
    if len(places) > 1:
        with np.errstate(all="ignore"):
            speed[places[1:]] = np.diff(distance[places]) / np.diff(clock[places])
        speed[places[0]] = speed[places[1]]
    return speed
