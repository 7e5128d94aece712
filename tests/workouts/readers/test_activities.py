"""Which points are one workout."""

import numpy as np
import pytest
from track_files import NOON

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.readers import activities
from hrkeras.workouts.readers.activities import MAX_PAUSE, NOT_SET, joined, merged, workouts
from hrkeras.workouts.readers.point_table import COLUMNS, HEART_RATE, SPEED, TIME, Recording

HOUR, DAY = 3600, 86400


def table(times, heart_rate=None):
    points = np.full((len(times), COLUMNS), np.nan)
    points[:, TIME] = np.array(times, np.float64)
    if heart_rate is not None:
        points[:, HEART_RATE] = heart_rate
    return points


def run(begin, count=5, sport="", name="", estimated=False):
    return Recording(sport, table(NOON + begin + np.arange(count)), estimated, name)


def begins(recordings):
    return [recording.table[0, TIME] - NOON for recording in recordings]


class TestWorkouts:
    def test_a_pause_within_a_run_is_none_between_two(self):
        for pause, expected in ((MAX_PAUSE, [0]), (MAX_PAUSE + 1, [0, MAX_PAUSE + 2]), (DAY, [0, DAY + 1])):
            points = table(NOON + np.array([0, 1, 1 + pause, 2 + pause]))
            assert begins(workouts([Recording("run", points)])) == expected

    def test_parts_keep_what_is_known_of_all(self):
        first, second = workouts([Recording("run", table(NOON + np.array([0, 1, DAY, DAY + 1])), True, "n", ("x",), 3600.0)])
        assert first[2:] == second[2:] == (True, "n", ("x",), 3600.0)
        assert [first.sport, second.sport] == ["run"] * 2

    def test_single_points_far_from_all_others_are_left_out(self):
        (found,) = workouts([Recording("", table(NOON + np.array([0, 1, 2, -DAY, 3, 9 * DAY])))])
        np.testing.assert_array_equal(found.table[:, TIME] - NOON, [0, 1, 2, 3])

    def test_a_clock_that_counts_from_the_start(self):
        (relative,) = workouts([Recording("", table([100, 101, 102]))])
        assert relative.table[:, TIME].tolist() == [100, 101, 102]
        (dated,) = workouts([Recording("", table([3, 4, *(NOON + np.arange(5))]))])
        np.testing.assert_array_equal(dated.table[:, TIME] - NOON, np.arange(5))
        (relative,) = workouts([Recording("", table([3, 4, 5, NOON]))])
        assert relative.table[:, TIME].tolist() == [3, 4, 5]

    @pytest.mark.parametrize("wrong", [-NOON, -23 * 365 * DAY, -1024 * 7 * DAY])
    @pytest.mark.parametrize(("count", "kept"), [(300, 300), (900, 100)])
    def test_of_a_clock_that_is_set_what_follows_is_kept(self, wrong, count, kept):
        times = NOON + np.arange(count + kept) + np.where(np.arange(count + kept) < count, wrong, 0)
        if kept == 100:
            times = times[-kept - 890 :]  # a tenth of the points
        (found,) = workouts([Recording("", table(times), passed_over=("x",))])
        np.testing.assert_array_equal(found.table[:, TIME], NOON + count + np.arange(kept))
        assert found.passed_over == ("x", NOT_SET)

    @pytest.mark.parametrize(("by", "since"), [(HOUR, 900), (HOUR, 500), (2 * HOUR, 1300)])
    def test_of_a_clock_that_falls_back_the_larger_part_is_kept(self, by, since):
        times = NOON + np.arange(1500) - np.where(np.arange(1500) < since, 0, by)
        (found,) = workouts([Recording("", table(times))])
        np.testing.assert_array_equal(found.table[:, TIME], times[:since] if since > 750 else times[since:])
        assert found.passed_over == (NOT_SET,)

    @pytest.mark.parametrize(
        "times",
        [
            np.r_[1000:800:-1, 600:0:-1],  # backwards, with a pause
            np.roll(np.arange(1500), 600),
            np.r_[0:900:2, 1:900:2],  # two sensors, one after the other
        ],
    )
    def test_what_is_written_in_another_order_is_all_kept(self, times):
        (found,) = workouts([Recording("", table(NOON + times))])
        assert sorted(found.table[:, TIME] - NOON) == sorted(times)
        assert found.passed_over == ()

    def test_without_times_it_stays(self):
        (found,) = workouts([Recording("", table([np.nan] * 3))])
        assert len(found.table) == 3
        assert workouts([Recording("", table([]))])[0].table.shape == (0, COLUMNS)

    def test_more_than_a_file_can_hold(self, monkeypatch):
        monkeypatch.setattr(activities, "MAX_ACTIVITIES", 3)
        times = NOON + np.repeat(np.arange(4) * DAY, 2) + np.tile([0, 1], 4)
        assert len(workouts([Recording("", table(times[:6]))])) == 3
        with pytest.raises(InvalidWorkoutError, match="over 3 activities"):
            workouts([Recording("", table(times))])
        with pytest.raises(InvalidWorkoutError, match="over 3 activities"):
            workouts([run(0)] * 4)


class TestMerged:
    def test_the_first_value_of_each_column_counts(self):
        points = table([5, 7, 5, 7, 6], [0, np.nan, 140, 150, 160])
        points[:, SPEED] = [np.nan, 2, 3, 9, np.nan]
        found = merged(points)
        np.testing.assert_array_equal(found[:, TIME], [5, 7, 6])
        np.testing.assert_array_equal(found[:, HEART_RATE], [140, 150, 160])
        np.testing.assert_array_equal(found[:, SPEED], [3, 2, np.nan])
        np.testing.assert_array_equal(found[:, [1, 2, 3]], np.nan)

    def test_what_is_no_number_does_not_count(self):
        points = table([5, 5])
        points[:, SPEED] = [np.inf, 3]
        assert merged(points)[0, SPEED] == 3


class TestJoined:
    def test_tracks_that_continue_one_another_are_one(self):
        (found,) = joined([run(HOUR, name="second"), run(0, sport="Run"), run(2 * HOUR, sport="running")])
        np.testing.assert_array_equal(found.table[::5, TIME] - NOON, [0, HOUR, 2 * HOUR])
        assert (found.sport, found.name) == ("Run", "second")

    def test_those_far_apart_are_not(self):
        found = joined([run(DAY, sport="Run", name="b", estimated=True), run(0, sport="Run", name="a")])
        assert begins(found) == [0, DAY]
        assert [(each.name, each.estimated) for each in found] == [("a", False), ("b", True)]

    @pytest.mark.parametrize("told", [{"sport": "Ride"}, {"name": "Morning Ride"}])
    def test_nor_those_of_two_sports(self, told):
        assert begins(joined([run(0, sport="Run"), run(60, **told), run(120, **told)])) == [0, 60]
        assert begins(joined([run(0, name="Lap 1"), run(60, name="Lap 2")])) == [0]

    def test_nor_those_at_the_same_time(self):
        assert begins(joined([run(0, 600), run(5, 600)])) == [0, 5]
        assert begins(joined([run(0, 600), run(599, 600)])) == [0]

    def test_those_without_times_belong_to_the_one_before(self):
        nowhere = Recording("", table([np.nan]))
        assert [len(each.table) for each in joined([nowhere, run(0), nowhere])] == [7]
        assert [len(each.table) for each in joined([nowhere, nowhere])] == [2]
