"""Tables in a temporary file."""

import numpy as np

from hrkeras.workouts.grid import Grid
from hrkeras.workouts.tables import StoredGrids, Tables


def test_grids_come_back_as_they_were():
    grids = [Grid(*np.random.default_rng(steps).normal(size=(3, steps)).astype(np.float32)) for steps in (5, 1, 8)]
    tables = Tables()
    for grid in grids:
        tables.append(grid)
    for found in (StoredGrids(tables), [tables.grid(number) for number in range(3)]):
        for one, two in zip(found, grids, strict=True):
            np.testing.assert_array_equal(one, two)
    tables.close()


def test_a_table_may_be_written_in_parts_and_in_any_order():
    values = np.arange(24, dtype=np.float32).reshape(2, 12)
    tables = Tables(columns=2)
    tables.append(-values)
    tables.reserve(12)
    tables.reserve(3)
    tables.append(values)
    for first in (8, 0, 4):
        tables.write(1, first, values[:, first : first + 4])
    np.testing.assert_array_equal(tables.table(1), values)
    np.testing.assert_array_equal(tables.table(0), -values)
    np.testing.assert_array_equal(tables.table(2), np.zeros((2, 3)))
    np.testing.assert_array_equal(tables.table(3), values)
    tables.close()
