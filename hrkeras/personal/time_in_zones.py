"""How long a person's runs were in each zone, measured and estimated, in numbers and in words."""

from dataclasses import dataclass

import numpy as np

from hrkeras.athlete import zones
from hrkeras.athlete.population import DAY
from hrkeras.athlete.zones import NAMES, Zones
from hrkeras.personal import fitness_text
from hrkeras.personal.timeline import Timeline

WEEKS = 4  # before the last run: what counts as of late
ADVICE = "This is no medical advice. Ask a doctor before you train hard, or if something feels wrong."
ESTIMATED = "Estimated are runs without heart rate; in brackets what the prediction interval (10 to 90 %) allows."


@dataclass(frozen=True)
class Times:
    """Time in each zone over some runs, s, shape `(5,)`.

    Attributes:
        runs: how many with heart rate.
        measured: in these.
        silent: how many runs without heart rate.
        estimated: in these, by what was predicted of them.
        within: the least and the most of `estimated` that the prediction interval (10 to 90 %) allows, shape `(2, 5)`.
    """

    runs: int
    measured: np.ndarray
    silent: int
    estimated: np.ndarray
    within: np.ndarray


def times(timeline: Timeline, own: Zones, weeks: float = float("inf")) -> Times:
    """Time in zones over the runs of a timeline, or of its last weeks before its last run."""
    starts = [*(each.start for each in timeline.entries), *(each.start for each in timeline.unheard)]
    since = max(starts) - 7 * DAY * weeks
    measured = [each for each in timeline.entries if each.start >= since]
    silent = [each for each in timeline.unheard if each.start >= since]
    nothing = np.zeros(zones.COUNT)
    within = (zones.seconds_within(own.edges, each.heart_rate, each.low, each.high, each.step) for each in silent)
    return Times(
        len(measured),
        sum((zones.seconds_in(own.edges, each.heart_rate, each.found.step) for each in measured), nothing),
        len(silent),
        sum((zones.seconds_in(own.edges, each.heart_rate, each.step) for each in silent), nothing),
        sum(within, np.zeros((2, zones.COUNT))),
    )


Column = list[str]  # of a table, with its head


def named(own: Zones) -> list[Column]:
    """The zones and their heart rates."""
    return [["Zone", *(f"{number} {name}" for number, name in enumerate(NAMES, 1))], ["beats/min", *own.limits]]


def measured(recent: Times, everything: Times) -> list[Column]:
    """Time in zones, of late and in all, where there are runs with heart rate."""
    return [
        [f"{when}: {fitness_text.count(each.runs)}", *clocks(each.measured)]
        for when, each in _both(recent, everything)
        if each.runs
    ]


def estimated(recent: Times, everything: Times) -> list[Column]:
    """Likewise of runs without."""
    found = []
    for when, each in _both(recent, everything):
        if each.silent:
            bounds = (clocks(seconds, share=False) for seconds in (each.estimated, *each.within))
            told = [f"{value} ({low} to {high})" for value, low, high in zip(*bounds, strict=True)]
            found.append([f"{when}: {fitness_text.count(each.silent)} estimated", *told])
    return found


def _both(recent: Times, everything: Times) -> list[tuple[str, Times]]:
    return [(f"last {WEEKS} weeks", recent), ("all", everything)]


def lines(own: Zones, recent: Times, everything: Times) -> list[str]:
    """What `hrkeras zones` prints."""
    columns = [*named(own), *measured(recent, everything), *estimated(recent, everything)]
    widths = [max(map(len, column)) for column in columns]
    rows = [zip(row, widths, strict=True) for row in zip(*columns, strict=True)]
    said = [
        *heart_rates(own),
        *("  ".join(f"{cell:{width}}" for cell, width in row).rstrip() for row in rows),
    ]
    return [*said, *([ESTIMATED] if everything.silent else [])]


def heart_rates(own: Zones) -> list[str]:
    """Maximum and threshold, a sentence each."""
    threshold = _told(own.threshold, own.threshold_low, own.threshold_high)
    return [
        f"Maximum: {_told(own.maximum, own.maximum_low, own.maximum_high)} beats/min.",
        f"Threshold, which one can hold for about an hour: {threshold} beats/min.",
    ]


def _told(value: float, low: float, high: float) -> str:
    return f"{value:.0f}, as given" if low == high else f"{value:.0f} ({low:.0f} to {high:.0f}, four times in five)"


def clocks(seconds: np.ndarray, share: bool = True) -> list[str]:
    """Times in s as hours and minutes, with their share of all."""
    clocks = [f"{int(each // 3600)}:{int(each % 3600 // 60):02}" for each in seconds]
    total = max(float(seconds.sum()), 1.0)
    return [f"{clock} ({100 * each / total:.0f} %)" for clock, each in zip(clocks, seconds, strict=True)] if share else clocks


def as_dict(own: Zones, recent: Times, everything: Times) -> dict:
    """For programs; heart rates in beats/min, times in minutes."""
    ends = ("", "_low", "_high")
    return {
        **{f"{what}{end}": round(getattr(own, f"{what}{end}"), 1) for what in ("maximum", "threshold") for end in ends},
        "zones_begin": own.edges.tolist(),
        **{
            name: {
                "runs": found.runs,
                "minutes": (found.measured / 60).round(2).tolist(),
                "estimated_runs": found.silent,
                "estimated_minutes": (found.estimated / 60).round(2).tolist(),
                "estimated_least": (found.within[0] / 60).round(2).tolist(),
                "estimated_most": (found.within[1] / 60).round(2).tolist(),
            }
            for name, found in ((f"last_{WEEKS}_weeks", recent), ("all", everything))
        },
    }
