"""Open, read and write files so that, whatever happens, the old one stays or the new one is whole.

What is not finished lies in a folder of our own beside its place, `.hrkeras-` and eight letters, which a lock marks as in use.
One that a killed process has left is no longer locked, and is removed when something is next written beside it.
"""

import ctypes
import errno
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hrkeras.utils.errors import InputError

PREFIX = ".hrkeras-"  # of the names of our own folders
NAME = re.compile(rf"{re.escape(PREFIX)}[a-z0-9_]{{8}}")  # as `tempfile` makes them
# in such a folder, beside what is written: what marks it, what was moved aside, and that while it is being removed
LOCK, OLD, GONE = "hrkeras.lock", "hrkeras.old", "hrkeras.gone"
NEW = 60.0  # s, for which a folder without a lock may belong to a process that has just made it
AT_CWD, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path to write one file or folder to, of the same name; folders are made where they are missing.

    What was written takes the place of `path` at the end, and is gone if that, or anything before, fails. A link stays a link
    to what is replaced, and that keeps its mode and its owner.

    Raises:
        OSError: if it cannot be written, or what is at `path` is read-only, is of another kind, or is neither file nor folder.
    """
    with atomic_writes(path) as (part,):
        yield part


@contextmanager
def atomic_writes(*paths: Path) -> Iterator[list[Path]]:
    """As `atomic_write`, for several that belong together: none takes its place before all are written.

    The others are files that describe the first: their old ones are removed before it takes its place, and the new ones come
    after it, so that after a kill they may be missing but never describe another.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    with ExitStack() as stack:
        parts = []
        for target in targets:
            parts.append(stack.enter_context(own_folder(target.parent)) / target.name)
        yield parts
        for part, target in zip(parts, targets, strict=True):
            _match(part, target)
        for target in targets[1:]:
            target.unlink(missing_ok=True)
        for part, target in zip(parts, targets, strict=True):
            _put(part, target)


