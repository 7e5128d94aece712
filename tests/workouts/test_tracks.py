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

from hrkeras.workouts import fit, tcx, tracks
from hrkeras.workouts.source import ReadLog
from hrkeras.workouts.workout import InputError, InvalidWorkoutError

REAL = Path(__file__).parents[3] / "shared/data/tracks"
real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real tracks in {REAL}")
NOON = 1_600_000_000  # 2020-09-13T12:26:40Z
TIME = "2020-09-13T12:26:{:02d}Z"
SECRET = 12.345678  # a latitude that no message may tell

# Field numbers, base types and scales are those of Garmin's FIT profile, version 21.
ENUM, UINT8, UINT16, SINT32, UINT32 = (0x00, "B"), (0x02, "B"), (0x84, "H"), (0x85, "i"), (0x86, "I")
RECORD = {253: UINT32, 0: SINT32, 1: SINT32, 2: UINT16, 3: UINT8, 5: UINT32, 6: UINT16}
SESSION = {2: UINT32, 5: ENUM, 6: ENUM}
RUNNING, SWIMMING = 1, 5
GENERIC, TREADMILL, TRAIL, LAP_SWIMMING = 0, 1, 3, 17


def checksum(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


def message(number, fields, *rows, order="<", developer=b""):
    """A definition of a message and the messages; `developer`: the bytes of one developer field of each message."""
    definition = struct.pack(order + "BBHB", 0, order == ">", number, len(fields))
    for field, (base, code) in fields.items():
        definition += struct.pack("BBB", field, struct.calcsize(code), base)
    if developer:
        definition += struct.pack("BBBB", 1, 3, len(developer), 0)
    codes = order + "".join(code for _, code in fields.values())
    return (
        (b"\x60" if developer else b"\x40")
        + definition
        + b"".join(b"\0" + struct.pack(codes, *row) + developer for row in rows)
    )


def fit_file(*messages, kind=4):
    body = b"".join([message(0, {0: ENUM}, [kind]), *messages])
    head = struct.pack("<BBHI4s", 14, 0x10, 2100, len(body), b".FIT")
    data = head + checksum(head) + body
    return data + checksum(data)


def semicircles(degrees):
    return round(degrees * 2**31 / 180)


def record(second, *, speed=3000, heart_rate=150, altitude=(100 + 500) * 5, distance=0):
    clock = NOON - fit.FIT_EPOCH + second
    return clock, semicircles(SECRET), semicircles(-1.5), altitude, heart_rate, distance, speed


def run(count=5, start=0):
    return message(20, RECORD, *(record(start + second) for second in range(count)))


def session(sport=RUNNING, sub_sport=GENERIC, start=0):
    return message(18, SESSION, [NOON - fit.FIT_EPOCH + start, sport, sub_sport])


def gpx_file(count=5, inside="", time=TIME):
    points = "".join(
        f'<trkpt lat="{SECRET}" lon="{second / 1e4}"><time>{time.format(second)}</time></trkpt>'
        for second in range(count)
    )
    return f"<gpx><trk>{inside}<trkseg>{points}</trkseg></trk></gpx>".encode()


def tcx_file(*activities):
    return (
        '\ufeff<TrainingCenterDatabase xmlns:ns3="x"><Activities>'
        + "".join(activities)
        + "</Activities></TrainingCenterDatabase>"
    ).encode()


def activity(sport, *laps):
    return f"<Activity Sport='{sport}'><Id>1</Id>{''.join(laps)}<Creator><Name>w</Name></Creator></Activity>"


def lap(*points):
    return (
        "<Lap StartTime='x'><DistanceMeters>9</DistanceMeters><AverageHeartRateBpm><Value>99</Value>"
        f"</AverageHeartRateBpm><Track>{''.join(points)}</Track></Lap>"
    )


def trackpoint(second, inside=""):
    return f"<Trackpoint><Time>{TIME.format(second)}</Time>{inside}</Trackpoint>"


def read_file(folder, name, data, **kwargs):
    path = folder / name
    path.write_bytes(data)
    return list(tracks.read(path, **kwargs))


# --- FIT ---------------------------------------------------------------------------------------------------------


def test_fit_in_our_units(tmp_path):
    (workout,) = read_file(tmp_path, "a.fit", fit_file(session(RUNNING, TRAIL), run()))
    assert workout.sport == "running"
    assert workout.start == NOON
    assert workout.time.tolist() == [0, 1, 2, 3, 4]
    assert workout.speed.tolist() == [3] * 5
    assert workout.altitude.tolist() == [100] * 5
    assert workout.heart_rate.tolist() == [150] * 5
    assert workout.gps_fraction == 1
    assert workout.user == tmp_path.name
    assert workout.where == str(tmp_path / "a.fit")


def test_fit_positions_in_degrees():
    ((_, table),) = fit.read_sessions(io.BytesIO(fit_file(run())))
    np.testing.assert_allclose(table[:, 1:3], [[SECRET, -1.5]] * 5, rtol=0, atol=1e-7)


def test_fit_invalid_values_are_missing(tmp_path):
    rows = [record(0), record(1, speed=0xFFFF, heart_rate=0xFF, altitude=0xFFFF), record(2, heart_rate=0)]
    rows[1] = (rows[1][0], 0x7FFFFFFF, 0x7FFFFFFF, *rows[1][3:])
    (workout,) = read_file(tmp_path, "a.fit", fit_file(message(20, RECORD, *rows)))
    np.testing.assert_array_equal(workout.heart_rate, [150, np.nan, np.nan])
    np.testing.assert_array_equal(workout.altitude, [100, np.nan, 100])
    assert workout.speed[[0, 2]].tolist() == [3, 3]
    assert workout.gps_fraction == pytest.approx(2 / 3)


@pytest.mark.parametrize("order", ["<", ">"])
def test_fit_enhanced_fields_are_preferred(tmp_path, order):
    fields = {253: UINT32, 73: UINT32, 6: UINT16, 2: UINT16, 78: UINT32}
    rows = [[NOON - fit.FIT_EPOCH + second, 4000, 3000, 3000, (200 + 500) * 5] for second in range(2)]
    (workout,) = read_file(tmp_path, "a.fit", fit_file(message(20, fields, *rows, order=order)))
    assert workout.speed.tolist() == [4, 4]
    assert workout.altitude.tolist() == [200, 200]


def test_fit_developer_fields_do_not_disturb(tmp_path):
    name = b"heart_rate\0".ljust(16, b"\0")
    described = (
        message(207, {3: UINT8}, [0])
        + struct.pack("<BBBHB", 0x40, 0, 0, 206, 4)
        + bytes([0, 1, 2, 1, 1, 2, 2, 1, 2, 3, 16, 7])
        + b"\0"
        + bytes([0, 3, 2])
        + name
    )
    records = message(20, RECORD, *(record(second) for second in range(3)), developer=b"\x07")
    (workout,) = read_file(tmp_path, "a.fit", fit_file(described, records))
    assert workout.heart_rate.tolist() == [150] * 3


def test_fit_sessions_are_workouts(tmp_path):
    data = fit_file(run(3), run(4, start=10), session(SWIMMING, LAP_SWIMMING), session(RUNNING, GENERIC, start=10))
    swim, run_ = read_file(tmp_path, "a.fit", data)
    assert (swim.sport, len(swim), swim.start) == ("swimming", 3, NOON)
    assert (run_.sport, len(run_), run_.start) == ("running", 4, NOON + 10)
    assert run_.where.endswith("a.fit, activity 2")


def test_fit_compressed_timestamps(tmp_path):
    base = NOON - fit.FIT_EPOCH
    first = message(20, {253: UINT32, 3: UINT8}, [base, 100])
    second = message(20, {3: UINT8})  # the header of what follows: compressed, local type 0, offset of 5 bits
    rest = b"".join(bytes([0x80 | (base + n) & 31, 100 + n]) for n in range(1, 40))
    (workout,) = read_file(tmp_path, "a.fit", fit_file(first, second, rest))
    assert workout.time.tolist() == list(range(40))
    assert workout.heart_rate.tolist() == list(range(100, 140))


def test_fit_clock_since_power_on_is_no_time(tmp_path):
    with pytest.raises(InputError, match="fewer than two points with a valid time"):
        read_file(tmp_path, "a.fit", fit_file(message(20, {253: UINT32, 3: UINT8}, [100, 99], [101, 99])))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"GIF89a", "not FIT"),
        (gpx_file(), "not FIT"),
        (fit_file(), "no track points"),
        (fit_file(kind=6), "FIT, but not of an activity"),
        (fit_file(run())[:-1], "FIT that is cut off"),
        (fit_file(run())[:100], "FIT that is cut off"),
        (fit_file(run()).replace(b"\x96", b"\x97"), "FIT whose checksum is wrong"),
        (b"\x0c\x10\x34\x08\xff\xff\xff\xff.FIT" + fit_file(run())[14:-2], "FIT that is cut off"),
        (fit_file(b"\x05"), "damaged FIT"),
        (fit_file(run()) + b"trailing rubbish", "damaged FIT"),
    ],
)
def test_fit_refused_with_a_reason(data, reason):
    with pytest.raises(InvalidWorkoutError, match=f"^{reason}$"):
        fit.read_sessions(io.BytesIO(data))


