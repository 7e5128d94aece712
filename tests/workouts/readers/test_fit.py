import io
import struct
from pathlib import Path

import fitdecode
import numpy as np
import pytest
from hypothesis import given, settings, strategies
from track_files import (
    GENERIC,
    LAP_SWIMMING,
    NOON,
    RECORD,
    RUNNING,
    SECRET,
    SINT32,
    SWIMMING,
    TRAIL,
    UINT8,
    UINT16,
    UINT32,
    checksum,
    fit_file,
    gpx_file,
    message,
    read_file,
    record,
    run,
    session,
)

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts.readers import fit, fit_files, fit_messages
from hrkeras.workouts.readers.fit_messages import FIT_EPOCH
from hrkeras.workouts.readers.point_table import ALTITUDE, DISTANCE, HEART_RATE, SPEED, TIME
from hrkeras.workouts.readers.source import ReadLog

REAL = Path(__file__).parents[4] / "shared/data/tracks"


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
    (found,) = fit.read_sessions(io.BytesIO(fit_file(run())))
    np.testing.assert_allclose(found.table[:, 1:3], [[SECRET, -1.5]] * 5, rtol=0, atol=1e-7)


def test_fit_invalid_values_are_missing(tmp_path):
    rows = [record(0), record(1, speed=0xFFFF, heart_rate=0xFF, altitude=0xFFFF), record(2, heart_rate=0)]
    rows[1] = (rows[1][0], 0x7FFFFFFF, 0x7FFFFFFF, *rows[1][3:])
    (workout,) = read_file(tmp_path, "a.fit", fit_file(message(20, RECORD, *rows)))
    np.testing.assert_array_equal(workout.heart_rate, [150, np.nan, np.nan])
    np.testing.assert_array_equal(workout.altitude, [100, np.nan, 100])
    assert workout.speed[[0, 2]].tolist() == [3, 3]
    assert workout.gps_fraction == 1  # the point without a position lies between two that have one


@pytest.mark.parametrize("order", ["<", ">"])
def test_fit_enhanced_fields_are_preferred(tmp_path, order):
    fields = {253: UINT32, 73: UINT32, 6: UINT16, 2: UINT16, 78: UINT32}
    rows = [[NOON - FIT_EPOCH + second, 4000, 3000, 3000, (200 + 500) * 5] for second in range(2)]
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
    base = NOON - FIT_EPOCH
    first = message(20, {253: UINT32, 3: UINT8}, [base, 100])
    second = message(20, {3: UINT8})  # the header of what follows: compressed, local type 0, offset of 5 bits
    rest = b"".join(bytes([0x80 | (base + n) & 31, 100 + n]) for n in range(1, 40))
    (workout,) = read_file(tmp_path, "a.fit", fit_file(first, second, rest))
    assert workout.time.tolist() == list(range(40))
    assert workout.heart_rate.tolist() == list(range(100, 140))


def test_fit_clock_since_power_on_is_kept():
    (found,) = fit.read_sessions(io.BytesIO(fit_file(message(20, {253: UINT32, 3: UINT8}, [100, 99], [101, 99]))))
    assert found.table[:, TIME].tolist() == [100, 101]


def test_fit_bytes_after_the_end_are_counted(tmp_path):
    whole = fit_file(session(), run())
    further = [whole[:-1], whole[:-2] + b"\0\0", fit_file(b"\x05"), b"rubbish" + whole]
    for rest in (b"\0", b"trailing rubbish", *further):
        log, what = ReadLog(), fit.FURTHER if rest in further else fit.BEHIND
        (workout,) = read_file(tmp_path, "a.fit", whole + rest, log=log)
        assert workout.heart_rate.tolist() == [150] * 5
        assert log.passed_over == {what: 1}
        assert log.examples[what] == [str(tmp_path / "a.fit")]


