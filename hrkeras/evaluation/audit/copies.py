"""Runs that were recorded twice: near copies, whatever their person and start time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.grid import Grid

AROUND = 18  # steps on either side whose mean is subtracted, so that a similar warm-up does not make two runs alike
EXCERPT, EVERY = 60, 3  # steps of the excerpt that is searched for, and how many apart those are that are compared...
POINTS = EXCERPT // EVERY
SMOOTH = 3  # ... in running means of so many steps
SLACK = 2  # steps by which the place of a match may be off
LONGER = 1.6  # runs whose lengths are further apart are not compared, nor those whose medians are:
MEDIANS = np.array([np.log(1.1), 6.0, 10.0])  # log of speed in m/s; beats/min or m, one of which must be near
SHARE = 0.85  # of the shorter run that a copy must cover
FLAT = 1e-3  # a lower standard deviation counts as constant
SPEED, HEART_RATE, ALTITUDE = range(3)
ALIKE = np.array([0.75, 0.75, 0.95])  # least correlation with the copy
APART = np.array([0.15, 1.8, 1.0])  # m/s, beats/min, m: most that a copy may be apart (root mean square)
SAME = 0.985  # correlation above which the difference may be larger
WITHOUT_HEART_RATE = 0.92  # least correlation of speed where altitude correlates and heart rate does not
CHANCE = 5.0  # standard deviations by which correlations must exceed what chance makes of so many steps...
TOGETHER = 6  # ... of which so many count as one, for neighbouring steps are correlated
RUDE = np.array([0.6, 0.5, 0.9])  # correlation of excerpts above which whole runs are compared


class Copy(NamedTuple):
    """The rows of two nearly identical runs; the correlation of their speeds, what else correlates, and how highly."""

    run: int
    other: int
    speed: float
    by: str
    correlation: float


def find(grids: Sequence[Grid], split: np.ndarray) -> tuple[list[Copy], int]:
    """Near copies of runs in another split: noisy, cut, shifted by some steps, or under another name.

    Two excerpts of each run outside the largest split, those that vary most, are searched for in the runs of
    the other splits; where speed and heart rate, or speed and altitude, fit, the whole runs are compared.

    Args:
        grids: the runs.
        split: name of each run's split, shape `(runs,)`.

    Returns:
        The pairs, and how many runs were too short to be compared.
    """
    lengths = np.array([len(grid.speed) for grid in grids])
    medians = np.array([_medians(grid) for grid in grids])
    names, counts = np.unique(split, return_counts=True)
    blocks = [quick_changes(grid) if len(grid.speed) >= EXCERPT else np.empty((0, 0)) for grid in grids]
    queried, starts, shapes, sizes = _queries(blocks, np.flatnonzero(split != names[counts.argmax()]))
    pairs: dict[tuple[int, int], Copy] = {}
    if not len(queried):
        return [], int((lengths < EXCERPT).sum())
    for other in np.flatnonzero(lengths >= EXCERPT):
        near = split[queried] != split[other]
        near &= np.maximum(lengths[queried], lengths[other]) <= LONGER * np.minimum(lengths[queried], lengths[other])
        apart = np.abs(medians[queried] - medians[other]) <= MEDIANS
        near &= apart[:, SPEED] & apart[:, 1:].any(axis=1)
        candidates = np.flatnonzero(near)
        for query, lag in _matches(blocks[other], candidates, shapes, sizes):
            pair = int(queried[query]), int(other)
            key = min(pair), max(pair)
            if key not in pairs and (copy := _compare(blocks, *pair, int(starts[query]) + lag)):
                pairs[key] = copy
    return list(pairs.values()), int((lengths < EXCERPT).sum())


def _medians(grid: Grid) -> tuple[float, float, float]:
    """Of the logarithm of speed, of heart rate, NaN if little was measured, and of altitude, NaN if it is flat."""
    measured = np.isfinite(grid.heart_rate)
    return (
        float(np.log(max(np.median(grid.speed), 0.1))),
        float(np.median(grid.heart_rate[measured])) if measured.sum() >= EXCERPT // 2 else np.nan,
        float(np.median(grid.altitude)) if np.ptp(grid.altitude) > 5 else np.nan,
    )


def quick_changes(grid: Grid) -> np.ndarray:
    """Speed, heart rate and altitude without their slow changes, as running means of `SMOOTH` steps."""
    rows = []
    for values in (grid.speed, grid.heart_rate, grid.altitude):
        measured = np.isfinite(values)
        if measured.sum() < EXCERPT // 2:
            rows.append(np.zeros(len(values) - SMOOTH + 1))
            continue
        filled = np.interp(np.arange(len(values)), np.flatnonzero(measured), values[measured])
        quick = filled - _running_mean(np.pad(filled, AROUND, mode="edge"), 2 * AROUND + 1)
        rows.append(_running_mean(quick, SMOOTH))
    return np.stack(rows).astype(np.float32)


def _running_mean(values: np.ndarray, size: int) -> np.ndarray:
    total = np.cumsum(np.concatenate([[0.0], values]))
    return (total[size:] - total[:-size]) / size


def _excerpts(blocks: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Excerpts as vectors of length 1 and mean 0, shape `(3, starts, POINTS)`, and their standard deviations."""
    values = blocks[:, starts[:, None] + EVERY * np.arange(POINTS)]
    values = values - values.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(values).mean(axis=-1))
    return values / np.maximum(spread, FLAT)[..., None] / POINTS**0.5, spread


