"""Recordings of one run are told by their overlap in time, and every command keeps the same one of them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.datasets.build import build
from hrkeras.datasets.inspection.inspection import inspect
from hrkeras.datasets.inspection.inspection_text import text
from hrkeras.datasets.runs import load
from hrkeras.evaluation.audit import data as audit_data
from hrkeras.personal import athlete_update, run_choice, timeline
from hrkeras.personal.estimation import estimation
from hrkeras.workouts import duplicates
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.simulation import formats, synthetic
from hrkeras.workouts.workout import Workout

HOUR = 3600.0


@pytest.mark.parametrize(
    ("begin", "minutes", "is_same"),
    [
        (0, 60, True),
        (5, 60, True),  # another device, seconds apart
        (-30, 61, True),
        (1200, 10, True),  # within
        (HOUR - 300, 60, True),  # a device that was forgotten until the next run: five minutes are in both
        (HOUR - 60, 60, False),  # a watch that was started anew
        (HOUR - 61, 60, True),
        (HOUR, 60, False),
        (HOUR + 600, 60, False),
        (-120, 2, False),
        (HOUR - 31, 1, True),  # more than half of the shorter
        (HOUR - 30, 1, False),
    ],
)
def test_overlap(begin, minutes, is_same):
    one, other = (1.6e9, 1.6e9 + HOUR), (1.6e9 + begin, 1.6e9 + begin + 60 * minutes)
    assert duplicates.overlap(*one, *other) == duplicates.overlap(*other, *one) == is_same
    assert duplicates.overlap(*one, np.array(other[:1]), np.array(other[1:])).tolist() == [is_same]


def kept(*recordings) -> list[int]:
    chosen = duplicates.kept(*zip(*recordings, strict=True))
    return np.flatnonzero(chosen).tolist()


def test_one_recording_of_each_run_of_each_person_is_kept():
    a, b = ("a", 0, HOUR, (300, 700)), ("b", 10, HOUR, (300, 700))
    assert kept(a, b) == [0, 1]
    assert kept(a, a, b, a) == [0, 2]
    assert kept(a, ("a", 5, HOUR + 5, (301, 0))) == [1]  # more heart rate
    assert kept(a, ("a", 5, HOUR + 5, (300, 701))) == [1]  # as much, and more speed
    assert kept(("a", 5, HOUR + 5, (300, 700)), a) == [1]  # as much of all, and began first
    assert kept(a, ("a", HOUR - 20, 2 * HOUR, (360, 720))) == [0, 1]


def test_what_is_kept_depends_on_no_order():
    recordings = [
        ("a", 0, HOUR, (200, 720)),
        ("a", HOUR - 600, 2 * HOUR, (300, 720)),  # overlaps both others, which are two runs
        ("a", 2 * HOUR - 600, 3 * HOUR, (250, 720)),
        ("a", 5 * HOUR, 6 * HOUR, (360, 720)),
        ("b", 0, HOUR, (1, 1)),
    ]
    for order in itertools.permutations(range(5)):
        assert sorted(order[place] for place in kept(*(recordings[number] for number in order))) == [1, 3, 4]


def plain(**changes) -> Workout:
    time = np.arange(0, 601.0)
    level = np.ones(len(time))
    return replace(Workout(time, 3 * level, 50 * level, 150 * level, "a", "running", 1.6e9), **changes)


def test_content_counts_what_was_measured():
    assert duplicates.content(plain()) == (61, 122)
    assert duplicates.content(plain(altitude=np.full(601, np.nan))) == (61, 61)
    assert duplicates.content(plain(heart_rate=np.where(np.arange(601) < 300, 150.0, np.nan))) == (30, 122)
    assert duplicates.content(plain(heart_rate_samples=12)) == (12, 122)  # drawn onto the times of positions
    assert duplicates.content(plain(estimated=True)) == (0, 122)
    seldom = slice(None, None, 20)
    thin = {
        name: getattr(plain(), name)[seldom] for name in ("time", "speed", "altitude", "heart_rate", "cadence", "temperature")
    }
    assert duplicates.content(plain(**thin)) == (31, 62)


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A folder of ten runs, each recorded by a watch, and by an app that began 5 s later and lost the heart before the end."""
    simulated = list(synthetic.simulate(1, 10, seed=4, flawed=0, faulty=0))
    again = []
    for track in simulated:
        heard = np.arange(len(track.clock)) < 0.8 * len(track.clock)
        heart_rate = np.where(heard, track.heart_rate + 20, 0.0)
        again.append(replace(track, clock=track.clock + 5, heart_rate=heart_rate, identity=track.identity + 1000))
    folder = tmp_path_factory.mktemp("twice")
    formats.write_gpx_folder([*again, *simulated], folder / "twice")
    formats.write_gpx_folder(simulated, folder / "once")
    return folder / "twice"


