"""Read the runs in GPX, TCX and FIT files, one by one or a folder of them."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from hrkeras.workouts import fit, gpx, tcx
from hrkeras.workouts.point_table import Recording, Stream
from hrkeras.workouts.source import ReadLog, open_plain
from hrkeras.workouts.workout import InputError, InvalidWorkoutError, Workout, from_points

Points = TypeVar("Points")
ACTIVITY = ", activity "  # stands before the number of one of several in a file


def _gpx(stream: Stream) -> list[Recording]:
    track = gpx.read_points(stream)
    columns = (track.time, track.latitude, track.longitude, track.altitude, track.speed, track.heart_rate)
    return [Recording(track.sport, np.stack([*columns, np.full(len(track.time), np.nan)], axis=1), track.estimated)]


READERS: dict[str, Callable[[Stream], list[Recording]]] = {
    "gpx": _gpx,
    "tcx": tcx.read_activities,
    "fit": fit.read_sessions,
}
SPORTS = (  # the first whose pattern is found in what a source calls a sport, in lower case
    ("indoor running", r"(?=.*(run|jog|跑))(?=.*(indoor|treadmill|virtual|室内|跑步机))"),
    ("running", r"run|jog|跑|^9$"),  # 9 and 1 are Strava's
    ("swimming", r"swim|泳"),
    ("cycling", r"cycl|bik|\bride|ride\b|riding|骑|^1$"),
    ("walking", r"walk|步行|走"),
    ("hiking", r"hik|徒步"),
    ("indoor running", r"treadmill"),
)


def is_track(path: str | os.PathLike) -> bool:
    """Whether a file's name says that it is GPX, TCX or FIT, plain or gzipped."""
    return bool(kind(Path(path))) and not os.path.isdir(path)


def size(path: str | os.PathLike) -> int:
    """Bytes that `read` will tell its log of, in all."""
    files = _files(Path(path)) if os.path.isdir(path) else [path]
    return sum(os.path.getsize(file) for file in files if os.path.isfile(file))


def read(path: str | os.PathLike, *, log: ReadLog | None = None) -> Iterator[Workout]:
    """Reads a GPX, TCX or FIT file, or all of them in a folder and its sub-folders, in the order of their names.

    A folder is a person: `user` is the sub-folder's path within the folder given, and for files directly in a folder
    its own name. Links to folders are not followed. A file that does not name its sport is taken for a run.

    Args:
        path: a file or a folder; every file may also be gzipped.
        log: told of the bytes read and, in a folder, of the files that cannot be used.

    Raises:
        InputError: if there is nothing to read, or the one file given cannot be used.
    """
    path, log = Path(path), log or ReadLog()
    if os.path.isdir(path):
        yield from _read_folder(path, log)
        return
    if not is_track(path):
        found = f"a file that ends in {path.suffix or 'nothing'}" if os.path.exists(path) else "nothing there"
        raise InputError(f"{path}: expected a .gpx, .tcx or .fit file, or a folder of them, but found {found}; check the path.")
    try:
        yield from _read_file(path, path.resolve().parent.name, log)
    except InvalidWorkoutError as error:
        raise InputError(
            f"{path}: expected the recording of a workout, but found: {error}; export it anew from the watch or "
            "the service, or give another file."
        ) from None


def sport_name(said: str) -> str:
    """The one name that a sport has here, whatever a source calls it; nothing said is taken for a run."""
    said = said.strip().lower()
    return next((name for name, pattern in SPORTS if re.search(pattern, said)), said) if said else "running"


def kind(path: Path) -> str:
    """The key in `READERS` that a file's name says, empty if none."""
    _, dot, ending = path.name.lower().removesuffix(".gz").rpartition(".")
    return ending if dot and ending in READERS else ""


def file_of(workout: Workout) -> Path:
    """The file that a workout was read from."""
    return Path(re.sub(f"{ACTIVITY}\\d+$", "", workout.where))


def _files(folder: Path, on_error: Callable[[OSError], object] | None = None) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=on_error):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names) if kind(Path(name)))


def _read_folder(folder: Path, log: ReadLog) -> Iterator[Workout]:
    found = False
    for path in _files(folder, lambda error: log.skip("folder that cannot be read", str(error.filename))):
        found = True
        user = path.parent.relative_to(folder).as_posix()
        try:
            yield from _read_file(path, folder.resolve().name if user == "." else user, log)
        except InvalidWorkoutError as error:
            log.skip(str(error), str(path))
        except InputError as error:  # a sentence that names the path; what is counted is its middle
            log.skip(re.split(r" \(|; ", str(error).removeprefix(f"{path}: "))[0], str(path))
    if not found:
        raise InputError(f"{folder}: expected .gpx, .tcx or .fit files in this folder, but found none; check the path.")


def parse(path: Path, readers: Mapping[str, Callable[[Stream], Points]], log: ReadLog) -> Points:
    """What the reader of a file's kind makes of it.

    Args:
        path: a file, which may be gzipped.
        readers: by the kind that its name says.
        log: told of the bytes read.

    Raises:
        InputError: if it is missing or its gzip data is damaged.
        InvalidWorkoutError: if the reader refuses it, or it cannot be read.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise InvalidWorkoutError("no regular file")
    left = size(path)

    def count(number: int) -> None:
        nonlocal left
        left -= number
        log.advance(number)

    try:
        with open_plain(path, ReadLog(count)) as stream:
            return readers[kind(path)](stream)
    except OSError as error:
        raise InvalidWorkoutError(f"a file that cannot be read ({error.strerror})") from None
    finally:
        log.advance(max(left, 0))


def _read_file(path: Path, user: str, log: ReadLog) -> Iterator[Workout]:
    recordings = parse(path, READERS, log)
    for number, recording in enumerate(recordings, 1):
        where = f"{path}{ACTIVITY}{number}" if len(recordings) > 1 else str(path)
        try:
            workout = _workout(recording, user, where)
        except InvalidWorkoutError as error:
            if len(recordings) == 1:
                raise
            log.skip(str(error), where)
        else:
            yield workout


def _workout(recording: Recording, user: str, where: str) -> Workout:
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
            sport=sport_name(recording.sport),
            estimated=recording.estimated,
            where=where,
        )
    except InvalidWorkoutError as error:
        if np.isfinite(clock).sum() < 2:
            raise
        raise InvalidWorkoutError(f"{error}: the device's clock was wrong") from None


def _speed_from_distance(clock, distance) -> np.ndarray:
    """Speed in m/s where a device counts the distance but records neither speed nor place: indoors, or before the first fix."""
    speed = np.full(len(clock), np.nan)
    known = np.flatnonzero(np.isfinite(clock) & np.isfinite(distance))
    if len(known) > 1:
        with np.errstate(all="ignore"):
            speed[known[1:]] = np.diff(distance[known]) / np.diff(clock[known])
        speed[known[0]] = speed[known[1]]
    return speed
