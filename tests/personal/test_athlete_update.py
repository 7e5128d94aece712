"""Learning from a person's recordings, in order, each once."""

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from hrkeras import models
from hrkeras.athlete import athlete_file, history
from hrkeras.athlete.following import follow
from hrkeras.athlete.interval import PredictionInterval
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY, Population, default
from hrkeras.athlete.shrinkage import Shrinkage
from hrkeras.models import saving
from hrkeras.personal import athlete_update, people, update_text, usage
from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import formats, synthetic
from hrkeras.workouts.simulation.track import Track
from hrkeras.workouts.workout import Workout

NOON = 1_600_000_000.0


def plain(day=0.0, minutes=20, **changes) -> Workout:
    time_s = np.arange(0, 60.0 * minutes + 1, 5)
    level, random = np.ones(len(time_s)), np.random.default_rng(int(day))
    run = Workout(time_s, 3 * level, 5 * level, 150 + random.normal(0, 4, len(time_s)), "a", "running", NOON + day * DAY)
    return replace(run, **changes)


def gridded(day, steps=30) -> prepare.PreparedRun:
    level = np.ones(steps, "f")
    return prepare.PreparedRun("a", NOON + day * DAY, Grid(2.5 * level, 5 * level, (150 + day % 7) * level))


def test_the_day_of_the_last_run_is_the_same_from_the_file(tmp_path):
    """At noon in UTC it is the next day in UTC+14."""
    runs = [plain(day, utc_offset=offset) for day, offset in ((0, np.nan), (1, 14 * 3600.0))]
    athlete = AthleteState()
    athlete_update.learn_from(athlete, runs)
    athlete_file.save(athlete, tmp_path / "me.json")
    for state in (athlete, athlete_file.load(tmp_path / "me.json")):
        assert update_text.known_text(state) == "Known of the person: 2 earlier runs, the last of 2020-09-15 02:26 UTC+14."
    athlete_update.learn_from(athlete, [plain(2)])  # whose source does not tell
    assert update_text.known_text(athlete).endswith("3 earlier runs, the last of 2020-09-15 12:26 UTC.")


def test_usable_runs_come_in_order_and_the_rest_is_counted():
    taken = Counter()
    workouts = [
        *(plain(day) for day in (3, 1, 2)),
        plain(4, sport="cycling"),
        plain(5, sport=""),
        plain(6, heart_rate=np.full(241, np.nan)),
        plain(7, minutes=4.5),
        plain(8, user=""),
    ]
    found = athlete_update.usable(workouts, taken)
    assert [run.start for run in found] == [NOON + day * DAY for day in (1, 2, 3, 8)]
    assert taken == {
        "another sport (cycling)": 1,
        "another sport (unnamed)": 1,
        "heart rate incomplete": 1,
        "duration or sampling unreasonable": 1,
    }
    assert update_text.taken_text(Counter({"one": 2, "other": 1000, "none": 0})) == "1,000 x other; 2 x one"


def test_what_is_learnt_until_a_time_is_what_follow_knows():
    """Nested, overlapping and double recordings too, and a run that begins seconds before the last one ends."""
    places = [(0, 20), (1, 20), (1.001, 20), (2, 90), (2.01, 20), (2.05, 20), (3, 20), (3, 20), (4, 20), (4 + 1190 / DAY, 20)]
    workouts = [plain(day, minutes) for day, minutes in places]
    runs = athlete_update.usable(workouts[::-1])
    assert [(run.start - NOON) / DAY for run in runs] == pytest.approx([0, 1, 2, 3, 4, 4 + 1190 / DAY])
    known = dict(follow(np.array([run.start for run in runs]), [run.grid for run in runs]))
    for number, run in enumerate(runs):
        athlete = AthleteState()
        report = athlete_update.learn(athlete, runs, until=run.start)
        found = athlete.predict(run.start, run.grid)
        np.testing.assert_array_equal(found.expected, known[number].expected)
        np.testing.assert_array_equal(found.history, known[number].history)
        assert report.later == sum(each.start + STEP * len(each.grid.speed) > run.start for each in runs)
        assert len(report.added) + report.known + report.later == len(runs)
        assert (report.older, report.forgotten) == (0, 0)


