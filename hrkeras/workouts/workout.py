"""One recorded workout from any device or service."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.utils.text import cleaned
from hrkeras.workouts.clock import date_or_nan, in_order, moment
from hrkeras.workouts.positions import MAX_SPEED_GAP, speed_from_positions

PAUSE_INTERVALS = 5  # times the usual time between two points, after which a recording without positions was paused
MAX_MAGNITUDE = 1e6  # a speed, altitude or heart rate beyond this is invalid


@dataclass(frozen=True, eq=False, slots=True, init=False, repr=False)
class Workout:
    """A workout as a sequence of `n` points. All of hrkeras uses these units, and NaN for what was not measured.

    Args:
        time: s since `start`, shape `(n,)`, strictly increasing from 0; the points need not be evenly spaced.
        speed: m/s, shape `(n,)`: mean speed over the interval that ends at the point.
        altitude: m, shape `(n,)`; None where it was not measured, which is taken as flat.
        heart_rate: beats/min, shape `(n,)`; None where it was not measured. A value of 0 or
            less means that the sensor had no contact, and counts as not measured.
        user: name of the person in the source; empty if it has none.
        sport: in lower case; outdoor runs are "running", treadmill runs "indoor running".
        start: s since 1970-01-01 UTC of the first point; NaN where the date is unknown, because the clock showed a time
            before 1990 or after 2100.
        gps_fraction: share of the points, 0 to 1, that had a valid position or lie between two at most 30 s
            apart, counted from the first position to the last where these span half of the workout or more. The
            positions themselves are not kept. NaN where speed does not come from a recording with positions, as in arrays;
            no limit applies to it then.
        where: file and line or entry it was read from, for messages.
        estimated: whether the heart rate was written by hrkeras, and so counts as not measured.
        heart_rate_samples: how many times heart rate was measured during the workout, which is fewer than the points
            with a heart rate if a reader has interpolated it to the times of positions; as many as these if not given.
        first_clock: s, what the source's clock showed at the first point; `start` unless the date is unknown.
        cadence: steps/min of both feet, shape `(n,)`; None where it was not measured. No model uses it.
        temperature: degrees Celsius, shape `(n,)`, as the device measured it, so near a wrist warmer than the air, or of an
            Apple Health export that of the weather; None where it is unknown. No model uses it.
        utc_offset: s that local time is ahead of UTC; NaN where the source does not tell.
        humidity: relative, %, of the weather; NaN where it is unknown. No model uses it.
        repaired: whether stretches of the heart rate were repaired by hrkeras, which are left out here as not measured.

    Raises:
        ValueError: if the arrays are not of one length, or time does not increase strictly from 0.

    Example:
        >>> import numpy as np
        >>> import hrkeras
        >>> time = np.arange(0, 1800, 10.0)
        >>> hrkeras.Workout(time=time, speed=np.full(180, 2.8), heart_rate=np.full(180, 150.0), user="ada", start=1.6e9)
        Workout of 2020-09-13 12:26 UTC: running, 30 min, 5.0 km, mean heart rate 150 beats/min, user 'ada'
    """

    time: np.ndarray
    speed: np.ndarray
    altitude: np.ndarray
    heart_rate: np.ndarray
    user: str
    sport: str
    start: float
    gps_fraction: float
    where: str
    heart_rate_samples: int
    estimated: bool
    first_clock: float
    cadence: np.ndarray
    temperature: np.ndarray
    utc_offset: float
    humidity: float
    repaired: bool

    def __init__(
        self,
        time: ArrayLike,
        speed: ArrayLike,
        altitude: ArrayLike | None = None,
        heart_rate: ArrayLike | None = None,
        user: str = "",
        sport: str = "running",
        start: float = np.nan,
        gps_fraction: float = np.nan,
        where: str = "",
        heart_rate_samples: int | None = None,
        estimated: bool = False,
        first_clock: float = np.nan,
        cadence: ArrayLike | None = None,
        temperature: ArrayLike | None = None,
        utc_offset: float = np.nan,
        humidity: float = np.nan,
        repaired: bool = False,
    ) -> None:
        time = np.array(time, np.float64)
        nothing = np.full(time.shape, np.nan)
        speed = np.array(speed, np.float64)
        altitude, heart_rate, cadence, temperature = (
            nothing if values is None else np.array(values, np.float64) for values in (altitude, heart_rate, cadence, temperature)
        )
        if time.ndim != 1 or any(column.shape != time.shape for column in (speed, altitude, heart_rate, cadence, temperature)):
            shapes = f"found {time.shape}, {speed.shape}, {altitude.shape} and {heart_rate.shape}"
            optional = f"; cadence and temperature too if given, found {cadence.shape} and {temperature.shape}"
            raise ValueError(f"time, speed, altitude and heart_rate must be vectors of one length, {shapes}{optional}")
        if not len(time) or time[0] != 0 or not (time[1:] > time[:-1]).all() or not np.isfinite(time[-1]):
            raise ValueError("time must increase strictly from 0; subtract its first value if it starts at another")
        heart_rate = np.where(heart_rate > 0, heart_rate, np.nan)
        if heart_rate_samples is None:
            heart_rate_samples = int(np.count_nonzero(np.isfinite(heart_rate)))
        texts = cleaned(user or ""), cleaned(sport or "")
        about = (*texts, float(start), gps_fraction, where, heart_rate_samples, estimated, first_clock)
        values = (time, speed, altitude, heart_rate, *about, cadence, temperature, utc_offset, humidity, repaired)
        for attribute, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, attribute.name, value)

    def __repr__(self) -> str:
        parts = [self.sport or "unnamed sport", f"{self.duration / 60:.0f} min"]
        if np.isfinite(self.speed).any():
            parts.append(f"{np.nansum(self.speed[1:] * np.diff(self.time)) / 1000:.1f} km")
        if np.isfinite(self.heart_rate).any():
            parts.append(f"mean heart rate {np.nanmean(self.heart_rate):.0f} beats/min")
        if self.user:
            parts.append(f"user {self.user!r}")
        return f"Workout of {moment(date_or_nan(self.start), self.utc_offset)}: {', '.join(parts)}"

    def __len__(self) -> int:
        return len(self.time)

    @property
    def duration(self) -> float:
        """Seconds from the first point to the last."""
        return float(self.time[-1])

    @property
    def end(self) -> float:
        """When it ended, s since 1970-01-01 UTC."""
        return self.start + self.duration

    @property
    def has_altitude(self) -> bool:
        """Whether altitude was measured; a constant one, as devices without a sensor write it, was not."""
        measured = self.altitude[np.isfinite(self.altitude)]
        return len(measured) > 0 and float(np.ptp(measured)) > 0


def from_points(
    clock,
    *,
    latitude=None,
    longitude=None,
    speed=None,
    altitude=None,
    heart_rate=None,
    cadence=None,
    temperature=None,
    humidity: float = np.nan,
    user: str = "",
    sport: str = "",
    where: str = "",
    heart_rate_samples: int | None = None,
    estimated: bool = False,
    utc_offset: float = np.nan,
    repaired: bool = False,
) -> Workout:
    """Makes a `Workout` of raw points; every reader uses it, so all sources are treated alike.

    - Points are sorted by time. Those without a time, those that a jump of the clock set apart, and all but the first
      of several at one time are dropped; see `clock.in_order`.
    - Speed is the device's where it has one above 0 and the point before is at most 30 s away; otherwise it is the
      great-circle distance from the point before over the time it took. A position that is repeated for at most 10 s
      was not measured anew: it is interpolated like a missing one.
    - The parts before the first and after the last known speed are left out if they are longer than 30 s.

    Nothing is smoothed here: the mean over a step of the grid is the only smoothing that speed gets.

    Args:
        clock: s since 1970-01-01 UTC, shape `(n,)`, in the order of recording; or since any other moment before 1990,
            which makes a workout of unknown date.
        latitude: degrees, shape `(n,)`, or None where the source has no positions.
        longitude: degrees, shape `(n,)`, or None.
        speed: m/s, shape `(n,)`, or None.
        altitude: m, shape `(n,)`, or None.
        heart_rate: beats/min, shape `(n,)`, or None.
        cadence: steps/min, shape `(n,)`, or None.
        temperature: degrees Celsius, shape `(n,)`, or None.
        humidity: see `Workout`.
        user: see `Workout`.
        sport: see `Workout`.
        where: see `Workout`.
        heart_rate_samples: see `Workout`.
        estimated: see `Workout`.
        utc_offset: see `Workout`.
        repaired: see `Workout`.

    Raises:
        InvalidWorkoutError: if the columns differ in length or fewer than two points have a usable time.
    """
    clock = np.asarray(clock, np.float64)
    columns = [_column(values, clock) for values in (latitude, longitude, speed, altitude, heart_rate, cadence, temperature)]
    kept = in_order(clock)
    if len(kept) < 2:
        raise InvalidWorkoutError("fewer than two points with a valid time")
    if len(kept) < len(clock) or (kept[1:] < kept[:-1]).any():
        clock, columns = clock[kept], [None if column is None else column[kept] for column in columns]
    latitude, longitude, speed, *others = columns
    time = clock - clock[0]
    travelled, covered = np.full(len(time), np.nan), np.zeros(len(time), bool)
    if latitude is not None and longitude is not None:
        travelled, covered = speed_from_positions(time, latitude, longitude)
    speed = travelled if speed is None else _device_speed(time, speed, travelled)
    part = _with_speed(time, speed)
    first_clock = float(clock[part.start])
    altitude, heart_rate, cadence, temperature = (None if column is None else column[part] for column in others)
    return Workout(
        time=clock[part] - first_clock,
        speed=speed[part],
        altitude=altitude,
        heart_rate=heart_rate,
        user=user,
        sport=sport,
        start=date_or_nan(first_clock),
        gps_fraction=_gps_fraction(time[part], covered[part]),
        where=where,
        heart_rate_samples=heart_rate_samples,
        estimated=estimated,
        first_clock=first_clock,
        cadence=cadence,
        temperature=temperature,
        utc_offset=utc_offset,
        humidity=humidity,
        repaired=repaired,
    )


def _column(values, clock) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values, np.float64)
    if values.shape != clock.shape or values.ndim != 1:
        raise InvalidWorkoutError("columns of different lengths")
    absurd = ~(np.abs(values) <= MAX_MAGNITUDE)
    return np.where(absurd, np.nan, values) if absurd.any() else values


def _device_speed(time, speed, travelled) -> np.ndarray:
    """The device's speed in m/s where it is above 0 and reliable, elsewhere that from positions.

    Without any positions a 0 is used too, and a pause between two points is spent standing if any speed is known; in a
    recording that has some, a device that reports 0 where it has none does not know its speed.
    """
    gap = np.diff(time, prepend=0.0)
    measured = np.isfinite(travelled)
    if not measured.any():
        paused = gap > max(MAX_SPEED_GAP, PAUSE_INTERVALS * float(np.median(gap)))
        return np.where(paused & (speed >= 0).any(), 0.0, np.where(speed >= 0, speed, np.nan))
    return np.where((speed > 0) & ((gap <= MAX_SPEED_GAP) | ~measured), speed, travelled)


def _with_speed(time, speed) -> slice:
    """The points of a workout without parts of over `MAX_SPEED_GAP` before the first or after the last speed."""
    places = np.flatnonzero(np.isfinite(speed))
    first, behind = 0, len(time)
    if len(places) > 1:
        first = places[0] if time[places[0]] > MAX_SPEED_GAP else first
        behind = places[-1] + 1 if time[-1] - time[places[-1]] > MAX_SPEED_GAP else behind
    return slice(first, behind)


def _gps_fraction(time, covered) -> float:
    """See `Workout`."""
    places = np.flatnonzero(covered)
    if len(places) and time[places[-1]] - time[places[0]] >= (time[-1] - time[0]) / 2:
        covered = covered[places[0] : places[-1] + 1]
    return float(np.count_nonzero(covered)) / len(covered)
