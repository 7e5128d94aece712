"""A picture of a repaired run."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.personal.repair.repair import Repair
from hrkeras.utils.plotting import HEART, MUTED, STYLE, draw_course, legend, new_figure
from hrkeras.workouts.sensor.detection import PAUSE
from hrkeras.workouts.workout import Workout


@matplotlib.rc_context(STYLE)
def run(repair: Repair, title: str = "") -> Figure:
    """The recorded heart rate and, in the stretches, the repaired one with its interval; speed and altitude below."""
    figure, (above, below) = new_figure(2, size=(9, 5), height_ratios=(2.2, 1))
    minutes = repair.run.time / 60
    above.plot(*_recorded(repair.run), color=MUTED, lw=1.2, label="recorded")
    for number, stretch in enumerate(repair.stretches):
        where = (repair.run.time >= stretch.begin) & (repair.run.time <= stretch.end) & np.isfinite(repair.low)
        labels = ("10 to 90 %", "repaired") if number == 0 else (None, None)
        above.fill_between(minutes[where], repair.low[where], repair.high[where], color=HEART, alpha=0.15, lw=0, label=labels[0])
        marker = "." if np.count_nonzero(where) < 3 else ""
        above.plot(minutes[where], repair.heart_rate[where], color=HEART, lw=1.8, marker=marker, label=labels[1])
        above.axvspan(stretch.begin / 60, stretch.end / 60, color=MUTED, alpha=0.12, lw=0)
    above.set_ylabel("heart rate\n(beats/min)")
    legend(above, title)
    draw_course(below, repair.prediction.grid, repair.prediction.step)
    below.set_xlabel("minutes into the run")
    for axes in (above, below):
        axes.set_xlim(0, minutes[-1])
    above.tick_params(labelbottom=False)
    return figure


def _recorded(run: Workout) -> tuple[np.ndarray, np.ndarray]:
    """Minutes and heart rates where it was measured, as seldom as that may be; NaN after a gap."""
    measured = np.isfinite(run.heart_rate)
    time, heart_rate = run.time[measured], run.heart_rate[measured]
    between = np.diff(time, prepend=time[:1])
    usual = float(np.median(between)) if len(between) else 0.0
    return time / 60, np.where(between > max(PAUSE, 3 * usual), np.nan, heart_rate)
