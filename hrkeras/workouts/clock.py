"""Select the points of a recording with a usable time, where the device's clock jumps or does not know the date."""

import time
from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite, isnan, nan

import numpy as np

EARLIEST, LATEST = 631_152_000.0, 4_102_444_800.0  # 1990-01-01 and 2100-01-01, seconds since 1970
POSSIBLE = -62_135_596_800.0, 253_402_300_800.0  # the years 1 to 9999, all that a file can express
LONGEST_PAUSE = 12 * 3600.0  # s; a longer gap is a jump of the clock
DISPLACED = 60.0  # s between a stray point and the points recorded around it; less is two sensors alternating
AHEAD = 86_400.0  # s that a date may lie ahead of now, where a clock or its time zone is off
MOST_STRAYS = 0.1  # share of the points; with more, the file is not ordered by time


def in_order(clock: np.ndarray) -> np.ndarray:
    """Indices of the points with a usable time, such that their times increase strictly.

    Of parts that lie more than `LONGEST_PAUSE` apart only the one with the most points is kept. Points whose time
    is off that of the points recorded around them are dropped. Of several at one time the first is kept.

    Args:
        clock: s, shape `(n,)`, in the order of recording; NaN where unknown.

    Returns:
        Shape `(kept,)`.
    """
    if _is_plain(clock):
        return np.arange(len(clock))
    usable = np.flatnonzero((clock >= POSSIBLE[0]) & (clock <= POSSIBLE[1]))
    order = usable[np.argsort(clock[usable], kind="stable")]
    order = max(np.split(order, 1 + np.flatnonzero(np.diff(clock[order]) > LONGEST_PAUSE)), key=len)
    if (order[1:] < order[:-1]).any():
        strays = np.zeros(len(clock), bool)
        recorded = np.sort(order)
        strays[recorded] = _strays(clock[recorded])
        order = order[~strays[order]]
    return order[np.diff(clock[order], prepend=-np.inf) > 0]


def is_date(moment: float) -> bool:
    """Whether `moment`, in s since 1970-01-01 UTC, is a plausible date; that of a clock that counts from its start is not."""
    return EARLIEST <= moment <= LATEST


def in_future(moment: float) -> bool:
    """Whether `moment`, in s since 1970-01-01 UTC, is more than a day ahead of now, so that a clock was wrong."""
    return moment > time.time() + AHEAD


def date_or_nan(moment: float) -> float:
    """`moment`, in s since 1970-01-01 UTC, or NaN if it is not a plausible date."""
    return moment if is_date(moment) else nan


def date(start: float, utc_offset: float = nan) -> str:
    """A start in s since 1970-01-01 UTC as text; it may be NaN.

    Args:
        start: the moment.
        utc_offset: s that local time is ahead of UTC; NaN where that is not known, which gives UTC.
    """
    return "unknown date" if isnan(start) else local(start, utc_offset).strftime("%Y-%m-%d %H:%M")


def local(start: float, utc_offset: float = nan) -> datetime:
    """A moment as calendar and clock showed it there, or in UTC; arguments as of `date`."""
    return datetime.fromtimestamp(on_the_spot(start, utc_offset), UTC)


def zone(utc_offset: float) -> str:
    """The name of an offset from UTC in s, such as "UTC+8" or "UTC-3:30"; "UTC" where it is NaN."""
    if isnan(utc_offset) or not utc_offset:
        return "UTC"
    hours, minutes = divmod(round(abs(utc_offset) / 60), 60)
    return f"UTC{'-' if utc_offset < 0 else '+'}{hours}{f':{minutes:02}' if minutes else ''}"


def possible_offset(seconds: float) -> float:
    """An offset from UTC to the nearest quarter of an hour, as zones have it; NaN if no zone has it."""
    quarters = round(seconds / 900) * 900.0 if isfinite(seconds) else nan
    return quarters if abs(quarters - seconds) <= 60 and -43_200 <= quarters <= 50_400 else nan


def iso(start: float, utc_offset: float = nan) -> str | None:
    """A start for programs by ISO 8601, such as "2025-06-16T23:04+08:00" or "2025-06-16T15:04Z"; None if unknown."""
    if isnan(start):
        return None
    at = timezone(timedelta(seconds=0.0 if isnan(utc_offset) else utc_offset))
    return datetime.fromtimestamp(start, at).isoformat(timespec="minutes").replace("+00:00", "Z")


def on_the_spot(start: float, utc_offset: float = nan) -> float:
    """A start in s since 1970-01-01 of local time, or of UTC where the offset is NaN."""
    return start + (0.0 if isnan(utc_offset) else utc_offset)


def moment(start: float, utc_offset: float = nan) -> str:
    """`date` with its zone, such as "2025-06-16 23:04 UTC+8"."""
    return date(start) if isnan(start) else f"{date(start, utc_offset)} {zone(utc_offset)}"


def min_s(seconds: float) -> str:
    """A time in a run, such as "71:04" for 4264 s.

    Example:
        >>> min_s(4264.6)
        '71:04'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _is_plain(clock: np.ndarray) -> bool:
    """Whether all points are usable as they are."""
    if not len(clock) or not (clock[1:] > clock[:-1]).all():
        return False
    return POSSIBLE[0] <= clock[0] and clock[-1] <= POSSIBLE[1] and clock[-1] - clock[0] <= LONGEST_PAUSE


def _strays(times: np.ndarray) -> np.ndarray:
    """Which times, in the order of recording, do not fit between those around them, booleans of shape `(n,)`."""
    rising = _longest_rise(times)
    expected = np.interp(np.arange(len(times)), rising, times[rising])
    displaced = np.abs(times - expected) > DISPLACED
    return displaced if displaced.mean() <= MOST_STRAYS else np.zeros(len(times), bool)


def _longest_rise(values: np.ndarray) -> np.ndarray:
    """Indices of a longest subsequence that never falls."""
    ends: list[float] = []  # lowest last value of a rise of each length
    places: list[int] = []
    before = np.full(len(values), -1)
    for place, value in enumerate(values.tolist()):
        length = bisect_right(ends, value)
        if length == len(ends):
            ends.append(value)
            places.append(place)
        else:
            ends[length], places[length] = value, place
        before[place] = places[length - 1] if length else -1
    rise = []
    place = places[-1] if places else -1
    while place >= 0:
        rise.append(place)
        place = int(before[place])
    return np.array(rise[::-1])
