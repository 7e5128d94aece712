"""Find the tracks (GPX, TCX, FIT, and the JSON of Endomondo's export) in a folder or a zip, and the person of each."""

import os
import re
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import archive, sports
from hrkeras.workouts.readers.activity_table import FILE, ActivityTable, Listed
from hrkeras.workouts.readers.archive import Archive
from hrkeras.workouts.readers.endomondo_export import FOLDER, SUFFIX
from hrkeras.workouts.readers.point_table import Stream
from hrkeras.workouts.readers.source import ReadLog, guarded, open_plain

KINDS = ("gpx", "tcx", "fit")
JSON = "json"  # the kind of a file that is a track because of its folder
RESOURCE_FORK = "._"  # prefix of the files that macOS writes beside a file
APPLE = "apple_health_export/"  # prefix of the names in an export that has its own reader
# words in the name of a folder that says what is in it and not whose it is
CONTENT = re.compile(
    r"(?=.*[^\W\d_])([\W\d_]|gpx|tcx|fit|gz|zip|out(put)?|raw|original|files?|data|tracks?|activity|activities|workouts?"
    r"|exports?|upload(s|ed)?|recordings?|routes?|fitness|takeout|garmin|strava|polar|suunto|coros|di.connect"
    r"|runs?|running|jogging|cycling|biking|rides?|walks?|walking|hikes?|hiking|swims?|swimming"
    r"|lauf|laufe|laufen|courses?|carreras?|correr|corse|corsa|corridas?|跑步|ランニング|бег"
    r"|aktivitaten|activites|actividades|attivita|atividades|activiteiten|entrainements?|entrenamientos?|trainings?"
    r"|january|february|march|april|may|june|july|august|september|october|november|december)+"
)
YEAR = re.compile(r"(19|20)\d\d([-_. ]?\d\d){0,2}")  # or a month or day of it
PART_OF_YEAR = re.compile(r"([\W\d_]|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)+")  # in a folder named by its year


class TrackFile(NamedTuple):
    """A track in a folder or a zip, not yet opened.

    Attributes:
        where: its path; in a zip, the path of the zip followed by that of the member.
        kind: one of `KINDS`, or `JSON`.
        user: the person.
        inside: its path within the given folder or zip, of which no part leads out of it.
        size: bytes of the folder or zip that reading it reports to a log.
        listed: its entry in the export's table of activities.
        at: the file on the disk; for one in a zip followed by where in it the member begins, in bytes, and likewise in a zip
            in that zip.
        opened: opens it for reading, unpacked; for a file in a zip only until the next one is requested.

    `opened` raises `InputError` if the file cannot be read.
    """

    where: str
    kind: str
    user: str
    inside: PurePosixPath
    size: int
    listed: Listed
    at: tuple[Path, *tuple[int, ...]]
    opened: Callable[[ReadLog], AbstractContextManager[Stream]]


def kind(name: str | os.PathLike) -> str:
    """The kind, one of `KINDS`, of a file by its name, plain or gzipped; empty if none."""
    name = os.path.basename(name)
    _, dot, ending = name.lower().removesuffix(".gz").rpartition(".")
    return ending if dot and ending in KINDS and not name.startswith(RESOURCE_FORK) else ""


def is_track(path: str | os.PathLike) -> bool:
    """Whether a file is GPX, TCX or FIT by its name, plain or gzipped."""
    return bool(kind(path)) and not os.path.isdir(path)


def is_zip(path: str | os.PathLike) -> bool:
    """Whether a file is a zip by its name or by its bytes."""
    if not os.path.isfile(path):
        return False
    if _named_zip(os.fspath(path)):
        return True
    try:
        with open(path, "rb") as stream:
            return stream.read(len(archive.START)) == archive.START and zipfile.is_zipfile(stream)
    except OSError:
        return False


def size(path: str | os.PathLike) -> int:
    """Bytes of all files that `files` yields and of the zips that it searches."""
    paths = _walk(Path(path)) if os.path.isdir(path) else [Path(path)]
    return sum(os.path.getsize(file) for file in paths if os.path.isfile(file) and file.name.lower() != FILE)


def files(path: Path, log: ReadLog) -> Iterator[TrackFile]:
    """Yields the tracks in a folder and its sub-folders, or in a zip; or the one that `path` is.

    A folder is a person: a file's `user` is the sub-folder's path within the folder given, and for files directly in a
    folder its own name; folders whose name says what is in them ("GPX", "activities", "2024-01", ...) do not count. A zip is one
    person's: its own name, or that of the folder it was found in. Links to folders are not followed.

    Args:
        path: a folder, a zip or a track.
        log: receives the folders and zips that cannot be read.

    Raises:
        InputError: if the given zip cannot be read.
    """
    if os.path.isdir(path):
        yield from _in_folder(path, log)
    elif is_zip(path):
        with archive.open_zip(path) as opened:
            yield from _in_zip(opened, path.stem, PurePosixPath(), log, (path,))
    else:
        yield of_file(path)


