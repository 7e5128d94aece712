"""What any model must beat: answers that need no network. NumPy only; each learns from the training split alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from hrkeras.datasets.windows import Run
from hrkeras.evaluation.protocols import Case
from hrkeras.workouts.effort import BASIS, basis, exponential_averages
from hrkeras.workouts.grid import STEP

LAST_RUNS = 5
BIAS_RUNS = 20
BIASED = f"ridge per person, bias of the last {BIAS_RUNS} runs"
MEAN = "person's mean"
PLAIN = ("constant", MEAN, "persistence", "recent mean heart rate", "linear interpolation")  # use neither speed nor altitude
SHIFT_SPANS = (4, 8, 15, 30, 60, 1000)  # steps
SHIFT_STRENGTHS = (0.4, 0.6, 0.8, 1.0)
RECENT_SPANS = (2, 4, 8, 15, 30, 60)  # steps
RECENT_WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8)
PENALTIES = (1e1, 1e2, 1e3, 1e4, 1e5)


def predictions(train: list[Run], validation: list[Run], test: list[Run]) -> dict[str, list[np.ndarray]]:
    """Predictions of every baseline for the test runs.

    The heart rate of earlier runs, of any split, is known when a run is predicted, as it is to a model with history;
    weights are fitted on the training split, and their penalty is chosen on the validation split.

    Args:
        train: runs to learn from.
        validation: runs to choose penalties by.
        test: runs to predict.

    Returns:
        By name of the baseline, for each test run its prediction in beats/min, shape `(steps,)`.
    """
    constant = _mean(train)
    means = {user: _mean([run for run in train if run.user == user]) for user in {run.user for run in train}}
    people = {user: mean for user, mean in means.items() if np.isfinite(mean)}
    every_run = sorted([*train, *validation, *test], key=lambda run: run.start)
    level = _running_mean(every_run, {run.number: _run_mean(run) for run in every_run}, LAST_RUNS)

    features = {run.number: basis(run.grid) for run in every_run}
    centre, scale = _standardisation([features[run.number] for run in train])
    for key, values in features.items():
        features[key] = (values - centre) / scale
    sums = _sums(train, features)
    shared, _ = _best(validation, features, [(_solve(_sum_all(sums), penalty), {}) for penalty in PENALTIES])
    _, personal = _best(
        validation,
        features,
        [(shared, {user: _solve(mine, penalty, shared) for user, mine in sums.items()}) for penalty in PENALTIES],
    )

    def linear(weights):
        return {run.number: features[run.number] @ weights.get(run.user, shared) for run in every_run}

    personally = linear(personal)
    residuals = {run.number: _run_mean(run, personally[run.number]) for run in every_run}
    bias = _running_mean(every_run, residuals, BIAS_RUNS)
    flat = {
        "constant": {run.number: constant for run in test},
        MEAN: {run.number: people.get(run.user, constant) for run in test},
        f"mean of the last {LAST_RUNS} runs": {run.number: level.get(run.number, constant) for run in test},
    }
    everyone = linear({})
    return {name: [np.full(len(run.grid.speed), heart_rate[run.number]) for run in test] for name, heart_rate in flat.items()} | {
        "ridge, everyone": [everyone[run.number] for run in test],
        "ridge per person": [personally[run.number] for run in test],
        BIASED: [personally[run.number] + bias.get(run.number, 0.0) for run in test],
    }


@dataclass(frozen=True)
class Partly:
    """Runs of which some heart rate is known; each attribute holds one array of shape `(steps,)` a run.

    Attributes:
        runs: the runs.
        shown: the known heart rate, beats/min; NaN where it is not known.
        counted: the steps that are scored.
        unconditioned: what the model predicts without it, beats/min.
        expected: what the athlete's state predicts without it, beats/min.
        conditioned: what the model predicts with it, beats/min; only needed of runs that are cut at origins.
    """

    runs: list[Run]
    shown: list[np.ndarray]
    counted: list[np.ndarray]
    unconditioned: list[np.ndarray]
    expected: list[np.ndarray]
    conditioned: list[np.ndarray] = field(default_factory=list)

    def error(self, predicted: Iterable[np.ndarray]) -> float:
        """Sum of the absolute errors over the steps that are scored."""
        rows = zip(self.runs, predicted, self.counted, strict=True)
        return sum(np.abs(values - run.grid.heart_rate)[counted].sum(dtype=np.float64) for run, values, counted in rows)


def with_heart_rate(case: Case, test: Partly, validation: Partly, name: str) -> dict[str, list[np.ndarray]]:
    """Predictions that make use of the known part of a run's heart rate and need no training.

    Args:
        case: what is known.
        test: what to predict.
        validation: on which spans, strengths and weights are chosen.
        name: of the model, whose unconditioned prediction is shifted by its recent residuals.

    Returns:
        By name, the predictions of each run, shape `(steps,)`: the last known value, or where both sides are known the
        straight line between them; two predictions without it, shifted by their recent residuals; and where the future of the
        run is assumed, the recent mean of the known values, alone and averaged with the model's prediction.
    """
    steps = round(case.delay / STEP)
    simple = [
        line(values, elsewhere) if case.after else _last(values, steps, elsewhere)
        for values, elsewhere in zip(test.shown, test.expected, strict=True)
    ]
    predicted = {"linear interpolation" if case.after else "persistence": simple}
    for which, title in (
        ("expected", "athlete's state, shifted by its residuals"),
        ("unconditioned", f"{name}, shifted by its residuals"),
    ):
        predicted[title] = _shifted(test, validation, which, steps)
    return predicted | (_of_recent_heart_rate(test, validation, steps, name) if case.ahead else {})


def _shifted(test: Partly, validation: Partly, which: str, steps: int) -> list[np.ndarray]:
    """Predictions plus an average over their residuals known `steps` ago and before."""
    base, chosen_on = getattr(test, which), getattr(validation, which)
    means = {span: _recent(validation.shown, chosen_on, steps, span) for span in SHIFT_SPANS}
    span, strength = min(
        product(SHIFT_SPANS, SHIFT_STRENGTHS),
        key=lambda pair: validation.error(_weighted(chosen_on, means[pair[0]], 1.0, pair[1])),
    )
    return _weighted(base, _recent(test.shown, base, steps, span), 1.0, strength)


def _of_recent_heart_rate(test: Partly, validation: Partly, steps: int, name: str) -> dict[str, list[np.ndarray]]:
    """The mean heart rate of the last minutes, and its average with the model's prediction: what comes is not known."""
    zeros, zeros_test = ([np.zeros(len(values)) for values in part.shown] for part in (validation, test))
    means = {span: _recent(validation.shown, zeros, steps, span) for span in RECENT_SPANS}
    best = min(RECENT_SPANS, key=lambda span: validation.error(means[span]))
    span, weight = min(
        product(RECENT_SPANS, RECENT_WEIGHTS),
        key=lambda pair: validation.error(_weighted(validation.conditioned, means[pair[0]], 1 - pair[1], pair[1])),
    )
    recent = {each: _recent(test.shown, zeros_test, steps, each) for each in {best, span}}
    averaged = _weighted(test.conditioned, recent[span], 1 - weight, weight)
    return {"recent mean heart rate": recent[best], f"{name}, averaged with recent heart rate": averaged}


