"""Keep what was read from files, so that they are read once; without positions, which a `Workout` does not have.

An entry is a file of its own, named by a hash of what it was read from: path, size and time of change, and the code that
read it; or of all that it was computed from. What cannot be used is ignored, and what cannot be written is not kept.
"""

import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import NamedTuple, TypeVar

from hrkeras import __version__
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import open_regular
from hrkeras.workouts.readers.content import MAX_BYTES

VARIABLE = "HRKERAS_CACHE_DIR"  # names the folder in which the entries have one of their own
FOLDER = "kept-runs"
MAX_SIZE = 500_000_000  # bytes of all entries; an hour of running has about 50 kB, and what is learnt from it 45 kB
DAYS = 90  # since an entry was last used
SETTLED = 2.0  # s; a file changed less long ago may change again within the resolution of its time
SUFFIX, UNFINISHED = ".npz", ".part"
NAME = re.compile(rf"[0-9a-f]{{64}}{re.escape(SUFFIX)}|tmp\w{{8}}{re.escape(UNFINISHED)}")
LEFT, DAY = 3600.0, 86_400.0  # s after which an unfinished file is one that a killed process has left
T = TypeVar("T")


class Source(NamedTuple):
    """What an entry was read from.

    Attributes:
        files: absolute path, size in bytes, and times in ns of the last change of content and of status of each file.
        about: what else the result depends on.
    """

    files: tuple[tuple[str, int, int, int], ...]
    about: tuple

    @property
    def name(self) -> str:
        """Of the entry."""
        text = json.dumps([code("utils", "workouts"), *self])
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() + SUFFIX


def source(paths: Iterable[Path], *about) -> Source:
    """The source that some files are now; `about` is anything that JSON can express.

    Raises:
        OSError: if a file is missing.
    """
    return Source(tuple(_state(os.path.abspath(path)) for path in paths), about)


def _state(path: str) -> tuple[str, int, int, int]:
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def folder() -> Path:
    """The folder of the entries, in what the variable HRKERAS_CACHE_DIR names, or else in the user's folder for caches.

    Raises:
        InputError: if it is in a home folder, and there is none.
    """
    import platformdirs

    named = os.environ.get(VARIABLE)
    try:
        return (Path(named).expanduser() if named else platformdirs.user_cache_path("hrkeras", appauthor=False)) / FOLDER
    except RuntimeError:
        raise InputError(f"{f'{VARIABLE} is {named}, but t' if named else 'T'}here is no such home folder.") from None


class Cache:
    """The entries in a folder.

    Args:
        folder: where they lie; made when the first one is written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._written = 0

    @property
    def trouble(self) -> str:
        """Why nothing can be kept in the folder, in words; empty if it can."""
        there = next(path for path in (self.folder, *self.folder.absolute().parents) if os.path.lexists(path))
        if there == self.folder and there.is_symlink():
            return "it is a link, which may lead elsewhere"
        if not there.is_dir():
            return f"{there} is no folder"
        if there == self.folder and hasattr(os, "geteuid") and there.stat().st_uid != os.geteuid():
            return "it belongs to someone else"
        return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written to"

    def get(self, source: Source, unpack: Callable[[bytes], T]) -> T | None:
        """What was kept of a source; None if nothing was, or if `unpack` cannot make it of the bytes."""
        path = self.folder / source.name
        try:
            if not self._is_own() or path.stat().st_size > MAX_BYTES:
                return None
            with open_regular(path) as stream:
                known = unpack(stream.read())
        except Exception:  # whatever damage does to the libraries that read it
            return None
        with suppress(OSError):
            os.utime(path)
        return known

    def put(self, source: Source, packed: bytes) -> None:
        """Keeps what was made of a source, unless its files have changed meanwhile or have just been written."""
        with suppress(OSError):
            now = tuple(_state(path) for path, *_ in source.files)
            newest = max((changed for _, _, changed, _ in source.files), default=0) / 1e9
            if now != source.files or abs(time.time() - newest) < SETTLED or self._written + len(packed) > MAX_SIZE:
                return
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_own():
                return
            number, part = tempfile.mkstemp(UNFINISHED, dir=self.folder)  # only its owner can read it
            try:
                with open(number, "wb") as stream:
                    stream.write(packed)
                os.replace(part, self.folder / source.name)
                self._written += len(packed)
            finally:
                Path(part).unlink(missing_ok=True)

    def trim(self) -> None:
        """Removes entries that were not used for long; those used latest, `MAX_SIZE` in all, stay."""
        if not self._written:
            return
        self._written, size, now = 0, 0, time.time()
        for path, status in sorted(self.entries(), key=lambda entry: -entry[1].st_mtime):
            age = now - status.st_mtime
            size += status.st_size
            if size > MAX_SIZE or age > (LEFT if path.suffix == UNFINISHED else DAYS * DAY):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes all entries, and the folder if nothing else is in it."""
        for path, _ in self.entries():
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def entries(self) -> list[tuple[Path, os.stat_result]]:
        """The files of the cache and their status; files of other names in the folder are not ours."""
        return list(self._entries())

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        yield Path(entry.path), entry.stat(follow_symlinks=False)

    def _is_own(self) -> bool:
        """Whether the folder is the user's alone; one that others can read or write is closed to them."""
        status = self.folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
            return False
        if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
            self.folder.chmod(0o700)
        return True


def opened() -> tuple[Cache | None, str]:
    """The user's cache if there can be one, and why nothing can be kept in it, in words; empty if it can."""
    try:
        own = Cache(folder())
    except InputError as error:
        return None, str(error).rstrip(".")
    return own, own.trouble and f"{own.folder} cannot be used: {own.trouble}"


@once
def code(*rooms: str) -> str:
    """A hash of the version and of the code in some rooms of the package, so that another version makes its own entries."""
    package = Path(__file__).parents[2]
    files = sorted(path for room in rooms for path in (package / room).rglob("*.py"))
    return hashlib.sha256(b"\0".join([__version__.encode(), *(path.read_bytes() for path in files)])).hexdigest()
