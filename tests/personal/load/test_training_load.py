"""Training load by hand, of runs with, without and with some heart rate, and of weeks."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from hrkeras.athlete import facts, reserve
from hrkeras.personal import timeline
from hrkeras.personal.load import load_plot, load_text, training_load
from hrkeras.personal.prediction import Prediction
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.simulation import synthetic

MONDAY = 1_747_008_000.0  # 2025-05-12 00:00 UTC
DAY = 86_400.0


def body(maximum=190.0, resting=50.0, women=0.0) -> reserve.Reserve:
    flat = np.ones(1 + reserve.DRAWS)
    return reserve.Reserve(maximum * flat, resting * flat, women * flat, facts.Facts())


def prediction(measured, predicted=150.0, reach=10.0, start=MONDAY) -> Prediction:
    measured = np.asarray(measured, np.float32)
    flat = np.full(len(measured), predicted, np.float32)
    grid = Grid(np.full(len(measured), 3, np.float32), np.zeros(len(measured), np.float32), measured)
    return Prediction(start, grid, flat, flat - reach, flat + reach, 0, False, [])


def test_by_hand():
    rates = np.array([[50.0], [120.0], [190.0]])
    men, women = (training_load.banister(rates, body(women=sex))[:, 0] for sex in (0.0, 1.0))
    np.testing.assert_allclose(men, [0, 0.5 * 0.64 * exp(0.96), 0.64 * exp(1.92)])
    np.testing.assert_allclose(women, [0, 0.5 * 0.86 * exp(0.835), 0.86 * exp(1.67)])
    np.testing.assert_allclose(training_load.banister(rates, body(women=0.5))[:, 0], (men + women) / 2)


@pytest.mark.parametrize(
    ("heart_rate", "load"), [(94, 0), (95, 1), (113, 1), (114, 2), (133, 3), (151, 3), (152, 4), (171, 5), (190, 5), (210, 5)]
)
def test_zones_of_edwards(heart_rate, load):
    assert training_load.edwards(np.array([[float(heart_rate)]]), body())[0, 0] == load


def test_a_measured_run_is_as_sure_as_the_reserve():
    found = training_load.of_run(prediction(np.full(360, 120.0)), training_load.per_minute(body()), seed=3)
    value = 60 * 0.5 * 0.64 * exp(0.96)
    assert training_load.with_limits(found.banister) == pytest.approx((value, value, value))
    assert training_load.with_limits(found.edwards) == pytest.approx((120, 120, 120))
    assert (found.measured, found.minutes, found.is_estimated) == (1, 60, False)


def test_a_run_without_heart_rate_has_the_limits_of_its_prediction():
    found = training_load.of_run(prediction(np.full(360, np.nan)), training_load.per_minute(body()), seed=3, is_estimated=True)
    assert found.is_estimated
    limits = [60 * training_load.banister(np.array([[rate]]), body())[0, 0] for rate in (150.0, 140.0, 160.0)]
    assert training_load.with_limits(found.banister) == pytest.approx(limits, rel=0.02)


def test_missing_steps_count_by_the_prediction_as_it_was_off():
    half = np.where(np.arange(360) < 180, 140.0, np.nan)  # predicted 150, so it was 10 too high
    found = training_load.of_run(prediction(half), training_load.per_minute(body()), seed=3)
    whole = training_load.of_run(prediction(np.full(360, 140.0)), training_load.per_minute(body()), seed=3)
    assert found.banister[0] == pytest.approx(whole.banister[0])
    value, low, high = training_load.with_limits(found.banister)
    assert low < value < high
    assert found.measured == 0.5


def test_the_few_readings_of_a_run_without_heart_rate_count_for_nothing():
    minute, few = training_load.per_minute(body()), np.where(np.arange(360) < 8, 195.0, np.nan)
    some, none = (training_load.of_run(prediction(rates), minute, 3, True) for rates in (few, np.full(360, np.nan)))
    np.testing.assert_array_equal(some.banister, none.banister)
    np.testing.assert_array_equal(some.edwards, none.edwards)
    assert some.measured == pytest.approx(8 / 360)


def test_it_says_how_much_of_a_run_is_estimated():
    half = np.where(np.arange(360) < 180, 140.0, np.nan)
    text = load_text.lines([training_load.of_run(prediction(half), training_load.per_minute(body()), 3)], body())
    assert text[1].endswith("by Edwards (50 % of it estimated).")
    assert "In runs with heart rate, it is missing for 30 min, which is estimated." in text


def test_a_pause_adds_nothing_and_is_no_time_without_heart_rate():
    measured = np.full(120, 120.0, np.float32)
    stopped = np.concatenate([measured, np.full(24, np.nan, np.float32), measured])
    found, minute = prediction(stopped), training_load.per_minute(body())
    found.grid.speed[120:144] = 0.1
    with_pause, without = (training_load.of_run(run, minute, 3) for run in (found, prediction(np.full(240, 120.0))))
    assert (with_pause.paused, with_pause.minutes, with_pause.measured) == (4, 44, 1)
    np.testing.assert_allclose(with_pause.banister, without.banister)
    text = load_text.lines([with_pause], body())
    assert "estimated" not in text[1]
    assert "Pauses (two minutes or more of standing without heart rate) add nothing: 4 min." in text
    found.grid.speed[[128, 136]] = 1.0  # none of the parts takes two minutes
    assert training_load.of_run(found, minute, 3).measured == pytest.approx(240 / 264)


def test_times_are_rounded_and_not_cut_off():
    loads = [training_load.of_run(prediction(np.full(240, 120.0)), training_load.per_minute(body()), 3)] * 2
    loads = [replace(run, minutes=39 + 58 / 60) for run in loads]
    assert load_text.rows(training_load.weeks(loads))[0][2] == "1:20"


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ({}, "--resting-heart-rate 52 --age 41 --sex female"),
        ({"max_heart_rate": 190}, "--resting-heart-rate 52 --sex female"),
        ({"resting_heart_rate": 52, "sex": "female"}, "--age 41"),
        ({"resting_heart_rate": 52, "age": 41, "sex": "female"}, None),
    ],
)
def test_it_asks_only_for_what_is_not_known(told, missing):
    sentence = f"Make it more certain: `hrkeras update me.json {missing}`, then give `--athlete me.json`."
    assert reserve.advice(body()._replace(told=facts.Facts(**told))) == ([sentence] if missing else [])


def test_weeks_begin_on_monday_and_none_is_left_out():
    starts = (MONDAY - 1, MONDAY, MONDAY + 6.9 * DAY, MONDAY + 21 * DAY)
    loads = [
        training_load.of_run(prediction(np.full(60, 120.0), start=start), training_load.per_minute(body()), 3) for start in starts
    ]
    found = training_load.weeks(loads)
    assert [len(week.runs) for week in found] == [1, 2, 0, 0, 1]
    assert [week.start for week in found] == [MONDAY + 7 * DAY * number for number in range(-1, 4)]
    assert found[1].banister[0] == pytest.approx(2 * loads[0].banister[0])
    assert (found[1].minutes, found[2].minutes, found[2].banister[0]) == (20, 0, 0)
    rows = load_text.rows(found)
    assert [row[0].replace("\N{NO-BREAK SPACE}", " ") for row in rows] == [
        "2 Jun 2025",
        "26 May 2025",
        "19 May 2025",
        "12 May 2025",
        "5 May 2025",
    ]
    assert rows[1][1:] == ("0", "0:00", "0", "0")
    assert load_plot.weeks(loads).axes[0].get_title(loc="left") == "Training load week by week"


@pytest.mark.parametrize(("earlier", "cut"), [([], ""), ([0], ": the last of 61 weeks"), ([0, 40], ": the last 21 of 61 weeks")])
def test_the_picture_begins_with_a_run(earlier, cut):
    nothing = prediction(np.full(30, np.nan))
    silent = training_load.of_run(nothing, training_load.per_minute(body()), seed=3, is_estimated=True)
    drawn = [replace(silent, start=MONDAY + 7 * DAY * week) for week in (*earlier, 60)]
    (axes,) = load_plot.weeks(drawn).axes
    assert axes.get_title(loc="left") == f"Training load week by week{cut}"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["estimated", "10 to 90 %"]
    assert np.ptp(axes.get_xlim()) >= load_plot.LEAST_DAYS


def test_of_a_person_most_runs_lie_within_the_limits():
    workouts = list(synthetic.read(athletes=1, runs=24, seed=5, flawed=0, faulty=0))
    hidden = [replace(run, heart_rate=np.full(len(run), np.nan)) if place >= 12 else run for place, run in enumerate(workouts)]
    whole, silent = (training_load.of_timeline(timeline.write(runs), body()) for runs in (workouts, hidden))
    assert [run.is_estimated for run in silent] == [False] * 12 + [True] * 12
    assert [run.start for run in silent] == [run.start for run in whole]
    told = np.array([training_load.with_limits(run.banister) for run in silent[12:]])
    true = np.array([run.banister[0] for run in whole[12:]])
    assert ((told[:, 1] <= true) & (true <= told[:, 2])).sum() >= 8
    assert np.abs(told[:, 0] / true - 1).mean() < 0.25
    lines = load_text.lines(silent, reserve.estimate(timeline.write(workouts[:12]).athlete))
    assert lines[0].startswith("24 runs, ")
    assert lines[0].endswith("12 of them with no or too little heart rate, so that it is estimated.")
    assert "Make it more certain: `hrkeras update me.json --resting-heart-rate 52 --age 41 --sex female`" in lines[-1]