def test_all_commands_agree_on_the_runs(twice, tmp_path):
    once = twice.with_name("once")
    found = inspect(tracks.read(twice))
    assert (found.funnel.workouts, found.funnel.taken, found.funnel.left) == (20, {"duplicate": 10}, 10)
    assert sum(year.runs for year in found.years.values()) == found.sensor.runs == 10
    said = text(found, twice, "tracks")
    assert "Used 10 of 20 recordings. Not used: 10 x another recording of the same run." in said
    assert inspect(tracks.read(once)).processed.pooled.tolist() == found.processed.pooled.tolist()

    built = build("tracks", twice, "by_time", tmp_path)
    assert built.funnel.as_dict() == found.funnel.as_dict()
    runs = load("tracks", tmp_path)
    assert runs.counts["runs"] == {"train": 8, "validation": 1, "test": 1}

    report = athlete_update.update(tmp_path / "me.json", [twice])
    assert [round(run.start) for run in report.added] == runs.starts.tolist()
    assert report.taken == {"another recording of the same run": 10}
    assert athlete_update.update(tmp_path / "me.json", [once]).known == 10

    written = timeline.write(tracks.read(twice))
    assert [round(each.start) for each in written.entries] == runs.starts.tolist()
    assert written.unheard == []
    for entry, grid in zip(written.entries, runs.grids, strict=True):
        np.testing.assert_array_equal(entry.heart_rate, grid.heart_rate)  # the watch's, though the app's comes first

    estimated = estimation.estimate([twice], everything=True)
    assert (len(estimated.estimates), estimated.skipped) == (10, {"another recording of the same run": 10})

    for histories in ([], [twice]):
        run, others, log = run_choice.load_run(twice, "latest", histories)
        assert (round(run.start), len(others)) == (runs.starts.max(), 18)
        assert log.skipped == {"another recording of the same run": 1}


def test_a_recording_without_heart_rate_of_a_run_with_it_is_not_estimated(twice):
    workouts = list(tracks.read(twice.with_name("once")))
    silent = [
        replace(each, heart_rate=np.full(len(each), np.nan), heart_rate_samples=0, start=each.start - 9) for each in workouts
    ]
    written = timeline.write([*silent[:4], *workouts[2:]])
    assert (len(written.entries), len(written.unheard)) == (8, 2)


def test_a_dataset_built_of_all_recordings_is_loaded_with_one_of_each(twice, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(duplicates, "kept", lambda people, *columns: np.ones(len(people), bool))
        build("tracks", twice, "by_time", tmp_path)
        runs = load("tracks", tmp_path)
    assert len(runs.starts) == 20
    mixed = replace(runs, split=np.tile(["train", "test"], 10))
    assert audit_data.at_the_same_time(mixed).finding.startswith("10 pairs of runs of one person overlap in time and lie in two ")
    runs = load("tracks", tmp_path)
    assert len(runs.starts) == 10
    assert audit_data.at_the_same_time(replace(runs, split=np.tile(["train", "test"], 5))).passed
    assert (np.diff(runs.starts) > HOUR).all()
