"""How far the prediction of a run is off where its heart rate is not known, from where it is."""

import numpy as np

AROUND = 900.0  # s on either side of a stretch whose good heart rate counts
NEAR, APART = 30.0, 10.0  # s: nearer to a stretch every heart rate counts by itself, beyond means over so many seconds
# Residuals of a good heart rate from its prediction: a standard deviation for the whole run, those of two processes with their
# time constants in s, and that of single heart rates; beats/min. Of four such sets the one with the smallest error in stretches
# hidden in simulated runs (seed 501); the others were up to 0.2 beats/min worse
LEVEL, SLOW, QUICK, NOISE = 6.0, (5.0, 600.0), (2.5, 60.0), 1.0
START = (10.0, 60.0)  # likewise, of what is off at the start of a run, where nothing tells how warm the person is, and fades
USUAL = 20.0  # residuals that the variances above count for, beside those of this run


def around(at: np.ndarray, time: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian process of residuals between known ones (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006).

    Its deviation is scaled by how large the known residuals are for this process.

    Args:
        at: s, shape `(m,)`, the points of one stretch in order.
        time: s, shape `(n,)`, of all points.
        known: measured minus predicted heart rate, beats/min, shape `(n,)`; NaN where it is not known.

    Returns:
        Its mean and the standard deviation of a heart rate around it, beats/min, each of shape `(m,)`.
    """
    away = np.maximum(np.maximum(at[0] - time, time - at[-1]), 0.0)
    counts = np.isfinite(known) & (away <= AROUND)
    time, known, away = time[counts], known[counts], away[counts]
    _, group = np.unique(np.where(away <= NEAR, time, APART * np.floor(time / APART)), return_inverse=True)
    size = np.bincount(group)
    time, known = np.bincount(group, time) / size, np.bincount(group, known) / size
    covariance = _covariance(time, time) + NOISE**2 * np.eye(len(time))
    between = _covariance(at, time)
    weights = np.linalg.solve(covariance, between.T).T
    scale = (known @ np.linalg.solve(covariance, known) + USUAL) / (len(known) + USUAL)
    variance = LEVEL**2 + SLOW[0] ** 2 + QUICK[0] ** 2 + NOISE**2 + _fading(at) ** 2 - (weights * between).sum(axis=1)
    return weights @ known, np.sqrt(scale * np.maximum(variance, NOISE**2))


def _covariance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of residuals at times in s, shape `(len(one), len(other))`."""
    apart = np.abs(one[:, None] - other)
    lasting = sum(size**2 * np.exp(-apart / constant) for size, constant in (SLOW, QUICK))
    return LEVEL**2 + lasting + np.outer(_fading(one), _fading(other))


def _fading(time: np.ndarray) -> np.ndarray:
    return START[0] * np.exp(-time / START[1])
