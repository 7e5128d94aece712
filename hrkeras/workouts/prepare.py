"""From workouts to runs ready for a dataset: filtered, without duplicates, gridded."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import duplicates, quality
from hrkeras.workouts.funnel import Funnel
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.tables import Tables
from hrkeras.workouts.workout import Workout


class PreparedRun(NamedTuple):
    """A workout that passed the filters, on the grid.

    Attributes:
        user: the person.
        start: s since 1970-01-01 UTC.
        grid: the workout on the grid.
        content: how much data it holds, see `duplicates.content`.
        where: see `Workout`.
        utc_offset: likewise.
        duration: s, of the recording; NaN if that is not known.
    """

    user: str
    start: float
    grid: Grid
    content: duplicates.Content = (0, 0)
    where: str = ""
    utc_offset: float = np.nan
    duration: float = np.nan

    @property
    def end(self) -> float:
        """When the run was over, s since 1970-01-01 UTC."""
        return self.start + len(self.grid.speed) * STEP


def examine(workout: Workout, limits: quality.Limits, step: float = STEP) -> PreparedRun | str:
    """Filters and grids one workout.

    Returns:
        The run, or the name of the filter that took the workout.
    """
    if taken := quality.taken_by(workout, limits):
        return taken
    try:
        grid = quality.gridded(workout, limits, step)
    except InvalidWorkoutError:  # the limits allow what no grid can hold
        return "duration" if np.isfinite(workout.speed).any() else "gps"
    content = duplicates.content(quality.without_outliers(workout, limits))
    return PreparedRun(workout.user, workout.start, grid, content, workout.where, workout.utc_offset, workout.duration)


def distinct(runs: Sequence[PreparedRun]) -> list[PreparedRun]:
    """One recording of each run, see `duplicates.kept`."""
    return duplicates.distinct(runs, [run.content for run in runs])


def arrange(names: Sequence[str], starts: np.ndarray, funnel: Funnel) -> tuple[np.ndarray, np.ndarray]:
    """Puts runs in the order of their starts, and numbers the people in the order of their first runs.

    Args:
        names: the person of each run.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        funnel: tells in the error what was left out.

    Returns:
        The order, and the number of each run's person in that order, both of shape `(runs,)`.

    Raises:
        InputError: if there are no runs.
    """
    if not len(names):
        raise InputError(
            f"Of {funnel.workouts:,} workout{'' if funnel.workouts == 1 else 's'} none passed the filters:\n{funnel}\n"
            "Look at them with `hrkeras inspect`, or loosen a limit.",
            "limit",
        )
    order = np.argsort(starts, kind="stable")
    _, first, inverse = np.unique(np.array(names)[order], return_index=True, return_inverse=True)
    return order, np.argsort(np.argsort(first))[inverse]


class Prepared:
    """Runs ready for a dataset. Their grids are kept in a temporary file, so that memory does not grow with them.

    Args:
        outcomes: for each workout its run or the filter that took it, from `examine`.
        log: what the reader skipped; used once `outcomes` is exhausted.
        path: where the temporary file is made, for other processes to read; an unnamed one if not given.
        step: s, length of a step.

    Attributes:
        funnel: the `Funnel`.
        step: s, length of a step.
        users: shape `(runs,)`, a number for each person in the order of their first runs. The runs are in the
            order of their starts.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        numbers: index of each run's workout in `outcomes`, from 0, shape `(runs,)`.

    Raises:
        InputError: if no workout is left.
    """

    def __init__(self, outcomes: Iterable[PreparedRun | str], log: ReadLog, path: Path | None = None, step: float = STEP):
        self.funnel = Funnel(log.skipped, log.passed_over, log.examples)
        self.step = step
        self._tables = Tables(path)
        try:
            self._collect(outcomes)
        except BaseException:
            self.close()
            raise

    def _collect(self, outcomes: Iterable[PreparedRun | str]) -> None:
        people: dict[str, str] = {}  # each name once, however many runs have it
        names: list[str] = []
        numbers, starts, ends = array("q"), array("d"), array("d")
        contents: list[duplicates.Content] = []
        for outcome in outcomes:
            if isinstance(outcome, str):
                self.funnel.count(outcome)
                continue
            self.funnel.count(None)
            self._tables.append(outcome.grid)
            names.append(people.setdefault(outcome.user, outcome.user))
            numbers.append(self.funnel.workouts - 1)
            starts.append(outcome.start)
            ends.append(outcome.end)
            contents.append(outcome.content)
        self._tables.flush()
        kept = np.flatnonzero(duplicates.kept(names, starts, ends, contents))
        self.funnel.count_duplicates(len(names) - len(kept))
        order, self.users = arrange([names[row] for row in kept], np.array(starts)[kept], self.funnel)
        self._order = kept[order]
        self.starts, self.numbers = np.array(starts)[self._order], np.array(numbers)[self._order]

    def __len__(self) -> int:
        return len(self.starts)

    def grid(self, run: int) -> Grid:
        """The grid of one run."""
        return self._tables.grid(int(self._order[run]))

    @property
    def steps(self) -> np.ndarray:
        """How many steps each run has, shape `(runs,)`."""
        return self._tables.steps[self._order]

    def begin(self, run: int) -> int:
        """Where the grid of one run begins in the temporary file, for `tables.read`."""
        return self._tables.begin(int(self._order[run]))

    def grids(self) -> Iterator[Grid]:
        """The grids of all runs, in order."""
        return map(self.grid, range(len(self)))

    def close(self) -> None:
        """Removes the temporary file."""
        self._tables.close()
