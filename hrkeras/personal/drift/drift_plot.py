"""The drift within a person's runs over the months, as a picture."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.personal import pace
from hrkeras.personal.drift.drift import Drifts
from hrkeras.personal.person_plots import NARROW, stretches
from hrkeras.utils.plotting import DAY, HEART, MUTED, PAPER, SPEED, STYLE, date_axis, legend, new_figure
from hrkeras.workouts.clock import on_the_spot

MARGIN, MOST = 0.05, 80  # of the height; percentile of the limits that the picture reaches to


@matplotlib.rc_context(STYLE)
def drifts(found: Drifts, narrow: bool = False) -> Figure:
    """What is usual at the timeline's pace, and each run: that and what was left over in it, with its limits."""
    figure, axes = new_figure(size=NARROW if narrow else (9, 4.5))
    starts = np.array([on_the_spot(run.entry.start, run.entry.utc_offset) for run in found.runs])
    date_axis(axes, starts)
    days = starts / DAY
    usual, below, above = np.array([run.usual for run in found.runs]).T
    left_over, low, high = np.array([run.left_over for run in found.runs]).T
    clear = np.array([run.drift.is_clear for run in found.runs])
    single = usual + left_over
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.plot(days, single, "o", ms=5, color=MUTED, mec=PAPER, mew=0.6, zorder=2.1, label="each run, at this pace")
    axes.vlines(days, usual + low, usual + high, color=MUTED, lw=1, label="its limits, 19 times in 20")
    if clear.any():
        axes.plot(days[clear], single[clear], "D", ms=6, color=SPEED, mec=PAPER, mew=0.8, zorder=2.2, label="more than chance")
    for number, (where, rows) in enumerate(stretches(axes, starts)):
        label = None if number else "19 times in 20"
        axes.fill_between(where, below[rows], above[rows], color=HEART, alpha=0.15, lw=0, label=label)
        axes.plot(where, usual[rows], "-", color=HEART, lw=2, label=None if number else "usual for you")
    lowest = min(single.min(), below.min(), np.percentile(usual + low, 100 - MOST))
    highest = max(single.max(), above.max(), np.percentile(usual + high, MOST))
    bottom, top = lowest - MARGIN * (highest - lowest), highest + MARGIN * (highest - lowest)
    axes.set_ylim(bottom, top)
    label = "limits go on"
    for marker, edge, beyond in (("^", top, usual + high > top), ("v", bottom, usual + low < bottom)):
        if beyond.any():
            where = days[beyond]
            axes.plot(where, np.full(len(where), edge), marker, ms=5, color=MUTED, mew=0, clip_on=False, label=label)
            label = None
    axes.set_ylabel(f"rise of heart rate at {pace.text(found.speed)}\non the flat (beats/min per hour)")
    legend(axes, "" if narrow else "Drift within each run", columns=2 if narrow else 4)
    return figure