def test_fit_of_a_watch_that_did_not_finish_it(tmp_path):
    whole = fit_file(session(), run())
    head = whole[:4] + bytes(4) + whole[8:12]
    for unfinished in (head + bytes(2) + whole[14:], bytes([12]) + head[1:] + whole[14:]):
        with pytest.raises(InputError, match="header says that nothing follows, as where a watch did not finish the file"):
            read_file(tmp_path, "a.fit", unfinished)


def test_fit_files_may_be_chained(tmp_path):
    log = ReadLog()
    data = fit_file(session(RUNNING), run(3)) + fit_file(session(SWIMMING, start=10), run(4, start=10))
    first, second = read_file(tmp_path, "a.fit", data, log=log)
    assert (first.sport, len(first), first.start) == ("running", 3, NOON)
    assert (second.sport, len(second), second.start) == ("swimming", 4, NOON + 10)
    assert not log.skipped


def test_fit_records_of_one_time_are_merged(tmp_path):
    place, rest = {253: UINT32, 0: SINT32, 1: SINT32}, {253: UINT32, 3: UINT8, 2: UINT16, 6: UINT16}
    rows = [record(second, heart_rate=120 + second) for second in range(5)]
    split = [part for row in rows for part in (message(20, place, row[:3]), message(20, rest, (row[0], row[4], row[3], row[6])))]
    (workout,) = read_file(tmp_path, "a.fit", fit_file(session(), *split))
    (whole,) = read_file(tmp_path, "b.fit", fit_file(session(), message(20, RECORD, *rows)))
    for name in ("time", "speed", "altitude", "heart_rate"):
        np.testing.assert_array_equal(getattr(workout, name), getattr(whole, name))
    assert workout.heart_rate.tolist() == [120, 121, 122, 123, 124]
    assert workout.gps_fraction == 1


