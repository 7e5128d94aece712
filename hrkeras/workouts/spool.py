"""Grids of runs in a temporary file, so that memory does not grow with them."""

import tempfile
from array import array
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hrkeras.workouts.grid import Grid

BYTES_A_STEP = 4 * len(Grid._fields)


class Spool:
    """Stores grids and returns them by their number.

    Args:
        path: of the file, so that other processes can read it with `read`; an unnamed temporary file if not given.
    """

    def __init__(self, path: Path | None = None):
        self._path = path
        self._file = open(path, "xb+") if path else tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    @property
    def steps(self) -> np.ndarray:
        """Steps of each grid, shape `(grids,)`."""
        return np.diff(self._ends)

    def append(self, grid: Grid) -> None:
        """Stores a grid; its number is the count of grids before it."""
        self._file.seek(self._ends[-1] * BYTES_A_STEP)
        self._file.write(packed(grid))
        self._ends.append(self._ends[-1] + len(grid.speed))

    def grid(self, number: int) -> Grid:
        """The grid with that number."""
        begin, end = self._ends[number : number + 2]
        return read(self._file, begin, end - begin)

    def flush(self) -> None:
        """Lets other processes see what was stored."""
        self._file.flush()

    def begin(self, number: int) -> int:
        """Where in the file the grid with that number begins, in steps, for `read`."""
        return self._ends[number]

    def close(self) -> None:
        """Removes the file."""
        self._file.close()
        if self._path:
            self._path.unlink(missing_ok=True)


def packed(grid: Grid) -> bytes:
    """A grid as bytes, for `unpacked`."""
    return np.stack(grid).tobytes()


def unpacked(data: bytes) -> Grid:
    """The grid of its bytes."""
    return Grid(*np.frombuffer(data, np.float32).reshape(len(Grid._fields), -1))


def read(stream: BinaryIO, begin: int, steps: int) -> Grid:
    """A grid of a spool's file.

    Args:
        stream: the file.
        begin: where it begins, from `Spool.begin`.
        steps: how many it has.
    """
    stream.seek(begin * BYTES_A_STEP)
    return unpacked(stream.read(steps * BYTES_A_STEP))
