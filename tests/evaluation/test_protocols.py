"""What each protocol lets be known, and which steps it scores."""

import numpy as np
import pytest

from hrkeras.athlete.following import follow
from hrkeras.datasets import windows
from hrkeras.evaluation.protocols import PROTOCOLS, between_gaps
from hrkeras.workouts.grid import Grid


@pytest.fixture(scope="module")
def found() -> windows.Windows:
    """Two runs of 200 and 90 steps; of the first the last heart rates were not measured."""
    random = np.random.default_rng(0)
    grids = [
        Grid(*np.float32(random.uniform(2, 4, (2, steps))), np.float32(random.uniform(120, 160, steps))) for steps in (200, 90)
    ]
    grids[0].heart_rate[190:] = np.nan
    starts = np.array([1e9, 1e9 + 1e5])
    return windows.of_runs(grids, [known for _, known in follow(starts, grids)], starts)


def cases(name):
    return {case.name: case for case in PROTOCOLS[name].cases}


@pytest.mark.parametrize("name", ["profile", "live", "by_user", "later"])
def test_nothing_of_heart_rate_is_known(found, name):
    (case,) = PROTOCOLS[name].cases
    known = case.known(found)
    assert np.isnan(known["heart_rate"]).all()
    assert known["course"] == (name != "live")
    np.testing.assert_array_equal(case.scored(found), np.isfinite(found.heart_rate))
    assert not PROTOCOLS[name].uses_heart_rate


def test_live_takes_off_what_the_course_adds(found):
    inputs, plain = found.inputs(course=False), found.inputs()
    assert np.isnan(inputs["course"]).all()
    difference = (plain["expected"] - inputs["expected"])[:, :, :3]
    np.testing.assert_allclose(difference, np.broadcast_to(found.course_share[:, None], difference.shape), atol=1e-4)
    np.testing.assert_array_equal(plain["expected"][:, :, 3:], inputs["expected"][:, :, 3:])


@pytest.mark.parametrize("minutes", [1, 5, 10])
def test_forecast_scores_what_could_be_foreseen(found, minutes):
    case = cases("forecast")[f"{minutes} min ahead"]
    known = case.known(found)
    assert known["delay"] == 60 * minutes
    np.testing.assert_array_equal(known["heart_rate"], found.heart_rate)
    scored = case.scored(found)
    assert not scored[:, : 6 * minutes].any()
    assert scored[0, 6 * minutes : 190].all()
    assert not scored[0, 190:].any()


def test_the_rest_is_scored_after_ten_minutes(found):
    case = cases("forecast")["rest after 10 min"]
    known, scored = case.known(found)["heart_rate"], case.scored(found)
    assert np.isfinite(known[:, :60]).all()
    assert np.isnan(known[:, 60:]).all()
    assert scored.sum(axis=1).tolist() == [130, 30]


def test_imputation_hides_gaps_and_scores_them(found):
    case = cases("imputation")["gaps"]
    known, scored = case.known(found)["heart_rate"], case.scored(found)
    assert not (np.isfinite(known) & scored).any()
    np.testing.assert_array_equal(np.isfinite(known) | scored, np.isfinite(found.heart_rate))
    share = scored.sum(axis=1) / np.isfinite(found.heart_rate).sum(axis=1)
    assert ((share > 0.2) & (share < 0.8)).all()
    np.testing.assert_array_equal(between_gaps(found), between_gaps(found))
    np.testing.assert_array_equal(between_gaps(found[[1]])[0], between_gaps(found)[1])
