"""How long a person's runs were in each zone, measured and estimated, in numbers and in words."""

from dataclasses import dataclass
from itertools import compress
from math import isinf, isnan, nan

import numpy as np

from hrkeras.athlete import zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.athlete.zones import NAMES, Zones
from hrkeras.personal import fitness_text
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.timeline import Timeline
from hrkeras.utils.text import duration, hours, table
from hrkeras.workouts.clock import iso
from hrkeras.workouts.grid import STEP

WEEKS = 4  # before the last run, which count as recent
ADVICE = "This is no medical advice. Ask a doctor before you train hard, or if something feels wrong."
COUNTED = f"Every {STEP:.0f} s with heart rate count once, in the zone that holds their mean to the nearest whole number."
ESTIMATED = "Estimated are runs with no or too little heart rate; in brackets what the prediction interval (10 to 90 %) allows."


@dataclass(frozen=True)
class Times:
    """Time in each zone over some runs, s, shape `(5,)`.

    Attributes:
        runs: how many with heart rate.
        measured: in these.
        missing: s in these for which it was not measured, so that they are in no zone.
        paused: s in all runs in which the watch was stopped (`grid.paused`), likewise.
        silent: how many runs with no or too little heart rate.
        estimated: in these, by their predictions.
        within: the least and the most of `estimated` that the prediction interval (10 to 90 %) allows, shape `(2, 5)`.
        too_high: the runs with heart rate whose mean is above the maximum, in order.
        doubted: s in the highest zone in these.
        last: start of the last run, s since 1970-01-01 UTC; NaN if no run has a date.
        utc_offset: s that local time is ahead of UTC there; NaN where the source does not tell.
    """

    runs: int
    measured: np.ndarray
    missing: float
    paused: float
    silent: int
    estimated: np.ndarray
    within: np.ndarray
    too_high: tuple[Prediction, ...] = ()
    doubted: float = 0.0
    last: float = nan
    utc_offset: float = nan


def times(timeline: Timeline, own: Zones, weeks: float = float("inf")) -> Times:
    """Time in zones over the runs of a timeline, or of its last weeks before its last run; those of unknown date are old."""
    runs: list[fitness_text.Dated] = [*timeline.measured, *timeline.unheard]
    starts = [(run.start, run.utc_offset) for run in runs if not isnan(run.start)]
    last, utc_offset = max(starts, default=(nan, nan))
    since = (0.0 if isnan(last) else last) - 7 * DAY * weeks
    measured, silent = (
        [prediction for prediction in predictions if prediction.start >= since or isinf(weeks)]
        for predictions in (timeline.measured, timeline.unheard)
    )
    nothing = np.zeros(zones.COUNT)
    estimates = [of_estimate(own, run) for run in silent]
    seconds = [zones.seconds_in(own.edges, run.grid.heart_rate, run.step) for run in measured]
    is_above = [run.means is not None and round(run.means[0]) > round(own.maximum) for run in measured]
    return Times(
        len(measured),
        sum(seconds, nothing),
        sum(run.step * float(np.count_nonzero(np.isnan(run.grid.heart_rate) & ~run.paused)) for run in measured),
        sum(run.step * float(np.count_nonzero(run.paused)) for run in (*measured, *silent)),
        len(silent),
        sum((seconds for seconds, _ in estimates), nothing),
        sum((within for _, within in estimates), np.zeros((2, zones.COUNT))),
        tuple(compress(measured, is_above)),
        sum(float(each[-1]) for each in compress(seconds, is_above)),
        last,
        utc_offset,
    )


