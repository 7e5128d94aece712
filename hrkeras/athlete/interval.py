"""The band in which a heart rate lies four times in five, from where it lay in the person's earlier runs."""

from dataclasses import dataclass, field
from math import erf, sqrt

import numpy as np

EDGES = np.linspace(-3.0, 3.0, 49)  # standard deviations that the athlete's state gives to its own prediction
TAIL = 0.1  # share of the heart rates that shall lie below the band, and as many above it
RATE = 0.1  # how much of what a run of an hour or longer had more or less beyond a limit is put right after it
LEAST_AND_MOST = 0.005, 0.45
TYPICAL = 0.64  # of these is the standard deviation of people's misses
WEIGHT = 4.0  # hours that this counts for
SPAN = 100.0  # runs after which a run counts for a third
HOUR = 3600.0  # s
POSSIBLE = (30.0, 230.0)  # beats/min; beyond, a linear model has left what it knows

_BELOW = np.array([0.0, *(0.5 + 0.5 * erf(edge / TYPICAL / sqrt(2)) for edge in EDGES), 1.0])


@dataclass
class Band:
    """How far heart rate lay from its prediction in a person's runs so far, of which older ones fade.

    How far off a prediction may be, the athlete's state says step by step. How often it was, says this: a histogram of
    misses over that standard deviation, filled at first with what is usual among people. The limits are quantiles of it, and
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
        """Where the band begins and ends beside the prediction, in those standard deviations, shape `(2,)`."""
        below = np.cumsum(self.hours) / self.hours.sum()
        return np.interp([self.tails[0], 1 - self.tails[1]], below[:-1], EDGES)

    def update(self, heart_rate: np.ndarray, predicted: np.ndarray, spread: np.ndarray, step: float) -> None:
        """Learns from a run that is over; one without measured heart rate changes nothing.

        Args:
            heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.
            predicted: beats/min, same shape.
            spread: the standard deviation that was given to it, beats/min, same shape.
            step: s, length of a step.
        """
        measured = np.isfinite(heart_rate)
        if not measured.any():
            return
        misses = ((heart_rate - predicted) / spread)[measured]
        low, high = self.limits
        beyond = np.array([(misses < low).mean(), (misses > high).mean()])
        hours = len(misses) * step / HOUR
        self.tails = np.clip(self.tails + RATE * min(hours, 1.0) * (TAIL - beyond), *LEAST_AND_MOST)
        keep = np.exp(-1 / SPAN)
        self.hours = keep * self.hours + (1 - keep) * Band().hours
        self.hours += np.bincount(np.searchsorted(EDGES, misses), minlength=len(self.hours)) * step / HOUR


def limits(predicted: np.ndarray, spread: np.ndarray, band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper limit of the band around a prediction, beats/min, each of shape `(steps,)`.

    Args:
        predicted: beats/min, shape `(steps,)`.
        spread: the standard deviation of it, beats/min, same shape.
        band: from `Band.limits`.
    """
    low, high = (np.clip(predicted + limit * spread, *POSSIBLE) for limit in band)
    return low, high
