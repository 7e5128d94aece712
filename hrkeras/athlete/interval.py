"""The 80 % prediction interval of heart rate, calibrated on the person's earlier runs."""

from dataclasses import dataclass, field
from math import erf, sqrt

import numpy as np

EDGES = np.linspace(-3.0, 3.0, 49)  # in standard deviations of the athlete's state's prediction
TAIL = 0.1  # share of the heart rates that shall lie below the prediction interval, and as many above it
RATE = 0.1  # share of the deviation from `TAIL` that is corrected after a run of an hour or longer
LEAST_AND_MOST = 0.005, 0.45
TYPICAL = 0.64  # standard deviation of people's residuals, in the same units
WEIGHT = 4.0  # hours of data that this prior counts for
SPAN = 100.0  # runs after which a run counts for a third
HOUR = 3600.0  # s
# beats/min; a mean standard deviation above it is that of a person of whom hardly a run is known. The filter says of them that it
# knows less than it does, so that it learns quickly: what is above counts for less than half
SURE, BEYOND = 17.0, 0.45
POSSIBLE = (30.0, 230.0)  # beats/min; beyond, a linear model extrapolates

_BELOW = np.array([0.0, *(0.5 + 0.5 * erf(edge / TYPICAL / sqrt(2)) for edge in EDGES), 1.0])
USUAL = WEIGHT * np.diff(_BELOW)  # hours in each bin


@dataclass
class PredictionInterval:
    """How far heart rate lay from its prediction in a person's runs so far, with older runs fading.

    A histogram of residuals in units of the standard deviation that the athlete's state gives for each step (`scale`),
    initialised with what is usual among people. The limits are quantiles of it. Which quantiles is corrected after each run by
    the share of heart rates beyond the limits, so that these keep their coverage while a person changes (Gibbs and Candès,
    "Adaptive Conformal Inference under Distribution Shift", NeurIPS 2021).

    Attributes:
        hours: faded time in each bin between `EDGES`, shape `(len(EDGES) + 1,)`.
        tails: shares of the histogram below the lower and above the upper limit, shape `(2,)`.
    """

    hours: np.ndarray = field(default_factory=USUAL.copy)
    tails: np.ndarray = field(default_factory=lambda: np.full(2, TAIL))

    @property
    def limits(self) -> np.ndarray:
        """Lower and upper limit relative to the prediction, in standard deviations, shape `(2,)`."""
        below = np.cumsum(self.hours) / self.hours.sum()
        return np.interp([self.tails[0], 1 - self.tails[1]], below[:-1], EDGES)

    def update(self, heart_rate: np.ndarray, predicted: np.ndarray, standard_deviation: np.ndarray, step: float) -> None:
        """Learns from a finished run; one without measured heart rate changes nothing.

        Args:
            heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.
            predicted: beats/min, same shape.
            standard_deviation: of the prediction, beats/min, same shape.
            step: s, length of a step.
        """
        measured = np.isfinite(heart_rate)
        if not measured.any():
            return
        residuals = ((heart_rate - predicted) / scale(standard_deviation))[measured]
        low, high = self.limits
        beyond = np.array([np.count_nonzero(residuals < low), np.count_nonzero(residuals > high)]) / len(residuals)
        hours = len(residuals) * step / HOUR
        self.tails = np.clip(self.tails + RATE * min(hours, 1.0) * (TAIL - beyond), *LEAST_AND_MOST)
        keep = np.exp(-1 / SPAN)
        self.hours = keep * self.hours + (1 - keep) * USUAL
        self.hours += np.bincount(np.searchsorted(EDGES, residuals), minlength=len(self.hours)) * step / HOUR


def limits(predicted: np.ndarray, standard_deviation: np.ndarray, interval: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper limit of the prediction interval around a prediction, beats/min, each of shape `(steps,)`.

    Args:
        predicted: beats/min, shape `(steps,)`.
        standard_deviation: of the prediction, beats/min, same shape.
        interval: from `PredictionInterval.limits`.
    """
    low, high = (np.clip(predicted + limit * scale(standard_deviation), *POSSIBLE) for limit in interval)
    return low, high


def scale(standard_deviation: np.ndarray) -> np.ndarray:
    """What the prediction interval of a run is measured in, beats/min, from the standard deviation that the state gives."""
    mean = standard_deviation.mean()
    return standard_deviation * min(1.0, (SURE + BEYOND * (mean - SURE)) / mean)
