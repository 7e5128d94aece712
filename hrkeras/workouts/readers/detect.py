"""Detect what kind of source a path is, and read it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hrkeras.utils.errors import InputError
from hrkeras.workouts.readers import apple_health, endomondo, tracks
from hrkeras.workouts.readers.cache import Cache
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.workout import Workout

Read = Callable[[Path, ReadLog], Iterator[Workout]]  # what reads a source as `read` does


def reader(path: Path):
    """The module that reads a source: it has `read(path, log=)` and `size(path)`.

    Raises:
        InputError: if it is not an Apple Health export, tracks or an Endomondo file.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; check the path.")
    if apple_health.is_export(path):
        return apple_health
    if tracks.is_track(path) or path.is_dir() or tracks.is_zip(path):
        return tracks
    if endomondo.is_endomondo(path):
        return endomondo
    raise InputError(
        f"{path}: expected an Apple Health export (.zip, folder or .xml), a GPX, TCX or FIT file, a folder or zip of those, or "
        "an Endomondo file (one Python dict or JSON object a line); this is none of them."
    )


def read(path: Path, log: ReadLog | None = None, processes: int = 1, cache: Cache | None = None) -> Iterator[Workout]:
    """Yields the workouts of a source of any kind.

    Args:
        path: of the source.
        log: receives the bytes read, and what is skipped.
        processes: how many read the files in a folder or zip of tracks.
        cache: where what was read from these and from an Apple Health export is kept, and is taken from if they have not changed.
    """
    kind = reader(path)
    options: dict[Any, dict] = {tracks: {"processes": processes, "cache": cache}, apple_health: {"cache": cache}}
    try:
        yield from kind.read(path, log=log, **options.get(kind, {}))
    finally:
        if cache:
            cache.trim()