def _weighted(first: list[np.ndarray], second: list[np.ndarray], *weights: float) -> list[np.ndarray]:
    return [weights[0] * one + weights[1] * other for one, other in zip(first, second, strict=True)]


def _recent(shown: list[np.ndarray], predicted: list[np.ndarray], steps: int, span: float) -> list[np.ndarray]:
    """Of each run, an exponential average over the residuals of a prediction known `steps` ago and before."""
    recent = []
    for values, each in zip(shown, predicted, strict=True):
        known = np.isfinite(values)
        residuals = np.where(known, values - each, 0.0)
        total, weight = (exponential_averages(series, (span,))[0] for series in (residuals, known.astype(np.float64)))
        mean = total / np.maximum(weight, 1e-200)
        recent.append(np.concatenate([np.zeros(min(steps, len(mean))), mean])[: len(mean)])
    return recent


def _last(known: np.ndarray, steps: int, elsewhere: np.ndarray) -> np.ndarray:
    """The last value known `steps` ago or earlier; `elsewhere`, where there is none."""
    place = np.maximum.accumulate(np.where(np.isfinite(known), np.arange(len(known)), -1))
    place = np.concatenate([np.full(min(steps, len(place)), -1), place])[: len(known)]
    return np.where(place >= 0, known[np.maximum(place, 0)], elsewhere)