def of_estimate(own: Zones, estimated: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """Time in zones of a run by its prediction, but for its pauses, s, shape `(5,)`; and the least and the most that the
    prediction interval allows, shape `(2, 5)`."""
    ran = ~estimated.paused
    heart_rate, low, high = (rates[ran] for rates in (estimated.heart_rate, estimated.low, estimated.high))
    seconds = zones.seconds_in(own.edges, heart_rate, estimated.step)
    return seconds, zones.seconds_within(own.edges, heart_rate, low, high, estimated.step)


Column = list[str]  # of a table, with its head


def named(own: Zones) -> list[Column]:
    """The zones and their heart rates."""
    return [["Zone", *(f"{number} {name}" for number, name in enumerate(NAMES, 1))], ["beats/min", *own.limits]]


def measured(recent: Times, everything: Times) -> list[Column]:
    """Time in zones of the runs with heart rate, recent and overall."""
    return [
        [f"{when}: {fitness_text.count(times.runs)}", *clocks(times.measured)]
        for when, times in _both(recent, everything)
        if times.runs
    ]


def estimated(recent: Times, everything: Times) -> list[Column]:
    """Likewise, of the runs without."""
    columns = []
    for when, times in _both(recent, everything):
        if times.silent:
            bounds = (clocks(seconds, share=False) for seconds in (times.estimated, *times.within))
            cells = [f"{value} ({low} to {high})" for value, low, high in zip(*bounds, strict=True)]
            columns.append([f"{when}: {fitness_text.count(times.silent)} estimated", *cells])
    return columns


def _both(recent: Times, everything: Times) -> list[tuple[str, Times]]:
    return [(weeks(recent), recent), ("all", everything)]


def weeks(recent: Times) -> str:
    """Which weeks are the recent ones."""
    until = f"{WEEKS} weeks to {fitness_text.short_day(recent.last, recent.utc_offset)}"
    return f"last {WEEKS} weeks" if isnan(recent.last) else until


def lines(own: Zones, recent: Times, everything: Times) -> list[str]:
    """What `hrkeras zones` prints."""
    columns = [*named(own), *measured(recent, everything), *estimated(recent, everything)]
    head, *rows = zip(*columns, strict=True)
    text = [*heart_rates(own), *too_high(everything), table(head, rows, left=range(len(head)))]
    return [*text, COUNTED, *missing(recent, everything), *([ESTIMATED] if everything.silent else [])]


def missing(recent: Times, everything: Times) -> list[str]:
    """For how long heart rate was missing in runs with heart rate, and the watch was stopped, so that the times do not add up to
    those of the runs; nothing if neither was for half a minute."""
    everyone = recent.runs + recent.silent == everything.runs + everything.silent
    of_both = [("all", everything)] if everyone else _both(recent, everything)
    unmeasured = " and ".join(f"{duration(times.missing)} ({when})" for when, times in of_both if round(times.missing / 60))
    paused = " and ".join(f"{duration(times.paused)} ({when})" for when, times in of_both if round(times.paused / 60))
    return [
        *([f"In runs with heart rate, it was not measured for {unmeasured}; that time is in no zone."] if unmeasured else []),
        *([f"{fitness_text.PAUSES} are in no zone: {paused}."] if paused else []),
    ]


def heart_rates(own: Zones) -> list[str]:
    """Maximum and threshold, a sentence each."""
    threshold = _with_limits(own.threshold, own.threshold_low, own.threshold_high)
    return [
        f"Maximum: {_with_limits(own.maximum, own.maximum_low, own.maximum_high)}.",
        f"Threshold, which one can hold for about an hour: {threshold}.",
    ]


def too_high(everything: Times) -> list[str]:
    """In which runs the mean is above the maximum, in a sentence; nothing if in none."""
    share = f"Of all the time in the highest zone, {duration(everything.doubted)} is from there."
    return [f"{sentence} {share}" for sentence in fitness_text.above_maximum(everything.too_high)]


def estimated_from(own: Zones, athlete: AthleteState) -> tuple[str, list[str]]:
    """What of maximum and threshold is estimated from runs, in a sentence, and its names; empty if both are given."""
    ends = {"maximum": (own.maximum_low, own.maximum_high), "threshold": (own.threshold_low, own.threshold_high)}
    names = [name for name, (low, high) in ends.items() if low != high]
    if not names or not athlete.count:
        return "", names
    runs, kept = fitness_text.count(athlete.count), len(athlete.records)
    of = f"the last {kept:,} of {runs}" if kept < athlete.count else runs
    which = f"The {' and the '.join(names)} {'is' if len(names) == 1 else 'are'}"
    return f"{which} estimated from {of} with heart rate, not from a test.", names


def _with_limits(value: float, low: float, high: float) -> str:
    return f"{value:.0f} beats/min, " + ("as given" if low == high else f"{low:.0f} to {high:.0f} four times in five")


def clocks(seconds: np.ndarray, share: bool = True) -> list[str]:
    """Times in s as hours and minutes, with their share of all."""
    clocks = [hours(value) for value in seconds]
    total = max(float(seconds.sum()), 1.0)
    return [f"{clock} ({100 * value / total:.0f} %)" for clock, value in zip(clocks, seconds, strict=True)] if share else clocks


def as_dict(own: Zones, recent: Times, everything: Times) -> dict:
    """For programs; heart rates in beats/min, times in minutes."""
    ends = ("", "_low", "_high")
    return {
        **{f"{what}{end}": round(getattr(own, f"{what}{end}"), 1) for what in ("maximum", "threshold") for end in ends},
        "zones_begin": own.edges.tolist(),
        **{
            name: {
                "runs": times.runs,
                "minutes": (times.measured / 60).round(2).tolist(),
                "minutes_not_measured": round(times.missing / 60, 2),
                "minutes_paused": round(times.paused / 60, 2),
                "runs_above_maximum": len(times.too_high),
                "starts_above_maximum": [iso(run.start, run.utc_offset) for run in times.too_high],
                "until": iso(times.last, times.utc_offset),
                "estimated_runs": times.silent,
                "estimated_minutes": (times.estimated / 60).round(2).tolist(),
                "estimated_least": (times.within[0] / 60).round(2).tolist(),
                "estimated_most": (times.within[1] / 60).round(2).tolist(),
            }
            for name, times in ((f"last_{WEEKS}_weeks", recent), ("all", everything))
        },
    }
