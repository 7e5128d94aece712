"""The faults of a source's runs: counted, dated, drawn, and told by what the state expects."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.athlete.kalman import AthleteState
from hrkeras.cli.shared import json_line
from hrkeras.datasets.inspection import inspection_plots, inspection_text
from hrkeras.datasets.inspection.inspection import inspect
from hrkeras.datasets.inspection.sensor_faults import RIDDEN, SensorFaults, doubts
from hrkeras.personal import timeline
from hrkeras.utils.plotting import HEART, MUTED
from hrkeras.workouts import quality
from hrkeras.workouts.grid import resample
from hrkeras.workouts.sensor.sensor_fault import KINDS
from hrkeras.workouts.simulation import synthetic
from hrkeras.workouts.workout import from_points

pytestmark = pytest.mark.usefixtures("drawn")


@pytest.fixture(scope="module")
def runs():
    return [synthetic.recorded(track) for track in synthetic.simulate(1, 12, seed=3, flawed=0, faulty=0, interval=1)]


@pytest.fixture(scope="module")
def spoilt(runs):
    """A dropout of a minute in the third run, two spikes in the third and two in the eighth."""
    rates = [run.heart_rate.copy() for run in runs]
    rates[2][300:360] = np.nan
    for run in (2, 7):
        rates[run][[500, 700]] = 230
    return [replace(run, heart_rate=rate) for run, rate in zip(runs, rates, strict=True)]


@pytest.fixture(scope="module")
def found(spoilt):
    return inspect(spoilt)


def test_clean_runs_have_none(runs):
    assert inspect(runs).sensor.flags == []


def test_counted_by_kind_and_run(found, spoilt):
    sensor = found.sensor
    assert (sensor.runs, sensor.seldom) == (12, 0)
    assert sensor.seconds == pytest.approx(sum(run.duration for run in spoilt))
    assert [(flag.kind, flag.start, len(flag.faults)) for flag in sensor.flags] == [
        ("dropout", spoilt[2].start, 1),
        ("spikes", spoilt[2].start, 2),
        ("spikes", spoilt[7].start, 2),
    ]
    assert sensor.of_kind("dropout")[0].seconds == 60
    assert [flag.start for flag in sensor.latest(2)] == [spoilt[7].start, spoilt[2].start]
    assert sensor.examples["spikes"].workout.start == spoilt[7].start


def test_the_state_is_followed_through_the_usable_runs(found, runs):
    athlete = AthleteState()
    for run in runs[:7]:
        athlete.update(run.start, resample(quality.without_outliers(run, quality.Limits())))
    expected = athlete.predict(runs[7].start, resample(runs[7])).expected[:, 0]
    assert found.sensor.examples["dropout"].expected is None  # too few runs before it
    np.testing.assert_allclose(found.sensor.examples["spikes"].expected, expected, atol=1.0)  # it learnt from a dropout, too


def test_text_and_json(found, spoilt, tmp_path):
    text = inspection_text.text(found, tmp_path, "tracks")
    for kind in KINDS:
        assert f"\n{kind}: " in text
    assert "of 12 runs that can be used and whose heart rate was measured every 15 s or more often\n" in text
    assert "minute 5.0 to 6.0, dropout: no heart rate for 60 s while the run was recorded" in text
    assert "(and 1 more)" in text
    assert "The sensor looks wrong somewhere in 2 of 12 runs whose heart rate was measured often enough to tell." in text
    told = json.loads(json_line(found.as_dict()))["sensor_faults"]
    assert told["kinds"]["spikes"]["count"] == 4
    assert told["kinds"]["cadence lock"] == {"runs": 0, "count": 0, "hours": 0}
    assert [each["kind"] for each in told["found"]] == ["dropout", *["spikes"] * 4]
    assert told["found"][0]["where"] == spoilt[2].where


def test_a_single_run_is_told_in_sentences(runs, spoilt, tmp_path):
    path = tmp_path / "run.gpx"
    path.touch()
    text = inspection_text.text(inspect(spoilt[2:3]), path, "tracks")
    assert "The sensor looks wrong: minute 5.0 to 6.0, dropout: no heart rate for 60 s while the run was recorded." in text
    assert "No fault of the sensor is seen" in inspection_text.text(inspect(runs[:1]), path, "tracks")


def test_a_run_is_doubted_as_far_as_it_is_looked_at(runs, spoilt):
    assert doubts(runs[2]) == doubts(replace(spoilt[2], estimated=True)) == []
    (both,), (first,) = doubts(spoilt[2]), doubts(spoilt[2], until=600)
    assert both.startswith("its heart rate looks wrong, and so may be what is told of it: minute 8.3 to 8.")
    assert both.endswith(" (and 1 more).")
    assert first == both.replace(" (and 1 more)", "")
    assert doubts(spoilt[2], until=400) == []


def test_a_ride_is_no_wrong_heart_rate():
    at = np.arange(3000)
    rate, speed = np.where(at < 1200, 82 + at % 7, 160 + at % 7), np.where(at < 1200, 6.5, 3.1)
    run = from_points(1.6e9 + at, speed=speed, heart_rate=rate, altitude=0.0 * at, sport="running")
    assert [sentence.partition(" to ")[0] for sentence in doubts(run)] == [f"{RIDDEN}: minute 0.0"]


def test_seldom_measured_runs_are_counted_apart(runs, tmp_path):
    seldom = [replace(run, heart_rate_samples=int(run.duration / 60)) for run in runs[:2]]
    found = inspect([*seldom, *runs[2:4]])
    assert (found.sensor.runs, found.sensor.seldom) == (2, 2)
    assert "in 2 more too seldom to see any" in inspection_text.text(found, tmp_path, "tracks")
    assert "Sensor faults" not in inspection_text.text(inspect(seldom), tmp_path, "tracks")


def test_another_recording_of_a_run_is_not_counted_twice(spoilt):
    assert inspect([*spoilt[2:3], *spoilt[2:3]]).sensor.runs == 1


def test_picture(found, runs, drawn, tmp_path):
    assert "faults.png" in [path.name for path in inspection_plots.draw(found, tmp_path)]
    heart_rates = drawn[-1].axes[::2]
    colours = {line.get_label(): line.get_color() for axes in heart_rates for line in axes.lines}
    assert colours == {"measured": MUTED, "expected": HEART}
    assert "dropout" in [text.get_text() for text in heart_rates[0].get_legend().get_texts()]
    assert len({colour for colour, _ in inspection_plots.LOOKS.values()}) == len(KINDS)
    without_speed = SensorFaults()
    workout = replace(found.sensor.examples["dropout"].workout, speed=np.full(len(runs[2]), np.nan))
    without_speed.add(workout)
    inspection_plots.faults(without_speed.examples, tmp_path / "faults.png")
    assert (tmp_path / "faults.png").stat().st_size > 10_000


def test_a_timeline_finds_the_same_faults_whatever_the_order_of_the_source(spoilt):
    locked = [replace(run, heart_rate=run.heart_rate + 0.0) for run in spoilt]
    locked[9].heart_rate[:240] += 35  # at first far too high
    found = inspect(locked[::-1])
    told = [(start, fault) for start, faults in timeline.write(locked).faults.items() for fault in faults]
    flags = sorted(
        ((flag.start, fault) for flag in found.sensor.flags for fault in flag.faults), key=lambda row: (row[0], row[1].begin)
    )
    assert flags == told
    assert {fault.kind for _, fault in told} >= {"dropout", "spikes"}


def test_runs_that_cannot_be_used_are_not_looked_at_unless_there_is_no_other(spoilt):
    short = replace(spoilt[2], user="")
    assert inspect([short, *spoilt[3:6]]).sensor.flags == []
    assert [flag.kind for flag in inspect([short]).sensor.flags] == ["dropout", "spikes"]
