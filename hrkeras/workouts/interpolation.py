"""Linear interpolation between measured values, but not across wide gaps."""

import numpy as np

MAX_HEART_RATE_GAP = 120.0  # s; docs/reference/sources.md shows the error of interpolating across such a gap


def interpolate(at, time, values, max_gap: float = MAX_HEART_RATE_GAP) -> np.ndarray:
    """Linear interpolation that leaves NaN where the measured neighbours are too far apart.

    Args:
        at: s, shape `(m,)`, where to interpolate.
        time: s, shape `(n,)`, increasing.
        values: shape `(n,)`; NaN where unmeasured.
        max_gap: s, the widest gap between two measured neighbours to interpolate across.

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
    interpolated = np.interp(at, time, values)
    interpolated[outside | (time[after] - time[before] > max_gap)] = np.nan
    return interpolated


def stretches(where: np.ndarray) -> np.ndarray:
    """First and past-the-end index of each stretch of true values, shape `(stretches, 2)`."""
    return np.flatnonzero(np.diff(where, prepend=False, append=False)).reshape(-1, 2)


def covered_share(time, values, max_gap: float = MAX_HEART_RATE_GAP) -> float:
    """Share of the points, 0 to 1, that have a value or lie between two values at most `max_gap` s apart."""
    measured = np.isfinite(values)
    if not measured.all():
        measured = np.isfinite(interpolate(time, time, values, max_gap))
    return float(np.count_nonzero(measured)) / len(time)
