import io
import struct

import numpy as np
import pytest
from track_files import (
    GENERIC,
    LAP_SWIMMING,
    NOON,
    RECORD,
    RUNNING,
    SECRET,
    SWIMMING,
    TRAIL,
    UINT8,
    UINT16,
    UINT32,
    fit_file,
    gpx_file,
    message,
    read_file,
    record,
    run,
    session,
)

from hrkeras.workouts import fit
from hrkeras.workouts.fit_messages import FIT_EPOCH
from hrkeras.workouts.workout import InputError, InvalidWorkoutError


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
    monkeypatch.setattr(fit, "MAX_BYTES", 1 << 20)
    with pytest.raises(InvalidWorkoutError, match="over 1 MB"):
        fit.read_sessions(io.BytesIO(bytes((1 << 20) + 1)))
