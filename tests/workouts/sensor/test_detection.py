"""Faults of the heart rate sensor are found where they were put, and nothing is found where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrkeras.workouts.grid import resample
from hrkeras.workouts.sensor.detection import contact_lost, faults, often_enough
from hrkeras.workouts.sensor.sensor_fault import KINDS
from hrkeras.workouts.simulation import synthetic
from hrkeras.workouts.workout import Workout, from_points


def a_run(change=lambda rate: None, seconds=2400, every=1, speed=3.0) -> Workout:
    """An even run whose heart rate rises within minutes and then wanders; `change` spoils it, one value a second."""
    at = np.arange(seconds)
    flutter = np.random.default_rng(0).normal(0, 1, seconds)
    rate = np.round(150 - 60 * np.exp(-at / 40) + 3 * np.sin(at / 200) + flutter)
    change(rate)
    taken = at[::every]
    return from_points(1.6e9 + taken, speed=np.broadcast_to(speed, seconds)[taken], altitude=0.0 * taken, heart_rate=rate[taken])


def put(begin, end, value):
    """Changes a stretch of the heart rate, in s."""

    def change(rate):
        rate[begin:end] = value if np.ndim(value) == 0 else value[: end - begin]

    return change


STEPS = 172 + np.random.default_rng(1).normal(0, 1.5, 2400)  # a minute


@pytest.mark.parametrize("every", [1, 5, 7, 10])
def test_clean(every):
    assert faults(a_run(every=every)) == []
    assert often_enough(a_run(every=every))


@pytest.mark.parametrize(
    ("kind", "begin", "end", "value"),
    [
        ("dropout", 600, 660, 0),
        ("dropout", 0, 40, 0),
        ("flat line", 600, 1000, 153),
        ("spikes", 600, 605, 215),
        ("spikes", 600, 604, 60),
        ("slow start", 0, 150, 85),
        ("slow start", 0, 120, 182),
        ("slow start", 0, 300, 90),
        ("cadence lock", 600, 900, STEPS),
        ("cadence lock", 1200, 1900, STEPS),
    ],
)
def test_each_kind_where_it_is(kind, begin, end, value):
    (found,) = faults(a_run(put(begin, end, value)))
    assert (found.kind, found.begin) == (kind, begin)
    assert end - 1 <= found.end <= end
    assert found.why


@pytest.mark.parametrize(
    ("kind", "begin", "end", "value"),
    [
        ("dropout", 700, 770, 0),
        ("flat line", 700, 1050, 153),
        ("spikes", 700, 707, 215),
        ("slow start", 0, 154, 85),
        ("cadence lock", 700, 1050, STEPS),
    ],
)
def test_each_kind_in_a_sample_every_seven_seconds(kind, begin, end, value):
    (found,) = faults(a_run(put(begin, end, value), every=7))
    assert (found.kind, found.begin) == (kind, begin)
    assert end - 7 <= found.end <= end


def test_a_lock_lasts_to_the_end_of_the_run():
    (found,) = faults(a_run(put(1800, 2400, STEPS)))
    assert (found.kind, found.begin, found.end) == ("cadence lock", 1800, 2399)


def test_several_in_one_run_are_in_order():
    def change(rate):
        rate[:120] = 85
        rate[500:503] = 220
        rate[800:900] = 0
        rate[1300:1700] = STEPS[:400]

    assert [fault.kind for fault in faults(a_run(change))] == ["slow start", "spikes", "dropout", "cadence lock"]


def test_a_heart_that_follows_effort_is_no_fault():
    athlete = synthetic.SimulatedAthlete(rise=28, recovery=34)
    speed = np.where(np.arange(3000) // 180 % 2, 4.2, 1.8)
    rate = synthetic.respond(athlete, speed, np.zeros(3000), athlete.threshold)
    run = a_run(lambda measured: np.copyto(measured, np.round(rate)), seconds=3000, speed=speed)
    assert np.ptp(run.heart_rate[600:]) > 40
    assert faults(run) == []


def test_a_rise_within_a_minute_is_no_jump():
    assert faults(a_run(lambda rate: np.add(rate, 30 / (1 + np.exp(-(np.arange(2400) - 1200) / 15)), out=rate))) == []


def test_where_the_state_expected_the_higher_level_the_lower_one_is_not_held_against_it():
    locked = put(1800, 2400, STEPS)
    run = a_run(locked)
    steps = len(resample(run).speed)
    assert [fault.kind for fault in faults(run, np.full(steps, 148.0))] == ["cadence lock"]
    assert faults(run, np.full(steps, 171.0)) == []


def test_seldom_measured_shows_nothing():
    def change(rate):
        rate[600:660] = 0
        rate[1200:1203] = 220

    run = a_run(change)
    assert len(faults(run)) == 2
    assert faults(a_run(change, every=20)) == []
    drawn = replace(run, heart_rate_samples=len(run) // 60)  # one a minute, drawn onto each second
    assert faults(drawn) == []
    assert not often_enough(drawn)


def test_a_pause_is_no_dropout():
    run = a_run()
    kept = (run.time < 600) | (run.time > 900)
    paused = from_points(1.6e9 + run.time[kept], speed=run.speed[kept], heart_rate=run.heart_rate[kept])
    assert faults(paused) == []


@pytest.mark.parametrize(("every", "seconds", "found"), [(1, 26, 0), (1, 9, 1), (6, 24, 1)])
def test_a_watch_that_stopped_is_no_dropout(every, seconds, found):
    """The last heart rate before it is missing."""
    run = a_run()
    kept = ((run.time < 600) | (run.time >= 600 + seconds)) & (run.time % every == 0)
    rate = np.where((run.time >= 594) & (run.time < 600), np.nan, run.heart_rate)
    stopped = from_points(1.6e9 + run.time[kept], speed=run.speed[kept], heart_rate=rate[kept])
    assert len(faults(stopped)) == found


def test_a_spike_beside_a_dropout_and_before_a_pause():
    run = a_run()
    rate = np.where((run.time >= 600) & (run.time < 604), 75.0, run.heart_rate)
    lost = (run.time >= 604) & (run.time < 690)
    kinds = [fault.kind for fault in faults(replace(run, heart_rate=np.where(lost, np.nan, rate)))]
    assert sorted(kinds) == ["dropout", "spikes"]
    paused = from_points(1.6e9 + run.time[~lost], speed=run.speed[~lost], heart_rate=rate[~lost])
    assert faults(paused) == []  # a heart may have slowed down while somebody stood


def test_contact_is_lost_after_three_usual_times():
    assert contact_lost(np.arange(0, 600, 2.0)) == 15
    assert contact_lost(np.arange(0, 600, 10.0)) == 30


def test_without_speed_what_needs_none_is_found():
    def change(rate):
        rate[600:660] = 0
        rate[1200:1500] = STEPS[:300]

    run = a_run(change)
    assert [fault.kind for fault in faults(replace(run, speed=np.full(len(run), np.nan)))] == ["dropout"]


@pytest.mark.parametrize("rate", [np.nan, 0.0])
def test_no_heart_rate(rate):
    run = a_run(put(0, 2400, rate))
    assert faults(run) == []
    assert not often_enough(run)


def test_a_constant_heart_rate_is_one_flat_line():
    assert [(fault.kind, fault.begin, fault.end) for fault in faults(a_run(put(0, 2400, 120)))] == [("flat line", 0, 2399)]


def test_most_of_what_is_simulated_is_found_and_clean_runs_stay_clean():
    found, clean = {kind: [] for kind in KINDS}, 0
    for track in synthetic.simulate(8, 30, seed=7, flawed=0, faulty=1.5):
        told = {fault.kind for fault in faults(synthetic.recorded(track))}
        if not track.faults:
            clean += 1
            assert not told
        elif len(track.faults) == 1:
            found[track.faults[0]].append(track.faults[0] in told)
    assert clean > 100
    for kind, least in {"dropout": 0.95, "flat line": 0.5, "spikes": 0.9, "slow start": 0.8, "cadence lock": 0.3}.items():
        assert np.mean(found[kind]) >= least, kind


VALUES = st.one_of(st.sampled_from([np.nan, np.inf, 0.0, -1.0, 1e6, 150.0]), st.floats(30, 240))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_odd_workouts_raise_nothing(data):
    size = data.draw(st.integers(1, 300))
    gaps = data.draw(st.lists(st.sampled_from([0.1, 1.0, 5.0, 7.0, 12.0, 40.0, 4000.0]), min_size=1, max_size=4))
    time = np.concatenate([[0.0], np.cumsum(np.resize(gaps, size - 1))])
    columns = [np.repeat(data.draw(st.lists(VALUES, min_size=1, max_size=8)), data.draw(st.integers(1, 90))) for _ in range(3)]
    speed, altitude, rate = (np.resize(column, size) for column in columns)
    run = Workout(time, speed, altitude, rate, "", "running", 1.6e9, heart_rate_samples=data.draw(st.integers(0, size)))
    expected = data.draw(st.none() | st.integers(1, 50).map(lambda steps: np.full(steps, 140.0)))
    with np.errstate(all="ignore"):
        found = faults(run, expected)
    for fault in found:
        assert fault.kind in KINDS
        assert 0 <= fault.begin <= fault.end <= run.duration
    assert [fault.begin for fault in found] == sorted(fault.begin for fault in found)
