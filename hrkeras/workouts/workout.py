"""One recorded workout, whatever device or service it came from."""

from dataclasses import dataclass

import numpy as np

from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.utils.text import cleaned
from hrkeras.workouts.clock import in_order, is_date

EARTH_RADIUS = 6_371_008.8  # m, mean radius (IUGG)
MAX_HEART_RATE_GAP = 120.0  # s; docs/reference/sources.md shows the error that interpolating across such a gap makes
MAX_SPEED_GAP = 30.0  # s; across a longer one a speed reading says nothing of the whole interval
MAX_STALE = 10.0  # s; a position that is repeated for longer is that of somebody who stands
MAX_MAGNITUDE = 1e6  # a speed, altitude or heart rate beyond this is no measurement


@dataclass(frozen=True, eq=False, slots=True)
class Workout:
    """A workout as a sequence of `n` points; what was not measured is NaN.

    Args:
        time: s since `start`, shape `(n,)`, strictly increasing from 0.
        speed: m/s, shape `(n,)`: mean speed over the interval that ends at the point.
        altitude: m, shape `(n,)`.
        heart_rate: beats/min, shape `(n,)`.
        user: whose workout it is, as the source names the person; empty if it does not.
        sport: what was done, in lower case; outdoor runs are "running", treadmill runs "indoor running".
        start: s since 1970-01-01 UTC of the first point; NaN where the date is unknown, because the clock showed a time
            before 1990 or after 2100.
        gps_fraction: share of the points, 0 to 1, that had a valid position or lie between two at most 30 s
            apart, counted from the first position to the last where these span half of the workout or more. The
            positions themselves are not kept.
        where: file and line or entry it was read from, for messages.
        estimated: whether the heart rate is one that hrkeras has written, which counts as not measured.
        heart_rate_samples: how many times heart rate was measured during the workout, which is fewer than it has
            heart rates where a reader has drawn them onto the times of positions.
        first_clock: s, what the source's clock showed at the first point; `start` unless the date is unknown.

    Raises:
        ValueError: if the arrays are not of one length, or time does not increase strictly from 0.
    """

    time: np.ndarray
    speed: np.ndarray
    altitude: np.ndarray
    heart_rate: np.ndarray
    user: str
    sport: str
    start: float
    gps_fraction: float = 1.0
    where: str = ""
    heart_rate_samples: int = 0
    estimated: bool = False
    first_clock: float = np.nan

    def __post_init__(self):
        shape = self.time.shape
        if len(shape) != 1 or not self.speed.shape == self.altitude.shape == self.heart_rate.shape == shape:
            raise ValueError("time, speed, altitude and heart_rate must be vectors of one length")
        object.__setattr__(self, "user", cleaned(self.user))
        object.__setattr__(self, "sport", cleaned(self.sport))
        if not shape[0] or self.time[0] != 0 or not (self.time[1:] > self.time[:-1]).all():
            raise ValueError("time must increase strictly from 0")

    def __len__(self) -> int:
        return len(self.time)

    @property
    def duration(self) -> float:
        """Seconds from the first point to the last."""
        return float(self.time[-1])

    @property
    def end(self) -> float:
        """When it was over, s since 1970-01-01 UTC."""
        return self.start + self.duration

    @property
    def has_altitude(self) -> bool:
        """Whether altitude was measured; one that is the same throughout, as devices without a sensor write it, was not."""
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
    user: str = "",
    sport: str = "",
    where: str = "",
    heart_rate_samples: int | None = None,
    estimated: bool = False,
) -> Workout:
    """Makes a `Workout` of raw points: every reader ends here, so all sources are treated alike.

    - Points are sorted by time. Those without a time, those that a jump of the clock set apart, and all but the first
      of several at one time are dropped; see `clock.in_order`.
    - A heart rate of 0 or less is a sensor without contact: unmeasured.
    - Speed is the device's where it has one above 0 and the point before is at most 30 s away; otherwise it is the
      great-circle distance from the point before over the time it took. A position that is repeated for at most 10 s
      was not measured anew: it lies between the ones around it, as one that is missing.
    - The parts before the first and after the last known speed are left out where they are longer than 30 s.

    Nothing is smoothed here: the mean over a step of the grid is the only smoothing that speed gets.

    Args:
        clock: s since 1970-01-01 UTC, shape `(n,)`, in the order of recording; or since any other moment before 1990,
            which makes a workout of unknown date.
        latitude: degrees, shape `(n,)`, or None where the source has no positions.
        longitude: degrees, shape `(n,)`, or None.
        speed: m/s, shape `(n,)`, or None.
        altitude: m, shape `(n,)`, or None.
        heart_rate: beats/min, shape `(n,)`, or None.
        user: see `Workout`.
        sport: see `Workout`.
        where: see `Workout`.
        heart_rate_samples: see `Workout`; the number of heart rates if not given.
        estimated: see `Workout`.

    Raises:
        InvalidWorkoutError: if the columns differ in length or fewer than two points have a usable time.
    """
    clock = np.asarray(clock, np.float64)
    columns = [_column(values, clock) for values in (latitude, longitude, speed, altitude, heart_rate)]
    kept = in_order(clock)
    if len(kept) < 2:
        raise InvalidWorkoutError("fewer than two points with a valid time")
    if len(kept) < len(clock) or (kept[1:] < kept[:-1]).any():
        clock, columns = clock[kept], [None if column is None else column[kept] for column in columns]
    latitude, longitude, speed, altitude, heart_rate = columns
    time = clock - clock[0]
    nothing = np.full(len(time), np.nan)
    covered = np.zeros(len(time), bool)
    travelled = nothing
    if latitude is not None and longitude is not None:
        travelled, covered = _speed_from_positions(time, latitude, longitude)
    speed = travelled if speed is None else _device_speed(time, speed, travelled)
    heart_rate = nothing if heart_rate is None else np.where(heart_rate > 0, heart_rate, np.nan)
    altitude = nothing if altitude is None else altitude
    part = _with_speed(time, speed)
    heart_rate = heart_rate[part]
    first_clock = float(clock[part.start])
    return Workout(
        time=clock[part] - first_clock,
        speed=speed[part],
        altitude=altitude[part],
        heart_rate=heart_rate,
        user=user,
        sport=sport,
        start=first_clock if is_date(first_clock) else np.nan,
        gps_fraction=_gps_fraction(time[part], covered[part]),
        where=where,
        heart_rate_samples=int(np.count_nonzero(np.isfinite(heart_rate))) if heart_rate_samples is None else heart_rate_samples,
        estimated=estimated,
        first_clock=first_clock,
    )


