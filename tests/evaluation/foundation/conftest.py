"""Fixtures: runs of which the first ten minutes are known."""

import numpy as np
import pytest

from hrkeras.datasets.windows import Run
from hrkeras.evaluation.foundation.rest import KNOWN
from hrkeras.workouts.grid import Grid

LENGTHS = (100, 131, KNOWN, 90)  # steps; the third is over after ten minutes, of the fourth nothing was measured in them


@pytest.fixture
def runs() -> list[Run]:
    random = np.random.default_rng(0)
    found = []
    for number, steps in enumerate(LENGTHS):
        speed, altitude = random.uniform(2, 4, steps), 300 + random.normal(0, 1, steps).cumsum()
        grid = Grid(*np.float32([speed, altitude, random.uniform(120, 160, steps)]))
        found.append(Run(number, 7, 1.6e9 + 1e5 * number, grid, np.array([number])))
    found[0].grid.heart_rate[[0, 5, 6]] = np.nan
    found[3].grid.heart_rate[:KNOWN] = np.nan
    return found


@pytest.fixture
def shown(runs) -> list[np.ndarray]:
    return [np.where(np.arange(len(run.grid.speed)) < KNOWN, run.grid.heart_rate, np.nan) for run in runs]
