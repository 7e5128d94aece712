"""A person's fitness, in sentences."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import isnan, nan
from typing import Any, NamedTuple, Protocol

import numpy as np

from hrkeras.athlete import fitness
from hrkeras.athlete.population import DAY
from hrkeras.datasets.inspection.inspection import SPARSE
from hrkeras.personal import pace, weather
from hrkeras.personal.prediction_warnings import ABOVE_MAXIMUM
from hrkeras.personal.timeline import Entry, Timeline
from hrkeras.utils.text import signed
from hrkeras.workouts import clock

COMPARED = 365 * DAY  # s back, where there are runs so old
MONTHS = 3 * 30 * DAY  # s, less than that is no comparison
FEW, MANY = 5, 20  # fewest runs for a change and its causes, and for seasons
NAMED = 3  # days in a sentence
WORTH = 1.5  # beats/min, less is not worth a sentence
PAUSES = "Pauses (two minutes or more of standing without heart rate)"


class Dated(Protocol):
    """Something with a start in s since 1970-01-01 UTC and the s that local time is ahead of UTC, NaN where that is not known."""

    @property
    def start(self) -> float: ...
    @property
    def utc_offset(self) -> float: ...


class Change(NamedTuple):
    """How what is shown, which is rounded, has changed, in its unit.

    Attributes:
        start: of the run that the last is compared with; see `change_of`.
        utc_offset: likewise.
        last: start of the last run, s since 1970-01-01 UTC.
        before: what was shown then.
        value: what is shown now less that.
        reach: how far off `value` is at most, four times in five.
    """

    start: float
    utc_offset: float
    last: float
    before: int
    value: int
    reach: float

    @property
    def certain(self) -> bool:
        """Whether it is more than chance explains."""
        return abs(self.value) > self.reach

    @property
    def then(self) -> str:
        """When that run was, and why it is that one, in words."""
        why = "a year or more before" if self.last - self.start >= COMPARED else "the first run"
        return f"On {day(self.start, self.utc_offset)}, {why}, it was"

    @property
    def limits(self) -> str:
        """Between which it lies, in words."""
        return f"{signed(self.value - self.reach)} to {signed(self.value + self.reach)} four times in five"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "since": clock.iso(self.start, self.utc_offset),
            "before": self.before,
            **fitness.WithLimits(self.value, self.value - self.reach, self.value + self.reach).as_dict(),
            "certain": self.certain,
        }


def day(start: float, utc_offset: float = nan) -> str:
    """The date of a start in s since 1970-01-01 UTC, such as "16 June 2025"; the local one where the offset of that is known."""
    if isnan(start):
        return "unknown date"
    when = clock.local(start, utc_offset)
    return f"{when.day} {when:%B %Y}"


def days(runs: Iterable[Dated]) -> str:
    """The day of one run, or the first and the last of several, such as "16 June 2025 to 2 July 2025"."""
    dated = sorted((run.start, run.utc_offset) for run in runs if not isnan(run.start))
    return " to ".join(dict.fromkeys(day(*moment) for moment in dated[:1] + dated[-1:])) or "unknown date"


def short_day(start: float, utc_offset: float = nan) -> str:
    """The same for a table, such as "16 Jun 2025", in one line."""
    if isnan(start):
        return "unknown"
    when = clock.local(start, utc_offset)
    return f"{when.day}\N{NO-BREAK SPACE}{when:%b}\N{NO-BREAK SPACE}{when:%Y}"


def zones_text(runs: Iterable[Dated]) -> str:
    """Whose times and days are shown, in a sentence."""
    zones = list(dict.fromkeys(clock.zone(run.utc_offset) for run in runs if not isnan(run.utc_offset)))
    if not zones:
        return "Times and days are in UTC, since the files do not tell the local time."
    if any(isnan(run.utc_offset) for run in runs):
        return f"Times and days are local where the file tells it ({', '.join(zones)}), and else in UTC."
    return f"Times and days are local, as the source tells ({', '.join(zones)})."


def now(timeline: Timeline) -> str:
    """How fit the person is now: the heart rate at the timeline's pace."""
    last = timeline.entries[-1]
    value, low, high = last.at_pace
    return (
        f"At {pace.text(timeline.speed)} on the flat, heart rate is {value:.0f} beats/min ({low:.0f} to {high:.0f}), as of "
        f"{day(last.start, last.utc_offset)}; lower is fitter."
    )


def change_of(runs: Sequence[Dated], values: Sequence[Sequence[float] | np.ndarray]) -> Change | None:
    """How a value has changed since the run a year before the last or, of less, the first.

    None if the runs are too few or too close together for a comparison.

    Args:
        runs: in order.
        values: after each of them, with their limits (10 and 90 %).
    """
    if len(runs) < FEW:
        return None
    last = runs[-1]
    row = max((row for row, run in enumerate(runs) if last.start - run.start >= COMPARED), default=0)
    if last.start - runs[row].start < MONTHS:
        return None
    (before, *then), (value, *now) = values[row], values[-1]
    reach = float(np.hypot(np.ptp(now), np.ptp(then))) / 2
    return Change(runs[row].start, runs[row].utc_offset, last.start, round(before), round(value) - round(before), reach)


def changed(timeline: Timeline) -> Change | None:
    """How that has changed, in beats/min, over the last year or, of a shorter timeline, all of it; None if it is too short."""
    return change_of(timeline.entries, [entry.at_pace for entry in timeline.entries])


