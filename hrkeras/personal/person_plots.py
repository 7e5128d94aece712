"""Pictures of one person's runs, as figures: `plots.save` writes them as PNG, a report puts them into its page."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from hrkeras.athlete.zones import NAMES, Zones
from hrkeras.personal import fitness_text, pace
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.time_in_zones import Times, weeks
from hrkeras.personal.timeline import Timeline
from hrkeras.utils.plotting import (
    DAY,
    HEART,
    MUTED,
    PAPER,
    SPEED,
    STYLE,
    date_axis,
    draw_run,
    headline,
    label_points,
    legend,
    new_figure,
)
from hrkeras.utils.text import hours
from hrkeras.workouts.clock import on_the_spot

PAUSE = 60 * DAY  # s between two runs across which no line is drawn
SHORT = 0.012  # of the width of the axes, the shortest line that is drawn
NARROW = (4.6, 3.9)  # inches, to be read on a phone
TICKS, MOST_TICKS = (15, 30, 60, 120, 180, 300, 600), 6  # s/km
ROOM = 1.3  # for the times at the bars of zones
LABELLED = 6  # days that stand out most


@matplotlib.rc_context(STYLE)
def fitness(timeline: Timeline, narrow: bool = False) -> Figure:
    """Heart rate at a set pace on the flat over the months, with its uncertainty and the days that stand out."""
    figure, axes = new_figure(size=NARROW if narrow else (9, 4.5))
    entries = timeline.entries
    starts = np.array([on_the_spot(entry.start, entry.utc_offset) for entry in entries])
    date_axis(axes, starts)
    days = starts / DAY
    value, low, high = np.array([entry.at_pace for entry in entries]).T
    single = value + np.array([entry.residual for entry in entries])
    axes.plot(days, single, "o", ms=3.5, color=MUTED, mew=0, label="each run, at this pace")
    for number, (where, rows) in enumerate(stretches(axes, starts)):
        axes.fill_between(where, low[rows], high[rows], color=HEART, alpha=0.15, lw=0, label=None if number else "10 to 90 %")
        axes.plot(where, value[rows], "-", color=HEART, lw=2, label=None if number else "fitness")
    chosen = sorted(filter(lambda row: entries[row].stands_out, range(len(entries))), key=lambda row: -abs(entries[row].residual))
    if chosen:
        axes.plot(days[chosen], single[chosen], "D", ms=6, color=SPEED, mec=PAPER, mew=0.8, label="stands out")
    axes.margins(y=0.1)
    axes.set_ylabel(f"heart rate at {pace.text(timeline.speed)}\non the flat (beats/min)")
    legend(axes, "" if narrow else f"Heart rate at {pace.text(timeline.speed)} on the flat", columns=2 if narrow else 4)
    points = [(days[row], single[row]) for row in chosen]
    label_points(axes, points, [fitness_text.short_day(entries[row].start, entries[row].utc_offset) for row in chosen], LABELLED)
    return figure


def stretches(axes, starts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The parts of a line through runs, between which there was a pause.

    Args:
        axes: with the limits of its days set.
        starts: of the runs in order, s since 1970-01-01, of local time or UTC.

    Returns:
        Of each part days since 1970-01-01 and the runs drawn there.
    """
    parts, short = [], SHORT * np.ptp(axes.get_xlim())
    for rows in np.split(np.arange(len(starts)), np.flatnonzero(np.diff(starts) > PAUSE) + 1):
        where = starts[rows] / DAY
        if np.ptp(where) < short:  # runs so close together are drawn as wide as can be seen
            rows, where = rows[[0, -1]], where.mean() + np.array([-0.5, 0.5]) * short
        parts.append((where, rows))
    return parts


@matplotlib.rc_context(STYLE)
def run(prediction: Prediction, title: str = "", narrow: bool = False) -> Figure:
    """One run: predicted heart rate and its interval, the measured one where there is any, speed and altitude."""
    figure, (above, below) = new_figure(2, size=NARROW if narrow else (9, 5), height_ratios=(2.2, 1))
    minutes = prediction.step * (np.arange(len(prediction.heart_rate)) + 0.5) / 60
    above.fill_between(minutes, prediction.low, prediction.high, color=HEART, alpha=0.15, lw=0, label="10 to 90 %")
    draw_run(above, below, prediction.grid, prediction.heart_rate, prediction.step, title)
    below.set_xlabel("minutes into the run")
    return figure


@matplotlib.rc_context(STYLE)
def zones(own: Zones, recent: Times, everything: Times) -> Figure:
    """The share of the time in each zone of late and over all runs, measured and estimated, with hours and minutes."""
    figure, panels = new_figure(1, 2, size=(9, 4), sharex=True, sharey=True)
    for axes, times, title in zip(panels, (recent, everything), (weeks(recent), "all runs"), strict=True):
        _draw_zones(axes, times)
        axes.set_title(f"{title[0].upper()}{title[1:]}\n{_counted(times)}")
        axes.set_xlabel("% of the time; at the bars h:min")
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
    panels[0].set_xlim(0, ROOM * max(1.0, *(axes.dataLim.x1 for axes in panels)))
    labels = [f"{number} {name}\n{limits}" for number, (name, limits) in enumerate(zip(NAMES, own.limits, strict=True), 1)]
    panels[0].set_yticks(range(len(NAMES)), labels)
    headline(figure, f"Time in zones (beats/min): threshold {own.threshold:.0f}, maximum {own.maximum:.0f}")
    if everything.silent:
        figure.legend(*panels[1].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def _draw_zones(axes, times: Times) -> None:
    """A bar for each zone: its share of the time in %, and at its end how long that is."""
    place, percent = np.arange(len(NAMES)), 100 / max(float((times.measured + times.estimated).sum()), 1.0)
    measured, estimated = percent * times.measured, percent * times.estimated
    ends = measured + estimated
    if times.runs:
        axes.barh(place, measured, 0.7, color=HEART, label="measured")
    if times.silent:
        label = "estimated, with the limits of its prediction interval"
        axes.barh(place, estimated, 0.7, left=measured, color=HEART, alpha=0.35, label=label)
        reach = np.abs(percent * times.within - estimated)
        axes.errorbar(ends, place, xerr=reach, fmt="none", color=MUTED, lw=1.2, capsize=3)
        ends = measured + percent * times.within.max(axis=0)
    parts = [*([times.measured] if times.runs else []), *([times.estimated] if times.silent else [])]
    for row, seconds in enumerate(zip(*parts, strict=True)):
        written = " + ".join(map(hours, seconds))
        axes.annotate(written, (ends[row], row), (5, 0), textcoords="offset points", va="center", fontsize=9)


def _counted(times: Times) -> str:
    """How many runs there are, and of how many the heart rate is estimated."""
    runs = fitness_text.count(times.runs + times.silent)
    of_them = f" {times.silent:,} of them" if times.runs else ""
    return f"{runs},{of_them} estimated" if times.silent else runs


def pace_axis(axes, quickest: float, slowest: float) -> None:
    """A vertical axis of paces in s/km, faster above, with ticks at quarters, halves or whole minutes."""
    axes.set_ylim(slowest, quickest)
    axes.yaxis.set_major_locator(MultipleLocator(next(tick for tick in TICKS if tick * MOST_TICKS > slowest - quickest)))
    axes.yaxis.set_major_formatter(lambda value, _: pace.text(1000 / value).removesuffix(" /km"))