def test_fit_limits(monkeypatch):
    monkeypatch.setattr(fit, "MAX_POINTS", 3)
    with pytest.raises(InvalidWorkoutError, match="over 3 points"):
        fit.read_sessions(io.BytesIO(fit_file(run(4))))
    monkeypatch.setattr(fit, "MAX_BYTES", 1 << 20)
    with pytest.raises(InvalidWorkoutError, match="over 1 MB"):
        fit.read_sessions(io.BytesIO(bytes((1 << 20) + 1)))


WHOLE = {
    "fit": fit_file(session(), run(8)),
    "gpx": gpx_file(8),
    "tcx": tcx_file(activity("Running", lap(*(trackpoint(second) for second in range(8))))),
}


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
        workouts = [tracks._workout(sport, table, "", "") for sport, table in recordings]
    except InvalidWorkoutError:
        return
    assert all(len(workout) > 1 for workout in workouts)


# --- TCX ---------------------------------------------------------------------------------------------------------


def test_tcx(tmp_path):
    inside = (
        f"<Position><LatitudeDegrees>{SECRET}</LatitudeDegrees><LongitudeDegrees>2</LongitudeDegrees></Position>"
        "<AltitudeMeters>30</AltitudeMeters><DistanceMeters>5</DistanceMeters><HeartRateBpm><Value>140</Value>"
        "</HeartRateBpm><Extensions><ns3:TPX><ns3:Speed>2.5</ns3:Speed></ns3:TPX></Extensions>"
    )
    laps = lap(trackpoint(0, inside), trackpoint(2, inside)), lap(trackpoint(3, inside))
    (workout,) = read_file(tmp_path, "a.tcx", tcx_file(activity("Running", *laps)))
    assert workout.sport == "running"
    assert workout.start == NOON - 40
    assert workout.time.tolist() == [0, 2, 3]
    assert workout.speed.tolist() == [2.5] * 3
    assert workout.altitude.tolist() == [30] * 3
    assert workout.heart_rate.tolist() == [140] * 3
    assert workout.gps_fraction == 1


