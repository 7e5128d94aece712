import numpy as np
import pytest

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.utils.text import MAX_TEXT, cleaned
from hrkeras.workouts.interpolation import interpolate
from hrkeras.workouts.positions import EARTH_RADIUS, haversine
from hrkeras.workouts.workout import Workout, from_points

START = 1_600_000_000.0


def test_haversine_of_a_degree():
    # a degree of a great circle is the circumference over 360: 111,194.9 m for this radius
    assert haversine([0, 1], [0, 0])[0] == pytest.approx(111_195.08, abs=0.05)
    assert haversine([60, 60], [10, 11])[0] == pytest.approx(55_597.01, abs=0.05)
    assert haversine([10, 10], [20, 20])[0] == 0


def test_speed_from_positions():
    workout = from_points([START, START + 10, START + 20], latitude=[0, 0.0009, 0.0018], longitude=[5, 5, 5])
    np.testing.assert_allclose(workout.speed, 10.00754, atol=1e-4)
    assert workout.gps_fraction == 1
    assert np.isnan(workout.heart_rate).all()


def test_device_speed_counts_where_it_is_above_zero_and_recent():
    clock = START + np.array([0, 10, 20, 100])
    workout = from_points(clock, latitude=[0, 0.0009, 0.0018, 0.0018], longitude=[5] * 4, speed=[3, 4, 0, 5])
    # the third says 0 although it moved, the fourth comes 80 s after the one before
    np.testing.assert_allclose(workout.speed, [3, 4, 10.00754, 0], atol=1e-4)


def test_device_speed_without_positions_is_kept():
    workout = from_points(START + np.arange(3.0) * 20, speed=[0, 2, -1])
    np.testing.assert_array_equal(workout.speed, [0, 2, np.nan])
    assert workout.gps_fraction == 0


def test_without_positions_a_pause_is_spent_standing():
    clock = START + np.array([0.0, 1, 2, 3, 200, 201])
    np.testing.assert_array_equal(from_points(clock, speed=[3] * 6).speed, [3, 3, 3, 3, 0, 3])
    assert (from_points(START + np.arange(6) * 60.0, speed=[3] * 6).speed == 3).all()  # a point a minute is no pause
    assert np.isnan(from_points(clock, heart_rate=[120] * 6).speed).all()  # nothing says how fast any of it was


def test_clock_backwards_duplicates_and_broken_times():
    clock = START + np.array([0, 20, 10, 10, np.nan, -1e9, 1e12])
    workout = from_points(clock, heart_rate=[100, 120, 110, 999, 1, 2, 3])
    np.testing.assert_array_equal(workout.time, [0, 10, 20])
    np.testing.assert_array_equal(workout.heart_rate, [100, 110, 120])


def test_absurd_values_are_unmeasured():
    workout = from_points(
        START + np.arange(4.0),
        heart_rate=[0, -3, np.inf, 120],
        altitude=[1e300, np.nan, 5, -np.inf],
        speed=[1, 1, 1, 1],
    )
    np.testing.assert_array_equal(workout.heart_rate, [np.nan, np.nan, np.nan, 120])
    np.testing.assert_array_equal(workout.altitude, [np.nan, np.nan, 5, np.nan])


def test_missing_positions_do_not_break_the_track():
    latitude = [0, np.nan, 0.0018, 91]
    workout = from_points(START + np.arange(4.0) * 10, latitude=latitude, longitude=[5] * 4)
    assert workout.gps_fraction == 1  # the second lies between two that are 20 s apart, the last is behind them
    np.testing.assert_allclose(workout.speed, [10.00754, 10.00754, 10.00754, np.nan], atol=1e-4)


def steady(seconds=600, speed=3.0) -> dict:
    """A point a second due north."""
    return {
        "clock": START + np.arange(float(seconds)),
        "latitude": np.degrees(speed * np.arange(seconds) / EARTH_RADIUS),
        "longitude": np.full(seconds, 11.0),
        "heart_rate": np.linspace(110, 160, seconds),
    }


