"""The running index in sentences and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hrkeras.athlete import reserve
from hrkeras.athlete.reserve import Reserve
from hrkeras.personal import fitness_text, pace
from hrkeras.personal.fitness_text import Change
from hrkeras.personal.index.running_index import EASIEST, HARDEST, SHARES, SLOWEST, Index
from hrkeras.workouts.clock import iso

CAVEAT = (
    "It is no measurement: the equation alone is off by a tenth, a wrong maximum or resting heart rate shifts all values alike, "
    "and heat or hilly ground that the watch does not see count as lower fitness. Its changes say more than its height."
)


def lines(found: Sequence[Index], heart_rate: float, speed: float, own: Reserve) -> list[str]:
    """What `hrkeras running-index` prints; `speed` is the usual one in m/s, from whose heart rate VO2max is estimated."""
    return [
        f"{fitness_text.count(len(found))} with heart rate, {fitness_text.days(found)}.",
        *results(found, heart_rate, speed),
        reserve.text(own, with_sex=False),
        *reserve.advice(own, with_sex=False),
    ]


def results(found: Sequence[Index], heart_rate: float, speed: float) -> list[str]:
    """Pace, its change and VO2max; arguments as of `lines`."""
    last = found[-1]
    sentences = [
        f"At {heart_rate:.0f} beats/min, your pace on the flat is {_pace(last.speed, speed)}, as of "
        f"{fitness_text.day(last.start, last.utc_offset)}.",
        change(found),
    ]
    value, low, high = last.vo2max
    if np.isfinite(value):
        sentences += [
            f"VO2max, the most oxygen that your body can use, is about {value:.0f} mL/kg/min ({low:.0f} to {high:.0f}): the "
            f"oxygen that {pace.text(speed)} costs by the equation of the American College of Sports Medicine, divided by the "
            "share of your heart rate reserve (maximum less resting) that this pace takes. In brackets where it lies four times "
            "in five.",
            CAVEAT,
        ]
    else:
        why = "is a walk" if 60 * speed < SLOWEST else _outside(last.share)
        sentences.append(f"VO2max cannot be told: {pace.text(speed)}, your usual pace, {why}.")
    return [sentence for sentence in sentences if sentence]


def _outside(share: float) -> str:
    """That a pace takes too small or too large a share of the heart rate reserve, and what can be why."""
    taken = f"takes {100 * share:.0f} % of your heart rate reserve (maximum less resting), and"
    if share < EASIEST:
        less = f"less than {100 * EASIEST:.0f} % says little of how much oxygen you can use at most"
        return f"{taken} {less}: it is very easy for you, or the maximum heart rate is too high"
    more = f"more than {100 * HARDEST:.0f} % cannot be kept up"
    return f"{taken} {more}: the maximum heart rate is too low, or the sensor shows too much"


def _pace(limits: np.ndarray, usual: float) -> str:
    """A speed and its limits as paces, each limit open where it is the last speed that is looked at; `usual` is in m/s."""
    value, slow, fast = (pace.text(each).removesuffix(" /km") for each in limits)
    faster = " or faster" if limits[2] >= SHARES[-1] * usual else ""
    slower = " or slower" if limits[1] <= SHARES[0] * usual else ""
    return f"{value} /km ({fast}{faster} to {slow}{slower})"


def changed(found: Sequence[Index]) -> Change | None:
    """How pace at the set heart rate has changed, in s/km, if that can be said; see `fitness_text.change_of`."""
    reached = [each for each in found if np.isfinite(each.speed[0])]
    return fitness_text.change_of(reached, [1000 / each.speed for each in reached])


def change(found: Sequence[Index]) -> str:
    """The same in a sentence; empty if there is none."""
    change = changed(found)
    if change is None:
        return ""
    when = f"{change.then} {pace.text(1000 / change.before)}"
    if not change.value:
        return f"{when} too."
    which = f"{'faster' if change.value < 0 else 'slower'}{'' if change.certain else ', which may be chance'}"
    return f"{when}: {change.value:+} s/km since ({change.limits}), {which}."


def as_dict(found: Sequence[Index], heart_rate: float, speed: float, own: Reserve) -> dict[str, Any]:
    """For programs: paces in seconds a kilometre, VO2max in mL/kg/min, each with 10 and 90 %; null where it cannot be told."""

    def limits(values: np.ndarray, digits: int) -> dict[str, float]:
        low, high = sorted(values[1:])
        return {
            name: round(float(each), digits) for name, each in zip(("value", "low", "high"), (values[0], low, high), strict=True)
        }

    change = changed(found)
    return {
        "heart_rate": heart_rate,
        "vo2max_at_pace": pace.text(speed),
        "change": change and change.as_dict() | {"unit": "s/km"},
        **reserve.as_dict(own),
        "runs": [
            {
                "start": iso(each.start, each.utc_offset),
                "seconds_per_km": limits(1000 / each.speed, 1),
                "vo2max": limits(each.vo2max, 1),
            }
            for each in found
        ],
    }
