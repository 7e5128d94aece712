"""The simulation has the physiology it says, and its files have the formats of their sources."""

import ast
import gzip
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from zipfile import ZipFile

import numpy as np
import pytest

from hrkeras.workouts import quality
from hrkeras.workouts.simulation.faults import FAULTS, FLAWS, sense
from hrkeras.workouts.simulation.formats import write_apple_health, write_endomondo, write_gpx, write_gpx_folder
from hrkeras.workouts.simulation.synthetic import SimulatedAthlete, read, respond, simulate

ENDOMONDO_KEYS = [
    "longitude",
    "altitude",
    "latitude",
    "sport",
    "id",
    "heart_rate",
    "gender",
    "timestamp",
    "url",
    "userId",
    "speed",
]
TAKEN_BY = {
    "other sport": "sport",
    "no heart rate": "heart_rate",
    "too short": "duration",
    "no GPS": "gps",
    "no altitude": None,
    "duplicate": None,
    "absurd values": "range",
}


@pytest.fixture(scope="module")
def tracks():
    return list(simulate(3, 40, seed=1, flawed=0.2))


def steady(speed=2.5, grade=0.0, fitness=3.6, seconds=900, athlete=None, **kwargs):
    athlete = athlete or SimulatedAthlete(drift=0.0)
    return respond(athlete, np.full(seconds, speed), np.full(seconds, grade), fitness, **kwargs)


