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

RUNS = 100  # that are checked
BEFORE = 4  # runs that serve each as history
LAGS = range(-3, 31)  # steps by which an input may be later than heart rate
FEWEST = 30  # steps, or runs, that a relation needs
TOO_LIKE = 0.97  # of what `relations` returns; 1 is a copy, and physiology stays far below
KINDS = ("heart rate", "a class of heart rate")
CHANNELS = ("speed", "altitude", *EXPECTED)
FACTS = (*COURSE_FACTS, *COLUMNS)
ADVICE = "; take it out of the inputs, or measure it apart from heart rate."


def checks(runs: Runs, known: Callable[[Runs, Population], list[Known]], random: np.random.Generator) -> Iterator[Check]:
    """Compares each input of a model with the heart rate of the same run.

    Args:
        runs: of a dataset.
        known: gives what is known before each run.
        random: generator of the random choices.
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
    of_runs = []
    for row in rows:
        grid = few.grids[row]
        of_runs.append(relations(np.column_stack([grid.speed, grid.altitude, facts[row].expected]), grid.heart_rate))
    table = np.stack(of_runs)
    enough = np.isfinite(table).sum(axis=0) >= min(3, len(rows))
    middle = np.where(enough, np.nanmedian(np.where(enough, table, 0.0), axis=0), 0.0)
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
        f"none of the {len(CHANNELS)} inputs follows the run's own heart rate, at the same time or up to "
        f"{LAGS[-1] * STEP:.0f} s before; the closest is {CHANNELS[nearest]} with an association of {middle[nearest].max():.2f} "
        f"(1 is a copy; median of {len(rows)} runs).",
    )


def relations(values: np.ndarray, heart_rate: np.ndarray) -> np.ndarray:
    """How close inputs are to a function of the heart rate some steps before.

    Args:
        values: a column each, shape `(steps, columns)`.
        heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.

    Returns:
        Shape `(columns, len(LAGS), len(KINDS))`: the rank correlation without its sign, 1 for what rises or falls with
        heart rate; and the share of variance that heart rate in whole beats/min explains, less what it would by
        chance, 1 where each has one value. NaN for a constant input.
    """
    closeness = np.full((values.shape[1], len(LAGS), len(KINDS)), np.nan)
    changing = np.flatnonzero(np.ptp(values, axis=0) > 1e-6)
    if not len(changing):
        return closeness
    measured = np.isfinite(heart_rate)
    beats, own = np.zeros(len(heart_rate), int), np.full(len(heart_rate), np.nan)
    beats[measured], own[measured] = heart_rate[measured].round().astype(int), _ranks(heart_rate[measured])
    ranked = np.column_stack([_ranks(values[:, column]) for column in changing])
    steps = len(heart_rate)
    for place, lag in enumerate(LAGS):
        earlier, later = slice(max(-lag, 0), steps - max(lag, 0)), slice(max(lag, 0), steps - max(-lag, 0))
        usable = measured[earlier]
        if usable.sum() < FEWEST:
            continue
        target, inputs = own[earlier][usable], ranked[later][usable]
        target, inputs = target - target.mean(), inputs - inputs.mean(axis=0)
        spread = np.sqrt((target**2).sum() * (inputs**2).sum(axis=0))
        closeness[changing, place, 0] = np.divide(np.abs(target @ inputs), spread, out=np.zeros(len(changing)), where=spread > 0)
        _, bins, counts = np.unique(beats[earlier][usable], return_inverse=True, return_counts=True)
        free = len(bins) - len(counts)
        if free < FEWEST // 2:
            continue
        for column in changing:
            column_values = values[later, column][usable].astype(np.float64)
            rest = column_values - (np.bincount(bins, column_values) / counts)[bins]
            total = column_values.var(ddof=1)
            closeness[column, place, 1] = 1 - (rest**2).sum() / free / total if total > 1e-12 else 0.0
    return closeness


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _of_runs(few: Runs, facts: list[Known], rows: np.ndarray) -> Check:
    values = np.array([[*facts[row].course, *facts[row].history] for row in rows])
    beats = [few.grids[row].heart_rate for row in rows]
    own = {
        "mean": np.array([np.nanmean(heart_rate) for heart_rate in beats]),
        "highest": np.array([np.nanmax(heart_rate) for heart_rate in beats]),
        "lowest": np.array([np.nanmin(heart_rate) for heart_rate in beats]),
    }
    bad, most = [], (0.0, FACTS[0], "mean")
    for name, column in zip(FACTS, values.T, strict=True):
        there = np.isfinite(column)
        if there.sum() < FEWEST:
            continue
        value, of = max((_agreement(column[there], reference[there]), of) for of, reference in own.items())
        most = max(most, (value, name, of))
        if value > TOO_LIKE:
            bad.append(f"{name} is all but computed from the run's own {of} heart rate ({value:.3f} of 1)")
    return _check(
        "inputs of runs",
        bad,
        f"none of the {len(FACTS)} inputs follows the run's own mean, highest or lowest heart rate; the closest is {most[1]} "
        f"to the {most[2]} with an association of {most[0]:.2f} (1 is a copy; {len(rows)} runs).",
    )


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Goodman and Kruskal's gamma without its sign, which is 1 for classes too; 0 if most pairs are tied."""
    signs = np.sign(np.subtract.outer(first, first)) * np.sign(np.subtract.outer(second, second))
    untied = np.abs(signs).sum()
    return float(abs(signs.sum()) / untied) if untied > 0.2 * signs.size else 0.0


def _check(name: str, bad: list[str], good: str) -> Check:
    if not bad:
        return Check(name, True, good)
    more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    return Check(name, False, "; ".join(bad[:3]) + more + ADVICE)