def change(timeline: Timeline) -> str:
    """The same in a sentence; empty if there is none."""
    found = changed(timeline)
    if found is None:
        return ""
    then = f"{found.then} {found.before}"
    if not found.value:
        return f"{then} too."
    if not found.certain:
        return f"{then}: a difference of {found.value:+} beats/min ({found.limits}), which may be chance."
    which = "fitter" if found.value < 0 else "less fit, or run in more heat, or with another sensor"
    return f"{then}: {found.value:+} beats/min since ({found.limits}), {which}."


def best(timeline: Timeline) -> str:
    """When the person was fittest; empty if that is now or not distinguishable from now."""
    last, fittest = timeline.entries[-1], min(timeline.entries, key=lambda entry: entry.at_pace.value)
    if fittest.at_pace.high >= last.at_pace.value:
        return ""
    value, low, high = fittest.at_pace
    run = fittest.workout
    seldom = ", when it was measured too seldom to be sure" if 60 * run.heart_rate_samples < SPARSE * run.duration else ""
    return f"It was lowest on {day(fittest.start, fittest.utc_offset)}: {value:.0f} ({low:.0f} to {high:.0f}){seldom}."


def summary(timeline: Timeline) -> list[str]:
    """`now`, `change` and `best`, without those that are empty."""
    return [sentence for sentence in (now(timeline), change(timeline), best(timeline)) if sentence]


def causes(timeline: Timeline) -> dict[str, tuple[str, fitness.WithLimits]]:
    """What changes the person's heart rate, in words, and by how much; only effects that are certain and large enough.

    The keys are "faster", "uphill", "later" and "season".
    """
    last, speed = timeline.entries[-1], timeline.speed
    if len(timeline.entries) < FEW:
        return {}
    changes, warmest = fitness.effects(timeline.now, last.start, speed)
    month, half_a_year = (f"{datetime.fromtimestamp(start, UTC):%B}" for start in (warmest, warmest + fitness.YEAR / 2))
    words = {
        "faster": f"1 km/h faster ({pace.text(speed + fitness.FASTER)} instead of {pace.text(speed)})",
        "uphill": f"a climb of {100 * fitness.SLOPE:.0f} % at the same pace",
        "later": "an hour into a run instead of 20 minutes, at the same pace",
        "season": f"in {month} instead of {half_a_year}, at the same pace",
    }
    if len(timeline.entries) < MANY or last.start - timeline.entries[0].start < COMPARED:
        del changes["season"]
    return {name: (words[name], effect) for name, effect in changes.items() if effect.certain and abs(effect.value) >= WORTH}


def effects(timeline: Timeline) -> list[str]:
    """The same in a sentence each."""
    return [
        f"{cause}: {signed(effect.value)} beats/min ({signed(effect.low)} to {signed(effect.high)})"
        for cause, effect in causes(timeline).values()
    ]


def as_dict(timeline: Timeline) -> dict[str, Any]:
    """For JSON: how heart rate at the timeline's pace has changed, null if that cannot be said, and what changes it, in
    beats/min."""
    change = changed(timeline)
    return {
        "pace": pace.text(timeline.speed),
        "change": change and change.as_dict() | {"unit": "beats/min"},
        "effects": {name: {"what": cause} | effect.as_dict() for name, (cause, effect) in causes(timeline).items()},
    }


def above_maximum(runs: Sequence[Dated]) -> list[str]:
    """In which runs the mean heart rate is above the maximum, in order, in a sentence; nothing if in none."""
    if not runs:
        return []
    days = ", ".join(day(run.start, run.utc_offset) for run in reversed(runs[-NAMED:]))
    which = f"{'the latest: ' if len(runs) > NAMED else ''}{days}"
    mean = f"In {count(len(runs))} ({which}), mean heart rate was above that maximum"
    return [f"{mean}: {ABOVE_MAXIMUM}."]


def count(number: int) -> str:
    """A number of runs."""
    return "1 run" if number == 1 else f"{number:,} runs"


def latest(shown: int, total: int) -> str:
    """How many of some rows a table shows, the latest first, for its caption."""
    return f", the latest {shown} of {total:,}" if total > shown else ", the latest first" if total > 1 else ""


def few(timeline: Timeline) -> list[str]:
    """That few runs say little, and what to do, in a sentence; nothing of `FEW` runs or more."""
    known = timeline.entries[-1].found.earlier_runs + 1
    so_few = f"{count(known)} with heart rate {'says' if known == 1 else 'say'} little of you"
    advice = "give more of your runs, such as a folder of them or an Apple Health export"
    return [f"{so_few}, so much of this is what people have in general; {advice}."] if known < FEW else []


def standing_out(timeline: Timeline) -> list[Entry]:
    """The runs that stand out, the latest first."""
    return [entry for entry in reversed(timeline.entries) if entry.stands_out]


def standing_out_of(timeline: Timeline) -> str:
    """How many runs stand out."""
    number, total = len(standing_out(timeline)), len(timeline.entries)
    return f"{number:,} of {count(total)} {'stands' if number == 1 else 'stand'} out"


def means(entry: Entry) -> tuple[int, int, int]:
    """Mean measured and expected heart rate of a run over the steps where it was measured, and the difference, as shown."""
    measured, expected = map(round, entry.found.means or (nan, nan))
    return measured, expected, measured - expected


def residual(entry: Entry) -> str:
    """The mean heart rate of a run, how far off it was, and at what temperature where that is known."""
    (measured, _, difference), at = means(entry), weather.text(entry.workout)
    off = f"{measured} beats/min, {abs(difference)} {'above' if difference > 0 else 'below'} what was expected"
    return f"{off}, at {at}" if at else off