def twelve_bits(*numbers):
    return sum((number & 0xFFF) << 12 * place for place, number in enumerate(numbers)).to_bytes(3 * len(numbers) // 2, "little")


def strap(base, *rates, dated=True):
    """`hr` messages: one that says when the strap's clock was `base`, in 1/1024 s, then eight rates each, one every 0.75 s."""
    first = message(132, {9: UINT32, 253: UINT32, 0: UINT16, 6: UINT8}, [base, NOON - FIT_EPOCH + 1, 16384, rates[0]])
    parts = [first] if dated else []
    for at in range(1, len(rates), 8):
        packed = twelve_bits(*(base + 768 * (at + each) for each in range(8)))
        parts.append(struct.pack("<BBBHB6B", 0x41, 0, 0, 132, 2, 6, 8, 2, 10, 12, 0x0D))
        parts.append(b"\1" + bytes(rates[at : at + 8]) + packed)
    return b"".join(parts)


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("base", [1_024_000, 2_296_738_000, 3_000])
def test_fit_heart_rate_in_hr_messages(tmp_path, chained, base):
    rates = list(range(100, 133))
    silent = message(20, RECORD, *(record(second, heart_rate=0xFF) for second in range(30)))
    files = (
        [fit_file(session(), silent), fit_file(strap(base, *rates))]
        if chained
        else [fit_file(session(), silent, strap(base, *rates))]
    )
    (workout,) = read_file(tmp_path, "a.fit", b"".join(files))
    expected = np.interp(np.arange(30), 1.5 + 0.75 * np.arange(33), rates, np.nan, np.nan)
    np.testing.assert_allclose(workout.heart_rate, expected, atol=1e-6)


def test_fit_a_record_s_own_heart_rate_comes_before_the_strap_s(tmp_path):
    rows = message(20, RECORD, *(record(second, heart_rate=150 if second == 5 else 0) for second in range(9)))
    (workout,) = read_file(tmp_path, "a.fit", fit_file(rows, strap(5000, *[100] * 17)))
    assert workout.heart_rate[2:].tolist() == [100, 100, 100, 150, 100, 100, 100]


def test_fit_heart_rates_that_are_not_read_are_said(tmp_path):
    silent = message(20, RECORD, *(record(second, heart_rate=0xFF) for second in range(3)))
    for extra, said in (
        (strap(5000, *[100] * 9, dated=False), "hr messages without a time of day"),
        (message(78, {0: UINT16}, [800]), "times between heartbeats"),
    ):
        log = ReadLog()
        read_file(tmp_path, "a.fit", fit_file(silent, extra), log=log)
        assert log.passed_over == {f"heart rate in a form that is not read: {said}": 1}
        log = ReadLog()
        read_file(tmp_path, "b.fit", fit_file(run(), extra), log=log)
        assert not log.skipped


def developer(name, native=0xFF, base=2):
    text = name.encode().ljust(24, b"\0")
    return (
        message(207, {3: UINT8}, [0])
        + struct.pack("<BBBHB", 0x40, 0, 0, 206, 6)
        + bytes([0, 1, 2, 1, 1, 2, 2, 1, 2, 3, 24, 7, 14, 2, 0x84, 15, 1, 2])
        + b"\0"
        + bytes([0, 3, base])
        + text
        + struct.pack("<HB", 20, native)
    )


@pytest.mark.parametrize(
    ("name", "native", "expected"),
    [
        ("heart_rate", 0xFF, 140),
        ("Heart Rate", 0xFF, 140),
        ("hr", 0xFF, 140),
        ("strap", 3, 140),
        ("HR external", 0xFF, None),
        ("strap", 2, None),
    ],
)
def test_fit_heart_rate_in_a_developers_field(tmp_path, name, native, expected):
    log = ReadLog()
    records = message(20, RECORD, *(record(second, heart_rate=0xFF) for second in range(3)), developer=b"\x8c")
    (workout,) = read_file(tmp_path, "a.fit", fit_file(developer(name, native), records), log=log)
    np.testing.assert_array_equal(workout.heart_rate, [expected or np.nan] * 3)
    assert dict(log.passed_over) == ({"heart rate in a form that is not read: HR external": 1} if name == "HR external" else {})


@pytest.mark.parametrize("kind", [2, 5, 0xFF])
def test_fit_what_counts_is_that_there_are_records(tmp_path, kind):
    (workout,) = read_file(tmp_path, "a.fit", fit_file(session(), run(), kind=kind))
    assert len(workout) == 5


def test_fit_courses_are_for_plan(tmp_path):
    rows = message(20, {253: UINT32, 0: SINT32, 1: SINT32}, *(record(second)[:3] for second in range(3)))
    with pytest.raises(InputError, match="found: a course to follow, not a recording, which is for `hrkeras plan`.$"):
        read_file(tmp_path, "a.fit", fit_file(rows, kind=6))
    (course,) = fit.read_course(io.BytesIO(fit_file(rows, kind=6)))
    np.testing.assert_allclose(course[:, 1], [SECRET] * 3, atol=1e-6)


def test_fit_speed_packed_with_distance():
    packed = struct.pack("<BBBHB6B", 0x40, 0, 0, 20, 2, 253, 4, 0x86, 8, 3, 0x0D)
    rows = b"".join(b"\0" + struct.pack("<I", NOON - FIT_EPOCH + second) + bytes([0x2C, 0x41, 7]) for second in range(2))
    (found,) = fit.read_sessions(io.BytesIO(fit_file(packed + rows)))
    assert found.table[:, SPEED].tolist() == [3, 3]


def test_fit_is_read_as_fitdecode_reads_it():
    data = fit_file(
        session(),
        run(5),
        message(20, {253: UINT32, 73: UINT32, 78: UINT32, 3: UINT8}, [NOON - FIT_EPOCH + 9, 4000, 3000, 99], order=">"),
    )
    (found,) = fit.read_sessions(io.BytesIO(data))
    with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as frames:
        records = [each for each in frames if each.frame_type == fitdecode.FIT_FRAME_DATA and each.name == "record"]
    for column, name in ((SPEED, "enhanced_speed"), (ALTITUDE, "enhanced_altitude"), (HEART_RATE, "heart_rate")):
        np.testing.assert_allclose(found.table[:, column], [each.get_value(name) for each in records])
    assert found.table[:, TIME].tolist() == [each.get_value("timestamp").timestamp() for each in records]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"GIF89a", "not FIT"),
        (gpx_file(), "not FIT"),
        (fit_file(), "no track points"),
        (fit_file(kind=5), "FIT, but a workout file without track points"),
        (fit_file(kind=6), "FIT, but a course file without track points"),
        (fit_file(run())[:-1], "FIT that is cut off"),
        (fit_file(run())[:100], "FIT that is cut off"),
        (fit_file(run()).replace(b"\x96", b"\x97"), "FIT whose checksum is wrong"),
        (b"\x0c\x10\x34\x08\xff\xff\xff\xff.FIT" + fit_file(run())[14:-2], "FIT that is cut off"),
        (fit_file(b"\x05"), "damaged FIT"),
    ],
)
def test_fit_refused_with_a_reason(data, reason):
    with pytest.raises(InvalidWorkoutError, match=f"^{reason}$"):
        fit.read_sessions(io.BytesIO(data))


