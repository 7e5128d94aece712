import gzip
import io
import json
import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from track_files import (
    NOON,
    SECRET,
    SINT32,
    TIME,
    UINT32,
    WHOLE,
    activity,
    checksum,
    fit_file,
    gpx_file,
    lap,
    message,
    read_file,
    semicircles,
    tcx_file,
    trackpoint,
)

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.positions import EARTH_RADIUS
from hrkeras.workouts.readers import tracks
from hrkeras.workouts.readers.fit_messages import FIT_EPOCH
from hrkeras.workouts.readers.source import ReadLog

REAL = Path(__file__).parents[4] / "shared/data/tracks"
SPORT_OF = {"户外跑步": "running", "Ride": "cycling", "Run": "running", None: "running"}


def test_is_track(tmp_path):
    names = ["a.gpx", "b.TCX", "c.fit", "d.Fit.gz", "INDEX.json", "e.gpx.zip", "gpx", ".DS_Store", "f.gz"]
    assert [name for name in names if tracks.is_track(tmp_path / name)] == names[:4]
    (tmp_path / "a.gpx").mkdir()
    assert not tracks.is_track(tmp_path / "a.gpx")
    assert not tracks.is_track(tmp_path)


@pytest.mark.parametrize("kind", sorted(WHOLE))
@pytest.mark.parametrize("packed", [False, True])
def test_one_file(tmp_path, kind, packed):
    told = []
    data, name = (gzip.compress(WHOLE[kind]), f"a.{kind}.gz") if packed else (WHOLE[kind], f"a.{kind}")
    (workout,) = read_file(tmp_path, name, data, log=ReadLog(told.append))
    assert (len(workout), workout.sport, workout.user) == (8, "running", tmp_path.name)
    assert sum(told) == tracks.size(tmp_path / name) == len(data)


def test_a_folder_of_people(tmp_path):
    for name, data in {
        "b.gpx": gpx_file(),
        "a.fit": WHOLE["fit"],
        "anna/2.tcx": WHOLE["tcx"],
        "anna/1.GPX.gz": gzip.compress(gpx_file()),
        "ben/old/1.gpx": gpx_file(),
        "ben/broken.gpx": gpx_file()[:-9],
        "ben/broken.fit": WHOLE["fit"][:60],
        "ben/cut.gpx.gz": gzip.compress(gpx_file())[:-20],
        "ben/empty.tcx": b"",
        "ben/one_point.gpx": gpx_file(1),
        "INDEX.json": b"[]",
        ".DS_Store": b"\0",
        "notes/readme": b"",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "ben/folder.gpx").mkdir()
    (tmp_path / "ben/gone.fit").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "ben/pipe.gpx")
    told = []
    log = ReadLog(told.append)
    workouts = list(tracks.read(tmp_path, log=log))
    assert [(workout.user, Path(workout.where).name) for workout in workouts] == [
        (tmp_path.name, "a.fit"),
        (tmp_path.name, "b.gpx"),
        ("anna", "1.GPX.gz"),
        ("anna", "2.tcx"),
        ("ben/old", "1.gpx"),
    ]
    assert log.skipped == {
        "XML that is cut off": 1,
        "FIT that is cut off": 1,
        "the gzip data is cut off or damaged": 1,
        "empty file": 1,
        "fewer than two points with a valid time": 1,
        "no such file": 1,
        "no regular file": 1,
    }
    assert log.examples["empty file"] == [str(tmp_path / "ben/empty.tcx")]
    assert sum(told) == tracks.size(tmp_path)


def test_a_bad_activity_does_not_cost_the_others(tmp_path):
    log = ReadLog()
    data = tcx_file(activity("Running", lap(trackpoint(0))), activity("Running", lap(trackpoint(1), trackpoint(2))))
    (workout,) = read_file(tmp_path, "a.tcx", data, log=log)
    assert len(workout) == 2
    assert log.examples["fewer than two points with a valid time"] == [f"{tmp_path / 'a.tcx'}, activity 1"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.gpx", gpx_file()[:-9], "expected the recording of a workout, but found: XML that is cut off; export"),
        ("a.gpx", WHOLE["fit"], "not XML"),
        ("a.fit", b"\0" * 20, "not FIT"),
        ("a.gpx", gpx_file(1), "fewer than two points"),
        ("a.gpx", gpx_file(5, time="2020-01-01T00:00:00Z"), "the device's clock was wrong"),
        ("a.gpx.gz", gzip.compress(gpx_file())[:-9], "the gzip data is cut off or damaged"),
        ("a.csv", b"", "expected a .gpx, .tcx or .fit file, or a folder or zip of them, but found a file that ends in .csv"),
        ("a", b"", "found a file that ends in nothing"),
    ],
)
def test_one_sentence_about_a_file_that_cannot_be_used(tmp_path, name, data, message):
    with pytest.raises(InputError) as caught:
        read_file(tmp_path, name, data)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / name}: ")
    assert message in said
    assert said.endswith(".")
    assert str(SECRET)[:5] not in said


def test_nothing_to_read(tmp_path):
    with pytest.raises(InputError, match="found none"):
        list(tracks.read(tmp_path))
    with pytest.raises(InputError, match="no such file"):
        list(tracks.read(tmp_path / "a.gpx"))
    with pytest.raises(InputError, match="found nothing there"):
        list(tracks.read(tmp_path / "a"))
    os.mkfifo(tmp_path / "a.fit")
    with pytest.raises(InputError, match="no regular file"):
        list(tracks.read(tmp_path / "a.fit"))
    assert tracks.size(tmp_path / "nowhere") == tracks.size(tmp_path / "a.fit") == 0


