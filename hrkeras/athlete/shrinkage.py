"""Shrinkage of a network's correction for a person, learnt from how much of it would have helped in their earlier runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from hrkeras.athlete.interval import PredictionInterval

START = 0.5  # before a first run
WEIGHT = 300.0  # (beats/min)^2, weight of this prior
SPAN = 100.0  # runs after which a run counts for a third
FURTHEST = 25.0  # beats/min; larger residuals are clipped to this


@dataclass
class Shrinkage:
    """The share of a network's correction that would have brought the athlete's state closest to the runs so far.

    A network that was trained on a few people may be wrong about another, so its correction shrinks. The weight is
    a least-squares fit of the state's residuals to the network's corrections, over the steps of the person's earlier runs, with
    older runs fading.

    Attributes:
        products: faded mean of residual times correction, (beats/min)^2.
        squares: faded mean of squared correction, (beats/min)^2.
    """

    products: float = START * WEIGHT
    squares: float = WEIGHT

    @property
    def value(self) -> float:
        """The weight: from 0, the state alone, to 1, the whole correction."""
        return float(np.clip(self.products / self.squares, 0.0, 1.0))

    def update(self, heart_rate: np.ndarray, expected: np.ndarray, predicted: np.ndarray) -> None:
        """Learns from a finished run; one without measured heart rate changes nothing.

        Args:
            heart_rate: beats/min, shape `(steps,)`; NaN where it was not measured.
            expected: what the athlete's state expected, beats/min, same shape.
            predicted: what the network predicted with its whole correction, beats/min, same shape.
        """
        measured = np.isfinite(heart_rate)
        if not measured.any():
            return
        residual = np.clip((heart_rate - expected)[measured], -FURTHEST, FURTHEST).astype(np.float64)
        correction = (predicted - expected)[measured].astype(np.float64)
        keep = np.exp(-1 / SPAN)
        self.products = keep * self.products + (1 - keep) * START * WEIGHT + float((residual * correction).mean())
        self.squares = keep * self.squares + (1 - keep) * WEIGHT + float((correction * correction).mean())


@dataclass
class Network:
    """Performance for a person so far of a network that corrects the athlete's state.

    Attributes:
        name: its fingerprint, from `saving.fingerprint`; empty if there is no network.
        shrinkage: of its correction.
        interval: around its prediction, with that shrinkage.
    """

    name: str = ""
    shrinkage: Shrinkage = field(default_factory=Shrinkage)
    interval: PredictionInterval = field(default_factory=PredictionInterval)

    def update(
        self, heart_rate: np.ndarray, expected: np.ndarray, standard_deviation: np.ndarray, predicted: np.ndarray, step: float
    ) -> None:
        """Learns from a finished run; see `Shrinkage.update` and `PredictionInterval.update`."""
        self.interval.update(heart_rate, expected + self.shrinkage.value * (predicted - expected), standard_deviation, step)
        self.shrinkage.update(heart_rate, expected, predicted)


def over_before(starts: np.ndarray, ends: np.ndarray) -> Iterator[tuple[int, list[int]]]:
    """The order in which runs become known.

    Args:
        starts: s, shape `(runs,)`, in any order.
        ends: s, likewise.

    Yields:
        Each run, in the order of their starts, and the runs that have ended since the start before.
    """
    waiting = list(np.argsort(ends, kind="stable"))
    for run in np.lexsort((ends, starts)):
        over = []
        while waiting and ends[waiting[0]] <= starts[run]:
            over.append(int(waiting.pop(0)))
        yield int(run), over
