"""A person's fitness, in sentences."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import isnan, nan
from typing import Protocol

import numpy as np

from hrkeras.athlete import fitness
from hrkeras.athlete.population import DAY
from hrkeras.personal import pace, weather
from hrkeras.personal.timeline import Entry, Timeline
from hrkeras.workouts import clock

COMPARED = 365 * DAY  # s back, where there are runs so old
MONTHS = 3 * 30 * DAY  # s, less than that is no comparison
FEW, MANY = 5, 20  # fewest runs for a change and its causes, and for seasons
WORTH = 1.5  # beats/min, less is not worth a sentence


class Dated(Protocol):
    """Something with a start in s since 1970-01-01 UTC and the s that local time is ahead of UTC, NaN where that is not known."""

    @property
    def start(self) -> float: ...
    @property
    def utc_offset(self) -> float: ...


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
        f"{day(last.start, last.utc_offset)}."
    )


def compared(starts: Sequence[float]) -> int | None:
    """Which of some runs, by their starts in order, the last is compared with: that a year before it or, of less, the first.

    None if they are too few or too close together for a comparison.
    """
    year_old = [row for row, start in enumerate(starts) if starts[-1] - start >= COMPARED]
    row = year_old[-1] if year_old else 0
    return None if len(starts) < FEW or starts[-1] - starts[row] < MONTHS else row


def change(timeline: Timeline) -> str:
    """How that has changed over the last year or, of a shorter timeline, all of it; empty if it is too short."""
    row = compared([entry.start for entry in timeline.entries])
    if row is None:
        return ""
    first, last = timeline.entries[row], timeline.entries[-1]
    # of what is shown, which is rounded
    difference = round(last.at_pace.value) - round(first.at_pace.value)
    reach = float(np.hypot(last.at_pace.high - last.at_pace.value, first.at_pace.high - first.at_pace.value))
    when, then = day(first.start, first.utc_offset), f"{first.at_pace.value:.0f}"
    limits = f"{difference - reach:+.0f} to {difference + reach:+.0f} four times in five"
    if not difference:
        return f"On {when} it was {then} too."
    if abs(difference) <= reach:
        return f"On {when} it was {then}: a difference of {difference:+} beats/min ({limits}), which may be chance."
    which = "fitter" if difference < 0 else "less fit, or run in more heat, or with another sensor"
    return f"On {when} it was {then}: {difference:+} beats/min since ({limits}), {which}."


def best(timeline: Timeline) -> str:
    """When the person was fittest; empty if that is now or not distinguishable from now."""
    last, fittest = timeline.entries[-1], min(timeline.entries, key=lambda entry: entry.at_pace.value)
    if fittest.at_pace.high >= last.at_pace.value:
        return ""
    value, low, high = fittest.at_pace
    return f"It was lowest around {clock.local(fittest.start, fittest.utc_offset):%B %Y}: {value:.0f} ({low:.0f} to {high:.0f})."


def summary(timeline: Timeline) -> list[str]:
    """`now`, `change` and `best`, without those that are empty."""
    return [sentence for sentence in (now(timeline), change(timeline), best(timeline)) if sentence]


def effects(timeline: Timeline) -> list[str]:
    """What raises the person's heart rate, and by how much; only effects that are certain and large enough."""
    last, speed = timeline.entries[-1], timeline.speed
    if len(timeline.entries) < FEW:
        return []
    changes, warmest = fitness.effects(timeline.now, last.start, speed)
    month, half_a_year = (f"{datetime.fromtimestamp(start, UTC):%B}" for start in (warmest, warmest + fitness.YEAR / 2))
    causes = {
        "faster": f"1 km/h faster ({pace.text(speed + fitness.FASTER)} instead of {pace.text(speed)})",
        "uphill": f"a climb of {100 * fitness.SLOPE:.0f} % at the same pace",
        "later": "an hour into a run instead of 20 minutes, at the same pace",
        "season": f"in {month} instead of {half_a_year}, at the same pace",
    }
    if len(timeline.entries) < MANY or last.start - timeline.entries[0].start < COMPARED:
        del changes["season"]
    sure = {name: effect for name, effect in changes.items() if effect.certain and abs(effect.value) >= WORTH}
    return [
        f"{causes[name]}: {effect.value:+.0f} beats/min ({effect.low:+.0f} to {effect.high:+.0f})"
        for name, effect in sure.items()
    ]


def count(number: int) -> str:
    """A number of runs."""
    return "1 run" if number == 1 else f"{number:,} runs"


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
    """How far off a run was, and at what temperature where that is known."""
    difference, at = means(entry)[2], weather.text(entry.workout)
    off = f"{abs(difference)} beats/min {'above' if difference > 0 else 'below'} what was expected"
    return f"{off}, at {at}" if at else off
