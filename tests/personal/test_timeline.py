"""A person's runs one after the other: what is told of them, and what must not be known of a run before it."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.athlete import fitness
from hrkeras.personal import fitness_text, pace, timeline
from hrkeras.utils.errors import InputError
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
    told = timeline.recent(written)
    assert told.runs == 6
    last = written.entries[-6:]
    measured = [each.heart_rate[np.isfinite(each.heart_rate)] for each in written.entries]
    errors = [np.nanmean(np.abs(each.heart_rate - each.found.heart_rate)) for each in last]
    assert told.error == pytest.approx(np.average(errors, weights=[len(each) for each in measured[-6:]]), rel=1e-5)
    means = [np.abs(measured[place] - np.concatenate(measured[:place]).mean()).sum() for place in range(24, 30)]
    assert told.by_mean == pytest.approx(sum(means) / sum(map(len, measured[-6:])), rel=1e-5)
    assert told.error < told.by_mean
    assert timeline.recent(timeline.write(list(synthetic.read(athletes=1, runs=9, seed=5, flawed=0, faulty=0)))) is None


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
    with pytest.raises(InputError, match="found those of 2; name one of 1001, someone"):
        timeline.write([*workouts[:5], other])
    assert len(timeline.write([*workouts[:5], other], person="1001").entries) == 5
    with pytest.raises(InputError, match="Found no run of nobody that can be used: there are no workouts"):
        timeline.write(workouts[:5], person="nobody")
    with pytest.raises(InputError, match=r"Found no run that can be used: 1 x another sport \(cycling\)"):
        timeline.write([replace(workouts[0], sport="cycling")])


def test_sentences(written):
    last = written.entries[-1]
    assert fitness_text.now(written).startswith(
        f"At {pace.text(written.speed)} on the flat, heart rate is {last.at_pace.value:.0f}"
    )
    first = timeline.Timeline(written.athlete, written.now, written.speed, written.entries[:3], [], written.report)
    assert fitness_text.change(first) == ""
    assert fitness_text.effects(first) == []
    assert fitness_text.count(1) == "1 run"
    assert fitness_text.count(1200) == "1,200 runs"
    assert fitness_text.days(0, 3600) == "1 January 1970"
    assert fitness_text.days(0, 2 * 86400) == "1 January 1970 to 3 January 1970"
    assert fitness_text.days_standing_out(1) == "1 day stands out"
    assert fitness_text.days_standing_out(1200) == "1,200 days stand out"
    assert any("1 km/h faster" in each for each in fitness_text.effects(written))


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (167.4, 172.6, "it was 167: a difference of +6, which may be chance (give or take 14)."),
        (150.4, 149.6, "it was 150 too."),
        (175.4, 149.6, "it was 175: -25 beats/min since (give or take 14), fitter."),
    ],
)
def test_the_difference_is_that_of_what_is_shown(written, before, now, said):
    told = [fitness.Told(value, value - 10, value + 10) for value in (before, now)]
    entries = [
        replace(each, found=replace(each.found, start=day * 86400), at_pace=told[day > 0])
        for each, day in zip(written.entries[:6], (0, 0, 0, 0, 0, 300), strict=True)
    ]
    assert fitness_text.change(replace(written, entries=entries)).endswith(said)


def test_what_the_reader_passed_over_is_told(workouts):
    with pytest.raises(InputError, match="can be used: 2 x route file missing; look at"):
        timeline.write([], skipped={"route file missing": 2})
    assert timeline.write(workouts[:3], skipped={"route file missing": 2}).report.taken["route file missing"] == 2
