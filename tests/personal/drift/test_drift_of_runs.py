"""The drift within a person's runs, on runs with a drift that was put into them."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.personal import timeline, weather
from hrkeras.personal.drift import drift, drift_plot, drift_text
from hrkeras.utils.errors import InputError
from hrkeras.workouts.simulation import synthetic

RUNS = 30


@pytest.fixture(scope="module")
def tracks():
    return list(synthetic.simulate(1, RUNS, seed=5, flawed=0, faulty=0))


@pytest.fixture(scope="module")
def workouts(tracks):
    temperatures = [14 + 7 * track.heat for track in tracks]
    recorded = map(synthetic.recorded, tracks)
    return [replace(run, temperature=np.full(len(run), degrees)) for run, degrees in zip(recorded, temperatures, strict=True)]


@pytest.fixture(scope="module")
def drifts(workouts):
    return drift.of_timeline(timeline.write(workouts))


def test_an_added_drift_is_found_in_its_run_and_in_no_other_before(workouts, drifts):
    place = next(number for number in range(RUNS - 1, 0, -1) if workouts[number].start == drifts.runs[-1].entry.start)
    changed = workouts[place]
    changed = replace(changed, heart_rate=changed.heart_rate + 12 * changed.time / 3600)
    other = drift.of_timeline(timeline.write([*workouts[:place], changed, *workouts[place + 1 :]]))
    for before, after in zip(drifts.runs[:-1], other.runs[:-1], strict=True):
        assert after.drift == before.drift
    assert other.runs[-1].drift.left_over.value == pytest.approx(drifts.runs[-1].drift.left_over.value + 12, abs=0.2)
    assert other.runs[-1].drift.explained == drifts.runs[-1].drift.explained


def test_each_run_stands_for_itself(drifts):
    assert len(drifts.runs) <= drifts.runs_with_heart_rate == RUNS
    for run in drifts.runs:
        told = run.drift
        assert told.measured == pytest.approx(told.explained + told.left_over.value)
        assert told.left_over.low < told.left_over.value < told.left_over.high
        assert told.minutes >= 20


def test_heat_goes_with_the_level_of_a_run(workouts, drifts):
    assert drifts.level.runs == RUNS - 1
    assert 1 < drifts.level.slope.value < 8  # 2.9 beats/min of the simulation, and more by the drift
    without = drift.of_timeline(timeline.write([replace(run, temperature=None) for run in workouts]))
    assert (without.level, without.slope) == (None, None)
    assert drift_text.warmth(without) == []
    few = drift.of_timeline(timeline.write(workouts[:10]))
    assert "takes 20 runs" in drift_text.warmth(few)[0]


def test_what_chance_may_have_made_is_not_told_as_an_effect(drifts):
    for relation in (drifts.level, drifts.slope):
        zero = relation._replace(slope=relation.slope._replace(value=1.0, low=-2.0, high=4.0))
        assert "cannot be told from chance (+1 (-2 to +4)" in drift_text.warmth(drifts._replace(level=zero))[0]
    sure = drifts.level._replace(slope=drifts.level.slope._replace(value=3.0, low=1.0, high=5.0))
    said = drift_text.warmth(drifts._replace(level=sure))[0]
    assert said.endswith(f"it: +3 (+1 to +5) beats/min, from {RUNS - 1} runs.")


def test_the_table_says_how_many_runs_it_shows(drifts):
    assert drift_text.shown(drifts, 12) == [f"The last 12 of {len(drifts.runs)} runs; --json has all."]
    assert drift_text.shown(drifts, len(drifts.runs)) == []


def test_who_stood_through_a_first_half_has_no_decoupling(drifts):
    run = drifts.runs[-1]
    stood = drifts._replace(runs=[run._replace(drift=run.drift._replace(decoupling=np.nan))])
    assert drift_text.last(stood).endswith("from the first half to the second, is not known.")
    head, (row,) = drift_text.table(stood.runs)
    assert row[head.index("Pa:HR")] == "-"


def test_the_picture_names_the_limits_and_marks_those_that_go_on(drifts):
    def drawn(found):
        (axes,) = drift_plot.drifts(found).axes
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        return names, [(line.get_marker(), len(line.get_xdata())) for line in axes.lines if line.get_marker() in ("^", "v")]

    limits = [run._replace(left_over=run.left_over._replace(value=1.0, low=-5.0, high=7.0)) for run in drifts.runs]
    names, marked = drawn(drifts._replace(runs=limits))
    assert names[:2] == ["each run, at this pace", "its limits, 19 times in 20"]
    assert ("limits go on" in names, marked) == (False, [])
    limits[3] = limits[3]._replace(left_over=limits[3].left_over._replace(low=-500.0, high=500.0))
    names, marked = drawn(drifts._replace(runs=limits))
    assert (names.count("limits go on"), marked) == (1, [("^", 1), ("v", 1)])


def test_one_run_and_none(workouts):
    one = drift.of_timeline(timeline.write(workouts[:1]))
    assert len(one.runs) == 1
    assert drift_text.clear(one) == ""
    short = [replace(run, heart_rate=np.where(run.time < 1500, run.heart_rate, np.nan)) for run in workouts[:4]]
    drifts = drift.of_timeline(timeline.write(short))
    assert drifts.runs == []
    with pytest.raises(
        InputError,
        match="here: the one run is too short, or measured for too little of it; the drift within a run takes a run",
    ):
        drift.expect(drifts, "here")
    silent = drift.of_timeline(timeline.write([replace(workouts[0], heart_rate=np.full(len(workouts[0]), np.nan))]))
    with pytest.raises(InputError, match="not one run outdoors has enough heart rate"):
        drift.expect(silent, "here")


def test_weather_in_words(workouts):
    run = workouts[0]
    assert weather.text(replace(run, temperature=np.full(len(run), 23.6), humidity=64.0)) == "24 °C, 64 % humidity"
    assert weather.text(replace(run, temperature=None)) == ""
    absurd = np.where(np.arange(len(run)) < len(run) - 3, 900.0, 21.0)
    assert weather.temperature(replace(run, temperature=absurd)) == 21
    assert np.isnan(weather.temperature(replace(run, temperature=np.full(len(run), -1e6))))
