import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrkeras.datasets.windows import stitch, window, window_starts
from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts.grid import Grid, resample
from hrkeras.workouts.workout import Workout


def workout(time, speed=None, altitude=None, heart_rate=None) -> Workout:
    time = np.asarray(time, float)
    nothing = np.full(len(time), np.nan)
    columns = {
        name: nothing if values is None else np.asarray(values, float)
        for name, values in (("speed", speed), ("altitude", altitude), ("heart_rate", heart_rate))
    }
    return Workout(time=time, user="a", sport="running", start=1.6e9, **columns)


def test_speed_keeps_every_metre():
    # 5 m/s for 4 s, then 1 m/s for 12 s, then 2 m/s for 4 s: 20 + 6 m in the first step, 6 + 8 m in the second
    found = resample(workout([0, 4, 16, 20], speed=[5, 5, 1, 2]), step=10)
    np.testing.assert_allclose(found.speed, [2.6, 1.4], rtol=1e-6)


def test_altitude_and_heart_rate_by_hand():
    time = [0, 2, 4, 20, 40]
    found = resample(workout(time, np.ones(5), [10, 12, 14, 30, 30], [100, 110, 120, 140, 150]), step=10)
    # the first step has three points: their mean; the second none at its middle: between 120 at 4 s and 140 at 20 s
    np.testing.assert_allclose(found.heart_rate, [110, 120 + 20 * 11 / 16, 142.5, 147.5], rtol=1e-6)
    np.testing.assert_allclose(found.altitude, [12, 14 + 16 * 11 / 16, 30, 30], rtol=1e-6)


def test_heart_rate_across_a_wide_gap_stays_unmeasured():
    found = resample(workout([0, 10, 200, 210, 220], np.ones(5), np.zeros(5), [100, 100, 140, 140, 140]))
    assert np.isfinite(found.heart_rate).tolist() == [True] + [False] * 19 + [True] * 2
    assert np.isfinite(found.altitude).all()


def test_unmeasured_speed_and_altitude_are_filled():
    found = resample(workout([0, 10, 20, 30], [np.nan, 2, np.nan, 4]), step=10)
    np.testing.assert_allclose(found.speed, [2, 3, 4])
    np.testing.assert_array_equal(found.altitude, [0, 0, 0])


@pytest.mark.parametrize(("time", "speed"), [([0, 5], [1, 1]), ([0, 1e7], [1, 1]), ([0, 100], [np.nan, np.nan])])
def test_what_cannot_be_gridded(time, speed):
    with pytest.raises(InvalidWorkoutError):
        resample(workout(time, speed))


@given(st.integers(1, 5000), st.integers(60, 600), st.integers(0, 59))
def test_windows_cover_every_step_once_stitched(steps, size, overlap):
    starts = window_starts(steps, size, overlap)
    values = np.arange(steps)
    windows = np.stack([np.pad(values[s : s + size], (0, max(0, size - steps))) for s in starts])
    np.testing.assert_array_equal(stitch(windows, starts, steps), values)
    if steps > size:
        assert starts[-1] + size == steps
        assert (np.diff(starts) <= size - overlap).all()
    else:
        assert starts.tolist() == [0]


def test_the_earliest_window_counts():
    assert stitch(np.array([[1, 1, 1, 1], [2, 2, 2, 2]]), np.array([0, 2]), 6).tolist() == [1, 1, 1, 1, 2, 2]


def test_the_two_masks_are_never_mixed():
    run = Grid(np.float32([1, 2, 3]), np.float32([5, 6, 7]), np.float32([100, np.nan, 120]))
    found = window(run, 0, 10.0, 5)
    assert found["valid"].tolist() == [True, True, True, False, False]
    assert found["measured"].tolist() == [True, False, True, False, False]
    assert found["heart_rate"].tolist() == [100, 0, 120, 0, 0]
    assert found["altitude"].tolist() == [5, 6, 7, 7, 7]
    assert found["time"].tolist() == [0, 10, 20, 30, 40]
    assert window(run, 1, 10.0, 2)["time"].tolist() == [10, 20]