def _column(values, clock) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values, np.float64)
    if values.shape != clock.shape or values.ndim != 1:
        raise InvalidWorkoutError("columns of different lengths")
    absurd = ~(np.abs(values) <= MAX_MAGNITUDE)
    return np.where(absurd, np.nan, values) if absurd.any() else values


def _speed_from_positions(time, latitude, longitude) -> tuple[np.ndarray, np.ndarray]:
    """Speed in m/s from positions, NaN before the first and after the last, and which points these cover."""
    valid = valid_positions(latitude, longitude)
    places = np.flatnonzero(valid)
    speed = np.full(len(time), np.nan)
    if len(places) < 2:
        return speed, valid
    if len(places) < len(time):
        valid = np.isfinite(interpolate(time, time, np.where(valid, 0.0, np.nan), MAX_SPEED_GAP))
    first, behind = places[0], places[-1] + 1
    places = places[_is_new(time[places], latitude[places], longitude[places])]
    along = haversine(latitude[places], longitude[places])
    if len(places) < behind - first:
        along = np.diff(np.interp(time[first:behind], time[places], np.cumsum(np.append(0.0, along))))
    speed[first + 1 : behind] = along / (time[first + 1 : behind] - time[first : behind - 1])
    speed[first] = speed[first + 1]
    return speed, valid