def test_same_seed_same_workouts(tmp_path):
    for name in ("a", "b"):
        write_endomondo(simulate(2, 3, seed=5), tmp_path / f"{name}.json.gz")
        write_apple_health(simulate(1, 3, seed=5), tmp_path / f"{name}.zip")
    for suffix in (".json.gz", ".zip"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    write_endomondo(simulate(2, 3, seed=6), tmp_path / "c.json.gz")
    assert (tmp_path / "c.json.gz").read_bytes() != (tmp_path / "a.json.gz").read_bytes()


def test_fewer_are_the_first_of_more():
    few, more = list(simulate(1, 3)), list(simulate(2, 5))
    for one, same in zip(few, more[:3], strict=True):
        np.testing.assert_array_equal(one.heart_rate, same.heart_rate)
        assert one.clock[0] == same.clock[0]


def test_athletes_follow_one_another_and_their_dates_increase(tracks):
    assert [track.user for track in tracks] == ["1001"] * 40 + ["1002"] * 40 + ["1003"] * 40
    assert len({track.identity for track in tracks}) == len(tracks)
    for before, after in zip(tracks, tracks[1:], strict=False):
        if before.user == after.user and after.flaw != "duplicate":
            assert after.clock[0] > before.clock[-1]


def test_steady_state_rises_with_speed_and_grade_and_falls_with_fitness():
    at = [steady(speed)[-1] for speed in (0, 2, 2.5, 3, 3.6, 5)]
    assert np.all(np.diff(at) > 0)
    assert at[-1] - at[-2] < (at[2] - at[1]) * 1.4 / 0.5  # flattens
    assert steady(grade=0.05)[-1] > steady()[-1] + 5
    assert steady(grade=-0.05)[-1] < steady()[-1] - 5
    assert steady(fitness=4.0)[-1] < steady()[-1] - 5


def test_steady_state_by_hand():
    # At threshold effort is 1, so the share is 0.14 + 0.86 / 2 ** 0.25 = 0.8632 of 133 beats/min above 55.
    assert steady(speed=3.6, seconds=3600)[-1] == pytest.approx(169.80, abs=0.01)


@pytest.mark.parametrize(("before", "speed", "constant"), [(0.0, 3.0, 40.0), (1.0, 0.0, 60.0)])
def test_time_constant_is_that_of_the_athlete(before, speed, constant):
    course = steady(speed, before=before, seconds=3600)
    remaining = np.abs(course[-1] - course[:200])
    slope = np.polyfit(np.arange(200), np.log(remaining), 1)[0]
    assert -1 / slope == pytest.approx(constant, rel=1e-3)


def test_drift_rises_with_time_and_heat():
    athlete = SimulatedAthlete(drift=10.0)
    hour = steady(speed=3.0, seconds=4200, athlete=athlete)
    assert hour[4199] - hour[599] == pytest.approx(10 * 3.0 / 3.6, abs=0.05)
    assert steady(speed=3.0, seconds=4200, athlete=athlete, heat=1.0)[-1] > hour[-1] + 2


def test_true_heart_rate_stays_between_resting_and_maximum():
    for offset in (-200, 200):
        heart_rate = steady(4.5, seconds=600, offset=offset, before=0.5)
        assert heart_rate.min() >= 55
        assert heart_rate.max() <= 188


def test_runs_are_like_runs(tracks):
    for track in tracks:
        assert np.all(np.diff(track.clock) > 0)
        if track.flaw in ("", "duplicate"):
            assert 600 <= track.clock[-1] - track.clock[0] <= 4 * 3600
            assert 1 < track.speed.mean() < 5
            assert np.all(track.speed >= 0)
            assert 35 < track.truth.min() < track.truth.max() < 210


def test_fitness_changes_heart_rate():
    runs = list(simulate(1, 150, seed=3, flawed=0, faulty=0))
    fitness = np.array([run.fitness for run in runs])
    assert 0.04 < np.log(fitness).std() < 0.2
    effort = np.array([run.truth[300:].mean() / run.speed[300:].mean() for run in runs])
    assert np.corrcoef(fitness, effort)[0, 1] < -0.3


def test_the_day_is_what_nothing_explains():
    runs = list(simulate(4, 60, flawed=0))
    day = [(run.truth - run.expected).mean() for run in runs]
    assert np.mean(day) == pytest.approx(0, abs=1.5)
    assert np.std(day) == pytest.approx(4.4, abs=0.8)


def test_faults_are_as_frequent_as_stated():
    rng = np.random.default_rng(0)
    truth, cadence = np.full(1800, 140.0), np.full(1800, 165.0)
    seen = Counter()
    for _ in range(3000):
        heart_rate, faults = sense(rng, truth, cadence)
        seen.update(faults)
        assert ("dropout" in faults) == bool((heart_rate == 0).any()) or "flat line" in faults
        assert ("spikes" in faults) >= bool((heart_rate >= 200).any())
        assert faults or np.array_equal(heart_rate, truth)
    for fault, share in FAULTS.items():
        assert seen[fault] / 3000 == pytest.approx(share, abs=0.02)
    assert sense(rng, truth, cadence, faulty=0)[1] == ()


def test_a_flat_line_holds_a_value_and_changes_nothing_else(monkeypatch):
    with_it = list(simulate(2, 60, seed=4, flawed=0))
    monkeypatch.setitem(FAULTS, "flat line", 0.0)
    flat = 0
    for one, other in zip(with_it, simulate(2, 60, seed=4, flawed=0), strict=True):
        np.testing.assert_array_equal(one.truth, other.truth)
        if "flat line" in one.faults:
            flat += 1
            assert len(set(one.heart_rate[one.heart_rate != other.heart_rate])) == 1
        else:
            np.testing.assert_array_equal(one.heart_rate, other.heart_rate)
    assert flat


def test_flawed_workouts_are_taken_by_their_filters():
    found = list(simulate(4, 60, flawed=1.0, faulty=0))
    assert {track.flaw for track in found} >= set(FLAWS) - {"duplicate"}
    assert sum(track.flaw != "" for track in simulate(10, 60)) / 600 == pytest.approx(0.1, abs=0.03)
    assert not any(track.flaw for track in simulate(1, 30, flawed=0))


def test_filters_take_the_flawed_and_nothing_else():
    for track, workout in zip(simulate(3, 60), read(athletes=3, runs=60), strict=True):
        taken = quality.taken_by(workout, quality.Limits())
        if track.flaw == "too short":
            assert taken in ("duration", "points")
        else:
            assert taken == TAKEN_BY.get(track.flaw), (track.flaw, track.faults, track.identity)


def test_endomondo_lines_are_dict_literals(tracks, tmp_path):
    write_endomondo(tracks, tmp_path / "e.json")
    write_endomondo(tracks, tmp_path / "e.json.gz")
    text = (tmp_path / "e.json").read_text()
    assert gzip.decompress((tmp_path / "e.json.gz").read_bytes()).decode() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.json", "e.json.gz"]
    for line, track in zip(text.splitlines(), tracks, strict=True):
        entry = ast.literal_eval(line)
        assert list(entry) == [key for key in ENDOMONDO_KEYS if key in entry]
        assert entry["id"] == track.identity
        assert entry["sport"] == {"running": "run", "cycling": "bike"}[track.sport]
        assert len(entry["timestamp"]) == min(500, len(track.clock))
        assert {len(values) for values in entry.values() if isinstance(values, list)} == {len(entry["timestamp"])}
        assert ("latitude" in entry) == (track.flaw != "no GPS")
        assert ("altitude" in entry) == (track.flaw != "no altitude")
        assert ("heart_rate" in entry) == (track.flaw != "no heart rate")
        assert ("speed" in entry) == (track.identity % 4 == 0 and track.flaw != "no GPS")


def test_apple_health_zip_holds_what_it_should(tracks, tmp_path):
    mine = [track for track in tracks if track.user == "1002"]
    write_apple_health(mine, tmp_path / "export.zip")
    with ZipFile(tmp_path / "export.zip") as archive:
        names = archive.namelist()
        root = ElementTree.fromstring(archive.read("apple_health_export/export.xml"))
        assert "apple_health_export/export_cda.xml" in names
        workouts = root.findall("Workout")
        assert len(workouts) == len(mine)
        paths = {reference.get("path") for reference in root.iter("FileReference")}
        assert {f"apple_health_export{path}" for path in paths} == {name for name in names if name.endswith(".gpx")}
        route = ElementTree.fromstring(archive.read(next(name for name in names if name.endswith(".gpx"))))
    assert len(paths) == len({track.clock[0] for track in mine if track.flaw != "no GPS"})
    assert route.find(".//{*}trkpt/{*}extensions/{*}speed") is not None
    offsets = {record.get("startDate")[-5:] for record in root.findall("Record")}
    assert offsets <= {"+0100", "+0200"}
    with pytest.raises(ValueError, match="3"):
        write_apple_health(tracks, tmp_path / "export.zip")


def test_apple_health_dates_change_with_summer_time(tmp_path):
    tracks = list(simulate(2, 80, seed=2, flawed=0))
    for user in ("1001", "1002"):
        write_apple_health([track for track in tracks if track.user == user], tmp_path / "export.zip")
        with ZipFile(tmp_path / "export.zip") as archive:
            text = archive.read("apple_health_export/export.xml").decode()
        dates = re.findall(r'<Workout [^>]*startDate="(\d{4}-\d\d-\d\d) \S+ \+0(\d)00"', text)
        for date, hours in dates:
            if date[5:7] in ("04", "05", "06", "07", "08", "09"):
                assert hours == "2"
            elif date[5:7] in ("11", "12", "01", "02"):
                assert hours == "1"
        assert {hours for _, hours in dates} == {"1", "2"}


def test_gpx_files(tracks, tmp_path):
    paths = write_gpx_folder(tracks, tmp_path / "gpx")
    with_places = [track for track in tracks if track.flaw != "no GPS"]
    assert len(paths) == len(with_places) == len(list((tmp_path / "gpx").iterdir()))
    for path, track in list(zip(paths, with_places, strict=True))[:20]:
        root = ElementTree.parse(path).getroot()
        points = root.findall(".//{*}trkpt")
        assert len(points) == len(track.clock)
        assert root.find(".//{*}type").text == track.sport
        assert float(points[-1].get("lat")) == pytest.approx(track.latitude[-1], abs=1e-7)
        assert len(root.findall(".//{*}hr")) == np.count_nonzero(track.heart_rate > 0)


def test_a_failed_write_leaves_the_old_file(tracks, tmp_path):
    path = tmp_path / "run.gpx"
    path.write_text("old")
    with pytest.raises(AttributeError):
        write_gpx(None, path)
    with pytest.raises(AttributeError):
        write_endomondo([tracks[0], None], path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