def test_tcx_speed_from_distance_where_there_is_no_other(tmp_path):
    points = [
        trackpoint(second, f"<DistanceMeters>{metres}</DistanceMeters>" if metres is not None else "")
        for second, metres in [(0, 0), (2, 5), (3, None), (4, 11), (4, 12), (5, 14)]
    ]
    (workout,) = read_file(tmp_path, "a.tcx", tcx_file(activity("Running", lap(*points))))
    np.testing.assert_array_equal(workout.speed, [2.5, 2.5, np.nan, 3, 2])
    assert workout.gps_fraction == 0


def test_tcx_activities_are_workouts_and_courses_are_not(tmp_path):
    course = f"<Courses><Course>{lap(trackpoint(50), trackpoint(51))}</Course></Courses>"
    first, second = (
        activity("Biking", lap(trackpoint(0), trackpoint(1))),
        activity("Running", lap(trackpoint(8), trackpoint(9))),
    )
    ride, run_ = read_file(tmp_path, "a.tcx", tcx_file(course, first, course, second, course))
    assert (ride.sport, len(ride), run_.sport, len(run_)) == ("cycling", 2, "running", 2)
    with pytest.raises(InputError, match="no track points"):
        read_file(tmp_path, "b.tcx", tcx_file(course))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (gpx_file(), "XML, but not TCX"),
        (tcx_file(), "no track points"),
        (tcx_file(activity("Running", lap()))[:-9], "XML that is cut off"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><TrainingCenterDatabase/>", "declares XML entities"),
    ],
)
def test_tcx_refused_with_a_reason(data, reason):
    with pytest.raises(InvalidWorkoutError, match=f"^{reason}$"):
        tcx.read_activities(io.BytesIO(data))