def test_gzip_bombs(tmp_path):
    bomb = gzip.compress(b"<gpx>" + b" " * (80 << 20))
    with pytest.raises(InputError, match="unpacks to more than 200 times its size"):
        read_file(tmp_path, "a.gpx.gz", bomb)
    with pytest.raises(InputError, match="over 32 MB"):
        read_file(tmp_path, "a.fit.gz", bomb)


def test_absurd_values_are_missing(tmp_path):
    points = "".join(
        f'<trkpt lat="{value}" lon="{value}"><ele>{value}</ele><time>{TIME.format(second)}</time>'
        f"<speed>{value}</speed><hr>{value}</hr></trkpt>"
        for second, value in enumerate(["nan", "inf", "-inf", "1e308", "-1e308"])
    )
    (workout,) = read_file(tmp_path, "a.gpx", f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode())
    for column in (workout.speed, workout.altitude, workout.heart_rate):
        np.testing.assert_array_equal(column, [np.nan] * 5)
    assert workout.gps_fraction == 0


def test_a_clock_that_goes_back_or_stands(tmp_path):
    points = "".join(
        f'<trkpt lat="1" lon="1"><time>{TIME.format(second)}</time><hr>{100 + second}</hr></trkpt>' for second in [3, 1, 1, 2, 0]
    )
    (workout,) = read_file(tmp_path, "a.gpx", f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode())
    assert workout.time.tolist() == [0, 1, 2, 3]
    assert workout.heart_rate.tolist() == [100, 101, 102, 103]


def test_the_distance_counts_before_the_first_fix(tmp_path):
    nowhere = 0x7FFFFFFF  # FIT's value for a position that is not known
    there = [nowhere if second < 100 else semicircles(np.degrees(3 * second / EARTH_RADIUS)) for second in range(300)]
    rows = [(NOON - FIT_EPOCH + second, place, semicircles(5), 300 * second) for second, place in enumerate(there)]
    data = fit_file(message(20, {253: UINT32, 0: SINT32, 1: SINT32, 5: UINT32}, *rows))
    (workout,) = read_file(tmp_path, "a.fit", data)
    assert (workout.duration, workout.gps_fraction) == (299, 1)
    np.testing.assert_allclose(workout.speed, 3, rtol=1e-2)


@pytest.mark.parametrize("time", ["7605-01-01T00:00:{:02d}Z", "1970-01-01T00:00:{:02d}Z"])
def test_a_clock_that_was_not_set_makes_a_run_of_unknown_date(tmp_path, time):
    (workout,) = read_file(tmp_path, "a.gpx", gpx_file(5, time=time))
    assert np.isnan(workout.start)
    assert workout.time.tolist() == [0, 1, 2, 3, 4]


@given(kind=st.sampled_from(sorted(WHOLE)), seed=st.integers(0, 2**32), mend=st.booleans())
def test_damaged_bytes_are_read_or_refused(kind, seed, mend):
    chance = random.Random(seed)
    data = bytearray(WHOLE[kind])
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(14, len(data)) if mend else chance.randrange(len(data) + 1)
        data[start : start + chance.choice([0, 1, 1, 1, 20])] = chance.randbytes(chance.choice([0, 1, 1, 1, 3]))
    if mend and kind == "fit":  # so that the damage lies behind a right checksum
        body = bytes(data[14:-2])
        data = struct.pack("<BBHI4s", 14, 0x10, 2100, len(body), b".FIT") + b"\0\0" + body
        data += checksum(data)
    try:
        recordings = tracks.READERS[kind](io.BytesIO(bytes(data)))
        workouts = [tracks._workout(each, "", "", "") for each in recordings]
    except InvalidWorkoutError:
        return
    assert all(len(workout) > 1 for workout in workouts)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real tracks in {REAL}")
def test_all_real_files():
    index = {name: rest for name, *rest in json.loads((REAL / "INDEX.json").read_text())}
    log = ReadLog()
    workouts = {Path(workout.where).name: workout for workout in tracks.read(REAL, log=log)}
    assert set(index) == set(workouts)
    assert not log.skipped
    assert [name for name, workout in workouts.items() if np.isnan(workout.start)] == ["keep_year_7605_1.gpx"]
    for name, workout in workouts.items():
        _, sport, sub_sport, points, seconds = index[name]
        indoor = "indoor " if sub_sport == "indoor_running" else ""
        said = indoor + SPORT_OF.get(sport, str(sport).lower())
        assert workout.sport == ("walking" if "walk" in name else said), name
        assert 0 <= points - len(workout) <= 0.01 * points, name  # several points at one time
        assert abs(workout.duration - seconds) < 10 or np.isnan(workout.start), name  # without points that the clock set apart
        assert workout.gps_fraction == 0 if "treadmill" in name or "swim" in name else workout.gps_fraction > 0.5, name
        assert np.isfinite(workout.heart_rate).any() == (name != "no_heart_rate_1.gpx"), name
        if workout.sport == "running":
            assert 1.5 < np.nanmean(workout.speed) < 5, name


def test_whatever_a_parser_raises_is_counted(tmp_path, monkeypatch):
    def raising(stream):
        raise KeyError(stream)

    monkeypatch.setitem(tracks.READERS, "tcx", raising)
    for name in ("a.gpx", "b.tcx", "c.gpx"):
        (tmp_path / name).write_bytes(gpx_file())
    log = ReadLog()
    assert len(list(tracks.read(tmp_path, log=log))) == 2
    assert log.examples == {"damaged (KeyError)": [str(tmp_path / "b.tcx")]}
    with pytest.raises(InputError, match=r"but found: damaged \(KeyError\); export it anew"):
        list(tracks.read(tmp_path / "b.tcx"))