def test_fit_limits(monkeypatch):
    monkeypatch.setattr(fit, "MAX_POINTS", 3)
    with pytest.raises(InvalidWorkoutError, match="over 3 points"):
        fit.read_sessions(io.BytesIO(fit_file(run(4))))
    monkeypatch.setattr(fit, "MAX_ACTIVITIES", 2)
    with pytest.raises(InvalidWorkoutError, match="over 2 activities"):
        fit.read_sessions(io.BytesIO(fit_file(run(3), session(), session(), session())))
    monkeypatch.setattr(fit_files, "MAX_ACTIVITIES", 2)
    with pytest.raises(InvalidWorkoutError, match="over 2 FIT files in one"):
        fit.read_sessions(io.BytesIO(fit_file(run(3)) * 3))
    monkeypatch.setattr(fit_messages, "MAX_MESSAGES", 4)
    with pytest.raises(InvalidWorkoutError, match="FIT of over 4 messages"):
        fit.read_sessions(io.BytesIO(fit_file(run(3))))
    monkeypatch.setattr(fit, "MAX_BYTES", 1 << 20)
    with pytest.raises(InvalidWorkoutError, match="over 1 MB"):
        fit.read_sessions(io.BytesIO(bytes((1 << 20) + 1)))


def local(number, fields, order="<", developer=()):
    """A definition with a local number; `fields` and `developer`: three bytes of each."""
    head = struct.pack(f"{order}BBBHB", 0x40 | 0x20 * bool(developer) | number, 0, order == ">", 20, len(fields))
    return head + bytes(sum(fields, ())) + (bytes([len(developer), *sum(developer, ())]) if developer else b"")


def decoded(data):
    """Time, altitude, speed, heart rate and distance of the records, as fitdecode decodes them."""
    names = ("timestamp", "altitude", "speed", "heart_rate", "distance")
    with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as frames:
        records = [each for each in frames if each.frame_type == fitdecode.FIT_FRAME_DATA and each.name == "record"]
    rows = []
    for each in records:
        for name in names:
            values = [each.get_value(kind, fallback=None) for kind in (f"enhanced_{name}", name)]
            value = next((value for value in values if value is not None), None)
            if name == "timestamp" and value is not None:
                value = value.timestamp()
            elif name == "heart_rate":
                value = value or None
            rows.append(np.nan if value is None else value)
    return np.array(rows, float).reshape(-1, len(names))