@pytest.mark.parametrize("every", [2, 4, 7, 10])
def test_positions_that_are_repeated_for_some_seconds(every):
    points = steady()
    points["latitude"] = points["latitude"][np.arange(600) // every * every]
    workout = from_points(**points)
    np.testing.assert_allclose(workout.speed[: -2 * every], 3, rtol=1e-6)
    assert np.sum(workout.speed[1:]) == pytest.approx(3 * 599, abs=3 * every)
    assert workout.gps_fraction == 1


def test_somebody_who_stands_for_longer_is_not_moving():
    points = steady()
    points["latitude"][100:130] = points["latitude"][100]
    workout = from_points(**points)
    assert (workout.speed[101:130] == 0).all()
    assert workout.speed[130] == pytest.approx(3 * 30)  # the metres are there, whoever judges the speed


@pytest.mark.parametrize("device", [None, 0.0])  # without a fix a device says nothing, or 0
def test_what_lies_before_the_first_fix_and_after_the_last_is_left_out(device):
    points = steady(speed=3.0)
    points["latitude"][:120] = points["latitude"][560:] = np.nan
    speed = None if device is None else np.full(600, device)
    workout = from_points(**points, speed=speed)
    assert (workout.start, workout.duration, len(workout)) == (START + 120, 439, 440)
    assert workout.gps_fraction == 1
    np.testing.assert_allclose(workout.speed, 3, rtol=1e-6)
    np.testing.assert_array_equal(workout.heart_rate, points["heart_rate"][120:560])
    assert workout.heart_rate_samples == 440


def test_a_short_wait_for_the_first_fix_stays():
    points = steady()
    points["latitude"][:30] = np.nan
    workout = from_points(**points)
    assert (workout.start, len(workout)) == (START, 600)
    assert np.isnan(workout.speed[:30]).all()


def test_before_the_first_fix_the_speed_of_a_device_will_do():
    points = steady()
    points["latitude"][:120] = np.nan
    workout = from_points(**points, speed=np.full(600, 2.9))
    assert (workout.start, len(workout), workout.gps_fraction) == (START, 600, 1)
    np.testing.assert_allclose(workout.speed, 2.9)


def test_a_few_positions_make_no_outdoor_run():
    points = steady()
    points["latitude"][20:] = np.nan
    workout = from_points(**points, speed=np.full(600, 2.9))
    assert workout.gps_fraction == pytest.approx(20 / 600)
    points["latitude"] = steady()["latitude"]
    points["latitude"][200:400] = np.nan
    workout = from_points(**points)
    assert workout.gps_fraction == pytest.approx(400 / 600)
    np.testing.assert_allclose(workout.speed, 3, rtol=1e-6)  # along a straight line


def test_a_clock_that_does_not_know_the_date():
    points = steady() | {"clock": 5000.0 + np.arange(600.0)}
    workout = from_points(**points)
    assert np.isnan(workout.start)
    assert (workout.first_clock, workout.duration) == (5000, 599)
    np.testing.assert_allclose(workout.speed, 3, rtol=1e-6)
    far = from_points(**points | {"clock": 177_000_000_000.0 + np.arange(600.0)})  # the year 7578
    assert np.isnan(far.start)


def test_stray_times_are_dropped_with_their_values():
    points = steady()
    points["clock"][300] += 5600 * 365.25 * 86_400
    workout = from_points(**points)
    assert (workout.start, workout.duration, len(workout)) == (START, 599, 599)
    np.testing.assert_allclose(workout.speed, 3, rtol=1e-6)
    assert np.isin(workout.heart_rate, np.delete(points["heart_rate"], 300)).all()


@pytest.mark.parametrize(("altitude", "answer"), [(None, False), (np.full(600, 30.0), False), (np.arange(600.0), True)])
def test_an_altitude_that_never_changes_was_not_measured(altitude, answer):
    assert from_points(**steady(), altitude=altitude).has_altitude == answer


@pytest.mark.parametrize("clock", [[], [START], [np.nan, np.nan], [1e300, 1e301]])
def test_too_few_valid_times(clock):
    with pytest.raises(InvalidWorkoutError, match="fewer than two points"):
        from_points(clock)


def test_columns_of_different_lengths():
    with pytest.raises(InvalidWorkoutError, match="different lengths"):
        from_points([START, START + 1], heart_rate=[100])


def test_workout_checks_its_time():
    flat = np.zeros(2)
    with pytest.raises(ValueError, match="strictly"):
        Workout(time=flat, speed=flat, altitude=flat, heart_rate=flat, user="", sport="", start=0.0)


def test_interpolate_leaves_wide_gaps_open():
    time, values = np.array([0.0, 10, 50, 60]), np.array([100.0, 110, 150, np.nan])
    found = interpolate(np.array([-1.0, 0, 5, 30, 50, 55]), time, values, max_gap=20)
    np.testing.assert_array_equal(found, [np.nan, 100, 105, np.nan, 150, np.nan])
    np.testing.assert_array_equal(interpolate(time, time, np.full(4, np.nan)), [np.nan] * 4)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Zoë\u00a0Ünal 走 \u200d👩‍🚒", "Zoë\u00a0Ünal 走 \u200d👩‍🚒"),
        ("\x1b[2J\x07\x9b1", r"\x1b[2J\x07\x9b1"),
        ("a\nb\u2028c\u202ed\u2066", r"a\nb\u2028c\u202ed\u2066"),
        ("\ud800\udcff", r"\ud800\udcff"),
        ("x" * 900_000, "x" * MAX_TEXT),
        ("\x00" * 900_000, (r"\x00" * MAX_TEXT)[:MAX_TEXT]),
    ],
)
def test_texts_of_a_file_can_be_printed(text, shown):
    assert cleaned(text) == shown
    workout = from_points([START, START + 1], user=text, sport=text)
    assert (workout.user, workout.sport) == (shown, shown)
    shown.encode()