def _is_new(time, latitude, longitude) -> np.ndarray:
    """Which of some valid positions were measured anew; one that is repeated for at most `MAX_STALE` was not."""
    new = np.ones(len(time), bool)
    np.logical_or(latitude[1:] != latitude[:-1], longitude[1:] != longitude[:-1], out=new[1:])
    if not new.all():
        moved = np.flatnonzero(new)
        new[: moved[-1]] = np.repeat(np.diff(time[moved]) > MAX_STALE, np.diff(moved))
        new[moved[-1] :] = True
        new[moved] = True
    return new


def _device_speed(time, speed, travelled) -> np.ndarray:
    """The device's speed in m/s where it says more than 0 and can know, elsewhere that from positions.

    Without any positions a 0 is believed too; in a recording that has some, a device that says 0 where it has none does
    not know.
    """
    gap = np.diff(time, prepend=0.0)
    known = np.isfinite(travelled)
    if not known.any():
        return np.where(speed >= 0, speed, np.nan)
    return np.where((speed > 0) & ((gap <= MAX_SPEED_GAP) | ~known), speed, travelled)


def _with_speed(time, speed) -> slice:
    """The points of a workout without what lies, over `MAX_SPEED_GAP` long, before the first or after the last speed."""
    known = np.flatnonzero(np.isfinite(speed))
    first, behind = 0, len(time)
    if len(known) > 1:
        first = known[0] if time[known[0]] > MAX_SPEED_GAP else first
        behind = known[-1] + 1 if time[-1] - time[known[-1]] > MAX_SPEED_GAP else behind
    return slice(first, behind)


def _gps_fraction(time, covered) -> float:
    """See `Workout`."""
    places = np.flatnonzero(covered)
    if len(places) and time[places[-1]] - time[places[0]] >= (time[-1] - time[0]) / 2:
        covered = covered[places[0] : places[-1] + 1]
    return float(np.count_nonzero(covered)) / len(covered)


def valid_positions(latitude, longitude) -> np.ndarray:
    """Which positions in degrees, shape `(n,)`, are on Earth and not where a receiver without reception believes to be."""
    return (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180) & ((latitude != 0) | (longitude != 0))


def haversine(latitude, longitude) -> np.ndarray:
    """Great-circle distances in m between successive positions.

    Args:
        latitude: degrees, shape `(n,)`.
        longitude: degrees, shape `(n,)`.

    Returns:
        Shape `(n - 1,)`. R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (2), 1984.
    """
    phi, lam = np.radians(latitude), np.radians(longitude)
    cosine = np.cos(phi)
    half = np.sin((phi[1:] - phi[:-1]) / 2) ** 2 + cosine[:-1] * cosine[1:] * np.sin((lam[1:] - lam[:-1]) / 2) ** 2
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def interpolate(at, time, values, max_gap: float = MAX_HEART_RATE_GAP) -> np.ndarray:
    """Linear interpolation that leaves NaN where the measured neighbours are too far apart.

    Args:
        at: s, shape `(m,)`, where values are wanted.
        time: s, shape `(n,)`, increasing.
        values: shape `(n,)`; NaN where unmeasured.
        max_gap: s, the widest gap between two measured neighbours to draw a line across.

    Returns:
        Shape `(m,)`; NaN outside the measured range and inside wider gaps.
    """
    measured = np.isfinite(values)
    if not measured.all():
        time, values = time[measured], values[measured]
    if not len(time):
        return np.full(len(at), np.nan)
    if len(time) < 2 or (time[1:] - time[:-1]).max() <= max_gap:
        return np.interp(at, time, values, np.nan, np.nan)
    right = np.searchsorted(time, at, side="left")
    after = np.minimum(right, len(time) - 1)
    before = np.where(time[after] == at, after, np.maximum(right - 1, 0))
    outside = (at < time[0]) | (at > time[-1])
    found = np.interp(at, time, values)
    found[outside | (time[after] - time[before] > max_gap)] = np.nan
    return found


def covered_share(time, values, max_gap: float = MAX_HEART_RATE_GAP) -> float:
    """Share of the points, 0 to 1, at which there is a value or that lie between two at most `max_gap` s apart."""
    measured = np.isfinite(values)
    if not measured.all():
        measured = np.isfinite(interpolate(time, time, values, max_gap))
    return float(np.count_nonzero(measured)) / len(time)