def test_learning_from_workouts_says_what_was_left_out():
    athlete = AthleteState()
    report = athlete_update.learn_from(athlete, [plain(0), plain(1, sport="cycling"), plain(2)], until=NOON + DAY)
    assert (athlete.count, report.later) == (1, 1)
    log = ReadLog()
    log.skip("no track points", "a.gpx")
    assert usage.of_update(report, log, used=1) == [
        "Used 2 of 5 recordings. Not used: 1 x another sport (cycling); 1 x later than this run; "
        "1 x no track points (first: a.gpx)."
    ]
    assert usage.of_update(athlete_update.learn_from(AthleteState(), [plain(0)]), ReadLog()) == ["Used the one recording."]
    report = athlete_update.learn_from(AthleteState(), [plain(0, estimated=True)])
    assert usage.of_update(report, ReadLog()) == ["Used 0 of 1 recording. Not used: 1 x heart rate estimated, not measured."]


def test_runs_before_the_first_remembered_date_are_told_apart():
    athlete, runs = AthleteState(), [gridded(day) for day in range(history.KEPT + 5)]
    assert len(athlete_update.learn(athlete, runs).added) == history.KEPT + 5
    between = gridded(60.5)
    report = athlete_update.learn(athlete, [*runs, between])
    assert (len(report.added), report.known, report.older, report.forgotten) == (0, history.KEPT, 1, 5)
    assert json.loads(json.dumps(usage.update_dict(report, ReadLog())))["not_used"]
    few = AthleteState()
    athlete_update.learn(few, runs[3:6])
    report = athlete_update.learn(few, runs[:5])
    assert (report.known, report.older, report.forgotten) == (2, 3, 0)


def test_one_person():
    source = Path("somewhere")
    alone, two = [plain(), plain(1)], [plain(), plain(1, user="b"), plain(2, user="b")]
    assert people.one_person(alone, source) is alone
    assert people.one_person([], source) == []
    assert people.one_person(two, source, "b") == two[1:]
    for user in (None, "c"):
        with pytest.raises(InputError, match=r"^somewhere: expected the runs of one person, found those of 2 \(a, b\); "):
            people.one_person(two, source, user)
    with pytest.raises(InputError, match=r"of 9 \(0, 1, 2, 3, 4 and 4 more\)"):
        people.one_person([plain(user=str(number)) for number in range(9)], source)
    assert people.of_person(two, None) == two
    assert people.of_person(two, "b") == two[1:]
    assert people.of_person([], "b") == []
    with pytest.raises(InputError, match=r"^Found nobody called 'c'; name one of a, b\.$"):
        people.of_person(two, "c")


def test_populations_are_compared_by_their_numbers(tmp_path):
    athlete, renamed = AthleteState(), replace(default(), source="elsewhere")
    athlete_update.check_population(athlete, renamed)
    other = replace(renamed, level=46.0)
    with pytest.raises(
        InputError, match=r"^me.json starts from another population \(12,078 runs .*\(elsewhere\); make a file that"
    ):
        athlete_update.check_population(athlete, other, "me.json")
    assert (
        athlete_update.about(replace(other, source="\x1b[2J"))
        == athlete_update.about(replace(other, source=""))
        == "of unnamed runs"
    )


@pytest.fixture(scope="module")
def tracks() -> list[Track]:
    return list(synthetic.simulate(1, 9, seed=4, flawed=0, faulty=0))


def test_files_given_bit_by_bit_or_at_once_end_the_same(tracks, tmp_path):
    for number, part in enumerate((tracks[:3], tracks[3:4], tracks[4:])):
        formats.write_gpx_folder(part, tmp_path / f"part{number}")
    parts = [tmp_path / f"part{number}" for number in range(3)]
    athlete_update.update(tmp_path / "once.json", parts[::-1])
    told: list[int] = []
    for number, part in enumerate(parts):
        report = athlete_update.update(tmp_path / "new" / "bits.json", [part], on_bytes=told.append)
        assert report.is_new == (number == 0)
    assert sum(told) == sum(path.stat().st_size for path in tmp_path.rglob("*.gpx"))
    assert report.athlete.count == len(tracks)
    assert (tmp_path / "new" / "bits.json").read_bytes() == (tmp_path / "once.json").read_bytes()


