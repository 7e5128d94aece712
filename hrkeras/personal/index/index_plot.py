"""A picture of the running index over the months."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.personal import pace
from hrkeras.personal.index.running_index import Index
from hrkeras.personal.person_plots import pace_axis, stretches
from hrkeras.utils.plotting import HEART, MUTED, SPEED, STYLE, date_axis, legend, new_figure
from hrkeras.workouts.clock import on_the_spot


@matplotlib.rc_context(STYLE)
def index(found: Sequence[Index], heart_rate: float, fastest: float) -> Figure:
    """Pace at the set heart rate, faster above, and VO2max over the months, each with its limits.

    Args:
        found: from `running_index.follow`.
        heart_rate: that was set, beats/min.
        fastest: m/s, the highest limit that a pace can have; a line where one does.
    """
    figure, panels = new_figure(2, size=(9, 6), sharex=True)
    starts = np.array([on_the_spot(each.start, each.utc_offset) for each in found])
    seconds, vo2max = 1000 / np.array([each.speed for each in found]), np.array([each.vo2max for each in found])
    date_axis(panels[1], starts)
    names = ("pace", "VO2max")
    for axes, values, colour, name in zip(panels, (seconds, vo2max), (SPEED, HEART), names, strict=True):
        for number, (days, rows) in enumerate(stretches(axes, starts)):
            line, band = (None, None) if number else (name, "10 to 90 %")
            axes.plot(days, values[rows, 0], "-", color=colour, lw=2, label=line)
            axes.fill_between(days, values[rows, 1], values[rows, 2], color=colour, alpha=0.15, lw=0, label=band)
    if np.nanmin(seconds) <= 1000 / fastest + 0.5:
        label = f"{pace.text(fastest)}, the fastest pace looked at"
        panels[0].axhline(1000 / fastest, color=MUTED, ls="--", lw=1.2, label=label)
    pace_axis(panels[0], *panels[0].get_ylim())
    panels[0].set_ylabel(f"pace at {heart_rate:.0f} beats/min\non the flat (min/km)")
    panels[1].set_ylabel("VO2max, estimated\n(mL/kg/min)")
    legend(panels[0], f"Running index: pace at {heart_rate:.0f} beats/min, and VO2max")
    legend(panels[1])
    return figure
