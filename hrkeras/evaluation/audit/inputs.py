"""Whether an input is computed from the heart rate that it shall help to predict."""

from collections.abc import Callable, Iterator

import numpy as np

from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED, Known
from hrkeras.athlete.population import Population
from hrkeras.datasets.runs import Runs
from hrkeras.evaluation.audit.check import Check
from hrkeras.evaluation.audit.scrambling import alone, pick
from hrkeras.workouts.grid import STEP

RUNS = 100  # that are looked at
BEFORE = 4  # runs that each is given as history
LAGS = range(-3, 31)  # steps by which an input may be later than heart rate
FEWEST = 30  # steps, and runs, that tell of a relation at all
TOO_LIKE = 0.97  # of what `relations` gives; 1 is a copy, and physiology stays far below
KINDS = ("heart rate", "a class of heart rate")
CHANNELS = ("speed", "altitude", *EXPECTED)
FACTS = (*COURSE_FACTS, *COLUMNS)
ADVICE = "; take it out of the inputs, or measure it apart from heart rate."


def checks(runs: Runs, known: Callable[[Runs, Population], list[Known]], random: np.random.Generator) -> Iterator[Check]:
    """Compares each input of a model with the heart rate of the same run.

    Args:
        runs: of a dataset.
        known: gives what is known before each run.
        random: where chance comes from.
    """
    few, rows = alone(runs, pick(runs, np.arange(len(runs.grids)), RUNS, random), BEFORE)
    rows = np.array([row for row in rows if np.isfinite(few.grids[row].heart_rate).sum() >= 2 * FEWEST], int)
    if not len(rows):
        yield Check("inputs of steps", None, "no run has enough measured heart rate to compare inputs with.")
        return
    facts = known(few, runs.population())
    yield _of_steps(few, facts, rows)
    yield _of_runs(few, facts, rows)


def _of_steps(few: Runs, facts: list[Known], rows: np.ndarray) -> Check:
    found = []
    for row in rows:
        grid = few.grids[row]
        found.append(relations(np.column_stack([grid.speed, grid.altitude, facts[row].expected]), grid.heart_rate))
    table = np.stack(found)
    told = np.isfinite(table).sum(axis=0) >= min(3, len(rows))
    middle = np.where(told, np.nanmedian(np.where(told, table, 0.0), axis=0), 0.0)
    bad = []
    for name, values in zip(CHANNELS, middle, strict=True):
        lag, kind = np.unravel_index(values.argmax(), values.shape)
        if values[lag, kind] > TOO_LIKE:
            later = f"{abs(LAGS[lag]) * STEP:.0f} s {'before' if LAGS[lag] > 0 else 'later'}" if LAGS[lag] else "at the time"
            bad.append(f"{name} is all but computed from {KINDS[kind]} {later} ({values[lag, kind]:.3f} of 1)")
    nearest = int(middle.max(axis=(1, 2)).argmax())
    return _check(
        "inputs of steps",
        bad,
        f"none of {len(CHANNELS)} is heart rate or a class of it, of the time or up to {LAGS[-1] * STEP:.0f} s before; the "
        f"nearest is {CHANNELS[nearest]} with {middle[nearest].max():.2f} of 1 in the middle one of {len(rows)} runs.",
    )


def relations(values: np.ndarray, heart_rate: np.ndarray) -> np.ndarray:
    """How near inputs are to being computed from the heart rate of so many steps before.

    Args:
        values: a column each, shape `(steps, columns)`.
        heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.

    Returns:
        Shape `(columns, len(LAGS), len(KINDS))`: the rank correlation without its sign, 1 for what rises or falls with
        heart rate; and the share of variance that heart rate in whole beats/min explains, less what it would by
        chance, 1 for what has one value for each. NaN for what does not change.
    """
    found = np.full((values.shape[1], len(LAGS), len(KINDS)), np.nan)
    changing = np.flatnonzero(np.ptp(values, axis=0) > 1e-6)
    if not len(changing):
        return found
    measured = np.isfinite(heart_rate)
    beats, own = np.zeros(len(heart_rate), int), np.full(len(heart_rate), np.nan)
    beats[measured], own[measured] = heart_rate[measured].round().astype(int), _ranks(heart_rate[measured])
    ranked = np.column_stack([_ranks(values[:, column]) for column in changing])
    steps = len(heart_rate)
    for place, lag in enumerate(LAGS):
        earlier, later = slice(max(-lag, 0), steps - max(lag, 0)), slice(max(lag, 0), steps - max(-lag, 0))
        those = measured[earlier]
        if those.sum() < FEWEST:
            continue
        one, many = own[earlier][those], ranked[later][those]
        one, many = one - one.mean(), many - many.mean(axis=0)
        spread = np.sqrt((one**2).sum() * (many**2).sum(axis=0))
        found[changing, place, 0] = np.divide(np.abs(one @ many), spread, out=np.zeros(len(changing)), where=spread > 0)
        _, bins, counts = np.unique(beats[earlier][those], return_inverse=True, return_counts=True)
        free = len(bins) - len(counts)
        if free < FEWEST // 2:
            continue
        for column in changing:
            each = values[later, column][those].astype(np.float64)
            rest = each - (np.bincount(bins, each) / counts)[bins]
            total = each.var(ddof=1)
            found[column, place, 1] = 1 - (rest**2).sum() / free / total if total > 1e-12 else 0.0
    return found


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _of_runs(few: Runs, facts: list[Known], rows: np.ndarray) -> Check:
    values = np.array([[*facts[row].course, *facts[row].history] for row in rows])
    beats = [few.grids[row].heart_rate for row in rows]
    own = {
        "mean": np.array([np.nanmean(each) for each in beats]),
        "highest": np.array([np.nanmax(each) for each in beats]),
        "lowest": np.array([np.nanmin(each) for each in beats]),
    }
    bad, most = [], (0.0, FACTS[0], "mean")
    for name, column in zip(FACTS, values.T, strict=True):
        there = np.isfinite(column)
        if there.sum() < FEWEST:
            continue
        value, of = max((_agreement(column[there], each[there]), of) for of, each in own.items())
        most = max(most, (value, name, of))
        if value > TOO_LIKE:
            bad.append(f"{name} is all but computed from the run's own {of} heart rate ({value:.3f} of 1)")
    return _check(
        "inputs of runs",
        bad,
        f"none of {len(FACTS)} goes with the run's own mean, highest or lowest heart rate; the nearest is {most[1]} to the "
        f"{most[2]} with {most[0]:.2f} of 1 over {len(rows)} runs.",
    )


def _agreement(one: np.ndarray, two: np.ndarray) -> float:
    """Goodman and Kruskal's gamma without its sign, which is 1 for classes too; 0 if most pairs are tied."""
    signs = np.sign(np.subtract.outer(one, one)) * np.sign(np.subtract.outer(two, two))
    untied = np.abs(signs).sum()
    return float(abs(signs.sum()) / untied) if untied > 0.2 * signs.size else 0.0


def _check(name: str, bad: list[str], good: str) -> Check:
    if not bad:
        return Check(name, True, good)
    more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    return Check(name, False, "; ".join(bad[:3]) + more + ADVICE)
