"""The picture of a repaired run shows what was recorded, as seldom as that was."""

from types import SimpleNamespace

import numpy as np
import pytest

from hrkeras.personal.repair import repair_plots
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.workout import from_points

pytestmark = pytest.mark.usefixtures("drawn")


@pytest.mark.parametrize("every", [1, 10])
def test_a_line_joins_what_was_measured_up_to_a_gap(every):
    clock = np.r_[np.arange(600), np.arange(1200, 1800)]
    heart_rate = np.where(clock % every == 0, 150.0, np.nan)
    run = from_points(1.6e9 + clock, speed=np.full(1200, 3.0), heart_rate=heart_rate)
    prediction = SimpleNamespace(grid=Grid(*np.full((3, 180), 3.0, np.float32)), step=10.0)
    drawn = repair_plots.run(SimpleNamespace(run=run, stretches=[], prediction=prediction)).axes[0].lines[0]
    minutes, shown = drawn.get_data()
    np.testing.assert_allclose(minutes, run.time[np.isfinite(heart_rate)] / 60)
    assert minutes[np.isnan(shown)].tolist() == [20.0]
