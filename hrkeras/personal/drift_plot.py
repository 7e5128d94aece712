"""The drift within a person's runs over the months, as a picture."""

from datetime import UTC, datetime

import matplotlib
import matplotlib.dates
import numpy as np
from matplotlib.figure import Figure

from hrkeras.personal import pace
from hrkeras.personal.drift import Drifts
from hrkeras.personal.person_plots import NARROW, PAUSE
from hrkeras.utils.plotting import HEART, MUTED, SPEED, STYLE, new_figure

MARGIN, MOST = 0.05, 80  # of the height; percentile of the limits that the picture reaches to


@matplotlib.rc_context(STYLE)
def drifts(found: Drifts, narrow: bool = False) -> Figure:
    """What is usual at the timeline's pace, and each run: that and what was left over in it, with its limits."""
    figure, axes = new_figure(size=NARROW if narrow else (9, 4.5))
    days = np.array([datetime.fromtimestamp(run.entry.start, UTC) for run in found.runs])
    usual, below, above = np.array([run.usual for run in found.runs]).T
    left_over, low, high = np.array([run.drift.left_over for run in found.runs]).T
    clear = np.array([run.drift.is_clear for run in found.runs])
    single = usual + left_over
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.vlines(days, usual + low, usual + high, color=MUTED, alpha=0.25, lw=1)
    axes.plot(days, single, "o", ms=3.5, color=MUTED, alpha=0.8, mew=0, label="each run, brought to this pace")
    if clear.any():
        axes.plot(days[clear], single[clear], "D", ms=5, color=SPEED, label="more than chance")
    pauses = np.flatnonzero(np.diff([run.entry.start for run in found.runs]) > PAUSE) + 1
    for number, rows in enumerate(np.split(np.arange(len(days)), pauses)):
        label = None if number else "10 to 90 %"
        axes.fill_between(days[rows], below[rows], above[rows], color=HEART, alpha=0.15, lw=0, label=label)
        line = "-" if len(rows) > 1 else "_"
        axes.plot(days[rows], usual[rows], line, color=HEART, lw=2, label=None if number else "usual for you")
    lowest = min(single.min(), below.min(), np.percentile(usual + low, 100 - MOST))
    highest = max(single.max(), above.max(), np.percentile(usual + high, MOST))
    axes.set_ylim(lowest - MARGIN * (highest - lowest), highest + MARGIN * (highest - lowest))
    axes.set_ylabel(f"rise of heart rate at {pace.text(found.speed)}\non the flat (beats/min per hour)")
    locator = matplotlib.dates.AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2 if narrow else 4, borderaxespad=0.1, handlelength=1.5)
    if not narrow:
        axes.set_title("Drift within each run", pad=24)
    return figure
