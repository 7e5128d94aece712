from dataclasses import replace

import numpy as np
import pytest

from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import quality
from hrkeras.workouts.workout import Workout

LIMITS = quality.Limits()


def good(points=100, **changes) -> Workout:
    time = np.arange(points) * 10.0
    level = np.ones(points)
    run = Workout(time=time, speed=3 * level, altitude=50 * level, heart_rate=150 * level, user="a", sport="running", start=1.6e9)
    return replace(run, **changes)


def partly(value, share, points=100, usual=150.0):
    values = np.full(points, float(usual))
    values[: round(share * points)] = value
    return values


@pytest.mark.parametrize(
    ("taken", "workout"),
    [
        (None, good()),
        ("sport", good(sport="cycling")),
        ("sport", good(sport="indoor running", heart_rate=np.full(100, np.nan))),
        ("heart_rate", good(heart_rate=partly(np.nan, 0.6))),
        (None, good(heart_rate=partly(np.nan, 0.45))),
        (None, good(heart_rate=np.where(np.arange(100) % 10 == 0, 150.0, np.nan))),  # every 100 s will do
        ("points", good(points=49)),
        ("range", good(heart_rate=partly(18514, 0.06))),
        (None, good(heart_rate=partly(18514, 0.04))),
        ("range", good(heart_rate=partly(40, 0.06))),
        ("range", good(speed=partly(12, 0.06, usual=3))),
        ("range", good(altitude=partly(-600, 0.06, usual=3))),
        ("gps", good(gps_fraction=0.89)),
        (None, good(gps_fraction=0.9, altitude=partly(np.nan, 0.2, usual=3))),
        (None, good(altitude=np.full(100, np.nan))),
        ("range", good(speed=np.full(100, 7.5))),
        (None, good(speed=np.full(100, 5.0))),
        ("range", good(speed=np.full(100, 0.1))),
        ("range", good(speed=np.zeros(100))),
        (None, good(speed=np.full(100, 0.3))),
        ("range", good(points=1000, speed=np.full(1000, 6.0), heart_rate=np.full(1000, 150.0), altitude=np.arange(1000.0))),
        ("duration", good(time=np.arange(100) * 3.0)),
        ("duration", good(time=np.arange(100) * 61.0, heart_rate=np.full(100, 150.0))),
        ("duration", good(points=3000, time=np.arange(3000) * 10.0)),
        ("metadata", good(user="")),
        ("metadata", good(start=0.0)),
        ("metadata", good(start=np.nan)),
    ],
)
def test_each_filter_takes_what_it_should(taken, workout):
    assert quality.taken_by(workout, LIMITS) == taken


def test_every_limit_says_why():
    filters = {name for name, _, _ in quality.FILTERS}
    for field in quality.Limits.__dataclass_fields__.values():
        assert field.metadata["why"].endswith(".")
        assert field.metadata["filter"] in filters | {"heart_rate"}


def test_limits_can_be_overridden():
    limits = LIMITS.override(["min_points=10", "sports=running, cycling", "max_speed=20", "require_user=no"])
    assert (limits.min_points, limits.sports, limits.max_speed, limits.require_user) == (
        10,
        ("running", "cycling"),
        20.0,
        False,
    )
    assert quality.taken_by(good(sport="cycling", user=""), limits) is None
    assert LIMITS.min_points == 50


@pytest.mark.parametrize(
    "setting",
    [
        *("nothing=3", "min_points", "min_points=many", "min_points=99999999999999999999999999", "require_user=perhaps", "=3"),
        *(
            "max_speed=nan",
            "min_gps_share=90",
            "min_gps_share=-1",
            "min_points=-5",
            "sports=",
            "min_duration=1e9",
            "max_altitude=-501",
        ),
    ],
)
def test_a_wrong_limit_is_explained(setting):
    with pytest.raises(InputError, match=r"Limit .*: expected"):
        LIMITS.override([setting])


def test_outliers_become_unmeasured():
    run = quality.without_outliers(good(heart_rate=partly(300, 0.03), altitude=partly(9000, 0.02, usual=3.0)), LIMITS)
    assert np.isnan(run.heart_rate).sum() == 3
    assert np.isnan(run.altitude).sum() == 2
    assert np.nanmax(run.heart_rate) == 150


def test_speed_is_judged_over_steps_not_points():
    time = np.arange(601.0)
    held = {"altitude": np.zeros(601), "heart_rate": np.full(601, 150.0), "points": 601, "time": time}
    jumps = good(**held, speed=np.where(time % 4 == 0, 12.0, 0.0))  # of a receiver that tells a position every 4 s
    assert quality.taken_by(jumps, LIMITS) is None
    assert quality.gridded(jumps, LIMITS).speed.mean() == pytest.approx(3)
    once = good(**held, speed=np.where((time > 300) & (time <= 310), 50.0, 3.0))
    assert quality.taken_by(once, LIMITS) is None
    np.testing.assert_allclose(quality.gridded(once, LIMITS).speed, 3, rtol=1e-6)
    often = good(**held, speed=np.where(time % 100 > 90, 50.0, 3.0))
    assert quality.taken_by(often, LIMITS) == "range"
    with pytest.raises(InvalidWorkoutError, match="none of its speeds lies between 0 and 10 m/s"):
        quality.gridded(good(**held, speed=np.full(601, 50.0)), LIMITS)


def test_altitude_that_is_absent_and_one_that_never_changes_are_the_same():
    strict = LIMITS.override(["min_altitude_share=0.9"])
    slope = np.linspace(0, 50, 100)
    for altitude, taken in ((np.full(100, np.nan), "altitude"), (np.full(100, 50.0), "altitude"), (slope, None)):
        assert quality.taken_by(good(altitude=altitude), LIMITS) is None
        assert quality.taken_by(good(altitude=altitude), strict) == taken
    partial = np.where(np.arange(100) < 20, np.nan, slope)
    assert quality.taken_by(good(altitude=partial), strict) == "altitude"


def test_speed_alone_is_enough_where_the_user_says_so():
    treadmill = good(gps_fraction=0.0, sport="indoor running", altitude=np.full(100, np.nan))
    limits = LIMITS.override(["sports=indoor running"])
    assert quality.taken_by(treadmill, limits) == "gps"
    assert quality.taken_by(treadmill, limits.override(["min_gps_share=0"])) is None


def test_other_sports_may_be_faster_where_the_user_says_so():
    ride = good(sport="cycling", speed=np.full(100, 8.0))
    limits = LIMITS.override(["sports=cycling", "max_speed=25"])
    assert quality.taken_by(ride, limits) == "range"
    assert quality.taken_by(ride, limits.override(["max_record_share=3"])) is None
