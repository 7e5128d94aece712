"""The filters that decide which workouts a model is trained on, and their limits."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from typing import Any

import numpy as np

from hrkeras.utils.errors import InputError, InvalidWorkoutError, expect
from hrkeras.workouts.clock import is_date
from hrkeras.workouts.grid import STEP, Grid, mean_speeds, resample
from hrkeras.workouts.interpolation import covered_share
from hrkeras.workouts.records import fastest
from hrkeras.workouts.workout import Workout

MAX_COUNT = 1 << 53  # up to which floats represent all whole numbers exactly


def _limit(default, filter_name: str, unit: str, why: str) -> Any:
    return field(default=default, metadata={"filter": filter_name, "unit": unit, "why": why})


@dataclass(frozen=True)
class Limits:
    """The limits of the filters; each field's metadata holds its filter, unit and reason.

    The limits of speed apply to the mean over each step of the grid, those of altitude and heart rate to each point.

    Raises:
        ValueError: if a limit is not a number, a share is not between 0 and 1, or a minimum is above its maximum.

    Example:
        >>> import hrkeras
        >>> limits = hrkeras.Limits(sports=("running", "trail running"), min_duration=1200)
        >>> hrkeras.Runs.from_workouts(hrkeras.read("runs"), limits=limits).funnel.taken["duration"]
        0
    """

    sports: tuple[str, ...] = _limit(
        ("running",), "sport", "names", "Heart rate follows speed differently in every sport; this is about runs."
    )
    min_heart_rate_share: float = _limit(
        0.5,
        "heart_rate",
        "share of points",
        "Steps without heart rate never count; with half of them a run still tells.",
    )
    min_points: int = _limit(50, "points", "points", "Fewer points than this are a test of the device, not a run.")
    min_speed: float = _limit(0.0, "range", "m/s", "Nobody runs backwards through time.")
    max_speed: float = _limit(10.0, "range", "m/s", "Faster than this over 10 s is a vehicle or a GPS error.")
    max_record_share: float = _limit(
        1.0,
        "range",
        "of the record",
        "A mean speed above the world record over the same time is a ride's, whatever the file calls it.",
    )
    min_mean_speed: float = _limit(0.2, "range", "m/s", "Slower, stops included, nobody ran: the watch lay still.")
    min_altitude: float = _limit(-500.0, "range", "m", "The lowest shore on Earth is at -430 m.")
    max_altitude: float = _limit(6500.0, "range", "m", "Runs above the highest trail races are barometer errors.")
    min_heart_rate: float = _limit(50.0, "range", "beats/min", "Below this a running person's sensor has slipped.")
    max_heart_rate: float = _limit(220.0, "range", "beats/min", "Above this nearly nobody's heart can beat.")
    max_outside_share: float = _limit(
        0.05,
        "range",
        "share of values",
        "A few outliers are dropped and the run kept; more, and nothing in it is sure.",
    )
    min_gps_share: float = _limit(
        0.9,
        "gps",
        "share of points",
        "Speed is surest from positions; with 0 the device's own is enough, as on a treadmill or from a footpod.",
    )
    min_altitude_share: float = _limit(
        0.0,
        "altitude",
        "share of points",
        "A run without altitude, or with the same throughout, is taken as flat; with 0.9 it is left out.",
    )
    min_duration: float = _limit(300.0, "duration", "s", "Heart rate needs minutes to answer; shorter is a false start.")
    max_duration: float = _limit(6 * 3600.0, "duration", "s", "Longer is a watch left on, a broken clock or another sport.")
    max_mean_interval: float = _limit(
        60.0, "duration", "s a point", "Points further apart than this miss what the heart answers to."
    )
    require_user: bool = _limit(True, "metadata", "yes or no", "Without a person there is no history and no fair split.")

    def __post_init__(self):
        for limit in fields(self):
            value = getattr(self, limit.name)
            expect(value, tuple if isinstance(limit.default, tuple) else Real, limit.name)
            if isinstance(value, tuple):
                if not value:
                    raise ValueError(f"{limit.name}: expected at least one name, found none")
            elif isinstance(value, int) and abs(value) >= MAX_COUNT:
                raise ValueError(f"{limit.name}: expected a number below {MAX_COUNT:,}, found a greater one")
            elif np.isnan(value):
                raise ValueError(f"{limit.name}: expected a number, found {value}")
            elif limit.metadata["unit"].startswith("share") and not 0 <= value <= 1:
                raise ValueError(f"{limit.name}: expected a share from 0 to 1, found {value:g}")
            elif value < 0 and limit.metadata["unit"] != "m":
                raise ValueError(f"{limit.name}: expected a number of at least 0, found {value:g}")
        for name in ("speed", "altitude", "heart_rate", "duration"):
            lowest, highest = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if lowest > highest:
                raise ValueError(f"min_{name}: expected at most max_{name}, which is {highest:g}, found {lowest:g}")

    def override(self, settings: list[str]) -> "Limits":
        """These limits with some changed.

        Args:
            settings: each `name=value`; several sports are separated by commas.

        Raises:
            InputError: if a name is unknown or a value is not valid for its limit.
        """
        limits = {limit.name: limit for limit in fields(self)}
        changes: dict[str, Any] = {}
        for setting in settings:
            name, _, text = setting.partition("=")
            if name not in limits:
                raise InputError(f"Limit {setting!r}: expected name=value with one of {', '.join(limits)}.")
            now = getattr(self, name)
            try:
                if isinstance(now, tuple):
                    changes[name] = tuple(part.strip() for part in text.split(",") if part.strip())
                elif isinstance(now, bool):
                    changes[name] = {"yes": True, "no": False}[text]
                else:
                    changes[name] = type(now)(text)
            except (ValueError, KeyError):
                raise InputError(
                    f"Limit {setting!r}: expected {limits[name].metadata['unit']} as {name}={now}, found {text!r}."
                ) from None
        try:
            return replace(self, **changes)
        except ValueError as error:
            raise InputError(f"Limit {error}; change it.", "limit") from None


def measured_share(workout: Workout) -> float:
    """Share of the points, 0 to 1, that have a measured heart rate or lie between two not far apart that do."""
    return 0.0 if workout.estimated else covered_share(workout.time, workout.heart_rate)


def _altitude_share(workout: Workout) -> float:
    return covered_share(workout.time, workout.altitude) if workout.has_altitude else 0.0


def _outside(values: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    return (values < lowest) | (values > highest)


def _outside_altitude(workout: Workout, limits: Limits) -> np.ndarray:
    return _outside(workout.altitude, limits.min_altitude, limits.max_altitude)


def _outside_heart_rate(workout: Workout, limits: Limits) -> np.ndarray:
    return _outside(workout.heart_rate, limits.min_heart_rate, limits.max_heart_rate)


def _out_of_range(workout: Workout, limits: Limits) -> bool:
    try:
        speed = mean_speeds(workout)
    except InvalidWorkoutError:
        speed = np.empty(0)
    outside = _outside(speed, limits.min_speed, limits.max_speed)
    for values, out in (
        (speed, outside),
        (workout.altitude, _outside_altitude(workout, limits)),
        (workout.heart_rate, _outside_heart_rate(workout, limits)),
    ):
        if np.count_nonzero(out) > limits.max_outside_share * np.count_nonzero(np.isfinite(values)):
            return True
    believed = speed[~outside]
    record = limits.max_record_share * fastest(workout.duration)
    return len(believed) > 0 and not limits.min_mean_speed <= believed.mean() <= record


UNDATED, ESTIMATED = "date unknown (clock not set)", "heart rate estimated, not measured"
# name, reason in words, and whether it takes the workout; in the order of the funnel
FILTERS: tuple[tuple[str, str, Callable[[Workout, Limits], bool]], ...] = (
    ("sport", "another sport", lambda w, limits: w.sport not in limits.sports),
    (
        "heart_rate",
        "heart rate incomplete",
        lambda w, limits: measured_share(w) < limits.min_heart_rate_share,
    ),
    ("points", "too few points", lambda w, limits: len(w) < limits.min_points),
    ("range", "values out of range, or no runner's speed", _out_of_range),
    ("gps", "positions incomplete", lambda w, limits: w.gps_fraction < limits.min_gps_share),
    ("altitude", "altitude incomplete", lambda w, limits: _altitude_share(w) < limits.min_altitude_share),
    (
        "duration",
        "duration or sampling unreasonable",
        lambda w, limits: (
            not limits.min_duration <= w.duration <= limits.max_duration or w.duration > limits.max_mean_interval * (len(w) - 1)
        ),
    ),
    (
        "metadata",
        f"{UNDATED}, or person unknown",
        lambda w, limits: not is_date(w.start) or (limits.require_user and not w.user),
    ),
)
DUPLICATE = "duplicate"
REASONS = {name: reason for name, reason, _ in FILTERS} | {DUPLICATE: "another recording of the same run"}


class Taken(str):
    """The name of the filter that took a workout.

    Attributes:
        sport: that of the workout.
        reason: why, in words.
    """

    sport: str
    reason: str

    @classmethod
    def of(cls, name: str, workout: Workout):
        """The filter of this name took this workout."""
        taken = cls(name)
        taken.sport, taken.reason = workout.sport, reason(name, workout)
        return taken


def reason(taken: str, workout: Workout) -> str:
    """Why a filter took a workout, in words."""
    if taken == "sport":
        return f"{REASONS[taken]} ({workout.sport or 'unnamed'})"
    if taken == "metadata":
        return "person unknown" if is_date(workout.start) else UNDATED
    return ESTIMATED if taken == "heart_rate" and workout.estimated else REASONS[taken]


def taken_by(workout: Workout, limits: Limits) -> Taken | None:
    """The first filter that takes the workout, or None if it passes all."""
    return next((Taken.of(name, workout) for name, _, takes in FILTERS if takes(workout, limits)), None)


def without_outliers(workout: Workout, limits: Limits) -> Workout:
    """The workout without altitudes and heart rates outside their valid range, and without estimated heart rates."""
    return replace(
        workout,
        altitude=np.where(_outside_altitude(workout, limits), np.nan, workout.altitude),
        heart_rate=np.where(_outside_heart_rate(workout, limits) | workout.estimated, np.nan, workout.heart_rate),
    )


def gridded(workout: Workout, limits: Limits, step: float = STEP) -> Grid:
    """The workout on the grid, without its outliers.

    Raises:
        InvalidWorkoutError: as `grid.resample` does.
    """
    return resample(without_outliers(workout, limits), step, limits.min_speed, limits.max_speed)
