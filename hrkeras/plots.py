"""The pictures: each function draws one and writes it as PNG."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.workouts.beside import beside
from hrkeras.workouts.quality import Funnel

HEART, SPEED, ALTITUDE, MUTED, GOOD = "#c8102e", "#1f6fb2", "#5b7f3a", "#8a8f98", "#1b9e77"
STYLE: Any = {
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


def new_figure(*shape, size, **kwargs):
    """A figure of so many inches and its axes, in the common style (call it under `rc_context(STYLE)`)."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(*shape, **kwargs)


def save(figure: Figure, path: Path) -> Path:
    """Writes beside and renames, so that a killed command leaves the old picture or none."""
    with beside(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})
    return path


@matplotlib.rc_context(STYLE)
def funnel(found: Funnel, path: Path) -> Path:
    """How many workouts each filter took, as bars from all to what is left."""
    rows = found.steps()
    figure, axes = new_figure(size=(9, 0.5 * len(rows) + 1.2))
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
    figure.legend(loc="outside lower right", ncols=2)
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def epochs(log: list[dict], path: Path) -> Path:
    """Error of training and validation by epoch.

    Args:
        log: a dict an epoch, as from `training.train`.
        path: of the PNG.
    """
    figure, axes = new_figure(size=(7, 4))
    number = [row["epoch"] for row in log]
    axes.plot(number, [row["mae"] for row in log], "o-", color=MUTED, label="training")
    axes.plot(number, [row["val_mae"] for row in log], "o-", color=HEART, label="validation")
    best = min(log, key=lambda row: row["val_mae"])
    axes.annotate(
        f"best {best['val_mae']:.2f}",
        (best["epoch"], best["val_mae"]),
        (0, -16),
        textcoords="offset points",
        ha="center",
    )
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean absolute error (beats/min)")
    axes.set_title("Training")
    axes.margins(y=0.15)
    axes.legend()
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def evaluation(found, step: float, folder: Path) -> list[Path]:
    """The best, the median and the worst run, and the error over time into the run.

    Args:
        found: an `evaluation.Evaluation`.
        step: s, length of a step.
        folder: for the PNGs.
    """
    from hrkeras.evaluation import error_by_minute, run_errors

    errors = run_errors(found.runs, found.predicted)
    order = np.argsort(errors)[: np.isfinite(errors).sum()]
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    figure, panels = new_figure(len(chosen), size=(9, 8.5))
    for axes, (name, index) in zip(panels, chosen.items(), strict=True):
        _predicted_and_measured(axes, found.runs[index].grid, found.predicted[index], step)
        axes.set_title(f"{name.capitalize()} run of {len(order)}: error {errors[index]:.1f} beats/min")
    panels[-1].set_xlabel("minutes into the run")
    panels[0].legend(ncols=3, loc="lower right")
    runs_picture = save(figure, folder / "runs.png")

    figure, axes = new_figure(size=(8, 4))
    by_minute = error_by_minute(found.runs, found.predicted, step)
    axes.plot(np.arange(len(by_minute)) + 0.5, by_minute, color=HEART)
    axes.set_ylim(0)
    axes.set_xlabel("minutes into the run")
    axes.set_ylabel("mean absolute error (beats/min)")
    axes.set_title("Error by time into the run")
    return [runs_picture, save(figure, folder / "error_by_minute.png")]


def _predicted_and_measured(axes, grid, predicted, step: float) -> None:
    minutes = step * (np.arange(len(predicted)) + 0.5) / 60
    speed = axes.twinx()
    speed.fill_between(minutes, 3.6 * grid.speed, color=SPEED, alpha=0.15, lw=0)
    speed.set_ylim(0, max(20, 3.6 * float(grid.speed.max())))
    speed.set_ylabel("speed (km/h)", color=SPEED)
    speed.grid(visible=False)
    axes.plot(minutes, grid.heart_rate, color=MUTED, lw=1.5, label="measured")
    axes.plot(minutes, predicted, color=HEART, lw=1.8, label="predicted")
    axes.set_ylabel("heart rate (beats/min)")
    axes.set_zorder(speed.get_zorder() + 1)
    axes.patch.set_visible(False)


@matplotlib.rc_context(STYLE)
def prediction(grid, predicted: np.ndarray, step: float, title: str, path: Path) -> Path:
    """One run: its predicted heart rate, the measured one where there is any, and its speed."""
    figure, axes = new_figure(size=(9, 4))
    _predicted_and_measured(axes, grid, predicted, step)
    axes.set_xlabel("minutes into the run")
    axes.set_title(title)
    axes.legend(ncols=2, loc="lower right")
    return save(figure, path)
