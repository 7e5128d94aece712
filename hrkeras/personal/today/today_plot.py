"""Pictures of a run followed minute by minute: what was told of the day, and the probabilities of crossing a limit."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.athlete.zones import NORMAL
from hrkeras.personal.today import live_run
from hrkeras.personal.today.live_run import LiveRun
from hrkeras.personal.today.today_text import AHEAD, Judged, Watched
from hrkeras.utils.plotting import ALTITUDE, HEART, MUTED, SPEED, STYLE, legend, new_figure
from hrkeras.utils.text import signed
from hrkeras.workouts.grid import STEP, Grid


@matplotlib.rc_context(STYLE)
def today(run: LiveRun, grid: Grid, judged: Judged) -> Figure:
    """Heart rate, what was expected before the run and what then for the next half hour; below it the difference so far told."""
    figure, (above, below) = new_figure(2, size=(9, 5.5), height_ratios=(2, 1), sharex=True)
    minutes, expected = _draw_expected(above, run, grid)
    told = np.array([each.beats for each in judged.minutes])
    after, last = [each.minutes for each in judged.minutes], judged.minutes[-1]
    rows = slice(round(60 * last.minutes / STEP), round(60 * last.minutes / STEP) + live_run.AHEAD)
    value, low, high = (expected[rows] + beats for beats in last.beats)
    above.plot(minutes[rows], value, color=SPEED, lw=1.8, label=f"expected after {last.minutes:.0f} min")
    above.fill_between(minutes[rows], low, high, color=SPEED, alpha=0.2, lw=0, label=f"10 to 90 % after {last.minutes:.0f} min")
    legend(above, _title(judged), columns=3)
    below.axhline(0, color=MUTED, lw=0.8)
    reach = np.abs(told[:, 1:] - told[:, :1]).T
    below.errorbar(after, told[:, 0], yerr=reach, fmt="o", ms=4, color=SPEED, lw=1.2, capsize=2)
    below.set_ylabel("difference told\n(beats/min)")
    return figure


def _title(judged: Judged) -> str:
    last = judged.minutes[-1]
    if not round(last.beats[0]):
        return f"Today: as {'expected' if judged.earlier_runs else 'people in general'} at the same effort"
    doubt = "" if last.is_certain else ", which may be chance"
    doubt = doubt if judged.earlier_runs else ", compared with people in general"
    return f"Today: {signed(last.beats[0])} beats/min at the same effort{doubt}"


@matplotlib.rc_context(STYLE)
def guard(run: LiveRun, grid: Grid, watched: Sequence[Watched], limit: float) -> Figure:
    """Heart rate, what was expected before the run, and the limit; below them how likely it is crossed in the next minutes."""
    figure, (above, below) = new_figure(2, size=(9, 5.5), height_ratios=(2, 1.2), sharex=True)
    _draw_expected(above, run, grid)
    above.axhline(limit, color=SPEED, ls="--", lw=1.4, label=f"limit {limit:g}")
    legend(above, f"Heart rate and the limit of {limit:g} beats/min")
    at = [each.minute for each in watched]
    chances = 100 * np.array([each.crossing for each in watched]).T
    for ahead, values, colour in zip(AHEAD, chances, (HEART, SPEED, ALTITUDE), strict=True):
        below.plot(at, values, "-", color=colour, lw=1.6, label=f"in {ahead} min")
    below.set_ylim(0, 103)
    below.set_ylabel(f"probability of more\nthan {limit:g} (%)")
    legend(below)
    return figure


def _draw_expected(axes, run: LiveRun, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """What was measured, and expected before the run with its interval; returns minutes and what was expected, `(steps,)`."""
    expected, deviation = live_run.unconditioned(run.athlete, run.athlete.predict(run.start, grid))
    minutes = STEP * (np.arange(len(expected)) + 0.5) / 60
    reach = NORMAL * deviation
    axes.fill_between(minutes, expected - reach, expected + reach, color=HEART, alpha=0.15, lw=0, label="10 to 90 %")
    by = "from earlier runs" if run.athlete.count else "of people in general"
    axes.plot(minutes, expected, color=HEART, lw=1.8, label=f"expected {by}")
    axes.plot(minutes, grid.heart_rate, color=MUTED, lw=1.4, label="measured")
    axes.set_xlim(0, minutes[-1] + STEP / 120)
    axes.set_ylabel("heart rate\n(beats/min)")
    axes.figure.axes[-1].set_xlabel("minutes into the run")
    axes.xaxis.get_major_locator().set_params(integer=True)
    return minutes, expected
