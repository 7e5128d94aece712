"""The page: what a person's runs say, in sentences, pictures and tables."""

from importlib.resources import files
from math import isnan
from pathlib import Path

from hrkeras import __version__
from hrkeras.personal import facts_text, fitness_text, pace, person_plots, recent_error, time_in_zones, usage, weather
from hrkeras.personal.recent_error import RecentError
from hrkeras.personal.report.drift_section import drift_section
from hrkeras.personal.report.html import ROWS, details, figure, items, paragraph, section, table
from hrkeras.personal.report.picture import svg
from hrkeras.personal.report.training import training
from hrkeras.personal.report.zones_sections import times, unheard, zones_section
from hrkeras.personal.timeline import Entry, Timeline
from hrkeras.utils.files import atomic_write
from hrkeras.workouts import clock
from hrkeras.workouts.readers import track_files, tracks
from hrkeras.workouts.readers.source import usage_text
from hrkeras.workouts.sensor.sensor_fault import RIDE

FAULTS = 8  # rows of their table
HEAD = ("Last run of", "expected", "10 %", "90 %")


def write(written: Timeline, output: Path) -> None:
    """Writes the page beside its place and renames it.

    Args:
        written: the person's runs.
        output: the HTML file.
    """
    with atomic_write(output) as part:
        part.write_text(page(written), encoding="utf-8", newline="\n")


def page(written: Timeline) -> str:
    """The whole page."""
    sections, in_zones = [_head(written)], times(written)
    if written.entries:
        sections += [
            _fitness(written),
            _last_run(written),
            drift_section(written),
            zones_section(*in_zones, written.athlete),
            _standing_out(written),
            _sensor(written),
            _how_good(written),
        ]
    elif written.indoors:
        sections.append(zones_section(*in_zones, written.athlete))
    sections += [training(written), unheard(written, *in_zones), _notes(written)]
    css = (files("hrkeras.personal.report") / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>What your runs say</title>\n<style>\n{css}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, sections))
        + f"\n</main>\n<footer>\n{_footer()}\n</footer>\n</body>\n</html>\n"
    )


def _head(written: Timeline) -> str:
    kilometres = sum(entry.found.kilometres for entry in written.entries)
    measured = f"{fitness_text.count(len(written.entries))} with heart rate, {kilometres:,.0f} km"
    none = "No run outdoors with enough heart rate"
    outdoors = [entry.found for entry in written.entries]
    facts = f"{measured if outdoors else none}, {fitness_text.days(outdoors or [*written.indoors, *written.unheard])}."
    return "\n".join(["<h1>What your runs say</h1>", paragraph(facts, "soft"), items(headlines(written), "short")])


def headlines(written: Timeline) -> list[str]:
    """The main results, a sentence or two each."""
    if not written.entries:
        known = written.athlete.count
        found = (
            f"Found {fitness_text.count(written.used)}, {'none' if written.used > 1 else 'not'} outdoors with enough heart rate."
        )
        if known:
            return [f"{found} What is not measured is told by what is known of you: {fitness_text.count(known)}."]
        return [
            f"{found} What is not measured is what people in general have, so its limits are wide; a few runs outdoors with "
            "heart rate make it yours."
        ]
    sentences = [
        " ".join(fitness_text.summary(written)),
        *fitness_text.few(written),
        *(f"{effect[0].upper()}{effect[1:]}." for effect in fitness_text.effects(written)),
    ]
    if recent := recent_error.of_timeline(written):
        sentences.append(_told_in_advance(recent))
    if outliers := fitness_text.standing_out(written):
        which, off = "the one" if len(outliers) == 1 else "the latest", fitness_text.residual(outliers[0])
        when = fitness_text.day(outliers[0].start, outliers[0].utc_offset)
        sentences.append(f"{fitness_text.standing_out_of(written)}; {which}, of {when}, had a heart rate of {off}.")
    return sentences


def _told_in_advance(recent: RecentError) -> str:
    """How well the last runs were predicted, beside the better of two means; no praise where that does as well."""
    runs = f"the last {fitness_text.count(recent.runs)}" if recent.runs > 1 else "the last run"
    by, mean = min((recent.by_mean, "of all your earlier runs"), (recent.by_last, "of the five runs before"))
    error, by_mean = f"{recent.error:.1f}", f"{by:.1f}"
    if recent.error < by and error != by_mean:
        return (
            f"Predicted from your earlier runs alone, your heart rate of {runs} was {error} beats/min off on average; the mean "
            f"{mean} was {by_mean} off."
        )
    return (
        f"The prediction of {runs} from your earlier runs was {error} beats/min off on average, which is no better than the "
        f"mean {mean} ({by_mean}): do not rely on it yet."
    )


def _fitness(written: Timeline) -> str:
    at = pace.text(written.speed)
    drawn = svg(
        person_plots.fitness(written, narrow=True),
        "fitness",
        f"Heart rate at {at} on the flat over the months",
        " ".join(fitness_text.summary(written)),
    )
    months: dict[str, Entry] = {}
    for entry in written.entries:
        months[f"{clock.local(entry.start, entry.utc_offset):%B %Y}"] = entry  # the last one of the month stays
    rows = [(month, *(f"{value:.0f}" for value in entry.at_pace)) for month, entry in months.items()]
    return section(
        "Fitness",
        paragraph(
            f"The heart rate that you would have after 20 minutes at {at} on the flat on an average day: the lower, the fitter. "
            "The line is what your runs before and after tell together, the shade where it lies four times in five."
        ),
        figure(drawn),
        details("The numbers", table(f"Heart rate at {at} on the flat (beats/min)", HEAD, rows)),
    )