def assert_read_as_fitdecode(data):
    table = np.concatenate(fit.read_course(io.BytesIO(data)))
    expected = decoded(data)
    np.testing.assert_allclose(table[:, [TIME, ALTITUDE, SPEED, HEART_RATE, DISTANCE]], expected, rtol=1e-12)
    return expected


STAMP, HEART, FAST, HIGH = (253, 4, 0x86), (3, 1, 2), (73, 4, 0x86), (78, 4, 0x86)
CLOCK = NOON - FIT_EPOCH


@pytest.mark.filterwarnings("ignore:no such field:UserWarning")
@settings(deadline=None)
@given(strategies.lists(strategies.tuples(strategies.integers(0, 7), strategies.integers(0, 255)), min_size=1, max_size=80))
def test_fit_interleaved_as_fitdecode_reads_it(steps):
    """Definitions with both orders of bytes, redefined, with compressed times and developers' fields, in any order."""
    body = local(0, [STAMP, HEART]) + struct.pack("<BIB", 0, CLOCK, 99)
    body += local(1, [HEART, FAST], ">") + local(2, [HIGH, HEART, STAMP], ">", [(5, 2, 0)])
    swapped = False
    for second, (kind, value) in enumerate(steps):
        time = CLOCK + second
        if kind < 6:
            body += (
                struct.pack("<BBI", 0, value, time) if swapped else struct.pack("<BIB", 0, time, value),
                struct.pack(">BBI", 0xA0 | time % 32, value, 4000 + value),
                struct.pack(">BIBIH", 2, 3000 + value, value, time, 7),
                struct.pack(">BBI", 1, value, 0xFFFFFFFF),
                struct.pack(">BIBIH", 2, 0xFFFFFFFF, 0xFF, time, 7),
                struct.pack(">BBI", 0xA0 | value % 32, value, 4000),
            )[kind]
        else:
            swapped = not swapped
            body += session() if kind == 7 else b""
            body += local(0, [HEART, STAMP] if swapped else [STAMP, HEART])
    expected = assert_read_as_fitdecode(fit_file(developer("power"), body))
    assert len(expected) == 1 + sum(kind < 6 for kind, _ in steps)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(REAL.rglob("*.fit")) if path.stat().st_size < 300_000],  # fitdecode takes its time
    ids=lambda path: path.name,
)
@pytest.mark.filterwarnings("ignore:invalid field size:UserWarning")
def test_fit_real_files_as_fitdecode_reads_them(path):
    assert_read_as_fitdecode(path.read_bytes())


def test_fit_cut_off_anywhere_is_refused():
    body = session() + developer("hr") + message(20, RECORD, record(0), record(1), developer=b"\x8c")
    whole = fit_file(body)
    for end in range(len(whole)):
        with pytest.raises(InvalidWorkoutError):
            fit.read_sessions(io.BytesIO(whole[:end]))
    for end in range(len(body) - 1):  # with a header and a checksum that are right
        if end == len(body) - 23:
            continue  # between the two records, of 23 bytes each
        with pytest.raises(InvalidWorkoutError, match="^(damaged FIT|no track points)$"):
            fit.read_sessions(io.BytesIO(fit_file(body[:end])))


@given(strategies.binary(max_size=300))
def test_fit_checksum_of_any_bytes(data):
    assert struct.pack("<H", fit_files.checksum(data)) == checksum(data)


@pytest.mark.parametrize(
    ("ahead", "offset"), [(28_800, 28_800), (-12_600, -12_600), (0, 0), (28_797, 28_800), (200_000, np.nan), (None, np.nan)]
)
def test_fit_local_time_of_the_activity(tmp_path, ahead, offset):
    utc = NOON - FIT_EPOCH
    local = 0xFFFFFFFF if ahead is None else utc + ahead
    data = fit_file(session(), run(), message(34, {253: UINT32, 5: UINT32}, [utc, local]))
    (workout,) = read_file(tmp_path, "a.fit", data)
    assert workout.start == NOON
    np.testing.assert_equal(workout.utc_offset, offset)
