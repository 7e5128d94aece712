"""Read the workouts in GPX, TCX and FIT files: a single one, or a folder or zip of them."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import TypeVar

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import activities, endomondo_export, fit, gpx, sports, tcx
from hrkeras.workouts.readers.point_table import COURSE, Recording, Stream
from hrkeras.workouts.readers.source import ReadLog, guarded
from hrkeras.workouts.readers.track_files import JSON, TrackFile, files, is_track, is_zip, size
from hrkeras.workouts.workout import Workout, from_points

Points = TypeVar("Points")
ACTIVITY = ", activity "  # precedes the number of one of several activities in a file


READERS: dict[str, Callable[[Stream], list[Recording]]] = {
    "gpx": gpx.read_tracks,
    "tcx": tcx.read_activities,
    "fit": fit.read_sessions,
    JSON: endomondo_export.read_workout,
}


def read(path: str | os.PathLike, *, log: ReadLog | None = None) -> Iterator[Workout]:
    """Reads a GPX, TCX or FIT file, or all of them in a folder with its sub-folders or in a zip.

    `track_files.files` determines the person of each workout and their order. The sport is that in the export's table of
    activities or in the file; if both lack it, that in the name of the activity or the file, or else running.

    Args:
        path: a file, a folder or a zip (read in place, never unpacked to disk); every file may also be gzipped.
        log: receives the bytes read, in all `size(path)`, and the files in a folder or zip that cannot be used.

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
        yield from _read_all(path, part) if several else _read_one(path, part)


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


def _read_all(path: Path, log: ReadLog) -> Iterator[Workout]:
    has_files = False
    for file in files(path, log):
        has_files = True
        try:
            yield from _read_file(file, log)
        except InvalidWorkoutError as error:
            log.skip(str(error), file.where)
        except InputError as error:
            log.refuse(error, file.where)
    if not has_files:
        where = "folder" if os.path.isdir(path) else "zip"
        why = "".join(f" ({reason}: {log.examples[reason][0]})" for reason in log.skipped)
        raise InputError(f"{path}: expected .gpx, .tcx or .fit files in this {where}, but found none{why}; check the path.")


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
    clock, latitude, longitude, altitude, speed, heart_rate, distance = recording.table.T
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
            user=user,
            sport=sport,
            estimated=recording.estimated,
            where=where,
        )
    except InvalidWorkoutError as error:
        timed = np.count_nonzero(np.isfinite(clock))
        if not timed and np.count_nonzero(np.isfinite(latitude)) > 1:
            raise InvalidWorkoutError(COURSE) from None
        if timed < 2:
            raise
        raise InvalidWorkoutError(f"{error}: the device's clock was wrong") from None


def _speed_from_distance(clock, distance) -> np.ndarray:
    """Speed in m/s if a device records distance but neither speed nor position: indoors, or before the first fix."""
    speed = np.full(len(clock), np.nan)
    places = np.flatnonzero(np.isfinite(clock) & np.isfinite(distance))
    if len(places) > 1:
        with np.errstate(all="ignore"):
            speed[places[1:]] = np.diff(distance[places]) / np.diff(clock[places])
        speed[places[0]] = speed[places[1]]
    return speed
