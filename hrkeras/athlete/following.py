"""Follow a person through their runs: what was known before each."""

from collections.abc import Iterator, Sequence

import numpy as np

from hrkeras.athlete.kalman import AthleteState, Known
from hrkeras.athlete.population import Population, default
from hrkeras.athlete.shrinkage import over_before
from hrkeras.workouts import splits
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid


def follow(
    starts: np.ndarray, grids: Sequence[Grid], population: Population | None = None, learnt: np.ndarray | None = None
) -> Iterator[tuple[int, Known]]:
    """What was known before each run of one person, from only those runs that had ended before it began.

    Args:
        starts: s since 1970-01-01 UTC, shape `(runs,)`, in any order.
        grids: the runs.
        population: where the person's filter starts; the packaged one if not given.
        learnt: which runs are learnt from, booleans of shape `(runs,)`; all if not given.

    Yields:
        The number of each run and what was known before it, in the order of their starts.
    """
    athlete = AthleteState(population or default())
    ends = np.asarray(starts) + np.array([len(grid.speed) * STEP for grid in grids])
    efforts: dict[int, np.ndarray] = {}  # of the runs that are not over
    for run, over in over_before(starts, ends):
        for earlier in over:
            effort = efforts.pop(earlier)
            if learnt is None or learnt[earlier]:
                athlete.update(starts[earlier], grids[earlier], effort)
        efforts[run] = basis(grids[run])
        yield run, athlete.predict(starts[run], grids[run], efforts[run])


def follow_all(
    users: np.ndarray,
    starts: np.ndarray,
    grids: Sequence[Grid],
    population: Population | None = None,
    learnt: np.ndarray | None = None,
) -> Iterator[tuple[int, Known]]:
    """`follow` for each of several people; `users` says whose each run is, shape `(runs,)`."""
    for rows in splits.by_person(users, starts):
        mine = follow(starts[rows], [grids[row] for row in rows], population, None if learnt is None else learnt[rows])
        yield from ((int(rows[place]), state) for place, state in mine)