def test_a_file_with_nothing_new_is_not_written(tracks, tmp_path, monkeypatch):
    formats.write_gpx_folder(tracks, tmp_path / "runs")
    athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"])
    monkeypatch.setattr(athlete_file, "save", None)
    report = athlete_update.update(tmp_path / "me.json", [tmp_path / "runs", tmp_path / "runs"])
    assert (report.added, report.known) == ([], len(tracks))
    assert report.taken == {"another recording of the same run": len(tracks)}


def test_a_run_from_the_future_would_make_all_others_late(tracks, tmp_path):
    late = replace(tracks[0], clock=tracks[0].clock - tracks[0].clock[0] + time.time() + 400 * DAY)
    formats.write_gpx_folder([*tracks, late], tmp_path / "runs")
    report = athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"])
    assert len(report.added) == len(tracks)
    assert report.taken == {"begins in the future, so its clock was wrong": 1}
    assert report.athlete.starts[-1] < time.time()


def test_a_new_file_of_nothing_is_not_made(tracks, tmp_path):
    formats.write_gpx_folder([replace(tracks[0], heart_rate=np.zeros_like(tracks[0].heart_rate))], tmp_path / "runs")
    (tmp_path / "runs" / "broken.gpx").write_text("<gpx")
    with pytest.raises(
        InputError,
        match=r"none can be learnt from: 1 x heart rate incomplete; 1 x .*broken\.gpx\); look at what there is",
    ):
        athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"])
    (tmp_path / "runs" / "broken.gpx").unlink()
    with pytest.raises(InputError, match="The run to start .* cannot be learnt from: 1 x heart rate incomplete; look at"):
        athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"])
    assert not (tmp_path / "me.json").exists()


def model_from(population: Population):
    """An untrained model, which adds its own opinion to what the state expects."""
    keras.utils.set_random_seed(0)
    return models.gru(units=2, num_layers=1, statistics=models.Statistics(population=population.as_dict()))


def test_another_population_is_for_another_file(tracks, tmp_path):
    formats.write_gpx_folder(tracks[:2], tmp_path / "runs")
    other = replace(default(), level=46.0, source="watches")
    assert athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"], model_from(other)).athlete.population == other
    assert athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"]).athlete.population == other
    before = (tmp_path / "me.json").read_bytes()
    with pytest.raises(InputError, match=rf"^{tmp_path / 'me.json'} starts from another population \(watches\) than the model"):
        athlete_update.update(tmp_path / "me.json", [tmp_path / "runs"], model_from(default()))
    assert (tmp_path / "me.json").read_bytes() == before


def test_trust_in_a_model_is_kept_and_goes_on_from_file_to_file(tracks, tmp_path):
    model = model_from(default())
    for number, track in enumerate(tracks[:3]):
        formats.write_gpx_folder([track], tmp_path / "all" / str(number))
        athlete_update.update(tmp_path / "bits.json", [tmp_path / "all" / str(number)], model)
    bit_by_bit = athlete_file.load(tmp_path / "bits.json")
    workouts = [each for number in range(3) for each in detect.read(tmp_path / "all" / str(number), ReadLog())]
    at_once = AthleteState()
    athlete_update.learn_from(at_once, workouts, model=model)
    one, other = bit_by_bit.network, at_once.network
    assert one.name == other.name == saving.fingerprint(model)
    assert one.shrinkage.value == pytest.approx(other.shrinkage.value, rel=1e-4)
    np.testing.assert_allclose(one.interval.limits, other.interval.limits, rtol=1e-3)
    assert one.shrinkage != Shrinkage()
    known = bit_by_bit.predict(bit_by_bit.ends[-1], gridded(0).grid)
    assert bit_by_bit.asked_by("another", known).shrinkage == Shrinkage().value
    np.testing.assert_array_equal(bit_by_bit.asked_by("another", known).interval, PredictionInterval().limits)
