"""What is known before a run starts, in one vector, by hand."""

import numpy as np
import pytest

from hrkeras.athlete import history
from hrkeras.workouts.grid import Grid

DAY = 86_400.0
NOON = 1_577_880_000.0  # 2020-01-01 12:00 UTC
LIKE = np.array([2.5, 2.0, 4.0])
SIZE = len(history.RECORD)


def records(**columns):
    """Records whose columns count from 1 where they are not given."""
    length = len(next(iter(columns.values())))
    found = np.tile(1.0 + np.arange(SIZE), (length, 1))
    for name, values in columns.items():
        found[:, history.RECORD.index(name)] = values
    return found


def known(start, starts, values, like=LIKE, hours=None, count=None):
    hours = np.ones(len(starts)) if hours is None else np.asarray(hours)
    found = history.vector(start, like, np.asarray(starts, float), hours, values, len(starts) if count is None else count)
    return dict(zip(history.COLUMNS, found.tolist(), strict=True))


def test_a_record_by_hand():
    heart_rate = np.full(400, 140.0)  # 66 min 40 s
    heart_rate[:18] = [100] * 9 + [110] * 9
    heart_rate[300:350] = np.nan
    expected = np.full(400, 130.0)
    expected[200:] = 145
    efforts = np.full(400, 2.0)
    efforts[100:200] = 4
    grid = Grid(np.full(400, 2.5, "f"), np.zeros(400, "f"), heart_rate.astype("f"))
    found = dict(zip(history.RECORD, history.record(grid, efforts, 1.7, expected), strict=True))
    assert found["mean_heart_rate"] == pytest.approx((9 * 100 + 9 * 110 + 332 * 140) / 350)
    assert found["heart_rate_spread"] == pytest.approx(np.nanstd(heart_rate))
    assert found["first_minutes"] == pytest.approx(105)
    assert found["highest_heart_rate"] == 140
    assert found["miss"] == pytest.approx((9 * -30 + 9 * -20 + 182 * 10 + 150 * -5) / 350)
    assert found["miss_early"] == pytest.approx((9 * -30 + 9 * -20 + 12 * 10) / 30)
    assert found["miss_late"] == pytest.approx(-5)
    assert found["miss_hard"] == pytest.approx(10)
    assert found["miss_easy"] == pytest.approx((9 * -30 + 9 * -20 + 82 * 10 + 150 * -5) / 250)
    assert found["mean_effort"] == pytest.approx(2.5)
    assert found["climb_per_km"] == 1.7
    assert found["log_minutes"] == pytest.approx(np.log(4000 / 60))
    assert found["measured"] == pytest.approx(350 / 400)


def test_a_record_has_no_number_for_what_was_not_measured():
    grid = Grid(np.full(60, 2, "f"), np.zeros(60, "f"), np.full(60, np.nan, "f"))
    found = history.record(grid, np.full(60, 2.0), 1.0, np.full(60, 140.0))
    unknown = [name for name, value in zip(history.RECORD, found, strict=True) if np.isnan(value)]
    assert unknown == list(history.RECORD[: history.RECORD.index("mean_effort")])
    assert found[-1] == 0
    early = history.record(grid._replace(heart_rate=np.full(60, 150, "f")), np.full(60, 2.0), 1.0, np.full(60, 140.0))
    short = dict(zip(history.RECORD, early, strict=True))
    assert short["miss_early"] == 10
    assert np.isnan([short["miss_late"], short["miss_hard"]]).all()


def test_before_a_first_run_only_the_calendar_is_known():
    found = known(NOON, [], np.empty((0, SIZE)))
    numbers = {name for name, value in found.items() if np.isfinite(value)}
    assert numbers == {*history.CALENDAR, *(f"hours_in_{days}_days" for days in (2, 7, 28)), "log_runs_before"}
    assert [found[name] for name in ("sin_day", "cos_day", "cos_half_day")] == pytest.approx([0, -1, 1], abs=1e-5)
    year = 2 * np.pi * ((NOON / DAY / 365.25) % 1)
    assert (found["sin_year"], found["cos_year"]) == pytest.approx((np.sin(year), np.cos(year)), abs=1e-5)
    assert [found[f"hours_in_{days}_days"] for days in (2, 7, 28)] + [found["log_runs_before"]] == [0] * 4


