"""How many workouts each filter took."""

from pathlib import Path

import matplotlib
import numpy as np

from hrkeras.utils.plotting import HEART, SPEED, STYLE, new_figure, save
from hrkeras.workouts.funnel import Funnel


@matplotlib.rc_context(STYLE)
def funnel(counts: Funnel, path: Path) -> Path:
    """How many workouts each filter took, as bars from all to what is left."""
    rows = counts.steps()
    figure, axes = new_figure(size=(9, 0.42 * len(rows) + 1.3))
    labels = [label for label, _, _ in rows]
    left = np.array([remaining for _, _, remaining in rows])
    taken = np.array([took for _, took, _ in rows])
    place = np.arange(len(rows))
    axes.barh(place, left, 0.7, color=SPEED, label="left")
    axes.barh(place, taken, 0.7, left=left, color=HEART, label="removed here")
    for row, (_, took, remaining) in enumerate(rows):
        text = f"{remaining:,}" + (f"  (−{took:,})" if took else "")
        axes.annotate(text, (remaining + took, row), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(place, labels)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.25 * max(counts.workouts, 1))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("workouts")
    axes.set_title(f"{counts.left:,} of {counts.workouts:,} workouts pass the filters")
    figure.legend(loc="outside lower left", ncols=2)
    return save(figure, path)
