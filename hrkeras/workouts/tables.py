"""Tables of the steps of runs in a temporary file, in parts and by several threads, so that memory does not grow with them."""

import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from hrkeras.workouts.grid import Grid

NUMBER = np.dtype(np.float32)


class Tables:
    """Stores a table of float32 numbers for each run and returns it by the run's number.

    Args:
        directory: where the unnamed file is made; the system's folder for temporary files if not given.
        columns: of a table.
    """

    def __init__(self, directory: Path | None = None, columns: int = len(Grid._fields)):
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 (closed by `close`)
        self._columns, self._ends, self._lock = columns, [0], Lock()
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, table: Sequence[np.ndarray]) -> None:
        """Stores a table, such as a grid, of shape `(columns, steps)`; its number is the count of tables before it."""
        values = np.stack(table).astype(NUMBER)
        self.reserve(values.shape[1])
        with self._lock:
            self._file.seek(self._place(len(self) - 1))
            self._file.write(values.tobytes())

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
        size = NUMBER.itemsize * self._columns * (self._ends[number + 1] - self._ends[number])
        with self._lock:
            self._file.seek(self._place(number))
            values = np.frombuffer(self._file.read(size).ljust(size, b"\0"), NUMBER)
        return values.reshape(self._columns, -1)

    def grid(self, number: int) -> Grid:
        """The grid with that number."""
        return Grid(*self.table(number))

    def _place(self, number: int) -> int:
        return NUMBER.itemsize * self._columns * self._ends[number]

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


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