def test_averages_fade_by_the_run():
    found = known(NOON, NOON - DAY * np.array([9, 5, 2]), records(miss=[3.0, 6.0, -1.0]))
    for span in (1, 4, 12, 40):
        weights = np.exp(-np.array([2, 1, 0]) / span)
        assert found[f"miss_over_{span}"] == pytest.approx((weights * [3, 6, -1]).sum() / weights.sum(), rel=1e-5)
        assert found[f"measured_over_{span}"] == pytest.approx(SIZE, rel=1e-5)


def test_an_unmeasured_number_leaves_the_mean_of_the_others():
    found = known(NOON, NOON - DAY * np.array([9, 5, 2]), records(mean_heart_rate=[100.0, 110.0, np.nan]))
    weights = np.exp(-np.array([2, 1]) / 4)
    assert found["mean_heart_rate_over_4"] == pytest.approx((weights * [100, 110]).sum() / weights.sum(), rel=1e-5)
    old = known(NOON, NOON - DAY * np.arange(10, 0, -1), records(mean_heart_rate=[100.0, *[np.nan] * 9]))
    assert np.isnan(old["mean_heart_rate_over_1"])  # of nine runs ago next to nothing is left
    assert old["mean_heart_rate_over_40"] == pytest.approx(100)


def test_loads_pause_and_count():
    found = known(NOON, NOON - DAY * np.array([7, 2]), records(miss=[0.0, 0.0]), hours=[2.0, 0.5], count=130)
    for days in (2, 7, 28):
        wanted = 2 * np.exp(-7 / days) + 0.5 * np.exp(-2 / days)
        assert found[f"hours_in_{days}_days"] == pytest.approx(wanted, rel=1e-5)
    assert found["log_days_since_last_run"] == pytest.approx(np.log(3), rel=1e-5)
    assert found["log_runs_before"] == pytest.approx(np.log(131), rel=1e-5)


def test_misses_of_runs_at_the_same_hour_and_season_count():
    starts = NOON - DAY * np.array([365.25, 100.5, 3.0])  # a year ago, at midnight in autumn, at this hour
    found = known(NOON, starts, records(miss=[6.0, 12.0, -4.0], mean_effort=[9.0] * 3))
    fade = np.exp(-np.array([2, 1, 0]) / 30)
    hour = np.exp(-0.5 * (np.array([6.0, 12.0, 0.0]) / 1.5) ** 2) * fade
    assert found["miss_same_hour"] == pytest.approx((hour * [6, 12, -4]).sum() / (hour.sum() + 1), rel=1e-4)
    fade = np.exp(-np.array([2, 1, 0]) / 60)
    season = np.exp(-0.5 * (np.array([0.0, 100.5, 3.0]) / 30) ** 2) * fade
    assert found["miss_same_season"] == pytest.approx((season * [6, 12, -4]).sum() / (season.sum() + 1), rel=1e-4)
    assert found["miss_spread"] == pytest.approx(np.std([6, 12, -4]), rel=1e-5)


def test_misses_of_runs_on_such_a_course_count_where_it_is_known():
    starts = NOON - DAY * np.array([20, 10])
    values = records(miss=[8.0, -8.0], mean_effort=[2.5, 9.0], climb_per_km=[2.0, 2.0], log_minutes=[4.0, 4.0])
    found = known(NOON, starts, values)
    near = np.exp(-1 / 60)  # the other one is too far
    assert found["miss_like"] == pytest.approx(8 * near / (near + 1), rel=1e-4)
    unknown = known(NOON, starts, values, like=np.full(3, np.nan))
    assert np.isnan(unknown["miss_like"])
    assert {name for name in found if not np.isclose(found[name], unknown[name], equal_nan=True)} == {"miss_like"}


def test_runs_without_a_miss_say_nothing_of_misses():
    found = known(NOON, NOON - DAY * np.array([3, 2]), records(miss=[np.nan, np.nan]))
    assert np.isnan([found["miss_over_4"], found["miss_spread"]]).all()
    assert [found[name] for name in ("miss_same_hour", "miss_same_season", "miss_like")] == [0, 0, 0]
