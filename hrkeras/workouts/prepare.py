"""From workouts to runs ready for a dataset: filtered, without duplicates, gridded."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hrkeras.workouts import quality
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.source import ReadLog
from hrkeras.workouts.workout import InputError, InvalidWorkoutError, Workout


class Run(NamedTuple):
    """A workout that passed the filters, on the grid."""

    user: str
    start: float
    grid: Grid


def examine(workout: Workout, limits: quality.Limits, step: float = STEP) -> Run | str:
    """Filters and grids one workout.

    Returns:
        The run, or the name of the filter that took the workout.
    """
    if taken := quality.taken_by(workout, limits):
        return taken
    try:
        grid = quality.gridded(workout, limits, step)
    except InvalidWorkoutError:  # the limits let pass what no grid can hold
        return "duration" if np.isfinite(workout.speed).any() else "gps"
    return Run(workout.user, workout.start, grid)


class Prepared:
    """Runs ready for a dataset. Their grids lie in a temporary file, so that memory does not grow with them.

    Args:
        outcomes: for each workout its run or the filter that took it, from `examine`.
        log: what the reader skipped; read when `outcomes` has ended.
        directory: where the temporary file is made.
        step: s, length of a step.

    Attributes:
        funnel: the `quality.Funnel`.
        step: s, length of a step.
        users: shape `(runs,)`, a number for each person in the order of their first runs. The runs are in the
            order of their starts.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.

    Raises:
        InputError: if not one workout is left.
    """

    def __init__(self, outcomes: Iterable[Run | str], log: ReadLog, directory: Path, step: float = STEP):
        self.funnel = quality.Funnel(unreadable=log.skipped, examples=log.examples)
        self.step = step
        self._spool = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 (closed by `close`)
        try:
            self._collect(outcomes)
        except BaseException:
            self.close()
            raise

    def _collect(self, outcomes: Iterable[Run | str]) -> None:
        names: list[str] = []
        starts: list[float] = []
        ends = [0]
        for outcome in outcomes:
            if isinstance(outcome, str):
                self.funnel.count(outcome)
                continue
            if self.funnel.count(None, outcome.user, outcome.start):
                continue
            self._spool.write(np.stack(outcome.grid).tobytes())
            names.append(outcome.user)
            starts.append(outcome.start)
            ends.append(ends[-1] + len(outcome.grid.speed))
        if not names:
            raise InputError(
                f"Of {self.funnel.workouts:,} workouts none passed the filters:\n{self.funnel}\n"
                "Look at them with `hrkeras inspect`, or loosen a limit with --limit name=value."
            )
        order = np.argsort(starts, kind="stable")
        self.starts = np.array(starts)[order]
        self._begin, self._end = np.array(ends[:-1])[order], np.array(ends[1:])[order]
        _, first, inverse = np.unique(np.array(names)[order], return_index=True, return_inverse=True)
        self.users = np.argsort(np.argsort(first))[inverse]

    def __len__(self) -> int:
        return len(self.starts)

    def grid(self, run: int) -> Grid:
        """The grid of one run."""
        begin, end = int(self._begin[run]), int(self._end[run])
        self._spool.seek(begin * 3 * 4)
        values = np.frombuffer(self._spool.read((end - begin) * 3 * 4), np.float32)
        return Grid(*values.reshape(3, -1))

    def grids(self) -> Iterator[Grid]:
        """The grids of all runs, in order."""
        return map(self.grid, range(len(self)))

    def close(self) -> None:
        """Gives the temporary file back."""
        self._spool.close()
