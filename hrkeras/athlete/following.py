"""Follow a person through their runs: what was known before each."""

from collections.abc import Iterable

import numpy as np

from hrkeras.athlete.kalman import AthleteState, Known
from hrkeras.athlete.population import Population, default
from hrkeras.athlete.shrinkage import over_before
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid


def follow(
    starts: np.ndarray,
    grids: list[Grid],
    efforts: list[np.ndarray] | None = None,
    population: Population | None = None,
    learnt: np.ndarray | None = None,
) -> Iterable[tuple[int, Known]]:
    """What was known before each run of one person, from only those runs that had ended before it began.

    Args:
        starts: s since 1970-01-01 UTC, shape `(runs,)`, in any order.
        grids: the runs.
        efforts: of each run, from `effort.basis`, if they are there already.
        population: where the person's filter starts; the packaged one if not given.
        learnt: which runs are learnt from, booleans of shape `(runs,)`; all if not given.

    Yields:
        The number of each run and what was known before it, in the order of their starts.
    """
    athlete = AthleteState(population or default())
    efforts = efforts or [basis(grid) for grid in grids]
    lengths = np.array([len(grid.speed) * STEP for grid in grids])
    ends = np.asarray(starts) + lengths
    for run, over in over_before(starts, ends):
        for earlier in over:
            if learnt is None or learnt[earlier]:
                athlete.update(starts[earlier], grids[earlier], efforts[earlier])
        yield run, athlete.predict(starts[run], grids[run], efforts[run])
