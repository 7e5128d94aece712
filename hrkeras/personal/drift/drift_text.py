"""The drift within a person's runs, in sentences and as a table."""

import numpy as np

from hrkeras.athlete import heat
from hrkeras.athlete.fitness import WithLimits
from hrkeras.personal import fitness_text, pace, weather
from hrkeras.personal.drift.drift import RUN, DriftingRun, Drifts
from hrkeras.utils.text import signed, signed_limit

HEAD = ("Day", "minutes", "measured", "explained", "left over", "limits", "Pa:HR", "temperature")
CAPTION = "Rise of heart rate within the run (beats/min per hour; Pa:HR in %; * the limits leave out 0)"
SURE = "All limits hold the true value nineteen times in twenty."


def usual(drifts: Drifts) -> str:
    """How much the person's heart rate rises with time alone."""
    told = drifts.runs[-1].usual
    return (
        f"Usual for you: at {pace.text(drifts.speed)} on the flat, heart rate changes by {_limits(told)} beats/min per hour "
        f"between minute 20 and minute 60{'' if told.certain else ', so whether it rises at all is not known yet'}."
    )


def last(drifts: Drifts) -> str:
    """The drift of the last run that is long enough."""
    run = drifts.runs[-1]
    found = run.drift
    sure = "more than chance explains" if found.is_clear else "which may be chance"
    day = fitness_text.day(run.entry.start, run.entry.utc_offset)
    measured, explained, left = _rises(run)
    return (
        f"{day}{_warmth(run)}: heart rate changed by {measured} beats/min per hour "
        f"over {found.minutes} minutes; pace, hills and length explain {explained}, which leaves "
        f"{left} ({signed_limit(run.left_over.low)} to {signed_limit(run.left_over.high)}), {sure}. "
        "Decoupling (Pa:HR), by how much speed for each heartbeat fell from the first half to the second, is "
        f"{_decoupling(run, ' %')}."
    )


def clear(drifts: Drifts) -> str:
    """How many runs drifted otherwise than expected, and how many would by chance; empty of a single run."""
    if len(drifts.runs) < 2:
        return ""
    runs = [run for run in drifts.runs if run.drift.is_clear]
    more = sum(run.left_over.value > 0 for run in runs)
    found = f": {more:,} drifted more than expected, {len(runs) - more:,} less" if runs else ""
    of = f"{len(runs) or 'none'} of {fitness_text.count(len(drifts.runs))}"
    return f"What was left over is clear in {of}{found}; by chance alone it would seem so in one of twenty."


def warmth(drifts: Drifts) -> list[str]:
    """Whether heat goes with the person's heart rate; empty if no run tells its temperature."""
    if not any(np.isfinite(weather.temperature(run.entry.workout)) for run in drifts.runs):
        return []
    if not drifts.level:
        return [f"What heat does cannot be said: that takes {heat.FEWEST} runs whose files tell the temperature."]
    than = "on a day 10 degrees warmer than the ten runs before it"
    return [
        _related(f"Your mean heart rate {than}", drifts.level, "beats/min"),
        _related(f"Your drift {than}", drifts.slope, "beats/min per hour"),
    ]


def _related(what: str, relation: heat.Relation | None, unit: str) -> str:
    if not relation:
        return f"{what}: too few runs are long enough to say."
    limits = f"{_limits(relation.slope)} {unit}, from {fitness_text.count(relation.runs)}"
    return f"{what}: {limits}." if relation.slope.certain else f"{what} cannot be told from chance ({limits})."


def left_out(drifts: Drifts) -> str:
    """How many runs are too short, or measured too little; empty if none is."""
    short = drifts.runs_with_heart_rate - len(drifts.runs)
    verb, of = "is" if short == 1 else "are", fitness_text.count(drifts.runs_with_heart_rate)
    why = f"{verb} too short, or measured for too little of it; it takes {RUN}"
    return f"{short:,} of {of} with heart rate {why}." if short else ""


def shown(drifts: Drifts, most: int) -> list[str]:
    """How many runs the table of the last ones shows, in a sentence; nothing if all."""
    return [f"The last {most} of {fitness_text.count(len(drifts.runs))}; --json has all."] if len(drifts.runs) > most else []


def table(runs: list[DriftingRun]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows; without the temperature if no run tells it."""
    rows = [
        (
            fitness_text.short_day(run.entry.start, run.entry.utc_offset),
            f"{run.drift.minutes}",
            *_rises(run)[:2],
            f"{_rises(run)[2]}{'*' if run.drift.is_clear else ''}",
            f"{signed_limit(run.left_over.low)} to {signed_limit(run.left_over.high)}",
            _decoupling(run),
            weather.text(run.entry.workout),
        )
        for run in runs
    ]
    columns = len(HEAD) - (not any(row[-1] for row in rows))
    return HEAD[:columns], [row[:columns] for row in rows]


def _decoupling(run: DriftingRun, unit: str = "") -> str:
    """In %; not known of who stood through the first half."""
    value = run.drift.decoupling
    return f"{value:z.1f}{unit}" if np.isfinite(value) else "not known" if unit else "-"


def _rises(run: DriftingRun) -> tuple[str, str, str]:
    """Measured, explained and what is left over, in beats/min per hour; the last is the difference of those shown."""
    measured, left = round(run.drift.measured), round(run.left_over.value)
    return signed(measured), signed(measured - left), signed(left)


def _limits(told: WithLimits) -> str:
    return f"{signed(told.value)} ({signed_limit(told.low)} to {signed_limit(told.high)})"


def _warmth(run: DriftingRun) -> str:
    text = weather.text(run.entry.workout)
    return f" ({text})" if text else ""
