"""Read the files in a zip in place, never unpacked to disk, and in bounded time and memory whatever the zip claims."""

import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hrkeras.utils.errors import InputError
from hrkeras.utils.files import open_regular
from hrkeras.workouts.readers.point_table import Stream
from hrkeras.workouts.readers.source import MAX_RATIO, RATIO_FROM, Expansion, ReadLog, decompressed

# what zipfile raises for damage and unknown compression
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
START = b"PK"
LOCAL_HEADER = 30  # bytes before a member's name and data
STEP = 4096  # bytes of a bzip2 or LZMA member to read at once: zipfile unpacks those without a limit
ADVICE = "if you trust it, unpack it first and give the folder."


class Member(NamedTuple):
    """A file in a zip.

    Attributes:
        name: path in the zip, with "\N{REPLACEMENT CHARACTER}" for every character that cannot be printed.
        info: zipfile's.
    """

    name: str
    info: zipfile.ZipInfo

    @property
    def size(self) -> int:
        """Bytes that it unpacks to, as the zip says."""
        return self.info.file_size


class Archive:
    """A zip file that is open for reading.

    Attributes:
        where: its path.
        members: its files in the order of their position; none that overlaps an earlier one.
    """

    def __init__(self, where: str, archive: zipfile.ZipFile, size: int, expansion: Expansion):
        self.where, self._archive, self._size, self._expansion = where, archive, size, expansion
        self.members: list[Member] = []
        end = 0
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            if not info.filename.endswith("/") and info.header_offset >= end:  # `is_dir` fails for an empty name
                self.members.append(Member(_printable(_real_name(info)), info))
                end = info.header_offset + LOCAL_HEADER + info.compress_size

    def place(self, member: Member) -> str:
        """The path of the zip followed by that of a member."""
        return f"{self.where}/{member.name}"

    @contextmanager
    def open(self, member: Member, log: ReadLog) -> Iterator[Stream]:
        """Opens a member, unpacking gzip as well.

        Raises:
            InputError: if it is encrypted, damaged or unpacks to far more than the zip has bytes, here or while it is read.
        """
        with self._packed(member, log) as stream:
            yield decompressed(stream, self.place(member), self._expansion)

    @contextmanager
    def open_zip(self, member: Member) -> Iterator["Archive"]:
        """Opens a zip in this zip; reading its files in their order costs little more than reading those of this one.

        Raises:
            InputError: if it is encrypted or damaged.
        """
        self._expansion.add(member.size)  # it is unpacked to find its directory, and again with its files
        with self._packed(member, ReadLog()) as stream, _zip_file(stream.seekable, self.place(member)) as archive:
            yield Archive(self.place(member), archive, member.size, self._expansion)

    @contextmanager
    def _packed(self, member: Member, log: ReadLog) -> Iterator["_MemberStream"]:
        place, info = self.place(member), member.info
        packed = min(info.compress_size, self._size)
        if info.flag_bits & 1:
            raise InputError(f"{place}: the file is encrypted; unpack the zip with its password and give the folder.")
        if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * packed:
            raise InputError(f"{place}: unpacks to more than {MAX_RATIO} times its size, which no export does; {ADVICE}")
        try:
            stream = self._archive.open(info)
        except DAMAGE as error:
            raise _damaged(place, error) from None
        with stream:
            yield _MemberStream(stream, info, place, packed, self._expansion, log)


class _MemberStream:
    """The bytes of a member; reports to a log how much of the zip was read for them."""

    def __init__(self, stream, info: zipfile.ZipInfo, place: str, packed: int, expansion: Expansion, log: ReadLog):
        self.seekable, self._place, self._expansion, self._log, self._count = stream, place, expansion, log, 0
        self._ratio = packed / max(info.file_size, 1)
        self._bounded = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

    def read(self, size: int, /) -> bytes:
        pieces = []
        while size > 0 and (piece := self._read(size if self._bounded else min(size, STEP))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _read(self, size: int) -> bytes:
        try:
            data = self.seekable.read(size)
        except DAMAGE as error:
            raise _damaged(self._place, error) from None
        self._expansion.add(len(data))
        before, self._count = self._count, self._count + len(data)
        self._log.advance(int(self._count * self._ratio) - int(before * self._ratio))
        return data


@contextmanager
def open_zip(path: Path) -> Iterator[Archive]:
    """Opens a zip file.

    Raises:
        InputError: as `source.open_regular`, or if it is damaged.
    """
    with open_regular(path) as stream, _zip_file(stream, str(path)) as archive:
        size = os.fstat(stream.fileno()).st_size
        yield Archive(str(path), archive, size, Expansion(str(path), lambda: size, ADVICE))


@contextmanager
def _zip_file(file, where: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGE as error:
        raise InputError(f"{where}: the zip file is cut off or damaged ({error}); fetch it anew.") from None
    with archive:
        yield archive


def _damaged(place: str, error: Exception) -> InputError:
    return InputError(f"{place}: the data is damaged ({error}); fetch the zip anew.")


def _real_name(info: zipfile.ZipInfo) -> str:
    """A member's name, even if the zip does not declare that it is UTF-8."""
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