def _last_run(written: Timeline) -> str:
    prediction = written.entries[-1].found
    measured, expected, _ = fitness_text.means(written.entries[-1])
    inside = f"{100 * (prediction.inside or 0):.0f} %"
    by = "from the runs before" if prediction.earlier_runs else "of people in general, since no run is known before it"
    summary = (
        f"{prediction.minutes:.0f} min, {prediction.kilometres:.1f} km; heart rate {measured} on average where it was measured, "
        f"{expected} expected there {by}. {inside} of the measured heart rates lay in the prediction interval, where 80 % is "
        "usual."
    )
    is_last = all(run.start <= prediction.start for run in (*written.indoors, *written.unheard) if not isnan(run.start))
    which = "" if is_last else " outdoors with heart rate"
    drawn = svg(person_plots.run(prediction, narrow=True), "run", "Heart rate, speed and altitude of the last run", summary)
    return section(
        f"Your last run{which}, {fitness_text.day(prediction.start, prediction.utc_offset)}", paragraph(summary), figure(drawn)
    )


def _standing_out(written: Timeline) -> str:
    outliers = fitness_text.standing_out(written)
    if not outliers:
        return ""
    told = any(weather.text(entry.workout) for entry in outliers[:ROWS])
    rows = [
        (
            fitness_text.short_day(entry.start, entry.utc_offset),
            *(f"{value:{sign}}" for value, sign in zip(fitness_text.means(entry), ("", "", "+"), strict=True)),
            "too seldom to tell"
            if (faults := written.faults[entry.start]) is None
            else ", ".join(sorted({fault.kind for fault in faults})) or "nothing seen",
            *([weather.text(entry.workout)] if told else []),
        )
        for entry in outliers[:ROWS]
    ]
    return section(
        "Runs that stand out",
        paragraph(
            f"In {'this run' if len(outliers) == 1 else 'these runs'} heart rate was further from what your other runs made one "
            "expect than is usual for you. Heat, illness, a bad night or a sensor that slipped can be why; the runs do not say "
            "which."
        ),
        table(
            f"Mean heart rate where it was measured (beats/min){fitness_text.latest(ROWS, len(outliers))}",
            ("Day", "measured", "expected", "difference", "sensor", "weather")[: 6 if told else 5],
            rows,
            texts=(4, 5),
        ),
    )


def _sensor(written: Timeline) -> str:
    faulty = [(entry, faults) for entry in reversed(written.entries) if (faults := written.faults[entry.start])]
    if not faulty:
        return ""
    number = sum(faults is not None for faults in written.faults.values())
    rows = [
        (
            fitness_text.short_day(entry.start, entry.utc_offset),
            fault.kind,
            f"{clock.min_s(fault.begin)} to {clock.min_s(fault.end)}",
            fault.why,
        )
        for entry, faults in faulty
        for fault in faults
    ]
    wrong = [entry for entry, faults in faulty if any(fault.kind != RIDE for fault in faults)]
    checked = f"{len(wrong):,} of {number:,} runs" if number > 1 else "the one run"
    can_repair = any(track_files.is_track(Path(tracks.file_of(entry.workout))) for entry in wrong)
    ridden = " A ride is no fault of the sensor, but no run either." if any(row[1] == RIDE for row in rows[:FAULTS]) else ""
    return section(
        "Where the sensor looks wrong",
        paragraph(f"In {checked} whose heart rate was measured often enough to tell.{ridden}"),
        table(
            f"Faults of the heart rate sensor{fitness_text.latest(FAULTS, len(rows))}",
            ("Day", "what", "min:s", "why"),
            rows[:FAULTS],
            texts=(1, 3),
        ),
        paragraph("`hrkeras inspect RUNS --json` lists all." if len(rows) > FAULTS else ""),
        paragraph(
            "`hrkeras repair RUNS --output repaired` replaces these in copies of GPX, TCX and FIT files." if can_repair else ""
        ),
    )


def _how_good(written: Timeline) -> str:
    recent = recent_error.of_timeline(written)
    if recent is None:
        return ""
    rows = [
        ("from your earlier runs", f"{recent.error:.1f}"),
        ("as the mean of your last five runs", f"{recent.by_last:.1f}"),
        ("as the mean of all your earlier runs", f"{recent.by_mean:.1f}"),
    ]
    return section(
        "How good the predictions are",
        paragraph(
            f"Your last {recent.runs} runs, each predicted whole from speed, altitude and the runs before it, with nothing known "
            f"of its own heart rate. {100 * recent.inside:.0f} % of the measured heart rates lay in the prediction "
            "interval (10 to 90 %), which should hold 80 %."
        ),
        table("Mean absolute error (beats/min)", ("Predicted", "error"), rows),
    )


def _notes(written: Timeline) -> str:
    used = usage_text(written.used, written.report.taken)
    by = [*written.unheard, *written.measured][-1].by
    return section(
        "What to bear in mind",
        items(
            [
                f"Heart rate is predicted by {by} from speed, altitude and the runs before, as far as there are any.",
                used,
                *usage.without_heart_rate(written),
                *usage.indoors(written),
                *usage.flat(written),
                *facts_text.of_export(written.report.exported, written.athlete),
                facts_text.counted(written.athlete, written.report.exported),
                "Heart rate is as your device recorded it; a watch that counts steps, or a dry strap, misleads all of this."
                if written.entries
                else "",
                fitness_text.zones_text([*written.measured, *written.unheard]),
                time_in_zones.ADVICE,
            ]
        ),
    )


def _footer() -> str:
    return paragraph(
        f"Made by hrkeras {__version__} on this machine. The page asks for nothing from the network, and no position or name is "
        "in it.",
        "soft",
    )
