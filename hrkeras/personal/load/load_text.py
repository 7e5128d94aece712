"""The training load of a person's runs and weeks, in words, in a table and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

from hrkeras.athlete import reserve
from hrkeras.athlete.reserve import Reserve
from hrkeras.personal import fitness_text
from hrkeras.personal.load import training_load
from hrkeras.personal.load.training_load import RunLoad, Week
from hrkeras.utils.text import duration, hours, table
from hrkeras.workouts.clock import date, iso

SHOWN = 8  # weeks
HEAD = ("Week from", "runs", "h:min", "Banister", "Edwards")
MEANING = (
    "Banister's training impulse (TRIMP) is the minutes of a run times a weight that rises with the share of the heart rate "
    "reserve (maximum less resting) in use; "
    "Edwards' is the minutes in each tenth of the maximum heart rate from 50 % on, times 1 to 5. In brackets where it lies four "
    "times in five. The number says how much heart rate there was for how long, and nothing of health, form or risk."
)


def lines(loads: Sequence[RunLoad], own: Reserve) -> list[str]:
    """What `hrkeras training-load` prints."""
    weeks = training_load.weeks(loads)
    last = max(loads, key=lambda run: (not isnan(run.start), run.start))
    estimated = sum(run.is_estimated for run in loads)
    which = "with" if estimated == len(loads) else f"{estimated:,} of them with"
    without = f", {which} no or too little heart rate, so that it is estimated" if estimated else ""
    return [
        f"{fitness_text.count(len(loads))}, {fitness_text.days(loads)}{without}.",
        f"The last run, {fitness_text.day(last.start, last.utc_offset)}, {last.minutes:.0f} min: {_both(last)}.",
        *([table(HEAD, rows(weeks), left=(0, 1)), f"The last {SHOWN} weeks at most; --json has each run."] if weeks else []),
        *missing(loads),
        MEANING,
        reserve.text(own),
        *doubtful(loads, own),
        *reserve.advice(own),
    ]


def missing(loads: Sequence[RunLoad]) -> list[str]:
    """For how long heart rate was missing in runs with heart rate, and of pauses, a sentence each; none of less than half a
    minute."""
    times = {
        "In runs with heart rate, it is missing for {}, which is estimated.": sum(
            60 * run.missing for run in loads if not run.is_estimated
        ),
        f"{fitness_text.PAUSES} add nothing: {{}}.": sum(60 * run.paused for run in loads),
    }
    return [sentence.format(duration(seconds)) for sentence, seconds in times.items() if seconds >= 30]


def doubtful(loads: Sequence[RunLoad], own: Reserve) -> list[str]:
    """In which runs the mean heart rate is above the maximum that these are computed with, in a sentence."""
    return fitness_text.above_maximum(
        [run for run in loads if not isnan(run.mean) and round(run.mean) > round(float(own.maximum[0]))]
    )


def rows(weeks: Sequence[Week]) -> list[tuple[str, ...]]:
    """The last weeks, the latest first: their Monday, runs, time, and both loads with their limits."""
    return [
        (
            fitness_text.short_day(week.start),
            f"{len(week.runs)}" + (f" ({week.estimated} estimated)" if week.estimated else ""),
            hours(60 * week.minutes),
            *(_with_limits(values) if week.runs else "0" for values in (week.banister, week.edwards)),
        )
        for week in reversed(weeks[-SHOWN:])
    ]


def _both(run: RunLoad) -> str:
    filled = round(100 * (1 - run.measured))
    kind = " (estimated)" if run.is_estimated else f" ({filled} % of it estimated)" if filled else ""
    return f"{_with_limits(run.banister)} by Banister, {_with_limits(run.edwards)} by Edwards{kind}"


def _with_limits(values) -> str:
    value, low, high = training_load.with_limits(values)
    return f"{value:.0f} ({low:.0f} to {high:.0f})"


def as_dict(loads: Sequence[RunLoad], own: Reserve) -> dict[str, Any]:
    """For programs: TRIMP without a unit, heart rates in beats/min, times in minutes."""
    return {
        **reserve.as_dict(own),
        "runs": [
            {
                "start": iso(run.start, run.utc_offset),
                "minutes": round(run.minutes, 1),
                "minutes_paused": round(run.paused, 1),
                "measured": round(run.measured, 3),
                "estimated": run.is_estimated,
                "banister": training_load.with_limits(run.banister).as_dict(),
                "edwards": training_load.with_limits(run.edwards).as_dict(),
            }
            for run in loads
        ],
        "weeks": [
            {
                "monday": date(week.start)[:10],
                "runs": len(week.runs),
                "estimated": week.estimated,
                "minutes": round(week.minutes, 1),
                "banister": training_load.with_limits(week.banister).as_dict(),
                "edwards": training_load.with_limits(week.edwards).as_dict(),
            }
            for week in training_load.weeks(loads)
        ],
    }
