"""A picture of the training load week by week."""

from collections.abc import Sequence
from itertools import dropwhile

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.personal.load import training_load
from hrkeras.personal.load.training_load import WEEK, RunLoad
from hrkeras.utils.errors import InputError
from hrkeras.utils.plotting import DAY, HEART, MUTED, STYLE, date_axis, legend, new_figure

SHOWN = 52  # weeks
WIDTH, MIDDLE = 6.0, 3.5  # days, of a bar and from Monday
LEAST_DAYS = 84.0  # on the axis


@matplotlib.rc_context(STYLE)
def weeks(loads: Sequence[RunLoad]) -> Figure:
    """Banister's TRIMP of the last weeks, measured and estimated, with the limits that hold it four times in five.

    Raises:
        InputError: if no run has a date.
    """
    known = training_load.weeks(loads)
    found = list(dropwhile(lambda week: not week.runs, known[-SHOWN:]))
    if not found:
        raise InputError("No run has a date, so there is no week to draw; leave out the picture.", "plot")
    figure, axes = new_figure(size=(9, 4))
    starts = np.array([week.start for week in found])
    days = starts / DAY + MIDDLE
    value, low, high = np.array([training_load.with_limits(week.banister) for week in found]).T
    measured = np.array([sum(float(run.banister[0]) for run in week.runs if not run.is_estimated) for week in found])
    date_axis(axes, [starts[0], starts[-1] + WEEK - 1], LEAST_DAYS)
    if measured.any():
        axes.bar(days, measured, WIDTH, color=HEART, alpha=0.85, label="measured")
    if any(week.estimated for week in found):
        axes.bar(days, value - measured, WIDTH, bottom=measured, color=HEART, alpha=0.35, label="estimated")
    some = value > 0
    reach = np.stack([value - low, high - value])[:, some]
    axes.errorbar(days[some], value[some], yerr=reach, fmt="none", color=MUTED, lw=1.2, capsize=2, label="10 to 90 %")
    axes.set_ylabel("training load a week\n(TRIMP, Banister)")
    last = f"{len(found)} " if len(found) > 1 else ""
    cut = f": the last {last}of {len(known):,} weeks" if len(found) < len(known) else ""
    legend(axes, f"Training load week by week{cut}")
    return figure
