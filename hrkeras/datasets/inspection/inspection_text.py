"""An inspection in words and tables."""

import shlex
from collections.abc import Iterator
from dataclasses import fields
from math import isnan
from pathlib import Path

import numpy as np

from hrkeras.datasets.inspection.correlations import LAGS, SPEEDS
from hrkeras.datasets.inspection.inspection import LOOSER, SPARSE, Inspection, day
from hrkeras.utils.text import table
from hrkeras.workouts import quality
from hrkeras.workouts.clock import moment, zone
from hrkeras.workouts.readers.source import usage_text
from hrkeras.workouts.sensor import detection
from hrkeras.workouts.sensor.sensor_fault import KINDS as FAULTS
from hrkeras.workouts.sensor.sensor_fault import RIDE

KINDS = {  # by reader: what it reads, and the dataset built from it
    "apple_health": ("Apple Health export", "apple_watch"),
    "tracks": ("GPX, TCX or FIT", "tracks"),
    "endomondo": ("Endomondo file", "endomondo"),
}
PAIRS = {"speed - heart rate": (0, 2), "altitude - heart rate": (1, 2), "speed - altitude": (0, 1)}
SHOWN_LAGS = (0, 1, 2, 3, 4, 5, 6, 9, 12, 18, 30)  # of `LAGS`
SHOWN_FLAGS = 8
SHARE = quality.Limits.min_heart_rate_share  # with a heart rate at fewer steps, a run counts as one without
MUCH, MORE = 5, 25  # earlier runs that say much about a person, and beyond which little is added


def text(inspection: Inspection, path: Path, kind: str) -> str:
    """The whole inspection for the terminal.

    Args:
        inspection: from `inspection.inspect`.
        path: of the source, for the commands to run next.
        kind: the reader's name, one of `KINDS`.
    """
    parts = [f"{path} ({KINDS[kind][0]})\n{_counts(inspection)}", f"Quality filters\n{inspection.funnel}"]
    if inspection.funnel.workouts > 1:
        parts += [_sports(inspection), _years(inspection), _sensor(inspection, kind == "tracks")]
    if inspection.funnel.left:
        parts += [_correlations(inspection), _lags(inspection)]
    parts.append("What this means\n" + "\n".join(f"- {line}" for line in findings(inspection, path, kind)))
    parts.append("\n".join(f"Next: {command}" for command in commands(inspection, path, kind)))
    return "\n\n".join(part for part in parts if part)


def number(value: float | None, digits: int = 2) -> str:
    """A number as text; "-" where there is none."""
    return "-" if value is None or not np.isfinite(value) else f"{round(value, digits) + 0.0:,.{digits}f}"  # no -0


def _of(count: int, singular: str, plural: str) -> str:
    return f"{count:,} {singular if count == 1 else plural}"


def _counts(inspection: Inspection) -> str:
    if inspection.funnel.workouts == 1:
        when = "unknown date" if inspection.first is None else f"{day(*inspection.first)} ({zone(inspection.first[1])})"
        sentence = f"One workout: {next(iter(inspection.sports))}, {when}, {60 * inspection.hours:.0f} min"
        rates = [rate for year in (*inspection.years.values(), inspection.dateless) for rate in year.heart_rates]
        return sentence + "".join(f", heart rate measured {rate:.1f} times a minute" for rate in rates)
    dates = []
    if inspection.first and inspection.last:
        told = "UTC" if isnan(inspection.first[1]) and isnan(inspection.last[1]) else "local"
        dates.append(f"{day(*inspection.first)} to {day(*inspection.last)} ({told})")
    dates += [f"{inspection.undated:,} of unknown date"] if inspection.undated else []
    return (
        f"{inspection.funnel.workouts:,} workouts of {_of(len(inspection.people), 'person', 'people')}, "
        f"{', '.join(dates)}, {number(inspection.hours, 1)} hours"
    )


def _sports(inspection: Inspection) -> str:
    return table(("Sport", "workouts"), [(sport, f"{count:,}") for sport, count in inspection.sports.most_common()])


def _years(inspection: Inspection) -> str:
    years = [(str(key), year) for key, year in sorted(inspection.years.items())]
    years += [("unknown", inspection.dateless)] if inspection.dateless.runs else []
    if not years:
        return ""
    rows = [
        (key, f"{year.runs:,}", f"{year.usable:,}", number(year.hours, 1), number(year.heart_rates_a_minute, 1))
        for key, year in years
    ]
    return table(("Runs by year", "runs", "usable", "hours", "heart rates a minute*"), rows) + (
        "\n* how often it was measured: median over the runs that have any"
    )


