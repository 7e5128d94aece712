"""Write copies of the files of estimated runs, with their heart rate in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hrkeras.estimation import Estimate
from hrkeras.workouts import apple_health, detect, fill, tracks
from hrkeras.workouts.point_table import Stream
from hrkeras.workouts.source import ReadLog, open_plain
from hrkeras.workouts.workout import InputError, InvalidWorkoutError


class _Copy(NamedTuple):
    """A file to write: what is copied, where to, and the runs in it."""

    kind: str
    opened: Callable[[], AbstractContextManager[Stream]]
    target: Path
    runs: Sequence[Estimate]


def write(
    estimates: Sequence[Estimate],
    output: Path,
    anew: bool = False,
    force: bool = False,
    on_file: Callable[[], object] | None = None,
) -> list[Path]:
    """Writes a copy of each file with runs that were estimated, each beside its place and renamed.

    Of an Apple Health export a copy is one of its route files.

    Args:
        estimates: of the runs.
        output: a file for the copy of a single one, or a folder, in which copies lie as the files lie in the folders given.
        anew: whether points that have a heart rate get another.
        force: whether to replace files that are no earlier copies; never one of those that are copied.
        on_file: called after each file.

    Returns:
        What was written.

    Raises:
        InputError: if a file other than an earlier copy would be overwritten, or two copies have one name.
    """
    sources = [source for each in estimates if (source := tracks.file_of(each.run)).exists()]
    written: list[Path] = []
    for copy in _copies(estimates, output):
        if copy.target in written:
            raise InputError(f"{copy.target}: two of the files given have this name; estimate them one after the other.")
        try:
            count = fill.copy(copy.kind, copy.opened, _free(copy.target, sources, force), partial(_at, copy.runs), anew)
        except InvalidWorkoutError as error:
            raise InputError(f"{copy.target}: cannot be written, since the file to copy is {error}.") from None
        written += [copy.target] if count else []
        if on_file:
            on_file()
    return written


def _copies(estimates: Sequence[Estimate], output: Path) -> Iterator[_Copy]:
    files: dict[Path, list[Estimate]] = {}
    exports: dict[Path, list[Estimate]] = {}
    for each in estimates:
        if detect.reader(each.source) is apple_health:
            exports.setdefault(each.source, []).append(each)
        else:
            files.setdefault(tracks.file_of(each.run), []).append(each)
    alone = tracks.is_track(output)
    if alone and (exports or len(files) != 1):
        raise InputError(f"{output}: expected a folder, since {len(files)} files were estimated; a file is for one alone.")
    if output.is_file() and not alone:
        raise InputError(f"{output}: expected a folder or a .gpx, .tcx or .fit file, found another file; choose another path.")
    for path, runs in files.items():
        kind, source = tracks.kind(path), runs[0].source
        if alone and tracks.kind(output) != kind:
            raise InputError(f"{output}: expected a file name ending in .{kind}, as that of {path}; copies stay of their kind.")
        target = output if alone else output / (path.relative_to(source) if source.is_dir() else path.name)
        yield _Copy(kind, partial(open_plain, path, ReadLog()), target, runs)
    for export, runs in exports.items():
        for name, opened in apple_health.routes(export):
            yield _Copy("gpx", opened, output / name, runs)


def _at(runs: Sequence[Estimate], clock: float) -> int:
    return next((found for each in runs if (found := each.at(clock))), 0)


def _free(target: Path, sources: Sequence[Path], force: bool) -> Path:
    """A place where nothing lies, or a copy from an earlier time."""
    if target.exists():
        if any(target.samefile(each) for each in sources):
            raise InputError(f"{target}: is itself one of the files to copy; give another place for the copies.")
        if not force and not _is_copy(target):
            raise InputError(f"{target}: is there already and no estimate, so it stays as it is; give another place.")
    return target


def _is_copy(target: Path) -> bool:
    try:
        return any(each.estimated for each in tracks.read(target))
    except InputError:
        return False
