"""The result of an update of an athlete, and of the reading for it, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hrkeras.athlete.kalman import AthleteState
from hrkeras.workouts import clock
from hrkeras.workouts.readers.source import ReadLog, passed_over_lines, usage_text

if TYPE_CHECKING:
    from hrkeras.personal.athlete_update import Report


def taken_text(taken: Counter[str]) -> str:
    """What the filters removed, in a line; empty if nothing."""
    return ", ".join(f"{count:,} x {reason}" for reason, count in taken.most_common() if count)


def usage_lines(report: Report, log: ReadLog, used: int = 0, left_out: int = 0) -> list[str]:
    """How many recordings were used and not, and why, in the words of every command; a second line on what was passed over.

    Args:
        report: of what was learnt.
        log: of the reader.
        used: how many were used otherwise, such as a run that is predicted.
        left_out: how many were not asked for.
    """
    reasons = report.taken + log.skipped
    reasons += Counter(
        {
            "known already, or another recording of a known run": report.known,
            "too late, since later runs are known": report.older,
            "so old that it is known already or too late": report.forgotten,
            "not over when the run began": report.later,
            "not asked for": left_out,
        }
    )
    return [usage_text(used + len(report.added), reasons, log.examples), *passed_over_lines(log)]


def known_text(athlete: AthleteState) -> str:
    """What a state knows of the person, in a sentence."""
    if not athlete.count and athlete.told:
        return (
            "Known of the person: what they told, and no run. Give earlier runs with --history or add them with hrkeras update."
        )
    if not athlete.count:
        return (
            "Nothing is known of the person: expect 10 to 20 beats/min of error. Give earlier runs with --history, or keep "
            "them in a file for --athlete: hrkeras update ME.json RUNS"
        )
    runs = "1 earlier run," if athlete.count == 1 else f"{athlete.count:,} earlier runs, the last"
    return f"Known of the person: {runs} of {clock.date(athlete.starts[-1])} UTC."
