"""How many recordings a command used and not, and why: the same words everywhere."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hrkeras.personal import facts_text, fitness_text
from hrkeras.personal.athlete_update import Report
from hrkeras.personal.timeline import Timeline
from hrkeras.workouts.clock import date, in_future
from hrkeras.workouts.readers.source import ReadLog, passed_over_lines, usage_text

INDOORS = "indoors or without a route"
NO_HEART_RATE = "heart rate incomplete, which `hrkeras report` estimates"


def of_timeline(timeline: Timeline, estimated: bool = True) -> list[str]:
    """How many recordings were used and not, and why, in the words of every command; lines on what was passed over, what
    was taken as flat, and which facts of an export count.

    Args:
        timeline: of the person's runs.
        estimated: whether runs with no or too little heart rate count as used.
    """
    starts = [run.start for run in (*timeline.measured, *timeline.unheard)]
    said = usage_text(*_usage(timeline, estimated), timeline.log.examples)
    exported, athlete = timeline.report.exported, timeline.athlete
    told = [*facts_text.of_export(exported, athlete), *filter(None, [facts_text.counted(athlete, exported)])]
    besides = [*without_heart_rate(timeline), *indoors(timeline)] if estimated else []
    return [said, *besides, *passed_over_lines(timeline.log), *flat(timeline, estimated), *in_the_future(starts), *told]


def without_heart_rate(timeline: Timeline) -> list[str]:
    """How many of the used runs have an estimated heart rate, in a sentence; nothing if none has."""
    silent, used = len(timeline.unheard), timeline.used
    which = f"{silent:,} of the {used:,} used runs {'has' if silent == 1 else 'have'} no or too little"
    if silent == used:
        which = "The one used run has no or too little" if used == 1 else "None of the used runs has enough"
    return [f"{which} heart rate, so that it is estimated."] if silent else []


def without_heart_rate_hint(timeline: Timeline) -> str:
    """What to do about the runs without heart rate, as the end of a sentence; empty if there is none."""
    return "; `hrkeras report` says what it may have been" if timeline.unheard else ""


def indoors(timeline: Timeline) -> list[str]:
    """How many of the used runs were indoors, in a sentence; nothing if none was."""
    inside, used = len(timeline.indoors), timeline.used
    were, their = ("was", "its") if inside == 1 else ("were", "their")
    which = f"{inside:,} of the {used:,} used runs" if used > 1 else "The one used run"
    alone = "heart rate counts in training load and time in zones, and nothing is learnt from it"
    return [f"{which} {were} {INDOORS}, at an uncertain speed: {their} {alone}."] if inside else []


def flat(timeline: Timeline, estimated: bool = True) -> list[str]:
    """How many of the used runs were taken as flat, in a sentence; nothing if none was."""
    number = _flat(timeline, estimated)
    return [f"Without altitude, so taken as flat: {fitness_text.count(number)}."] if number else []


def as_dict(timeline: Timeline, estimated: bool = True) -> dict[str, Any]:
    """`of_timeline` for programs."""
    told = facts_text.as_dict(timeline.athlete, timeline.report.exported)
    silent, inside = (len(timeline.unheard), len(timeline.indoors)) if estimated else (0, 0)
    of_runs = {"estimated": silent, "indoors": inside, "taken_as_flat": _flat(timeline, estimated)}
    return counts(*_usage(timeline, estimated), timeline.log) | of_runs | told


def counts(used: int, left_out: Mapping[str, int], log: ReadLog) -> dict[str, Any]:
    """How many recordings were used and not, by reason, and what was passed over in some, for programs."""
    not_used = {reason: number for reason, number in left_out.items() if number}
    return {"used": used, "not_used": not_used, "passed_over": dict(log.passed_over)}


def _flat(timeline: Timeline, estimated: bool) -> int:
    used = [*(entry.found for entry in timeline.entries), *(timeline.unheard if estimated else [])]
    return sum(not prediction.has_altitude for prediction in used)


def _usage(timeline: Timeline, estimated: bool) -> tuple[int, Counter[str]]:
    if estimated:
        return timeline.used, timeline.report.taken
    besides = {NO_HEART_RATE: len(timeline.unheard), INDOORS: len(timeline.indoors)}
    return len(timeline.entries), timeline.report.taken + Counter(besides)


def of_update(report: Report, log: ReadLog, used: int = 0, left_out: int = 0) -> list[str]:
    """How many recordings were used and not, and why, in the words of every command; lines on what was passed over, and
    which facts of an export count.

    Args:
        report: of what was learnt.
        log: of the reader.
        used: how many were used otherwise, such as a run that is predicted.
        left_out: how many were not asked for.
    """
    said = usage_text(used + len(report.added), not_learnt(report, log, left_out), log.examples)
    counted = facts_text.of_export(report.exported, report.athlete)
    return [said, *passed_over_lines(log), *in_the_future([run.start for run in report.added]), *counted]


def update_dict(report: Report, log: ReadLog, used: int = 0, left_out: int = 0) -> dict[str, Any]:
    """`of_update` for programs."""
    told = facts_text.as_dict(report.athlete, report.exported)
    return counts(used + len(report.added), not_learnt(report, log, left_out), log) | told


def of_history(report: Report) -> list[str]:
    """What was used of a person's other runs and what not."""
    said = usage_text(len(report.added), not_learnt(report, report.log), report.log.examples)
    return [f"Of the history: {said[0].lower()}{said[1:]}", *passed_over_lines(report.log)]


def history_dict(report: Report) -> dict[str, Any]:
    """`of_history` for programs."""
    return {"history": counts(len(report.added), not_learnt(report, report.log), report.log)}


def not_learnt(report: Report, log: ReadLog, left_out: int = 0) -> Counter[str]:
    """How many recordings were not learnt from, by reason; see `of_update`."""
    reasons = {
        "known already, or another recording of a known run": report.known,
        "earlier than the last known run, so that it cannot be added any more": report.older,
        "earlier than the runs that the file lists, so known already or too early to add": report.forgotten,
        "later than this run": report.later,
        "not asked for": left_out,
    }
    return report.taken + log.skipped + Counter(reasons)  # without those that are 0


def in_the_future(starts: Sequence[float]) -> list[str]:
    """A sentence on runs that are dated more than a day ahead of now, in s since 1970-01-01 UTC; nothing if none is."""
    late = [start for start in starts if in_future(start)]
    if not late:
        return []
    runs = "1 run is" if len(late) == 1 else f"{len(late):,} runs are"
    return [f"{runs} dated in the future, the last {date(max(late))[:10]}: look at the date of the watch that recorded it."]
