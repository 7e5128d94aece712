"""The pictures: each function draws one and writes it as PNG."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.workouts.quality import Funnel

HEART, SPEED, ALTITUDE, MUTED, GOOD = "#c8102e", "#1f6fb2", "#5b7f3a", "#8a8f98", "#1b9e77"
STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e6ea",
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "font.size": 10,
    "legend.frameon": False,
    "savefig.dpi": 120,
}


def _figure(*shape, size, **kwargs):
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(*shape, **kwargs)


def _save(figure: Figure, path: Path) -> Path:
    """Writes beside and renames, so that a killed command leaves the old picture or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    figure.savefig(part, format="png", metadata={"Software": None})
    return part.replace(path)


@matplotlib.rc_context(STYLE)
def funnel(found: Funnel, path: Path) -> Path:
    """How many workouts each filter took, as bars from all to what is left."""
    rows = found.steps()
    figure, axes = _figure(size=(9, 0.5 * len(rows) + 1.2))
    labels = [label for label, _, _ in rows]
    left = np.array([remaining for _, _, remaining in rows])
    taken = np.array([took for _, took, _ in rows])
    place = np.arange(len(rows))
    axes.barh(place, left, color=SPEED, label="left")
    axes.barh(place, taken, left=left, color=HEART, label="taken here")
    for row, (_, took, remaining) in enumerate(rows):
        text = f"{remaining:,}" + (f"  (−{took:,})" if took else "")
        axes.annotate(text, (remaining + took, row), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(place, labels)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.16)
    axes.set_xlabel("workouts")
    axes.set_title(f"{found.left:,} of {found.workouts:,} workouts pass the filters")
    axes.legend(loc="upper right", bbox_to_anchor=(1, 1.08), ncols=2)
    return _save(figure, path)
