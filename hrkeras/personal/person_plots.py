"""Pictures of one person's runs, as figures: `plots.save` writes them as PNG, a report puts them into its page."""

from datetime import UTC, datetime

import matplotlib
import matplotlib.dates
import numpy as np
from matplotlib.figure import Figure

from hrkeras.athlete.zones import NAMES, Zones
from hrkeras.personal import fitness_text, pace
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.time_in_zones import WEEKS, Times
from hrkeras.personal.timeline import Entry, Timeline
from hrkeras.utils.plotting import HEART, MUTED, SPEED, STYLE, draw_run, new_figure

PAUSE = 60 * 86_400.0  # s between two runs across which no line is drawn
NARROW = (5.6, 4.2)  # inches, to be read on a phone
LABELLED, ROOM = 6, (0.2, 0.08)  # days that stand out most; of width and height, what a label takes


@matplotlib.rc_context(STYLE)
def fitness(timeline: Timeline, narrow: bool = False) -> Figure:
    """Heart rate at a set pace on the flat over the months, with its uncertainty and the days that stand out."""
    figure, axes = new_figure(size=NARROW if narrow else (9, 4.5))
    entries = timeline.entries
    days = [datetime.fromtimestamp(entry.start, UTC) for entry in entries]
    value, low, high = np.array([entry.at_pace for entry in entries]).T
    single = value + np.array([entry.residual for entry in entries])
    pauses = np.flatnonzero(np.diff([entry.start for entry in entries]) > PAUSE) + 1
    axes.plot(days, single, "o", ms=3.5, color=MUTED, alpha=0.6, mew=0, label="each run, brought to this pace")
    for number, rows in enumerate(np.split(np.arange(len(entries)), pauses)):
        where = [days[row] for row in rows]
        axes.fill_between(where, low[rows], high[rows], color=HEART, alpha=0.15, lw=0, label=None if number else "10 to 90 %")
        axes.plot(where, value[rows], "-" if len(rows) > 1 else "_", color=HEART, lw=2, label=None if number else "fitness")
    chosen = [row for row, entry in enumerate(entries) if entry.stands_out]
    if chosen:
        axes.plot([days[row] for row in chosen], single[chosen], "D", ms=6, color=SPEED, label="stands out")
    for row in _apart(entries, chosen, single):
        above = entries[row].residual > 0
        at, text = (days[row], single[row]), f"{days[row].day} {days[row]:%b %Y}"
        axes.annotate(text, at, (0, 7 if above else -14), textcoords="offset points", ha="center", fontsize=8)
    axes.set_ylabel(f"heart rate at {pace.text(timeline.speed)}\non the flat (beats/min)")
    locator = matplotlib.dates.AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2 if narrow else 4, borderaxespad=0.1, handlelength=1.5)
    if not narrow:
        axes.set_title(f"Heart rate at {pace.text(timeline.speed)} on the flat", pad=24)
    return figure


def _apart(entries: list[Entry], chosen: list[int], height: np.ndarray) -> list[int]:
    """Those days whose labels have room, the furthest from what was expected first."""
    span = entries[-1].start - entries[0].start + 1
    labelled: list[int] = []
    for row in sorted(chosen, key=lambda row: -abs(entries[row].residual)):
        beside = (abs(entries[row].start - entries[other].start) < ROOM[0] * span for other in labelled)
        level = (abs(height[row] - height[other]) < ROOM[1] * np.ptp(height) for other in labelled)
        if not any(is_beside and is_level for is_beside, is_level in zip(beside, level, strict=True)):
            labelled.append(row)
    return labelled[:LABELLED]


@matplotlib.rc_context(STYLE)
def run(prediction: Prediction, title: str = "", narrow: bool = False) -> Figure:
    """One run: predicted heart rate and its interval, the measured one where there is any, speed and altitude."""
    figure, (above, below) = new_figure(2, size=NARROW if narrow else (9, 5), height_ratios=(2.2, 1))
    _draw_prediction(above, below, prediction)
    above.set_title(title)
    return figure


@matplotlib.rc_context(STYLE)
def zones(own: Zones, recent: Times, everything: Times) -> Figure:
    """Time in each zone of late and over all runs, measured and estimated."""
    figure, panels = new_figure(1, 2, size=(9, 3.8), sharey=True)
    place = np.arange(len(NAMES))
    for axes, times, title in zip(panels, (recent, everything), (f"Last {WEEKS} weeks", "All runs"), strict=True):
        hours, more = times.measured / 3600, times.estimated / 3600
        axes.barh(place, hours, 0.7, color=HEART, label="measured")
        if everything.silent:
            axes.barh(
                place,
                more,
                0.7,
                left=hours,
                color=HEART,
                alpha=0.35,
                label="estimated, with the limits of its prediction interval",
            )
            reach = np.abs(times.within / 3600 - more)
            axes.errorbar(hours + more, place, xerr=reach, fmt="none", color=MUTED, lw=1.2, capsize=3)
        axes.set_title(f"{title}: {fitness_text.count(times.runs + times.silent)}")
        axes.set_xlabel("hours")
        axes.set_xlim(0)
        axes.grid(visible=False, axis="y")
    labels = [f"{number} {name}\n{limits}" for number, (name, limits) in enumerate(zip(NAMES, own.limits, strict=True), 1)]
    panels[0].set_yticks(place, labels)
    panels[0].tick_params(axis="y", length=0)
    panels[1].tick_params(axis="y", length=0)
    figure.suptitle(f"Time in zones (beats/min): threshold {own.threshold:.0f}, maximum {own.maximum:.0f}", x=0.01, ha="left")
    if everything.silent:
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower left", ncols=2)
    return figure


def _draw_prediction(above, below, prediction) -> None:
    """A `prediction.Prediction` in two panels: heart rate and its interval above, speed and altitude below."""
    minutes = prediction.step * (np.arange(len(prediction.heart_rate)) + 0.5) / 60
    above.fill_between(minutes, prediction.low, prediction.high, color=HEART, alpha=0.15, lw=0, label="10 to 90 %")
    draw_run(above, below, prediction.grid, prediction.heart_rate, prediction.step)
    below.set_xlabel("minutes into the run")
