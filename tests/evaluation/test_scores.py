"""How bands are scored."""

import numpy as np
import pytest

from hrkeras.datasets.windows import Run
from hrkeras.evaluation import scores
from hrkeras.workouts.grid import Grid


def test_coverage_by_hand():
    level, nothing = np.float32([140, 150, np.nan, 160]), np.full(4, np.nan, "f")
    runs = [
        Run(number, user, 0.0, Grid(level, level, each), None)
        for number, user, each in ((0, 7, level), (1, 8, level), (2, 9, nothing))
    ]
    wide = (np.full(4, 140.0), np.full(4, 155.0))
    narrow = (np.full(4, 159.0), np.full(4, 161.0))
    found = scores.coverage("a", runs, [wide, narrow, wide])
    assert found == scores.Coverage(
        "a", pytest.approx(3 / 6), pytest.approx((3 * 15 + 3 * 2) / 6), {7: pytest.approx(2 / 3), 8: pytest.approx(1 / 3)}
    )