def _sensor(inspection: Inspection, is_repairable: bool) -> str:
    faults = inspection.sensor
    if not faults.runs:
        return ""
    rows = []
    for kind, what in FAULTS.items():
        flags = faults.of_kind(kind)
        share = sum(flag.seconds for flag in flags) / faults.seconds
        rows.append((f"{kind}: {what}", f"{len(flags):,}", f"{100 * len(flags) / faults.runs:.1f} %", f"{100 * share:.2f} %"))
    counted = table(("Sensor faults", "runs", "of the runs", "of the time"), rows)
    note = f"of {_of(faults.runs, 'run', 'runs')} that can be used and whose heart rate was measured every "
    note += f"{detection.SELDOM:.0f} s or more often"
    if faults.seldom:
        note += f"; in {faults.seldom:,} more too seldom to see any"
    if faults.repaired:
        note += f"; of {faults.repaired:,} of them the faults were repaired already"
    latest = [f"  {moment(flag.start, flag.utc_offset)}  {flag.text}" for flag in faults.latest(SHOWN_FLAGS)]
    advice = ["`hrkeras repair RUNS --output repaired` replaces these in copies of GPX, TCX and FIT files."]
    can_repair = is_repairable and any(flag.kind != RIDE for flag in faults.flags)
    return "\n".join([counted, note, *(["The latest:", *latest] if latest else []), *(advice if can_repair else [])])


def _correlations(inspection: Inspection) -> str:
    matrices = (inspection.raw.pooled, inspection.raw.within, inspection.processed.pooled, inspection.processed.within)
    rows = [(name, *(number(matrix[pair]) for matrix in matrices)) for name, pair in PAIRS.items()]
    head = ("Correlation", "recorded, all points", "recorded, within runs", "every 10 s, all", "every 10 s, within runs")
    return table(head, rows) + (
        "\nrecorded: all runs as they are, but for values out of range; every 10 s: the usable runs, as models see them;"
        "\nwithin runs: each run's mean subtracted first, so that it counts only how both change during a run"
    )


def _lags(inspection: Inspection) -> str:
    lags, clear = inspection.lags, (inspection.lags.is_clear, inspection.lags.is_clear_with_grade)
    head = ("Heart rate so many s later", *(f"{LAGS[place]:.0f}" for place in SHOWN_LAGS), "best at")
    rows = [
        (name, *(number(row[place]) for place in SHOWN_LAGS), f"{best:.0f} s" if is_clear else "-")
        for name, row, best, is_clear in zip(SPEEDS, lags.correlation, lags.best, clear, strict=True)
    ]
    return table(head, rows) + "\ncorrelation within the usable runs, every 10 s, from 5 minutes into each run on"


def findings(inspection: Inspection, path: Path, kind: str) -> list[str]:
    """What the numbers mean, a sentence or two each."""
    lines = _single(inspection) if is_single(inspection, path, kind) else [*_usable(inspection), *_history(inspection)]
    return [*lines, *_losses(inspection), *_answer(inspection), *_sampling(inspection, kind), *_trust_in_sensor(inspection)]


def is_single(inspection: Inspection, path: Path, kind: str) -> bool:
    """Whether the source is the track of one workout."""
    return kind == "tracks" and path.is_file() and inspection.funnel.workouts == 1


def _can_be_predicted(inspection: Inspection) -> bool:
    return inspection.only is not None and "running" in inspection.sports


def _single(inspection: Inspection) -> list[str]:
    taken = next(iter(inspection.funnel.taken), None)
    if taken is None:
        return ["This run can be used: its heart rate can be learnt from, and a prediction can be compared with it."]
    undated = taken == "metadata" and inspection.undated
    reason = quality.UNDATED if undated else quality.ESTIMATED if inspection.estimated else quality.REASONS[taken]
    if taken == "sport":
        reason = f"its sport is {next(iter(inspection.sports))}"
    if _can_be_predicted(inspection):
        but = "its heart rate can still be predicted"
    elif inspection.only is not None and "indoor running" in inspection.sports:
        alone = "its heart rate counts in training load and time in zones"
        silent = "`hrkeras estimate` can estimate its heart rate, as on the flat"
        but = alone if np.isfinite(inspection.only.grid.heart_rate).mean() >= SHARE else silent
    else:
        but = "nor can its heart rate be predicted"
    return [f"This workout cannot be learnt from ({reason}); {but}."]


def _usable(inspection: Inspection) -> Iterator[str]:
    funnel = inspection.funnel
    yield usage_text(funnel.left, funnel.left_out, funnel.examples)
    if inspection.estimated:
        workouts = _of(inspection.estimated, "workout has", "workouts have")
        yield f"{workouts} a heart rate that hrkeras estimated: it counts as none."
    if (indoor := inspection.sports["indoor running"]) and "indoor running" not in inspection.limits.sports:
        runs = _of(indoor, "run", "runs")
        speed = f"nothing is learnt from {'its' if indoor == 1 else 'their'} speed"
        yield f"{runs} indoors or without a route: {speed}, but heart rate counts in load and zones if the device knows a speed."


