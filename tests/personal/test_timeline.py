"""A person's runs one after the other: what is told of them, and what must not be known of a run before it."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.athlete import facts, fitness, reserve, zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import athlete_update, fitness_text, pace, recent_error, time_in_zones, timeline, usage
from hrkeras.personal.load import training_load
from hrkeras.utils.errors import InputError
from hrkeras.utils.text import duration
from hrkeras.workouts import quality
from hrkeras.workouts.grid import resample
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import synthetic


@pytest.fixture(scope="module")
def workouts():
    return list(synthetic.read(athletes=1, runs=30, seed=5, flawed=0, faulty=0))


@pytest.fixture(scope="module")
def written(workouts):
    return timeline.write(workouts)


def test_each_run_is_predicted_from_those_before_it(workouts, written):
    assert len(written.entries) == 30
    changed = [replace(each, heart_rate=each.heart_rate + 45) if place >= 20 else each for place, each in enumerate(workouts)]
    other = timeline.write(changed)
    for place in range(21):
        np.testing.assert_array_equal(other.entries[place].found.heart_rate, written.entries[place].found.heart_rate)
    assert other.entries[20].residual == pytest.approx(written.entries[20].residual + 45, abs=0.01)
    assert other.entries[20].stands_out
    assert not np.array_equal(other.entries[22].found.heart_rate, written.entries[22].found.heart_rate)
    assert [each.start for each in fitness_text.standing_out(other)][-1] == workouts[20].start


def test_a_run_in_the_future_is_told():
    assert usage.in_the_future([1.6e9, float("nan")]) == []
    (said,) = usage.in_the_future([1.6e9, 4_000_000_000.0])
    assert said.startswith("1 run is dated in the future, the last 2096-10-02:")


def test_the_order_of_the_workouts_does_not_matter_nor_does_a_copy(workouts, written):
    again = timeline.write([*workouts[::-1], workouts[3]])
    assert timeline.frame(again).equals(timeline.frame(written))
    assert again.report.taken - written.report.taken == {"another recording of the same run": 1}


def test_what_was_not_heard_is_estimated(workouts):
    silent = replace(workouts[10], heart_rate=np.full(len(workouts[10]), np.nan))
    found = timeline.write([*workouts[:10], silent, *workouts[11:15]])
    assert (len(found.entries), len(found.unheard)) == (14, 1)
    (estimated,) = found.unheard
    assert (estimated.start, estimated.error, estimated.earlier_runs) == (silent.start, None, 10)
    assert np.abs(estimated.heart_rate.mean() - np.nanmean(workouts[10].heart_rate)) < 25
    alone = timeline.write([silent])
    assert (len(alone.entries), len(alone.unheard)) == (0, 1)


def test_recent_by_hand(written):
    told = recent_error.of_timeline(written)
    assert told.runs == 6
    last = written.entries[-6:]
    measured = [each.heart_rate[np.isfinite(each.heart_rate)] for each in written.entries]
    errors = [np.nanmean(np.abs(each.heart_rate - each.found.heart_rate)) for each in last]
    assert told.error == pytest.approx(np.average(errors, weights=[len(each) for each in measured[-6:]]), rel=1e-5)
    means = [np.abs(measured[place] - np.concatenate(measured[:place]).mean()).sum() for place in range(24, 30)]
    assert told.by_mean == pytest.approx(sum(means) / sum(map(len, measured[-6:])), rel=1e-5)
    assert told.error < told.by_mean
    assert recent_error.of_timeline(timeline.write(list(synthetic.read(athletes=1, runs=9, seed=5, flawed=0, faulty=0)))) is None


def test_pace(workouts, written):
    assert pace.text(written.speed).endswith("0 /km")
    assert timeline.write(workouts[:6], speed=3.0).speed == 3.0
    assert pace.parse("5:30") == pytest.approx(1000 / 330)
    assert pace.text(pace.parse("5:30 /km")) == "5:30 /km"
    for wrong in ("5.30", "1:30", "31:00", "5:60", "fast", ""):
        with pytest.raises(InputError, match="such as 5:30"):
            pace.parse(wrong)


def test_one_person_alone(workouts):
    other = replace(workouts[0], user="someone")
    with pytest.raises(InputError, match=r"^Expected the runs of one person, found those of 2 \(1001, someone\); in a folder"):
        timeline.write([*workouts[:5], other])
    assert len(timeline.write([*workouts[:5], other], person="1001").entries) == 5
    with pytest.raises(InputError, match=f"Found nobody called 'nobody'; name one of {workouts[0].user}"):
        timeline.write(workouts[:5], person="nobody")
    with pytest.raises(InputError, match=r"Found no run that can be used: 1 x another sport \(cycling\)"):
        timeline.write([replace(workouts[0], sport="cycling")])


def test_sentences(written):
    last = written.entries[-1]
    assert fitness_text.now(written).startswith(
        f"At {pace.text(written.speed)} on the flat, heart rate is {last.at_pace.value:.0f}"
    )
    first = timeline.Timeline(written.athlete, written.now, written.speed, written.entries[:3], [], [], written.report)
    assert fitness_text.change(first) == ""
    assert fitness_text.effects(first) == []
    assert fitness_text.count(1) == "1 run"
    assert fitness_text.count(1200) == "1,200 runs"
    day = [
        replace(first.entries[0].found, start=start, utc_offset=offset) for start, offset in ((1e9, np.nan), (1e9, 8 * 3600.0))
    ]
    assert fitness_text.days(day[:1]) == "9 September 2001"
    assert fitness_text.days(day) == "9 September 2001"
    assert fitness_text.days([replace(day[0], start=1e9 + 2 * 86400), *day]) == "9 September 2001 to 11 September 2001"
    assert fitness_text.zones_text(day[:1]) == "Times and days are in UTC, since the files do not tell the local time."
    assert fitness_text.zones_text(day[1:]) == "Times and days are local, as the source tells (UTC+8)."
    assert fitness_text.zones_text(day) == "Times and days are local where the file tells it (UTC+8), and else in UTC."
    assert fitness_text.day(1e9 + 20 * 3600, 8 * 3600.0) == "10 September 2001"
    assert any("1 km/h faster" in each for each in fitness_text.effects(written))
    faster = fitness_text.as_dict(written)["effects"]["faster"]
    (said,) = (each for each in fitness_text.effects(written) if each.startswith(f"{faster['what']}: "))
    assert int(said.split(": ")[1].split()[0]) == pytest.approx(faster["value"], abs=0.55)
    assert fitness_text.as_dict(first) == {"pace": pace.text(written.speed), "change": None, "effects": {}}


@pytest.mark.parametrize(
    ("before", "now", "said", "told"),
    [
        (
            167.4,
            172.6,
            "it was 167: a difference of +6 beats/min (-8 to +20 four times in five), which may be chance.",
            (6, -8.1, 20.1, False),
        ),
        (150.4, 149.6, "it was 150 too.", (0, -14.1, 14.1, False)),
        (175.4, 149.6, "it was 175: -25 beats/min since (-39 to -11 four times in five), fitter.", (-25, -39.1, -10.9, True)),
    ],
)
def test_the_difference_is_that_of_what_is_shown(written, before, now, said, told):
    at_pace = [fitness.WithLimits(value, value - 10, value + 10) for value in (before, now)]
    entries = [
        replace(each, found=replace(each.found, start=day * 86400), at_pace=at_pace[day > 0])
        for each, day in zip(written.entries[:6], (0, 0, 0, 0, 0, 300), strict=True)
    ]
    shown = replace(written, entries=entries)
    assert fitness_text.change(shown) == f"On 1 January 1970, the first run, {said}"
    found = fitness_text.as_dict(shown)["change"]
    assert found == {"since": "1970-01-01T00:00Z", "before": round(before), "unit": "beats/min"} | dict(
        zip(("value", "low", "high", "certain"), told, strict=True)
    )


def test_what_the_reader_passed_over_is_told(workouts):
    log = ReadLog()
    for name in ("a.zip", "b.zip"):
        log.skip("route file missing", name)
    with pytest.raises(InputError, match="can be used: 2 x route file missing; look at"):
        timeline.write([], log=log)
    written = timeline.write(workouts[:3], log=log)
    assert usage.of_timeline(written) == ["Used 3 of 5 recordings. Not used: 2 x route file missing (first: a.zip)."]
    assert usage.as_dict(written) == {
        **{"used": 3, "not_used": {"route file missing": 2}},
        **{"passed_over": {}, "estimated": 0, "indoors": 0, "taken_as_flat": 0, "facts": {}, "facts_of_export": {}},
    }


def test_runs_taken_as_flat_and_minutes_not_measured_are_told(workouts):
    flat = replace(workouts[0], altitude=np.full(len(workouts[0]), np.nan))
    half = replace(workouts[1], heart_rate=np.where(workouts[1].time < 600, np.nan, workouts[1].heart_rate))
    silent = replace(flat, heart_rate=np.full(len(flat), np.nan), start=workouts[2].start)
    written = timeline.write([flat, half, silent])
    assert usage.of_timeline(written)[-1] == "Without altitude, so taken as flat: 2 runs."
    assert usage.of_timeline(written, estimated=False)[-1] == "Without altitude, so taken as flat: 1 run."
    assert usage.flat(timeline.write(workouts[:2])) == []
    said = "1 of the 3 used runs has no or too little heart rate, so that it is estimated."
    assert (said in usage.of_timeline(written), usage.as_dict(written)["estimated"]) == (True, 1)
    assert (said in usage.of_timeline(written, estimated=False), usage.as_dict(written, False)["estimated"]) == (False, 0)
    alone = "The one used run has no or too little heart rate, so that it is estimated."
    assert usage.without_heart_rate(timeline.write([silent])) == [alone]
    times = time_in_zones.times(written, zones.estimate(written.athlete))
    assert times.missing == pytest.approx(600, abs=20)
    assert sum(times.measured) + times.missing == pytest.approx(flat.duration + half.duration, abs=20)
    (said,) = time_in_zones.missing(times, times)
    assert said.startswith("In runs with heart rate, it was not measured for 10 min (all);")


def test_pauses_of_the_watch_are_in_no_zone(workouts):
    run = workouts[0]
    stopped = (run.time > 600) & (run.time < 900)
    paused = replace(run, heart_rate=np.where(stopped, np.nan, run.heart_rate), speed=np.where(stopped, 0.0, run.speed))
    silent = replace(paused, heart_rate=np.full(len(run), np.nan), start=workouts[1].start)
    for each, count in ((paused, 1), (silent, 0)):
        written = timeline.write([each])
        times = time_in_zones.times(written, zones.estimate(written.athlete))
        assert (times.runs, times.missing) == (count, 0)
        assert times.paused == pytest.approx(300, abs=20)
        in_zones = sum(times.measured) + sum(times.estimated)
        assert in_zones + times.paused == pytest.approx(run.duration, abs=20)
        (said,) = time_in_zones.missing(times, times)
        assert said == "Pauses (two minutes or more of standing without heart rate) are in no zone: 5 min (all)."


def test_why_a_run_indoors_does_not_count_is_told(workouts):
    slow = replace(workouts[2], sport="indoor running", speed=np.full(len(workouts[2]), 0.1))
    written = timeline.write([*workouts[:2], slow])
    assert written.report.taken == {quality.reason("range", slow): 1}


def test_expected_and_measured_are_means_over_the_same_steps(workouts):
    silent_start = replace(workouts[12], heart_rate=np.where(workouts[12].time < 900, np.nan, workouts[12].heart_rate))
    entry = timeline.write([*workouts[:12], silent_start]).entries[-1]
    measured = np.isfinite(entry.heart_rate)
    assert measured.mean() < 0.9
    means = float(entry.heart_rate[measured].mean()), float(entry.found.heart_rate[measured].mean())
    assert entry.found.means == pytest.approx(means, rel=1e-5)
    assert entry.residual == pytest.approx(means[0] - means[1], abs=1e-4)
    assert fitness_text.means(entry) == (round(means[0]), round(means[1]), round(means[0]) - round(means[1]))
    shown = fitness_text.means(entry)
    which = "above" if shown[2] > 0 else "below"
    assert fitness_text.residual(entry) == f"{shown[0]} beats/min, {abs(shown[2])} {which} what was expected"


def test_a_known_person_s_earlier_runs_count(workouts):
    known = AthleteState()
    athlete_update.learn_from(known, workouts[:10])
    later = timeline.write(workouts[10:14], known=copy.deepcopy(known))
    whole = timeline.write(workouts[:14])
    assert [each.found.earlier_runs for each in later.entries] == [10, 11, 12, 13]
    for one, other in zip(later.entries, whole.entries[10:], strict=True):
        np.testing.assert_allclose(one.found.heart_rate, other.found.heart_rate, atol=1e-3)
        assert one.found.minutes == pytest.approx(workouts[whole.entries.index(other)].duration / 60)
    again = timeline.write(workouts[:14], known=copy.deepcopy(known))  # it knows some of these very runs
    for one, other in zip(again.entries, whole.entries, strict=True):
        np.testing.assert_array_equal(one.found.heart_rate, other.found.heart_rate)


def test_what_an_export_tells_counts_as_in_an_update(workouts):
    log, known = ReadLog(), AthleteState()
    log.person |= {"age": 60, "sex": "female", "resting_heart_rate": 50.0}
    facts.tell(known, facts.Facts(age=60, sex="female", resting_heart_rate=50.0))
    athlete_update.learn_from(known, workouts[:3])
    written = timeline.write(workouts[:3], log=log)
    assert facts.told(written.athlete) == facts.told(known)
    np.testing.assert_allclose(written.athlete.weights, known.weights)
    again = timeline.write(workouts[:3], log=log, known=known)
    assert again.report.exported == {}
    assert written.report.exported == dict.fromkeys(("age", "sex", "resting_heart_rate"), "used")


def test_what_a_known_person_has_said_counts(workouts):
    known = AthleteState()
    athlete_update.learn_from(known, workouts[:3])
    facts.tell(known, facts.Facts(max_heart_rate=150))
    written = timeline.write(workouts[:3], known=known)
    assert max(each.found.high.max() for each in written.entries) == 150


def test_a_run_above_the_maximum_on_average_is_told(written):
    own = zones.estimate(written.athlete)
    assert time_in_zones.too_high(time_in_zones.times(written, own)) == []
    highest = max(fitness_text.means(entry)[0] for entry in written.entries)
    times = time_in_zones.times(written, replace(own, maximum=highest - 0.6))
    (entry,) = (each for each in written.entries if fitness_text.means(each)[0] == highest)
    day, why = fitness_text.day(entry.start, entry.utc_offset), "either the sensor was wrong, or the maximum is too low."
    share = f"Of all the time in the highest zone, {duration(times.doubted)} is from there."
    assert 0 < times.doubted <= times.measured[-1]
    assert time_in_zones.too_high(times) == [f"In 1 run ({day}), mean heart rate was above that maximum: {why} {share}"]
    many = time_in_zones.times(written, replace(own, maximum=60.0))
    assert time_in_zones.too_high(many)[0].startswith(f"In {len(written.entries)} runs (the latest: ")


def test_of_few_runs_it_says_that_they_are_few(workouts):
    four, five = (timeline.write(workouts[:runs]) for runs in (4, 5))
    assert fitness_text.few(four)[0].startswith("4 runs with heart rate say little of you")
    assert fitness_text.few(five) == []
    assert fitness_text.few(replace(four, entries=five.entries[-1:])) == []  # four more are known of the person
    assert [fitness_text.latest(12, total) for total in (1, 12, 1300)] == ["", ", the latest first", ", the latest 12 of 1,300"]


def test_a_run_indoors_counts_in_load_and_zones_and_is_not_learnt_from(workouts):
    without = timeline.write(workouts[:2])
    written = timeline.write([*workouts[:2], replace(workouts[2], sport="indoor running")])
    assert (len(written.entries), len(written.indoors), written.athlete.count) == (2, 1, without.athlete.count)
    own, body = zones.estimate(written.athlete), reserve.estimate(written.athlete)
    minutes = [time_in_zones.times(runs, own).measured.sum() / 60 for runs in (without, written)]
    assert np.diff(minutes) == pytest.approx(written.indoors[0].minutes, abs=1)
    loads = training_load.of_timeline(written, body)
    assert [load.is_estimated for load in loads] == [False] * 3
    assert loads[-1].banister[0] == training_load.of_run(written.indoors[0], training_load.per_minute(body), 5).banister[0]
    assert usage.as_dict(written)["indoors"] == 1
    alone = timeline.write([replace(workouts[2], sport="indoor running")])
    assert (alone.entries, len(alone.indoors)) == ([], 1)
    assert usage.of_timeline(alone)[1].startswith("The one used run was indoors or without a route")
    said = "1 of the 3 used runs was indoors or without a route, at an uncertain speed: its heart rate counts"
    assert usage.of_timeline(written)[1].startswith(said)
    assert usage.of_timeline(written, estimated=False)[0].endswith("Not used: 1 x indoors or without a route.")
    no_route = replace(workouts[2], gps_fraction=0.0)
    assert len(timeline.write([*workouts[:2], no_route]).indoors) == 1
    of_arrays = replace(workouts[2], gps_fraction=np.nan)  # where no limit applies
    assert len(timeline.write([*workouts[:2], of_arrays]).entries) == 3


def test_a_second_recording_without_a_route_does_not_count_besides(workouts):
    run = workouts[1]
    holes = replace(run, heart_rate=np.where(run.time % 300 < 100, np.nan, run.heart_rate))
    indoors = replace(run, gps_fraction=0.0, start=run.start + 5, first_clock=run.first_clock + 5)
    written = timeline.write([workouts[0], holes, indoors])
    assert (len(written.entries), len(written.indoors)) == (2, 0)
    assert written.report.taken == {quality.REASONS[quality.DUPLICATE]: 1}
    silent = replace(run, heart_rate=np.full(len(run), np.nan))
    without_speed = replace(indoors, speed=np.full(len(run), np.nan))
    written = timeline.write([workouts[0], silent, without_speed])
    assert (len(written.entries), len(written.unheard), len(written.indoors)) == (1, 1, 0)


def test_pauses_do_not_slow_the_usual_pace(workouts):
    run = workouts[0]
    stopped = (run.time > 600) & (run.time < 1200)
    rates, speed = np.where(stopped, np.nan, run.heart_rate), np.where(stopped, 0.0, run.speed)
    usual = [timeline.usual_speed([resample(each)]) for each in (run, replace(run, heart_rate=rates, speed=speed))]
    assert 1000 / usual[1] == pytest.approx(1000 / usual[0], abs=20)
    assert resample(replace(run, speed=speed)).speed.mean() < 0.9 * resample(run).speed.mean()