def _match(part: Path, target: Path) -> None:
    """Gives what was written the owner and the mode of what it replaces, and sees to it that it can replace it."""
    if not target.exists():
        return
    there, written = target.stat(), part.stat()
    if not (stat.S_ISREG(there.st_mode) or stat.S_ISDIR(there.st_mode)):
        raise FileExistsError(errno.EEXIST, "is neither a file nor a folder", os.fspath(target))
    if stat.S_ISDIR(there.st_mode) != stat.S_ISDIR(written.st_mode):
        kind = IsADirectoryError if stat.S_ISDIR(there.st_mode) else NotADirectoryError
        number = errno.EISDIR if kind is IsADirectoryError else errno.ENOTDIR
        raise kind(number, os.strerror(number), os.fspath(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(target))
    if hasattr(os, "chown") and (there.st_uid, there.st_gid) != (written.st_uid, written.st_gid):
        with suppress(PermissionError):  # only root may give a file away
            os.chown(part, there.st_uid, there.st_gid)
    part.chmod(stat.S_IMODE(there.st_mode))
    if part.is_file():
        with open(part, "rb+") as stream:  # after a loss of power there must be one of the two
            os.fsync(stream.fileno())


def _put(part: Path, target: Path) -> None:
    """Puts what was written in its place; a folder and a full one that is there already change places.

    Where the system has no such exchange, the old one is moved aside first, and `clear` puts it back after a kill in between.
    """
    try:
        part.replace(target)
    except OSError:
        if not (part.is_dir() and target.is_dir()):
            raise
        if not _exchange(part, target):
            _move_aside_and_put(part, target)


def _exchange(one: Path, other: Path) -> bool:
    """Lets two paths change places in one step; False where that cannot be done, as on some network drives."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)  # unknown to old C libraries
    return rename is not None and rename(AT_CWD, os.fsencode(one), AT_CWD, os.fsencode(other), EXCHANGE) == 0


def _move_aside_and_put(part: Path, target: Path) -> None:
    old = part.parent / OLD / target.name
    old.parent.mkdir()
    try:
        target.rename(old)
        part.rename(target)
    except BaseException:
        _put_back(old, target)
        raise


def _put_back(old: Path, target: Path) -> None:
    if old.exists() and not target.exists():
        old.rename(target)


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """A new folder in another, of this process alone, which is removed at the end with all in it.

    The other one is made where it is missing, and removed if what is done meanwhile fails.
    """
    from filelock import FileLock, Timeout

    missing = [each for each in (parent, *parent.parents) if not each.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    clear(parent)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = FileLock(folder / LOCK)
        with suppress(Timeout, FileNotFoundError):  # another process was faster, and has just removed it
            lock.acquire(timeout=0)
            break
    try:
        yield folder
        missing = []
    finally:
        _remove(folder)
        lock.release()
        _remove(folder)  # where an open file cannot be removed
        for each in missing:
            with suppress(OSError):
                each.rmdir()


def _remove(folder: Path) -> None:
    """Removes a folder of ours, its lock last, so that what a kill leaves of it is known as ours."""
    with suppress(OSError):
        (folder / OLD).rename(folder / GONE)  # it will not be whole again, so it must not be put back
    with suppress(OSError):
        for each in list(folder.iterdir()):
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != LOCK:
                each.unlink()
        if os.listdir(folder) == [LOCK]:
            (folder / LOCK).unlink()
            folder.rmdir()


def clear(parent: Path) -> None:
    """Removes our folders that killed processes have left; what one had just moved aside is put back."""
    from filelock import Timeout

    with suppress(PermissionError, FileNotFoundError), os.scandir(parent) as entries:  # it may be written to, and not be read
        for folder in [Path(each.path) for each in entries if NAME.fullmatch(each.name)]:
            with suppress(Timeout, OSError):
                _clear(folder)


def _clear(folder: Path) -> None:
    from filelock import FileLock

    there = folder.lstat()
    if not stat.S_ISDIR(there.st_mode) or (hasattr(os, "geteuid") and there.st_uid != os.geteuid()):
        return  # someone else's, who would have us remove, or write to, something
    if not (folder / LOCK).is_file():  # a process was killed right after it had made it, or right before it had removed it
        if time.time() - there.st_mtime > NEW:
            folder.rmdir()  # only if it is empty
        return
    with FileLock(folder / LOCK, timeout=0):
        for old in (folder / OLD).glob("*"):
            _put_back(old, folder.parent / old.name)
        _remove(folder)


@contextmanager
def locked(path: Path, busy: str, wait: float = 0, on_wait: Callable[[], object] | None = None) -> Iterator[None]:
    """Keeps other processes that also ask for it from working on a file or folder; the lock is a hidden file beside it.

    Args:
        path: of the file or folder, which may be missing.
        busy: a sentence to raise where another process works on it.
        wait: for so long, s.
        on_wait: called before waiting.

    Raises:
        InputError: if another process has not ended after that time.
    """
    from filelock import FileLock, Timeout

    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    place = target.with_name(f".{target.name}.hrkeras-lock")
    lock = FileLock(place)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait:
                on_wait()
            lock.acquire(timeout=wait)
    except Timeout:
        raise InputError(busy) from None
    try:
        yield
    finally:
        with suppress(OSError):  # who waits for it sees that it is gone, and makes another
            place.unlink()
        lock.release()


@contextmanager
def private_temp() -> Iterator[None]:
    """Lets all libraries make their temporary files in a folder of our own, which is removed at the end with what they left."""
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with own_folder(Path(tempfile.gettempdir())) as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = os.fspath(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before[0]
            del os.environ["TMPDIR"]
            if before[1] is not None:
                os.environ["TMPDIR"] = before[1]


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that a disk is full; many libraries raise classes of their own for it."""
    while error is not None:
        if getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading; pipes, sockets and devices, which may never end, are not waited for.

    Raises:
        InputError: if the file is missing, none that can be read to its end, or unreadable.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # a folder is refused by the system, with its name for it
            stream = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (closed by the caller)
            if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return stream
            stream.close()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    raise InputError(f"{path}: no regular file; save what comes from it as one.")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # unknown to Windows, which has no such files