def of_file(path: Path) -> TrackFile:
    """A track that is not in a zip; `user` is the folder's name."""
    return _plain(path, person(path.resolve().parent), PurePosixPath(path.name), Listed())


def person(folder: Path) -> str:
    """The person of a folder: its name, or the nearest one above that does not merely say what is in it."""
    return ([""] + _named(folder.parts[1:]))[-1] or folder.name


def _named(folders: Iterable[str]) -> list[str]:
    """Of nested folders, the names that do not merely say what is in them, or when that was recorded."""
    named, dated = [], False
    for name in folders:
        plain = sports.folded(name)
        dated = bool(YEAR.fullmatch(name) or (dated and PART_OF_YEAR.fullmatch(plain)))
        if not dated and not CONTENT.fullmatch(plain):
            named.append(name)
    return named


def _kind(path: PurePath, others: Container[PurePath]) -> str:
    """The kind of a file in a folder or zip with others, empty if it is not a track; JSON with a TCX beside it is not read."""
    if path.suffix == SUFFIX and path.parent.name.lower() == FOLDER and path.with_suffix(".tcx") not in others:
        return JSON
    return kind(path)


def _named_zip(name: str) -> bool:
    return name.lower().endswith(".zip") and not os.path.basename(name).startswith(RESOURCE_FORK)


def _walk(folder: Path, on_error: Callable[[OSError], object] | None = None) -> Iterator[Path]:
    """The files of interest in a folder: its table of activities, then tracks and zips in the order of their names."""
    for parent, folders, names in os.walk(folder, onerror=on_error):
        folders.sort()
        names.sort(key=lambda name: (name.lower() != FILE, name))
        paths = [Path(parent, name) for name in names]
        others = set(paths)
        yield from (path for path in paths if _kind(path, others) or _named_zip(path.name) or path.name.lower() == FILE)


def _in_folder(folder: Path, log: ReadLog) -> Iterator[TrackFile]:
    tables: dict[PurePath, ActivityTable] = {}
    for path in _walk(folder, lambda error: log.skip("folder that cannot be read", str(error.filename))):
        inside = path.relative_to(folder)
        user = "/".join(_named(inside.parent.parts)) or person(folder.resolve())
        if path.name.lower() == FILE:
            if path.is_file() and (table := _table(partial(open_plain, path), str(path), log)):
                tables[path.parent] = table
        elif not _named_zip(path.name):
            yield _plain(path, user, PurePosixPath(inside.as_posix()), _listed(tables, path))
        else:
            try:
                with archive.open_zip(path) as opened:
                    yield from _in_zip(opened, user, PurePosixPath(inside.as_posix()), log, (path,))
            except InputError as error:
                log.refuse(error, str(path))


def _plain(path: Path, user: str, inside: PurePosixPath, listed: Listed) -> TrackFile:
    return TrackFile(str(path), kind(path) or JSON, user, inside, size(path), listed, (path,), partial(open_plain, path))


def _in_zip(
    opened: Archive, user: str, inside: PurePosixPath, log: ReadLog, at: tuple[Path, *tuple[int, ...]]
) -> Iterator[TrackFile]:
    if any(member.name.startswith(APPLE) for member in opened.members):
        log.skip("Apple Health export, which is to be given by itself", opened.where)
        return
    paths = [PurePosixPath(member.name.replace("\\", "/")) for member in opened.members]
    tables: dict[PurePath, ActivityTable] = {}
    for path, member in zip(paths, opened.members, strict=True):
        if path.name.lower() == FILE and (table := _table(partial(opened.open, member), opened.place(member), log)):
            tables[path.parent] = table
    others = set(paths)
    for path, member in zip(paths, opened.members, strict=True):
        place = opened.place(member)
        here = (*at, member.info.header_offset)
        target = inside.joinpath(*(part.replace(":", "_") for part in path.parts if part not in ("..", "/", "//")))
        if track_kind := _kind(path, others):
            packed, listed = member.info.compress_size, _listed(tables, path)
            yield TrackFile(place, track_kind, user, target, packed, listed, here, partial(opened.open, member))
        elif _named_zip(member.name):
            if len(at) > 1:
                log.skip("zip in a zip in a zip", place)
                continue
            try:
                with opened.open_zip(member) as inner:
                    yield from _in_zip(inner, user, target, log, here)
            except InputError as error:
                log.refuse(error, place)


def _listed(tables: Mapping[PurePath, ActivityTable], path: PurePath) -> Listed:
    """The entry of a file in the nearest table above it."""
    folder = next((parent for parent in path.parents if parent in tables), None)
    return tables[folder].find(path.relative_to(folder).as_posix()) if folder else Listed()


def _table(opened: Callable[[ReadLog], AbstractContextManager[Stream]], where: str, log: ReadLog) -> ActivityTable | None:
    try:
        with guarded(), opened(ReadLog()) as stream:
            return ActivityTable(stream)
    except InputError as error:
        log.refuse(error, where)
    except InvalidWorkoutError as error:
        log.skip(str(error), where)
    return None
