"""The picture of a plan, as a figure: `plots.save` writes it as PNG."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.athlete.kalman import POSSIBLE
from hrkeras.personal import pace
from hrkeras.personal.person_plots import pace_axis
from hrkeras.personal.planning.plan import Plan
from hrkeras.utils.plotting import ALTITUDE, HEART, LEAST_CLIMB, MUTED, SPEED, STYLE, legend, limits, new_figure

LEAST_PACES = 60.0  # s/km that their axis spans at least


@matplotlib.rc_context(STYLE)
def plan(planned: Plan, line: float | None = None, label: str = "limit") -> Figure:
    """Expected heart rate with its prediction interval along the course; below it altitude, and each kilometre's pace.

    Args:
        planned: the plan.
        line: a heart rate to draw a line at, beats/min, if there is one.
        label: what that heart rate is, for the legend.
    """
    figure, (above, below) = new_figure(2, size=(9, 5.5), height_ratios=(2, 1), sharex=True)
    here, expected = planned.distance / 1000, planned.prediction
    above.fill_between(here, expected.low, expected.high, color=HEART, alpha=0.15, lw=0, label="10 to 90 %")
    above.plot(here, expected.heart_rate, color=HEART, lw=1.8, label="expected")
    if line:
        above.axhline(line, color=MUTED, ls="--", lw=1.4, label=f"{label} {line:.0f}")
    above.set_ylim(max(expected.low.min() - 5, POSSIBLE[0]), min(expected.high.max() + 5, POSSIBLE[1]))
    above.set_ylabel("heart rate\n(beats/min)")
    legend(above, f"{planned.route.length / 1000:.1f} km at {pace.text(planned.speed)}: {planned.mean[0]:.0f} on average")
    above.set_xlim(0, planned.route.length / 1000)

    paces = below.twinx() if planned.route.has_altitude else below
    if planned.route.has_altitude:
        _draw_altitude(below, planned)
    _draw_paces(paces, planned)
    below.set_xlabel("distance (km)")
    return figure


def _draw_altitude(axes, planned: Plan) -> None:
    altitude, edges = planned.route.altitude, planned.route.edges / 1000
    bottom, top = limits(altitude, LEAST_CLIMB)
    axes.fill_between((edges[:-1] + edges[1:]) / 2, bottom, altitude, color=ALTITUDE, alpha=0.35, lw=0)
    axes.set_ylim(bottom, top)
    axes.set_ylabel("altitude (m)", color=ALTITUDE)


def _draw_paces(axes, planned: Plan) -> None:
    rows = planned.kilometres()
    seconds = np.array([1000 / row.speed for row in rows])
    axes.stairs(seconds, [0, *(row.end for row in rows)], baseline=None, color=SPEED, lw=1.8)
    pace_axis(axes, *limits(seconds, LEAST_PACES, spare=0.3))
    axes.set_ylabel("pace (min/km)", color=SPEED)
    if planned.route.has_altitude:
        axes.spines["right"].set_visible(True)
        axes.grid(visible=False)
