"""Grids of runs in a temporary file, so that memory does not grow with them."""

import tempfile
from pathlib import Path

import numpy as np

from hrkeras.workouts.grid import Grid

BYTES_A_STEP = 4 * len(Grid._fields)


class Spool:
    """Stores grids and returns them by their number.

    Args:
        directory: where the unnamed file is made; the system's folder for temporary files if not given.
    """

    def __init__(self, directory: Path | None = None):
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 (closed by `close`)
        self._ends = [0]

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, grid: Grid) -> None:
        """Stores a grid; its number is the count of grids before it."""
        self._file.seek(self._ends[-1] * BYTES_A_STEP)
        self._file.write(np.stack(grid).tobytes())
        self._ends.append(self._ends[-1] + len(grid.speed))

    def grid(self, number: int) -> Grid:
        """The grid with that number."""
        begin, end = self._ends[number : number + 2]
        self._file.seek(begin * BYTES_A_STEP)
        values = np.frombuffer(self._file.read((end - begin) * BYTES_A_STEP), np.float32)
        return Grid(*values.reshape(len(Grid._fields), -1))

    def close(self) -> None:
        """Removes the file."""
        self._file.close()
