"""Fit the weights of an ensemble."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from hrkeras.datasets.runs import Runs
from hrkeras.evaluation import predict
from hrkeras.models import saving
from hrkeras.utils.errors import InputError

ROUNDS = 300  # of the fit
RATE = 0.5  # of the first round, in logarithms of weights for an error of one beat/min


@dataclass(frozen=True)
class Fit:
    """The weights of an ensemble, and mean absolute errors in beats/min on the runs that they were fitted on.

    Attributes:
        weights: one a member, at least 0, which add up to 1.
        members: error of each alone.
        mean: error of their plain mean.
        weighted: error of their weighted mean.
    """

    weights: list[float]
    members: list[float]
    mean: float
    weighted: float


def fit(
    members: Sequence[keras.Model], runs: Runs, split: str = "validation", on_batch: Callable[[int], object] | None = None
) -> Fit:
    """Fits the weights of an ensemble for the least absolute error without a run's own heart rate.

    Args:
        members: models of `hrkeras.models`.
        runs: of a dataset.
        split: the split to fit on; never the one that the ensemble is scored on.
        on_batch: see `inference.predict`.

    Raises:
        InputError: if the members' athletes start from different populations, or if no heart rate was measured.
    """
    populations = [saving.population(member) for member in members]
    for number, population in enumerate(populations, 1):
        if population != populations[0]:
            raise InputError(
                f"Model 1 and model {number} start from different populations ({populations[0].source or 'unnamed'} and "
                f"{population.source or 'unnamed'}), so they cannot predict as one; train all on the same data."
            )
    windows = runs.windows(runs.known(populations[0]), split, predict.WHOLE)
    measured = np.concatenate([run.grid.heart_rate for run in windows.runs()])
    counted = np.isfinite(measured)
    if not counted.any():
        raise InputError(f"Not one heart rate was measured in the {split} split; there is nothing to fit weights on.")
    predictions = [np.concatenate(predict.predict(member, windows, on_batch))[counted] for member in members]
    residuals = np.stack(predictions, axis=-1).astype(np.float64) - measured[counted, None]
    weights = least_absolute(residuals)
    errors = [float(np.abs(residuals @ candidate).mean()) for candidate in (np.full(len(members), 1 / len(members)), weights)]
    return Fit(weights.tolist(), np.abs(residuals).mean(axis=0).tolist(), *errors)


def least_absolute(residuals: np.ndarray) -> np.ndarray:
    """The mean of predictions with the least absolute error.

    By exponentiated gradient descent (Kivinen and Warmuth, Information and Computation 132, 1997); the best weights met are
    taken, among which each prediction alone and their plain mean are.

    Args:
        residuals: how far each prediction is off, shape `(steps, predictions)`.

    Returns:
        Weights of at least 0 that add up to 1, shape `(predictions,)`.
    """
    count = residuals.shape[1]
    weights = np.full(count, 1 / count)
    candidates = [weights, *np.eye(count)]
    for step in range(1, ROUNDS + 1):
        gradient = np.sign(residuals @ weights) @ residuals / len(residuals)
        weights = weights * np.exp(-RATE / step**0.5 * (gradient - gradient.mean()))
        weights = weights / weights.sum()
        candidates.append(weights)
    return min(candidates, key=lambda candidate: np.abs(residuals @ candidate).mean())
