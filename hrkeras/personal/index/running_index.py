"""A person's pace at a set heart rate on the flat, and an estimate of their maximal oxygen uptake, after each run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hrkeras.athlete import fitness, reserve, zones
from hrkeras.athlete.reserve import Reserve
from hrkeras.personal import pace
from hrkeras.personal.timeline import RECENT, Timeline
from hrkeras.utils.errors import InputError

SHARES = np.linspace(0.6, 1.6, 51)  # of the usual speed, at which heart rate is read; beyond, nothing is known of the person
REACHED = (0.7, 1.35)  # of the usual speed, between which a heart rate that is asked for must be reached
# mL/kg/min; cost of running on the flat: American College of Sports Medicine, Guidelines for Exercise Testing and Prescription
RESTING, PER_METRE = 3.5, 0.2  # at rest, and for one m/min
SLOWEST = 80.0  # m/min, below which people walk and the equation does not hold
# Estimates by the reserve were off by 4.0 mL/kg/min where the mean was 36.9, on a cycle ergometer at 65 to 75 % of the reserve:
# Swain et al., "Validation of a new method for estimating VO2max based on VO2 reserve", Med Sci Sports Exerc 36, 2004
ERROR = 4.0 / 36.9
EASIEST, HARDEST = 0.4, 0.95  # shares of the reserve, outside of which it says little of the oxygen uptake
_RATE, _EQUATION = 11, 12  # seeds


class Index(NamedTuple):
    """A person after one run.

    Attributes:
        start: of the run, s since 1970-01-01 UTC.
        utc_offset: s that local time is ahead of UTC; NaN where the source does not tell.
        speed: at the set heart rate on the flat, m/s, and its limits (10 and 90 %), shape `(3,)`; NaN where it is out of reach.
        vo2max: mL/kg/min, likewise; NaN where the usual pace does not tell.
        share: of the heart rate reserve that the usual pace takes, 0 to 1, to a hundredth.
    """

    start: float
    utc_offset: float
    speed: np.ndarray
    vo2max: np.ndarray
    share: float


def usual_heart_rate(timeline: Timeline) -> float:
    """The median of the mean heart rates of the last runs, to 5 beats/min, or the nearest that can be asked for."""
    usual = 5.0 * round(float(np.median([np.nanmean(entry.heart_rate) for entry in timeline.entries[-RECENT:]])) / 5)
    return float(np.clip(usual, *_reach(timeline)))


def _reach(timeline: Timeline) -> tuple[float, float]:
    """Between which whole beats/min a heart rate can be asked for."""
    last = timeline.entries[-1]
    rates = [last.view.at_pace(last.start, share * timeline.speed).value for share in REACHED]
    return float(np.ceil(rates[0])), float(np.floor(max(rates)))


def follow(timeline: Timeline, heart_rate: float, own: Reserve) -> list[Index]:
    """The index after each run with heart rate, in hindsight as `fitness` has it.

    Args:
        timeline: of the person.
        heart_rate: beats/min, at which pace is read.
        own: their resting and maximum heart rate.

    Raises:
        InputError: if the last run's state expects that heart rate at no pace near the usual one.
    """
    starts = [entry.start for entry in timeline.entries]
    views = [entry.view for entry in timeline.entries]
    speeds = timeline.speed * SHARES
    told = fitness.at_paces(views, starts, speeds)
    least, most = _reach(timeline)
    if not least <= heart_rate <= most:
        slow, fast = (pace.text(share * timeline.speed) for share in REACHED)
        raise InputError(
            f"Expected a heart rate from {least:.0f} to {most:.0f} beats/min, which the runs tell of paces "
            f"from {slow} to {fast} on the flat, found {heart_rate:g}; beyond these nothing can be said.",
            "at_heart_rate",
        )
    return [
        Index(
            entry.start,
            entry.utc_offset,
            at_heart_rate(speeds, rates, heart_rate),
            vo2max(timeline.speed, np.array(entry.at_pace), own),
            round(float(own.share(np.array(entry.at_pace.value))[0]), 2),
        )
        for entry, rates in zip(timeline.entries, told, strict=True)
    ]


def at_heart_rate(speeds: np.ndarray, rates: np.ndarray, heart_rate: float) -> np.ndarray:
    """The speed at which a heart rate is expected, and its limits.

    A person is that fast at least where the upper limit of the expected heart rate reaches it, at most where the lower one does.

    Args:
        speeds: m/s, shape `(speeds,)`, rising.
        rates: the heart rate at these, and its limits, beats/min, shape `(speeds, 3)`.
        heart_rate: beats/min.

    Returns:
        m/s, shape `(3,)`; limits beyond the speeds are the first or last of them, and all is NaN if the heart rate itself is.
    """
    value, low, high = np.maximum.accumulate(rates, axis=0).T
    if not value[0] <= heart_rate <= value[-1]:
        return np.full(3, np.nan)
    return np.array([np.interp(heart_rate, each, speeds) for each in (value, high, low)])


def vo2max(speed: float, at_pace: np.ndarray, own: Reserve) -> np.ndarray:
    """Maximal oxygen uptake from the heart rate at a steady pace on the flat.

    The pace costs oxygen by the ACSM's equation, and the share of the oxygen uptake reserve equals that of the heart rate
    reserve: D. P. Swain and B. C. Leutholtz, Med Sci Sports Exerc 29, 1997.

    Args:
        speed: m/s.
        at_pace: heart rate at it and its limits (10 and 90 %), beats/min, shape `(3,)`.
        own: the person's resting and maximum heart rate.

    Returns:
        mL/kg/min and its limits, shape `(3,)`: of all that is not known for sure, the heart rates and the equation; NaN where the
        pace is a walk, or too easy or too hard for it.
    """
    (value, low, high), reach = at_pace, ERROR * zones.NORMAL
    draws = np.maximum(own.share(reserve.draws(value, low, high, _RATE)), 0.05)
    if 60 * speed < SLOWEST or not EASIEST <= round(draws[0], 2) <= HARDEST:
        return np.full(3, np.nan)
    factor = reserve.draws(1.0, 1 - reach, 1 + reach, _EQUATION)
    return np.array(reserve.interval((RESTING + PER_METRE * 60 * speed / draws) * factor))
