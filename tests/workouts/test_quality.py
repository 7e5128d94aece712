import pickle
from dataclasses import replace

import numpy as np
import pytest

from hrkeras.workouts import quality
from hrkeras.workouts.workout import InputError, Workout

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
        ("gps", good(altitude=partly(np.nan, 0.2, usual=3))),
        ("duration", good(time=np.arange(100) * 3.0)),
        ("duration", good(time=np.arange(100) * 61.0, heart_rate=np.full(100, 150.0))),
        ("duration", good(points=3000, time=np.arange(3000) * 10.0)),
        ("metadata", good(user="")),
        ("metadata", good(start=0.0)),
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


@pytest.mark.parametrize("setting", ["nothing=3", "min_points", "min_points=many", "require_user=perhaps", "=3"])
def test_a_wrong_limit_is_explained(setting):
    with pytest.raises(InputError, match=r"Limit '.*': expected"):
        LIMITS.override([setting])


def test_outliers_become_unmeasured():
    run = quality.without_outliers(good(heart_rate=partly(300, 0.03), speed=partly(50, 0.02, usual=3.0)), LIMITS)
    assert np.isnan(run.heart_rate).sum() == 3
    assert np.isnan(run.speed).sum() == 2
    assert np.nanmax(run.heart_rate) == 150


def test_funnel_names_the_sports_left_out():
    funnel = quality.Funnel()
    for sport in ["cycling", "walking", "running", "cycling", ""]:
        taken = quality.taken_by(good(sport=sport), LIMITS)
        funnel.count(pickle.loads(pickle.dumps(taken)))  # as from another process
    assert funnel.other_sports == {"cycling": 2, "walking": 1, quality.UNNAMED: 1}
    assert "other sports left out: 2 cycling, 1 walking, 1 unnamed" in str(funnel)
    assert funnel.as_dict()["other_sports"] == {"cycling": 2, "walking": 1, "unnamed": 1}
    assert funnel.as_dict()["taken"]["sport"] == 4
    assert "other sports" not in str(quality.Funnel())


def test_funnel_adds_up():
    funnel = quality.Funnel(workouts=10)
    funnel.taken.update({"sport": 3, quality.DUPLICATE: 2})
    funnel.unreadable["line is broken"] += 4
    funnel.examples["line is broken"] = ["x.json:7"]
    assert funnel.left == 5
    assert [left for _, _, left in funnel.steps()] == [10, 7, 7, 7, 7, 7, 7, 7, 5]
    assert funnel.as_dict()["taken"]["sport"] == 3
    assert "4 x line is broken (first: x.json:7)" in str(funnel)