def line(known: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    """The straight line between known values, flat beyond them; `elsewhere`, if there are none."""
    places = np.flatnonzero(np.isfinite(known))
    return np.interp(np.arange(len(known)), places, known[places]) if len(places) else elsewhere


def _run_mean(run: Run, predicted=0.0) -> float:
    """Mean over the measured steps of heart rate, or of what it is above a prediction; NaN if there are none."""
    difference = (run.grid.heart_rate - predicted)[np.isfinite(run.grid.heart_rate)]
    return float(difference.mean()) if len(difference) else np.nan


def _mean(runs: list[Run]) -> float:
    measured = [run.grid.heart_rate[np.isfinite(run.grid.heart_rate)] for run in runs]
    return float(np.concatenate(measured).mean(dtype=np.float64)) if any(map(len, measured)) else np.nan


def _running_mean(runs: list[Run], values: dict[int, float], span: int) -> dict[int, float]:
    """For each run the mean value of its person's last `span` runs that began before it, where there are any.

    Args:
        runs: in the order of their starts.
        values: by number of the run; NaN where there is none.
        span: how many runs.
    """
    earlier: dict[int, list[tuple[float, float]]] = defaultdict(list)
    means = {}
    for run in runs:
        recent = [value for start, value in earlier[run.user][-span:] if start < run.start]
        if recent:
            means[run.number] = float(np.mean(recent))
        if np.isfinite(values[run.number]):
            earlier[run.user].append((run.start, values[run.number]))
    return means


def _standardisation(features: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.concatenate([values[::5] for values in features])
    centre, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    centre[0], scale[0] = 0, 1  # the intercept
    return centre, scale


def _sums(runs: list[Run], features) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """By person, the normal equations of least squares."""
    sums: dict = {}
    for run in runs:
        measured = np.isfinite(run.grid.heart_rate)
        rows = features[run.number][measured]
        squares, products = rows.T @ rows, rows.T @ run.grid.heart_rate[measured].astype(np.float64)
        before = sums.get(run.user, (0.0, 0.0))
        sums[run.user] = before[0] + squares, before[1] + products
    return sums


def _sum_all(sums: dict[int, tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The normal equations of everyone together."""
    squares, products = zip(*sums.values(), strict=True)
    return np.sum(squares, axis=0), np.sum(products, axis=0)


def _solve(sums, penalty: float, towards: np.ndarray | None = None) -> np.ndarray:
    """Ridge regression that shrinks the slopes to nothing, or all weights to given ones."""
    squares, products = sums
    ridge = np.full(len(BASIS), penalty)
    if towards is None:
        towards = np.zeros(len(BASIS))
        ridge[0] = 1e-6  # the intercept is free
    return towards + np.linalg.solve(squares + np.diag(ridge), products - squares @ towards)


def _best(validation: list[Run], features, candidates):
    """The candidate, weights of everyone and of each person, that does best on validation."""

    def error(candidate):
        shared, personal = candidate
        residuals = [np.abs(features[run.number] @ personal.get(run.user, shared) - run.grid.heart_rate) for run in validation]
        return np.nan_to_num(np.concatenate(residuals)).sum()  # unmeasured steps are the same for all candidates

    return min(candidates, key=error)
