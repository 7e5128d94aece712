"""Whether heat goes with heart rate: a straight line through the runs of one person, with what chance allows."""

from typing import NamedTuple

import numpy as np

from hrkeras.athlete.drift import NINETEEN_IN_TWENTY, wider
from hrkeras.athlete.fitness import WithLimits

EARLIER = 10  # runs whose mean temperature is what the state has got used to
FEWEST = 20  # runs to say anything from
DEGREES = 10.0  # that a slope is told for


class Relation(NamedTuple):
    """How something changes with temperature.

    Attributes:
        slope: per 10 degrees Celsius warmer than the runs before, with limits that contain it nineteen times in twenty.
        runs: how many tell it.
    """

    slope: WithLimits
    runs: int


def warmer(temperatures: np.ndarray) -> np.ndarray:
    """How much warmer each run was than the last ten before it, degrees Celsius, shape `(runs,)`; NaN where that is unknown.

    The athlete's state follows the seasons, so only what differs from the runs before is seen in what it leaves over.

    Args:
        temperatures: of the runs in their order, shape `(runs,)`; NaN where unknown.
    """
    result = np.full(len(temperatures), np.nan)
    known = np.flatnonzero(np.isfinite(temperatures))
    for number, place in enumerate(known[1:], 1):
        result[place] = temperatures[place] - temperatures[known[max(0, number - EARLIER) : number]].mean()
    return result


def relation(warmer: np.ndarray, values: np.ndarray, variances: np.ndarray | None = None) -> Relation | None:
    """The line through values over temperatures by weighted least squares; None if fewer than 20 runs tell.

    Args:
        warmer: from `warmer`, shape `(runs,)`.
        values: of each run, shape `(runs,)`; NaN where unknown.
        variances: of these, up to a factor; all the same if not given.
    """
    used = np.isfinite(warmer) & np.isfinite(values)
    if used.sum() < FEWEST or not np.ptp(warmer[used]) > 0:
        return None
    weights = np.ones(used.sum()) if variances is None else 1 / variances[used]
    x, y = (column[used] - np.average(column[used], weights=weights) for column in (warmer, values))
    information, freedom = np.sum(weights * x**2), len(x) - 2
    slope = np.sum(weights * x * y) / information
    error = np.sqrt(np.sum(weights * (y - slope * x) ** 2) / freedom / information)
    margin = DEGREES * NINETEEN_IN_TWENTY * wider(NINETEEN_IN_TWENTY, freedom) * error
    value = DEGREES * float(slope)
    return Relation(WithLimits(value, value - margin, value + margin), int(used.sum()))
