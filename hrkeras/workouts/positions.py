"""Positions on Earth: which are valid, the distances between them, and the speed that they tell."""

import numpy as np

from hrkeras.workouts.interpolation import interpolate

EARTH_RADIUS = 6_371_008.8  # m, mean radius (IUGG)
MAX_SPEED_GAP = 30.0  # s; across a longer gap a speed reading does not represent the whole interval
MAX_STALE = 10.0  # s; a position that is repeated for longer means standing still


def speed_from_positions(time, latitude, longitude) -> tuple[np.ndarray, np.ndarray]:
    """Speed in m/s from positions, NaN before the first and after the last, and which points the positions cover."""
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
    """Which valid positions were measured anew; one that is repeated for at most `MAX_STALE` was not."""
    new = np.ones(len(time), bool)
    np.logical_or(latitude[1:] != latitude[:-1], longitude[1:] != longitude[:-1], out=new[1:])
    if not new.all():
        moved = np.flatnonzero(new)
        new[: moved[-1]] = np.repeat(np.diff(time[moved]) > MAX_STALE, np.diff(moved))
        new[moved[-1] :] = True
        new[moved] = True
    return new


def valid_positions(latitude, longitude) -> np.ndarray:
    """Which positions in degrees, shape `(n,)`, are on Earth and not at (0, 0), which receivers without reception report."""
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
