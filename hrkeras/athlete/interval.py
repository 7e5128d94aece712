"""The prediction interval in which a heart rate lies four times in five, from where it lay in the person's earlier runs."""

from dataclasses import dataclass, field
from math import erf, sqrt

import numpy as np

EDGES = np.linspace(-3.0, 3.0, 49)  # standard deviations that the athlete's state gives to its own prediction
TAIL = 0.1  # share of the heart rates that shall lie below the prediction interval, and as many above it
RATE = 0.1  # how much of what a run of an hour or longer had more or less beyond a limit is put right after it
LEAST_AND_MOST = 0.005, 0.45
TYPICAL = 0.64  # of these is the standard deviation of people's residuals
WEIGHT = 4.0  # hours that this counts for
SPAN = 100.0  # runs after which a run counts for a third
HOUR = 3600.0  # s
POSSIBLE = (30.0, 230.0)  # beats/min; beyond, a linear model has left what it knows

_BELOW = np.array([0.0, *(0.5 + 0.5 * erf(edge / TYPICAL / sqrt(2)) for edge in EDGES), 1.0])


@dataclass
class PredictionInterval:
    """How far heart rate lay from its prediction in a person's runs so far, of which older ones fade.

    How far off a prediction may be, the athlete's state says step by step. How often it was, says this: a histogram of
    residuals over that standard deviation, filled at first with what is usual among people. The limits are quantiles of it, and
    which ones is corrected after each run by what lay beyond them: so they hold what they say while a person changes (Gibbs
    and Candès, "Adaptive Conformal Inference under Distribution Shift", NeurIPS 2021).

    Attributes:
        hours: faded time in each bin between `EDGES`, shape `(len(EDGES) + 1,)`.
        tails: shares of the histogram below the lower and above the upper limit, shape `(2,)`.
    """

    hours: np.ndarray = field(default_factory=lambda: WEIGHT * np.diff(_BELOW))
    tails: np.ndarray = field(default_factory=lambda: np.full(2, TAIL))

    @property
    def limits(self) -> np.ndarray:
        """Where the prediction interval begins and ends beside the prediction, in those standard deviations, shape `(2,)`."""
        below = np.cumsum(self.hours) / self.hours.sum()
        return np.interp([self.tails[0], 1 - self.tails[1]], below[:-1], EDGES)

    def update(self, heart_rate: np.ndarray, predicted: np.ndarray, standard_deviation: np.ndarray, step: float) -> None:
        """Learns from a run that is over; one without measured heart rate changes nothing.

        Args:
            heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.
            predicted: beats/min, same shape.
            standard_deviation: the standard deviation that was given to it, beats/min, same shape.
            step: s, length of a step.
        """
        measured = np.isfinite(heart_rate)
        if not measured.any():
            return
        residuals = ((heart_rate - predicted) / standard_deviation)[measured]
        low, high = self.limits
        beyond = np.array([(residuals < low).mean(), (residuals > high).mean()])
        hours = len(residuals) * step / HOUR
        self.tails = np.clip(self.tails + RATE * min(hours, 1.0) * (TAIL - beyond), *LEAST_AND_MOST)
        keep = np.exp(-1 / SPAN)
        self.hours = keep * self.hours + (1 - keep) * PredictionInterval().hours
        self.hours += np.bincount(np.searchsorted(EDGES, residuals), minlength=len(self.hours)) * step / HOUR


def limits(predicted: np.ndarray, standard_deviation: np.ndarray, interval: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper limit of the prediction interval around a prediction, beats/min, each of shape `(steps,)`.

    Args:
        predicted: beats/min, shape `(steps,)`.
        standard_deviation: the standard deviation of it, beats/min, same shape.
        interval: from `PredictionInterval.limits`.
    """
    low, high = (np.clip(predicted + limit * standard_deviation, *POSSIBLE) for limit in interval)
    return low, high
