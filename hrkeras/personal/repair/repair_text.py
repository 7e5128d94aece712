"""What was repaired, in sentences and for programs."""

from collections import Counter
from math import isnan

from hrkeras.personal import facts_text, usage
from hrkeras.personal.fitness_text import count, zones_text
from hrkeras.personal.repair.repair import Repair, Repairs, Stretch
from hrkeras.utils.text import table
from hrkeras.workouts.clock import date, iso, min_s
from hrkeras.workouts.readers.source import passed_over_lines, usage_text

SHOWN = 40  # stretches in a table


def lines(repairs: Repairs) -> list[str]:
    """For people: a row a stretch, and what was left as it is."""
    rows = [_row(run, stretch) for run in repairs.runs for stretch in run.stretches]
    text = []
    if rows:
        text += [
            "Mean heart rate in beats/min, in brackets the interval (10 to 90 %); min:s since the start of the run.",
            table(("run", "fault", "from", "to", "recorded", "repaired"), rows[-SHOWN:], left=(0, 1, 5)),
            *([f"The last {SHOWN} of {len(rows):,} stretches; --json has all."] if len(rows) > SHOWN else []),
            f"Repaired: {count(len(repairs.runs))}, by {repairs.runs[-1].prediction.by} and the good heart rate around.",
        ]
    if repairs.faultless:
        left = "it is" if repairs.faultless == 1 else "they are"
        text.append(f"Without a fault, so left as {left} and not copied: {count(repairs.faultless)}.")
    text.append(usage_text(*_usage(repairs), repairs.log.examples))
    text += passed_over_lines(repairs.log)
    text += usage.of_history(repairs.history) if repairs.history else []
    text += facts_text.of_export(repairs.exported, repairs.athlete)
    text += filter(None, [facts_text.counted(repairs.athlete, repairs.exported)])
    return [*text, zones_text([run.run for run in repairs.runs])] if rows else text


def _usage(repairs: Repairs) -> tuple[int, Counter[str]]:
    """How many recordings were used, and not, by reason."""
    return len(repairs.runs) + repairs.faultless, repairs.skipped + repairs.log.skipped


def _row(run: Repair, stretch: Stretch) -> tuple[str, ...]:
    before = "none" if isnan(stretch.before) else f"{stretch.before:.0f}"
    after = f"{stretch.after:.0f} ({stretch.low:.0f}-{stretch.high:.0f})"
    start = date(run.run.start, run.run.utc_offset)
    return start, stretch.kind, min_s(stretch.begin), min_s(stretch.end), before, after


def as_dict(repairs: Repairs) -> dict:
    """For programs; heart rates in beats/min, times in s since the start of the run."""
    return {
        "stretches": [
            {
                "start": iso(run.run.start, run.run.utc_offset),
                "where": run.run.where,
                "kind": stretch.kind,
                "begin": round(stretch.begin, 3),
                "end": round(stretch.end, 3),
                "mean_before": None if isnan(stretch.before) else round(stretch.before, 1),
                "mean_after": round(stretch.after, 1),
                "mean_low": round(stretch.low, 1),
                "mean_high": round(stretch.high, 1),
                "why": stretch.why,
                "predicted_by": run.prediction.by,
            }
            for run in repairs.runs
            for stretch in run.stretches
        ],
        "repaired": len(repairs.runs),
        "without_fault": repairs.faultless,
        **usage.counts(*_usage(repairs), repairs.log),
        **facts_text.as_dict(repairs.athlete, repairs.exported),
        **(usage.history_dict(repairs.history) if repairs.history else {}),
    }
