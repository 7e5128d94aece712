"""Write copies of the files of runs whose heart rate was estimated or repaired, with that in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import quality
from hrkeras.workouts.readers import apple_health, detect, marks, track_files, tracks
from hrkeras.workouts.readers.point_table import Stream
from hrkeras.workouts.readers.source import ReadLog, guarded
from hrkeras.workouts.workout import Workout
from hrkeras.workouts.writers import copies


class Filled(Protocol):
    """A run with a heart rate for its copy, such as an `estimation.Estimate` or a `repair.Repair`.

    Attributes:
        run: as it was read.
        source: the given path that it was read from.
        clocks: first and last clock of each repaired stretch, s since 1970-01-01 UTC; empty if all of it was estimated.
        anew: whether points that have a heart rate get this one too.
    """

    @property
    def run(self) -> Workout: ...
    @property
    def source(self) -> Path: ...
    @property
    def clocks(self) -> Sequence[tuple[float, float]]: ...
    @property
    def anew(self) -> bool: ...
    def at(self, clock: float) -> int:
        """Whole beats/min where the clock of the recording shows `clock` s; 0 where it is left as it is."""
        ...


TWICE = "{}: two of the files given have this name; give them one after the other, with a folder each."


class _Copy(NamedTuple):
    """A file to write: where the original is, its kind, how to open it, the target, and the runs in it."""

    where: str
    kind: str
    opened: Callable[[], AbstractContextManager[Stream]]
    target: Path
    runs: Sequence[Filled]


def write(
    filled: Sequence[Filled],
    output: Path,
    force: bool = False,
    on_file: Callable[[], object] | None = None,
    log: ReadLog | None = None,
) -> list[Path]:
    """Writes a copy of each file with such runs, each beside its place and renamed.

    Of an Apple Health export a copy is one of its route files.

    Args:
        filled: the runs; all estimated, or all repaired.
        output: a file for the copy of a single one, or a folder, in which copies lie as the files lie in the folders given.
        force: whether to overwrite files other than earlier copies; a file that is copied is never overwritten.
        on_file: called after each file.
        log: collects the files that cannot be copied.

    Returns:
        The paths of the copies.

    Raises:
        InputError: if a file other than an earlier copy would be overwritten, two copies have one name, or no file can be
            copied.
    """
    log, failed = log or ReadLog(), ""
    given = {path for run in filled for path in (run.source, Path(tracks.file_of(run.run)))}
    sources = [path for path in given if path.exists()]
    written: list[Path] = []
    files = [run for run in filled if detect.reader(run.source) is not apple_health]  # of an export few routes are written
    targets = Counter(copy.target for copy in _copies(files, output)) if files else Counter[Path]()
    if twice := [target for target, count in targets.items() if count > 1]:
        raise InputError(TWICE.format(twice[0]))
    for copy in _copies(filled, output):
        if copy.target in written:
            raise InputError(TWICE.format(copy.target))
        target = _free(copy.target, sources, force)
        stretches = [stretch for run in copy.runs for stretch in run.clocks]
        anew = any(run.anew for run in copy.runs)
        is_measured = any(quality.measured_share(run.run) for run in copy.runs)
        mark = marks.repaired(stretches) if stretches else copies.REPLACED if anew and is_measured else copies.ESTIMATED
        try:
            with guarded():
                count = copies.copy(copy.kind, copy.opened, target, partial(_at, copy.runs), anew, mark)
            written += [target] if count else []
        except InvalidWorkoutError as error:
            log.skip(str(error), copy.where)
            failed = failed or f"{target}: cannot be written, since the file to copy is {error}."
        if on_file:
            on_file()
    if failed and not written:
        raise InputError(failed)
    return written


def _copies(filled: Sequence[Filled], output: Path) -> Iterator[_Copy]:
    """The copies to write; a file in a zip can be opened until the next one is requested."""
    sources: dict[Path, dict[str, list[Filled]]] = {}
    for run in filled:
        sources.setdefault(run.source, {}).setdefault(tracks.file_of(run.run), []).append(run)
    exports = {source for source in sources if detect.reader(source) is apple_health}
    count = sum(len(files) for source, files in sources.items() if source not in exports)
    alone = tracks.is_track(output)
    if alone and (exports or count != 1):
        what = "the routes of an export" if exports else f"{count:,} files"
        raise InputError(f"{output}: expected a folder, since {what} are to be copied; a file is for one alone.")
    if output.is_file() and not alone:
        raise InputError(f"{output}: expected a folder or a .gpx, .tcx or .fit file, found another file; choose another path.")
    for source, runs in sources.items():
        if source in exports:
            everything = [run for of_file in runs.values() for run in of_file]
            for name, opened in apple_health.routes(source):
                yield _Copy(f"{source}/{name}", "gpx", opened, output / name, everything)
            continue
        for file in track_files.files(source, ReadLog()):
            if not (of_file := runs.get(file.where)):
                continue
            if alone and file.kind != track_files.JSON and track_files.kind(output) != file.kind:
                raise InputError(
                    f"{output}: expected a file name ending in .{file.kind}, as that of {file.where}; copies stay of their kind."
                )
            yield _Copy(
                file.where, file.kind, partial(file.opened, ReadLog()), output if alone else output / file.inside, of_file
            )


def _at(runs: Sequence[Filled], clock: float) -> int:
    return next((rate for run in runs if (rate := run.at(clock))), 0)


def _free(target: Path, sources: Sequence[Path], force: bool) -> Path:
    """The target, if nothing or only an earlier copy is there."""
    if target.exists():
        if any(target.samefile(source) for source in sources):
            raise InputError(f"{target}: is itself one of the files to copy; give another place for the copies.")
        if not force and not _is_copy(target):
            raise InputError(
                f"{target}: is there already and no such copy, so it stays; give another place, or --force to replace it."
            )
    return target


def _is_copy(target: Path) -> bool:
    log = ReadLog()
    try:
        return any([workout.estimated for workout in tracks.read(target, log=log)]) or marks.TAKEN_OUT in log.passed_over
    except InputError:
        return False
