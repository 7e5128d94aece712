"""Open, read and write files so that, whatever happens, either the old file stays or the new one is complete.

Unfinished files lie in a temporary folder beside the target, named `.hrkeras-` and eight letters, which a lock marks as in
use. A folder left by a killed process is no longer locked, and is removed at the next write beside it.
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

PREFIX = ".hrkeras-"  # of the names of our temporary folders
NAME = re.compile(rf"{re.escape(PREFIX)}[a-z0-9_]{{8}}")  # as `tempfile` makes them
# in such a folder, beside the new files: its lock, what was moved aside, and the same while it is being removed
LOCK, OLD, GONE = "hrkeras.lock", "hrkeras.old", "hrkeras.gone"
BESIDE = ".hrkeras-lock"  # ends the name of the lock of a file or folder, hidden beside it
NEW = 60.0  # s during which a folder without a lock may belong to a process that has just made it
AT_CWD, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yields a temporary path of the same name to write one file or folder to; missing parent folders are made.

    At the end the result replaces `path`; if anything fails it is removed. A symbolic link stays a link, and mode and owner
    of the replaced file are kept.

    Raises:
        OSError: if it cannot be written, or what is at `path` is read-only, is of another kind, or is neither file nor folder.
    """
    with atomic_writes(path) as (part,):
        yield part


@contextmanager
def atomic_writes(*paths: Path) -> Iterator[list[Path]]:
    """As `atomic_write`, for several files that belong together: none is replaced before all are written.

    The others are files that describe the first: their old versions are removed before it is replaced, and the new ones put
    in place after it, so that after a kill they may be missing but never describe another file.
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
    """Gives the new file the owner and the mode of the one it replaces, and checks that it can replace it."""
    if not target.exists():
        return
    existing, written = target.stat(), part.stat()
    if not (stat.S_ISREG(existing.st_mode) or stat.S_ISDIR(existing.st_mode)):
        raise FileExistsError(errno.EEXIST, "is neither a file nor a folder", os.fspath(target))
    if stat.S_ISDIR(existing.st_mode) != stat.S_ISDIR(written.st_mode):
        kind = IsADirectoryError if stat.S_ISDIR(existing.st_mode) else NotADirectoryError
        number = errno.EISDIR if kind is IsADirectoryError else errno.ENOTDIR
        raise kind(number, os.strerror(number), os.fspath(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(target))
    if hasattr(os, "chown") and (existing.st_uid, existing.st_gid) != (written.st_uid, written.st_gid):
        with suppress(PermissionError):  # only root may give a file away
            os.chown(part, existing.st_uid, existing.st_gid)
    part.chmod(stat.S_IMODE(existing.st_mode))
    if part.is_file():
        with open(part, "rb+") as stream:  # so that one of the two survives a loss of power
            os.fsync(stream.fileno())


def _put(part: Path, target: Path) -> None:
    """Moves the new file or folder into place; a folder is exchanged with a non-empty one that already exists.

    Where the system cannot exchange them, the old one is moved aside first, and `clear` puts it back after a kill in between.
    """
    try:
        part.replace(target)
    except OSError:
        if not (part.is_dir() and target.is_dir()):
            raise
        if not _exchange(part, target):
            _move_aside_and_put(part, target)


def _exchange(first: Path, second: Path) -> bool:
    """Exchanges two paths in one step; False if that is not possible, as on some network drives."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)  # unknown to old C libraries
    return rename is not None and rename(AT_CWD, os.fsencode(first), AT_CWD, os.fsencode(second), EXCHANGE) == 0


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
    """Yields a new folder in `parent` for this process alone, which is removed at the end with its content.

    `parent` is made if it is missing, and then removed if the body fails.
    """
    from filelock import FileLock, Timeout

    missing = [path for path in (parent, *parent.parents) if not path.exists()]
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
        for path in missing:
            with suppress(OSError):
                path.rmdir()


def _remove(folder: Path) -> None:
    """Removes one of our folders, its lock last, so that what a kill leaves of it is recognised as ours."""
    with suppress(OSError):
        (folder / OLD).rename(folder / GONE)  # it will not be whole again, so it must not be put back
    with suppress(OSError):
        for entry in list(folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != LOCK:
                entry.unlink()
        if os.listdir(folder) == [LOCK]:
            (folder / LOCK).unlink()
            folder.rmdir()


def clear(parent: Path) -> None:
    """Removes folders left by killed processes; what such a process had moved aside is put back."""
    from filelock import Timeout

    with suppress(PermissionError, FileNotFoundError), os.scandir(parent) as entries:  # it may be writable but not readable
        for folder in [Path(entry.path) for entry in entries if NAME.fullmatch(entry.name)]:
            with suppress(Timeout, OSError):
                _clear(folder)


def _clear(folder: Path) -> None:
    from filelock import FileLock

    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
        return  # another user's, which might point at something to remove or write to
    if not (folder / LOCK).is_file():  # a process was killed right after making it, or right before removing it
        if time.time() - status.st_mtime > NEW:
            folder.rmdir()  # only if it is empty
        return
    with FileLock(folder / LOCK, timeout=0):
        for old in (folder / OLD).glob("*"):
            _put_back(old, folder.parent / old.name)
        _remove(folder)


@contextmanager
def locked(path: Path, busy: str, wait: float = 0, on_wait: Callable[[], object] | None = None) -> Iterator[None]:
    """Locks a file or folder against other processes that lock it too; the lock is a hidden file beside it.

    Args:
        path: of the file or folder, which may be missing.
        busy: message of the error if another process holds the lock.
        wait: how long to wait for it, s.
        on_wait: called before waiting.

    Raises:
        InputError: if another process still holds the lock after that time.
    """
    from filelock import FileLock, Timeout

    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    place = target.with_name(f".{target.name}{BESIDE}")
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
        with suppress(OSError):  # a waiting process notices that it is gone, and makes another
            place.unlink()
        lock.release()


@contextmanager
def private_temp() -> Iterator[None]:
    """Context in which all libraries make their temporary files in a folder of ours, which is removed at the end."""
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
    """Whether an error, or its cause, says that a disk is full; many libraries raise their own classes for it."""
    while error is not None:
        if getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def open_regular(path: Path) -> BinaryIO:
    """Opens a regular file for reading; pipes, sockets and devices, which may never end, are refused.

    Raises:
        InputError: if the file is missing, not a regular file, or unreadable.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # the system refuses a folder, with its own message
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