def _history(inspection: Inspection) -> Iterator[str]:
    runs = sorted(inspection.usable_by_person.values())
    says = f"{MUCH} earlier runs say much about a person, {MORE - MUCH} more add a little"
    if len(runs) == 1:
        yield f"{'Enough' if runs[0] > MUCH else 'Few'} to know the person: {says}."
    elif runs:
        many, most = sum(run > MUCH for run in runs), sum(run > MORE for run in runs)
        yield (
            f"{_of(len(runs), 'person has', 'people have')} usable runs, {many:,} of them more than {MUCH} and "
            f"{most:,} more than {MORE}: {says}."
        )


def _losses(inspection: Inspection) -> Iterator[str]:
    if inspection.regained:
        name, count = inspection.regained.most_common(1)[0]
        yield f"`--limit {LOOSER[name]}` would bring {_of(count, 'run', 'runs')} back, at some cost in quality."


def _answer(inspection: Inspection) -> Iterator[str]:
    lag, graded = inspection.lags.best
    if lag is None:
        return
    flat, hilly = inspection.lags.correlation
    highest, with_grade = np.nanmax(flat), np.nanmax(hilly)
    if inspection.lags.is_clear_with_grade and not inspection.lags.is_clear:
        yield (
            "Hills matter, and speed alone says little: with the grade taken into account, heart rate follows it best after "
            f"{graded:.0f} s (correlation within runs {with_grade:.2f})."
        )
        return
    if not inspection.lags.is_clear:
        yield "Heart rate follows speed at no clear lag: too little data, a steady pace, a loose sensor or poor GPS."
        return
    yield f"Heart rate follows speed best after {lag:.0f} s (correlation within runs {highest:.2f}; {flat[0]:.2f} without lag)."
    if with_grade > highest + 0.03:
        yield f"Hills matter: with the grade taken into account the correlation is {with_grade:.2f} after {graded:.0f} s."
    elif with_grade < highest - 0.03:
        yield f"The grade does not help (correlation {with_grade:.2f} with it): flat courses, or poor altitude."


def _sampling(inspection: Inspection, kind: str) -> Iterator[str]:
    if years := inspection.sparse_years():
        merged = " Apple merges old heart rates: keep an export of every year." if kind == "apple_health" else ""
        when = "" if inspection.funnel.workouts == 1 else f" in half of the runs or more of {', '.join(map(str, years))}"
        yield (f"Heart rate was measured less than {SPARSE:.0f} times a minute{when}: too seldom to see how it responds.{merged}")


def _trust_in_sensor(inspection: Inspection) -> Iterator[str]:
    faults = inspection.sensor
    if inspection.funnel.workouts == 1:
        for flag in faults.flags:
            yield f"{'Part of it is no run' if flag.kind == RIDE else 'The sensor looks wrong'}: {flag.text}."
        if faults.repaired:
            yield "Where the sensor was wrong, `hrkeras repair` has repaired it already, and that counts as not measured."
        elif faults.runs and not faults.flags:
            yield "No fault of the sensor is seen in its heart rate."
    elif faults.flags:
        wrong = len({(flag.start, flag.where) for flag in faults.flags if flag.kind != RIDE})
        runs = _of(faults.runs, "run", "runs")
        yield f"The sensor looks wrong somewhere in {wrong:,} of {runs} whose heart rate was measured often enough to tell."
        if ridden := len(faults.of_kind(RIDE)):
            yield f"Part of {_of(ridden, 'run', 'runs')} was ridden or driven."


def commands(inspection: Inspection, path: Path, kind: str) -> list[str]:
    """Commands to run next; empty if there is none."""
    source = shlex.quote(str(path))
    if is_single(inspection, path, kind):
        return [f"hrkeras predict {source} --output prediction.csv"] if _can_be_predicted(inspection) else []
    if kind != "endomondo" and len(inspection.people) == 1 and inspection.funnel.left and not _options(inspection.limits):
        return [f"hrkeras report {source}", f"hrkeras update me.json {source}"]
    if max(inspection.usable_by_person.values(), default=0) >= 3:
        return [f"hrkeras build {KINDS[kind][1]} {source}{_options(inspection.limits)}"]
    if inspection.funnel.left:
        person = max(inspection.usable_by_person, key=lambda name: inspection.usable_by_person[name])
        history = path if len(inspection.people) == 1 else path / person  # a history is one person's, whose folder has their name
        return [f"hrkeras predict RUN.gpx --history {shlex.quote(str(history))} --output prediction.csv"] * history.exists()
    if kind != "endomondo" and len(inspection.people) == 1 and inspection.funnel.taken["heart_rate"] > inspection.estimated:
        return [f"hrkeras estimate {source}"]
    return []


def _options(limits: quality.Limits) -> str:
    """The limits that differ from the defaults, as options."""
    changed = {
        limit.name: getattr(limits, limit.name) for limit in fields(limits) if getattr(limits, limit.name) != limit.default
    }
    return "".join(f" --limit {shlex.quote(f'{name}={_option_value(value)}')}" for name, value in changed.items())


def _option_value(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, tuple) else str(value)