def _queries(blocks, runs: np.ndarray):
    """From each half of each run, the excerpt in which speed and heart rate change most."""
    queried, places, shapes, sizes = [], [], [], []
    for run in runs:
        if not blocks[run].size:
            continue
        starts = np.arange(blocks[run].shape[1] - EVERY * (POINTS - 1))
        shape, size = _excerpts(blocks[run], starts)
        change = size[SPEED] * (size[HEART_RATE] + size[ALTITUDE])
        for half in np.array_split(starts, 2):
            if len(half):
                best = half[change[half].argmax()]
                queried.append(run)
                places.append(best)
                shapes.append(shape[:, best])
                sizes.append(size[:, best])
    if not queried:
        return np.empty(0, int), np.empty(0, int), None, None
    return np.array(queried), np.array(places), np.stack(shapes, axis=1), np.stack(sizes, axis=1)


def _matches(blocks: np.ndarray, candidates: np.ndarray, shapes, sizes) -> list[tuple[int, int]]:
    """The queries that match some part of a run, each with its lag at the best match."""
    if not len(candidates):
        return []
    starts = np.arange(blocks.shape[1] - EVERY * (POINTS - 1))
    shape, size = _excerpts(blocks, starts)
    places, picked = np.nonzero(shape[SPEED] @ shapes[SPEED, candidates].T > RUDE[SPEED])
    queries = candidates[picked]
    if not len(queries):
        return []
    alike = np.einsum("kpi,kpi->kp", shape[:, places], shapes[:, queries])
    first, second = size[:, places], sizes[:, queries]
    apart = np.sqrt(np.maximum(first**2 + second**2 - 2 * first * second * alike, 0))
    fits = (alike > RUDE[:, None]) & ((apart < APART[:, None]) | (alike > 0.95)) & (first > FLAT) & (second > FLAT)
    good = fits[SPEED] & (fits[HEART_RATE] | fits[ALTITUDE])
    value = alike[SPEED] + np.where(fits, alike, 0)[1:].max(axis=0)
    best: dict[int, tuple[float, int]] = {}
    for index in np.flatnonzero(good):
        query = int(queries[index])
        best[query] = max(best.get(query, (0.0, 0)), (float(value[index]), -int(starts[places[index]])))
    return [(query, lag) for query, (_, lag) in best.items()]


def _compare(blocks, run: int, other: int, lag: int) -> Copy | None:
    """Compares whole runs; the second is shifted by about `lag` steps."""
    first, second = blocks[run], blocks[other]
    edge = min(AROUND, max(0, (min(first.shape[1], second.shape[1]) - EXCERPT) // 2))  # there, a cut changes the means
    first, second = first[:, edge : first.shape[1] - edge], second[:, edge : second.shape[1] - edge]
    most, shortest = None, min(first.shape[1], second.shape[1])
    for shift in range(lag - SLACK, lag + SLACK + 1):
        begin, end = max(0, shift), min(first.shape[1], second.shape[1] + shift)
        if end - begin < SHARE * shortest:
            continue
        left, right = first[:, begin:end], second[:, begin - shift : end - shift]
        left, right = (values - values.mean(axis=1, keepdims=True) for values in (left, right))
        spread = np.sqrt(np.square(left).mean(axis=1) * np.square(right).mean(axis=1))
        alike = (left * right).mean(axis=1) / np.maximum(spread, FLAT**2)
        if most is None or alike[SPEED] > most[0][SPEED]:
            most = alike, np.sqrt(np.square(left - right).mean(axis=1)), end - begin
    if most is None:
        return None
    alike, apart, steps = most
    likely = np.tanh(CHANCE / np.sqrt(max(steps / TOGETHER - 3, 1)))
    same = (alike > np.maximum(ALIKE, likely)) & ((apart < APART) | (alike > SAME))
    if not same[SPEED] or not same[1:].any():
        return None
    if same[HEART_RATE]:
        return Copy(run, other, float(alike[SPEED]), "heart rate", float(alike[HEART_RATE]))
    if alike[SPEED] < WITHOUT_HEART_RATE:  # the same course at much the same pace is no copy yet
        return None
    return Copy(run, other, float(alike[SPEED]), "altitude", float(alike[ALTITUDE]))
