"""The common style of the plots, and how one is saved."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from hrkeras.utils.files import atomic_write

HEART, SPEED, ALTITUDE, MUTED, GOOD, GRID = "#c8102e", "#1f6fb2", "#5b7f3a", "#8a8f98", "#1b9e77", "#e4e6ea"
STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "font.size": 10,
    "legend.frameon": False,
    "savefig.dpi": 120,
}


def new_figure(*shape, size, **kwargs):
    """A figure of `size` inches and its axes, in the common style (call it under `rc_context(STYLE)`)."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(*shape, **kwargs)


def save(figure: Figure, path: Path) -> Path:
    """Writes a temporary file and renames it, so that a killed command leaves the old plot or none."""
    with atomic_write(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})
    return path


def draw_run(above, below, grid, predicted: np.ndarray, step: float) -> None:
    """Heart rate in the upper panel; speed and, if known, altitude in the lower one."""
    minutes = step * (np.arange(len(predicted)) + 0.5) / 60
    if np.isfinite(grid.heart_rate).any():
        above.plot(minutes, grid.heart_rate, color=MUTED, lw=1.4, label="measured")
    alone = np.isnan(predicted).any()  # predictions a few minutes apart
    above.plot(minutes, predicted, "o" if alone else "-", ms=4, color=HEART, lw=1.8, label="predicted")
    above.set_ylabel("heart rate\n(beats/min)")
    legend(above)
    below.fill_between(minutes, 3.6 * grid.speed, color=SPEED, alpha=0.25, lw=0)
    below.plot(minutes, 3.6 * grid.speed, color=SPEED, lw=0.8)
    below.set_ylim(0, max(15, 1.05 * 3.6 * float(grid.speed.max())))
    below.set_ylabel("speed (km/h)", color=SPEED)
    if np.ptp(grid.altitude) > 0:
        height = below.twinx()
        height.plot(minutes, grid.altitude, color=ALTITUDE, lw=1.4)
        middle, reach = (grid.altitude.max() + grid.altitude.min()) / 2, max(np.ptp(grid.altitude), 20) * 0.55
        height.set_ylim(middle - reach, middle + reach)
        height.set_ylabel("altitude (m)", color=ALTITUDE)
        height.spines["right"].set_visible(True)
        height.grid(visible=False)
    for axes in (above, below):
        axes.set_xlim(0, step * len(predicted) / 60)
    above.tick_params(labelbottom=False)


def legend(axes) -> None:
    """A legend in the line of the title, where it covers nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.2, handlelength=1.5)
