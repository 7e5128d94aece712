"""A person's heart rate reserve, from the resting to the maximum heart rate, and how well it is known."""

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from hrkeras.athlete import facts, zones
from hrkeras.athlete.fitness import WithLimits
from hrkeras.athlete.interval import TAIL
from hrkeras.athlete.kalman import AthleteState

DRAWS = 200  # of what is not known for sure
_NORMAL = np.array([NormalDist().inv_cdf((draw + 0.5) / DRAWS) for draw in range(DRAWS)])


class Reserve(NamedTuple):
    """Resting and maximum heart rate in beats/min, each of shape `(1 + DRAWS,)`: first the estimate, then what it may be instead.

    Attributes:
        maximum: told, or estimated by `zones.estimate`.
        resting: told, or that of runners in general.
        women: share of women's against men's weights, 0 to 1; half of each where the sex is not known, and then either.
        told: what the person told.
    """

    maximum: np.ndarray
    resting: np.ndarray
    women: np.ndarray
    told: facts.Facts

    def share(self, heart_rate: np.ndarray) -> np.ndarray:
        """Heart rate in beats/min, shape `(steps, 1)` or `(steps, 1 + DRAWS)`, as a share of the reserve, 0 to 1."""
        return np.clip((heart_rate - self.resting) / (self.maximum - self.resting), 0.0, 1.0)


def draws(value: float, low: float, high: float, seed: int) -> np.ndarray:
    """A value, and then draws of it from two halves of normal distributions with 10 and 90 % at `low` and `high`.

    Args:
        value: the estimate and the median of the draws.
        low: its 10 % quantile.
        high: its 90 % quantile.
        seed: draws of different seeds are independent, those of one are always the same.

    Returns:
        Shape `(1 + DRAWS,)`.
    """
    return np.append(value, value + moves(np.array(value), np.array(low), np.array(high), seed)[0, 1:])


def moves(value: np.ndarray, low: np.ndarray, high: np.ndarray, seed: int) -> np.ndarray:
    """How far draws of several values lie from them if these all move together; see `draws`.

    Returns:
        Shape `(values, 1 + DRAWS)`; the first column is 0.
    """
    order = np.append(0.0, np.random.default_rng(seed).permutation(_NORMAL))
    below, above = np.reshape(value - low, (-1, 1)), np.reshape(high - value, (-1, 1))
    return order * np.where(order < 0, below, above) / zones.NORMAL


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The estimate, and 10 and 90 % of its draws, along the last axis of length `1 + DRAWS`."""
    low, high = np.quantile(values[..., 1:], (TAIL, 1 - TAIL), axis=-1, method="hazen")  # as `_NORMAL` has them
    estimate = values[..., 0]
    return estimate, np.minimum(low, estimate), np.maximum(high, estimate)


def estimate(athlete: AthleteState) -> Reserve:
    """The reserve of a person from what they told and from the runs that their state remembers.

    A told resting heart rate is taken as exact, as is a told maximum; otherwise the resting heart rate is 60 with a standard
    deviation of 7.7, see `facts.USUAL_RESTING`.
    """
    told, own = facts.told(athlete), zones.estimate(athlete)
    maximum = draws(own.maximum, own.maximum_low, own.maximum_high, seed=1)
    reach = zones.NORMAL * facts.RESTING_SPREAD
    usual = (facts.USUAL_RESTING, facts.USUAL_RESTING - reach, facts.USUAL_RESTING + reach)
    resting = draws(*(usual if told.resting_heart_rate is None else (told.resting_heart_rate,) * 3), seed=2)
    either = np.append(0.5, np.arange(DRAWS) % 2)
    women = either if told.sex is None else np.full(1 + DRAWS, float(told.sex == "female"))
    return Reserve(maximum, np.minimum(resting, maximum - facts.LEAST_RESERVE), women, told)


def text(own: Reserve, with_sex: bool = True) -> str:
    """What is taken for resting and maximum heart rate and, if wanted, the sex, and where each comes from, in a sentence."""
    maximum, resting = ("{:.0f} ({:.0f} to {:.0f})".format(*interval(values)) for values in (own.maximum, own.resting))
    told = own.told
    parts = [
        f"maximum heart rate {told.max_heart_rate:.0f} as self-reported"
        if told.max_heart_rate is not None
        else f"maximum heart rate {maximum} as estimated by `hrkeras zones`",
        f"resting heart rate {told.resting_heart_rate:.0f} as self-reported"
        if told.resting_heart_rate is not None
        else f"resting heart rate {resting} as runners have in general",
        f"sex {told.sex} as self-reported" if told.sex else "sex not known",
    ]
    return f"Computed with: {', '.join(parts if with_sex else parts[:-1])}."


def advice(own: Reserve, with_sex: bool = True) -> list[str]:
    """What else the person may tell to make what is computed with it more certain, in a sentence; nothing if that is known."""
    told = own.told
    options = {
        "--resting-heart-rate 52": told.resting_heart_rate,
        "--age 41": told.age if told.max_heart_rate is None else told.max_heart_rate,
        **({"--sex female": told.sex} if with_sex else {}),
    }
    missing = " ".join(option for option, value in options.items() if value is None)
    return [f"Make it more certain: `hrkeras update me.json {missing}`, then give `--athlete me.json`."] if missing else []


def as_dict(own: Reserve) -> dict[str, Any]:
    """The same for JSON; heart rates in beats/min."""
    told = own.told
    return {
        "maximum": WithLimits(*map(float, interval(own.maximum))).as_dict() | {"told": told.max_heart_rate is not None},
        "resting": WithLimits(*map(float, interval(own.resting))).as_dict() | {"told": told.resting_heart_rate is not None},
        "sex": told.sex,
    }