# --- any of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("running", "running"),
        ("Run", "running"),
        ("trail_running", "running"),
        ("户外跑步", "running"),
        ("9", "running"),
        ("", "running"),
        ("running generic", "running"),
        ("running street", "running"),
        ("running track", "running"),
        ("treadmill_running", "indoor running"),
        ("running indoor_running", "indoor running"),
        ("running virtual_activity", "indoor running"),
        ("VirtualRun", "indoor running"),
        ("室内跑步", "indoor running"),
        ("fitness_equipment treadmill", "indoor running"),
        ("walking treadmill", "walking"),
        ("Biking", "cycling"),
        ("Ride", "cycling"),
        ("virtual_ride", "cycling"),
        ("cycling indoor_cycling", "cycling"),
        ("骑行", "cycling"),
        ("1", "cycling"),
        ("swimming lap_swimming", "swimming"),
        ("Walk", "walking"),
        ("hiking generic", "hiking"),
        ("Other", "other"),
        ("rowing", "rowing"),
    ],
)
def test_sport_name(said, name):
    assert tracks.sport_name(said) == name


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
        "fewer than two points with a valid time (years 1990 to 2100)": 1,
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
    (places,) = log.examples.values()
    assert places == [f"{tmp_path / 'a.tcx'}, activity 1"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.gpx", gpx_file()[:-9], "expected the recording of a workout, but found: XML that is cut off; export"),
        ("a.gpx", WHOLE["fit"], "not XML"),
        ("a.fit", b"\0" * 20, "not FIT"),
        ("a.gpx", gpx_file(1), "fewer than two points"),
        ("a.gpx", gpx_file(5, time="7605-01-01T00:00:{:02d}Z"), "the device's clock was wrong; export"),
        ("a.gpx", gpx_file(5, time="2020-01-01T00:00:00Z"), "the device's clock was wrong"),
        ("a.gpx.gz", gzip.compress(gpx_file())[:-9], "the gzip data is cut off or damaged"),
        ("a.csv", b"", "expected a .gpx, .tcx or .fit file, or a folder of them, but found a file that ends in .csv"),
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
        f'<trkpt lat="1" lon="1"><time>{TIME.format(second)}</time><hr>{100 + second}</hr></trkpt>'
        for second in [3, 1, 1, 2, 0]
    )
    (workout,) = read_file(tmp_path, "a.gpx", f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode())
    assert workout.time.tolist() == [0, 1, 2, 3]
    assert workout.heart_rate.tolist() == [100, 101, 102, 103]


# --- real files --------------------------------------------------------------------------------------------------

SPORT_OF = {"户外跑步": "running", "Ride": "cycling", "Run": "running", None: "running"}


@real
def test_all_real_files():
    index = {name: rest for name, *rest in json.loads((REAL / "INDEX.json").read_text())}
    log = ReadLog()
    workouts = {Path(workout.where).name: workout for workout in tracks.read(REAL, log=log)}
    assert set(index) - set(workouts) == {"keep_year_7605_1.gpx"}
    (reason,) = log.skipped
    assert "the device's clock was wrong" in reason
    for name, workout in workouts.items():
        _, sport, sub_sport, points, seconds = index[name]
        indoor = "indoor " if sub_sport == "indoor_running" else ""
        assert workout.sport == indoor + SPORT_OF.get(sport, str(sport).lower()), name
        assert 0 <= points - len(workout) <= 0.01 * points, name  # several points at one time
        assert abs(workout.duration - seconds) < 1, name
        assert workout.gps_fraction == 0 if "treadmill" in name or "swim" in name else workout.gps_fraction > 0.5, name
        assert np.isfinite(workout.heart_rate).any() == (name != "no_heart_rate_1.gpx"), name
        if workout.sport == "running":
            assert 1.5 < np.nanmean(workout.speed) < 5, name
