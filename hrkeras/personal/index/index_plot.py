"""A picture of the running index over the months."""

from collections.abc import Sequence

import matplotlib
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure

from hrkeras.personal.index.running_index import Index
from hrkeras.personal.person_plots import stretches
from hrkeras.utils.plotting import HEART, SPEED, STYLE, date_axis, legend, new_figure
from hrkeras.workouts.clock import on_the_spot


@matplotlib.rc_context(STYLE)
def index(found: Sequence[Index], heart_rate: float) -> Figure:
    """Pace at the set heart rate, faster above, and VO2max over the months, each with its limits."""
    figure, panels = new_figure(2, size=(9, 6), sharex=True)
    starts = np.array([on_the_spot(each.start, each.utc_offset) for each in found])
    seconds, vo2max = 1000 / np.array([each.speed for each in found]), np.array([each.vo2max for each in found])
    date_axis(panels[1], starts)
    for axes, values, colour in zip(panels, (seconds, vo2max), (SPEED, HEART), strict=True):
        for number, (days, rows) in enumerate(stretches(axes, starts)):
            label = None if number else "10 to 90 %"
            axes.fill_between(days, values[rows, 1], values[rows, 2], color=colour, alpha=0.15, lw=0, label=label)
            axes.plot(days, values[rows, 0], "-", color=colour, lw=2)
    panels[0].invert_yaxis()
    panels[0].yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(6, steps=[1, 1.5, 3, 6, 10]))
    panels[0].yaxis.set_major_formatter(lambda value, _: f"{int(value // 60)}:{int(value % 60):02}")
    panels[0].set_ylabel(f"pace at {heart_rate:.0f} beats/min\non the flat (min/km)")
    panels[1].set_ylabel("VO2max, estimated\n(mL/kg/min)")
    legend(panels[0], f"Running index: pace at {heart_rate:.0f} beats/min, and VO2max")
    return figure
