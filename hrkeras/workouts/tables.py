"""Tables of the steps of runs in a file, in parts and by several threads, so that memory does not grow with them."""

import tempfile
import weakref
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np

from hrkeras.workouts.grid import Grid

NUMBER = np.dtype(np.float32)
COLUMNS = len(Grid._fields)


class Tables:
    """Stores a table of float32 numbers for each run, such as its grid, and returns it by the run's number.

    Args:
        path: of a new file, so that other processes can read it with `read`; an unnamed temporary file if not given.
        directory: where the unnamed file is made; the system's folder for temporary files if not given.
        columns: of a table.
    """

    def __init__(self, path: Path | None = None, *, directory: Path | None = None, columns: int = COLUMNS):
        self._file = open(path, "xb+") if path else tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 (closed by `close`)
        self._path, self._columns, self._ends, self._lock = path, columns, array("q", [0]), Lock()
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @property
    def steps(self) -> np.ndarray:
        """Steps of each table, shape `(tables,)`."""
        return np.diff(self._ends)

    def append(self, table: Sequence[np.ndarray]) -> None:
        """Stores a table of shape `(columns, steps)`; its number is the count of tables before it."""
        self.reserve(len(table[0]))
        with self._lock:
            self._file.seek(self._place(len(self) - 1))
            self._file.write(packed(table))

    def reserve(self, steps: int) -> None:
        """Makes room for a table, which is 0 until it is written."""
        self._ends.append(self._ends[-1] + steps)

    def write(self, number: int, first_step: int, part: Sequence[np.ndarray]) -> None:
        """Writes some steps of a table, shape `(columns, some steps)`."""
        steps = self._ends[number + 1] - self._ends[number]
        with self._lock:
            for column, values in enumerate(part):
                self._file.seek(self._place(number) + NUMBER.itemsize * (column * steps + first_step))
                self._file.write(values.astype(NUMBER).tobytes())

    def table(self, number: int) -> np.ndarray:
        """The table with that number, shape `(columns, steps)`."""
        begin, end = self._ends[number : number + 2]
        with self._lock:
            return read(self._file, begin, end - begin, self._columns)

    def grid(self, number: int) -> Grid:
        """The grid with that number."""
        return Grid(*self.table(number))

    def begin(self, number: int) -> int:
        """Where in the file the table with that number begins, in steps, for `read`."""
        return self._ends[number]

    def _place(self, number: int) -> int:
        return NUMBER.itemsize * self._columns * self._ends[number]

    def flush(self) -> None:
        """Lets other processes see what was stored."""
        self._file.flush()

    def close(self) -> None:
        """Removes the file."""
        self._file.close()
        if self._path:
            self._path.unlink(missing_ok=True)


class StoredGrids(Sequence[Grid]):
    """The grids of such a file as a sequence; the file lives as long as it."""

    def __init__(self, tables: Tables):
        self._tables = tables

    def __len__(self) -> int:
        return len(self._tables)

    def __getitem__(self, number):
        return self._tables.grid(range(len(self))[number])

    def __iter__(self) -> Iterator[Grid]:
        return map(self._tables.grid, range(len(self)))


def packed(table: Sequence[np.ndarray]) -> bytes:
    """A table, shape `(columns, steps)`, as bytes, for `unpacked`."""
    return np.stack(table).astype(NUMBER, copy=False).tobytes()


def unpacked(data: bytes, columns: int = COLUMNS) -> np.ndarray:
    """The table of its bytes, shape `(columns, steps)`."""
    return np.frombuffer(data, NUMBER).reshape(columns, -1)


def read(stream: BinaryIO, begin: int, steps: int, columns: int = COLUMNS) -> np.ndarray:
    """A table of such a file, shape `(columns, steps)`; 0 where nothing was written.

    Args:
        stream: the file.
        begin: where it begins, from `Tables.begin`.
        steps: how many it has.
        columns: how many it has.
    """
    step = NUMBER.itemsize * columns
    stream.seek(begin * step)
    return unpacked(stream.read(steps * step).ljust(steps * step, b"\0"), columns)
