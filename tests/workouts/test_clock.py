import numpy as np
import pytest

from hrkeras.workouts import clock
from hrkeras.workouts.clock import in_order, is_date

START = 1_700_000_000.0
DAY = 86_400.0
RUN = START + np.arange(600.0)


def with_strays(places, by) -> np.ndarray:
    clock = RUN.copy()
    clock[places] += by
    return clock


@pytest.mark.parametrize("clock", [RUN, RUN - START, RUN[:1], RUN[:0]])
def test_a_clock_that_works_keeps_every_point(clock):
    np.testing.assert_array_equal(in_order(clock), np.arange(len(clock)))


@pytest.mark.parametrize("by", [3 * DAY, -3 * DAY, 5000 * 365.25 * DAY, -START, np.nan, np.inf])
@pytest.mark.parametrize("places", [[0], [300], [599], [40, 41, 42, 43], [10, 200, 580]])
def test_stray_points_are_dropped_wherever_the_clock_jumps(places, by):
    np.testing.assert_array_equal(in_order(with_strays(places, by)), np.delete(np.arange(600), places))


@pytest.mark.parametrize("by", [3600.0, -3600.0, 180.0, -180.0])
@pytest.mark.parametrize("places", [[300], [200, 201, 202, 203], [190, 300, 410]])
def test_stray_points_of_the_same_day_are_dropped(places, by):
    np.testing.assert_array_equal(in_order(with_strays(places, by)), np.delete(np.arange(600), places))


def test_a_clock_that_is_set_during_the_run_leaves_the_longer_part():
    clock = np.where(np.arange(600) < 100, RUN - START, RUN)  # counts from 1970 until it has a fix
    np.testing.assert_array_equal(in_order(clock), np.arange(100, 600))


def test_points_out_of_order_are_sorted_not_dropped():
    np.testing.assert_array_equal(in_order(RUN[::-1]), np.arange(600)[::-1])
    np.testing.assert_array_equal(in_order(np.roll(RUN, 200)), np.roll(np.arange(600), -200))
    late = START + np.array([0.0, 1, 2, 30, 3, 4, 5, 31, 60])  # two sensors that take turns
    np.testing.assert_array_equal(in_order(late), [0, 1, 2, 4, 5, 6, 3, 7, 8])


def test_of_several_points_at_one_time_the_first_is_kept():
    np.testing.assert_array_equal(in_order(START + np.array([0.0, 1, 1, 2, 1])), [0, 1, 3])


def test_pauses_of_a_long_run_are_no_jumps():
    clock = np.concatenate([RUN, RUN + 11 * 3600, RUN + 22 * 3600])
    assert len(in_order(clock)) == 1800


@pytest.mark.parametrize("clock", [[np.nan, np.nan], [1e300, 1e301], [-1e18, np.inf]])
def test_no_time_at_all(clock):
    assert len(in_order(np.array(clock))) == 0


@pytest.mark.parametrize(
    ("moment", "answer"), [(START, True), (0.0, False), (86_400.0, False), (5e11, False), (np.nan, False), (7e8, True)]
)
def test_which_clocks_can_be_right(moment, answer):
    assert is_date(moment) == answer


def test_local_time_says_which_it_is():
    summer = 1_750_086_240.0  # 2025-06-16 15:04 UTC
    assert clock.moment(summer) == "2025-06-16 15:04 UTC"
    assert clock.moment(summer, 8 * 3600) == "2025-06-16 23:04 UTC+8"
    assert clock.moment(summer, 9.5 * 3600) == "2025-06-17 00:34 UTC+9:30"
    assert clock.moment(summer, -3.5 * 3600) == "2025-06-16 11:34 UTC-3:30"
    assert clock.moment(np.nan, 3600) == "unknown date"


@pytest.mark.parametrize(
    ("seconds", "offset"),
    [(28_800, 28_800), (28_798, 28_800), (-12_600, -12_600), (500, np.nan), (90_000, np.nan), (np.nan, np.nan)],
)
def test_offsets_that_zones_have(seconds, offset):
    np.testing.assert_equal(clock.possible_offset(seconds), offset)


def test_a_start_for_programs_tells_its_offset():
    assert clock.iso(1_750_086_240.0, 8 * 3600) == "2025-06-16T23:04+08:00"
    assert clock.iso(1_750_086_240.0) == clock.iso(1_750_086_240.0, 0) == "2025-06-16T15:04Z"
    assert clock.iso(1_750_086_240.0, -12_600) == "2025-06-16T11:34-03:30"
    assert clock.iso(float("nan")) is None
