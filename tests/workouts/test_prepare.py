"""From workouts to runs: filtered, without duplicates, on the grid."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare, quality, tables
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import synthetic
from hrkeras.workouts.workout import Workout

LIMITS = quality.Limits()
DAY = 86_400


def plain(user="a", day=0, heart_rate=150.0, points=100, **changes) -> Workout:
    level = np.ones(points)
    run = Workout(
        time=np.arange(points) * 10.0,
        speed=3 * level,
        altitude=50 * level,
        heart_rate=heart_rate * level,
        user=user,
        sport="running",
        start=1.6e9 + day * DAY,
    )
    return replace(run, **changes)


def prepared(workouts, limits=LIMITS, file=None) -> prepare.Prepared:
    return prepare.Prepared((prepare.examine(each, limits) for each in workouts), ReadLog(), file)


def test_examine_grids_what_passes_and_names_the_filter_otherwise():
    run = prepare.examine(plain(), LIMITS)
    assert (run.user, run.start, len(run.grid.speed)) == ("a", 1.6e9, 99)
    for values, wanted in zip(run.grid, (3, 50, 150), strict=True):
        np.testing.assert_allclose(values, wanted, rtol=1e-6)
    assert prepare.examine(plain(sport="cycling"), LIMITS) == "sport"
    assert prepare.examine(plain(points=20), LIMITS) == "points"


def test_examine_leaves_outliers_out_of_the_grid():
    workout = plain()
    workout.speed[50], workout.heart_rate[50] = 90, 18514
    run = prepare.examine(workout, LIMITS)
    assert run.grid.speed.max() == 3
    assert np.nanmax(run.grid.heart_rate) == 150


def test_what_no_grid_can_hold_is_taken_whatever_the_limits():
    loose = LIMITS.override(["min_gps_share=0", "max_duration=1e9", "min_duration=0", "min_points=2", "max_mean_interval=1e9"])
    nowhere = plain(speed=np.full(100, np.nan))
    assert prepare.examine(nowhere, loose) == "gps"
    assert prepare.examine(plain(time=np.arange(100) * 1e5, heart_rate=np.nan), loose) == "heart_rate"
    endless = plain(time=np.arange(100) * 1e5)
    assert prepare.examine(endless, loose.override(["min_heart_rate_share=0"])) == "duration"


def test_runs_are_in_the_order_of_their_starts_and_people_of_their_first():
    workouts = [plain("c", 5), plain("b", 1), plain("a", 3, points=200), plain("b", 4), plain("a", 2, points=60)]
    found = prepared(workouts)
    assert ((found.starts - 1.6e9) / DAY).tolist() == [1, 2, 3, 4, 5]
    assert found.users.tolist() == [0, 1, 1, 0, 2]
    assert [len(each.speed) for each in found.grids()] == [99, 59, 199, 99, 99]
    assert found.steps.tolist() == [99, 59, 199, 99, 99]
    found.close()


def test_grids_come_back_from_the_temporary_file(tmp_path):
    workouts = [each for each in synthetic.read(athletes=1, runs=6, seed=2) if not quality.taken_by(each, LIMITS)]
    found = prepared(workouts, file=tmp_path / "grids")
    for workout, grid in zip(workouts, found.grids(), strict=True):
        for one, other in zip(grid, quality.gridded(workout, LIMITS), strict=True):
            np.testing.assert_array_equal(one, other)
    with open(tmp_path / "grids", "rb") as stream:  # as another process does
        again = Grid(*tables.read(stream, found.begin(2), int(found.steps[2])))
    np.testing.assert_array_equal(again.speed, found.grid(2).speed)
    found.close()
    assert not list(tmp_path.iterdir())


def test_duplicates_count_once_and_in_the_funnel():
    found = prepared([plain("a"), plain("a", start=1.6e9 + 0.2), plain("b"), plain("a", 1), plain(sport="chess")])
    assert len(found) == 3
    assert found.funnel.as_dict()["taken"] | {"duplicate": 1, "sport": 1} == found.funnel.as_dict()["taken"]
    assert (found.funnel.workouts, found.funnel.left) == (5, 3)


def test_nothing_left_says_what_took_them():
    with pytest.raises(InputError, match=r"(?s)Of 2 workouts none passed.*sport: another sport +2 .*or loosen a limit\.$"):
        prepared([plain(sport="chess"), plain(sport="golf")])
    with pytest.raises(InputError, match="Of 0 workouts"):
        prepared([])
