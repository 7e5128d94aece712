"""The pictures: each function draws one and writes it as PNG."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hrkeras.workouts.files import atomic_write
from hrkeras.workouts.funnel import Funnel

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
    """A figure of so many inches and its axes, in the common style (call it under `rc_context(STYLE)`)."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(*shape, **kwargs)


def save(figure: Figure, path: Path) -> Path:
    """Writes beside and renames, so that a killed command leaves the old picture or none."""
    with atomic_write(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})
    return path


@matplotlib.rc_context(STYLE)
def funnel(found: Funnel, path: Path) -> Path:
    """How many workouts each filter took, as bars from all to what is left."""
    rows = found.steps()
    figure, axes = new_figure(size=(9, 0.42 * len(rows) + 1.3))
    labels = [label for label, _, _ in rows]
    left = np.array([remaining for _, _, remaining in rows])
    taken = np.array([took for _, took, _ in rows])
    place = np.arange(len(rows))
    axes.barh(place, left, 0.7, color=SPEED, label="left")
    axes.barh(place, taken, 0.7, left=left, color=HEART, label="taken here")
    for row, (_, took, remaining) in enumerate(rows):
        text = f"{remaining:,}" + (f"  (−{took:,})" if took else "")
        axes.annotate(text, (remaining + took, row), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(place, labels)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 1.25 * max(found.workouts, 1))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("workouts")
    axes.set_title(f"{found.left:,} of {found.workouts:,} workouts pass the filters")
    figure.legend(loc="outside lower left", ncols=2)
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def epochs(log: list[dict], path: Path) -> Path:
    """Error of training and validation by epoch.

    Args:
        log: a dict an epoch, as from `training.train`.
        path: of the PNG.
    """
    figure, axes = new_figure(size=(8, 4))
    number = [row["epoch"] for row in log]
    best = min(log, key=lambda row: row["val_mae"])
    axes.axvline(best["epoch"], color=MUTED, lw=1, ls=":")
    axes.plot(number, [row["mae"] for row in log], "o-", ms=4, color=MUTED, label="training")
    axes.plot(number, [row["val_mae"] for row in log], "o-", ms=4, color=HEART, label="validation")
    axes.plot(best["epoch"], best["val_mae"], "o", ms=11, mfc="none", mec=HEART)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean absolute error (beats/min)")
    axes.set_title(f"Best validation error: {best['val_mae']:.2f} beats/min, epoch {best['epoch']}")
    _legend(axes)
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def evaluation(found, step: float, folder: Path) -> list[Path]:
    """The best, the median and the worst run, and the error over time into the run.

    Args:
        found: an `evaluation.Evaluation`.
        step: s, length of a step.
        folder: for the PNGs.
    """
    from hrkeras.scores import run_errors

    errors = run_errors(found.runs, found.predicted)
    order = np.argsort(errors)[: np.isfinite(errors).sum()]
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    figure, panels = new_figure(2 * len(chosen), size=(9, 12), height_ratios=(2.2, 1) * len(chosen))
    for place, (name, index) in enumerate(chosen.items()):
        above, below = panels[2 * place : 2 * place + 2]
        _draw_run(above, below, found.runs[index].grid, found.predicted[index], step)
        above.set_title(f"{name.capitalize()} of {len(order)} runs: error {errors[index]:.1f} beats/min")
    panels[-1].set_xlabel("minutes into the run")
    return [save(figure, folder / "runs.png"), _error_by_minute(found, step, folder / "error_by_minute.png")]


def _error_by_minute(found, step: float, path: Path) -> Path:
    from hrkeras.scores import error_by_minute

    by_minute = error_by_minute(found.runs, found.predicted, step)
    runs = np.zeros(len(by_minute))
    for run in found.runs:
        minutes = np.unique((np.flatnonzero(np.isfinite(run.grid.heart_rate)) * step // 60).astype(int))
        runs[minutes[minutes < len(runs)]] += 1
    figure, (above, below) = new_figure(2, size=(9, 5), height_ratios=(3, 1), sharex=True)
    middle = np.arange(len(by_minute)) + 0.5
    above.plot(middle, by_minute, color=HEART, lw=1.8)
    above.set_ylim(0)
    above.set_ylabel("mean absolute error\n(beats/min)")
    above.set_title("Error by time into the run")
    below.bar(middle, runs, 1, color=MUTED, alpha=0.6)
    below.set_xlim(0, max(np.flatnonzero(runs), default=0) + 1)
    below.set_ylabel("runs")
    below.yaxis.get_major_locator().set_params(integer=True)
    below.set_xlabel("minutes into the run")
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def earlier_runs(rows: list, bare, path: Path) -> Path:
    """Error against the number of earlier runs that are known of a person.

    Args:
        rows: of each number of runs the number, the model's `scores.Score` and that of the athlete's state alone.
        bare: the score of a model that knows nothing of the person, or None.
        path: of the PNG.
    """
    figure, axes = new_figure(size=(8, 4.5))
    place = np.arange(len(rows))
    axes.plot(place, [row[2].mae for row in rows], "o-", ms=5, color=SPEED, label="athlete's state alone")
    axes.plot(place, [row[1].mae for row in rows], "o-", ms=5, color=HEART, label="model")
    low, high = zip(*(row[1].mae_interval for row in rows), strict=True)
    axes.fill_between(place, low, high, color=HEART, alpha=0.15, lw=0)
    if bare:
        axes.axhline(bare.mae, color=MUTED, ls="--", lw=1.2, label="model without history")
    axes.set_xticks(place, [str(row[0]) for row in rows])
    axes.set_ylim(0)
    axes.set_xlabel("earlier runs known of the person")
    axes.set_ylabel("mean absolute error (beats/min)")
    axes.set_title("What knowing the person is worth")
    axes.legend(loc="lower left")
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def attention(by_lag: np.ndarray, step: float, path: Path) -> Path:
    """How much attention a step pays to each lag, by layer: the heads, and their mean.

    Args:
        by_lag: from `lags.attention_by_lag`.
        step: s, length of a step.
        path: of the PNG.
    """
    figure, panels = new_figure(len(by_lag), size=(8, 1 + 2.4 * len(by_lag)), sharex=True, squeeze=False)
    seconds = step * np.arange(by_lag.shape[2])
    for number, (axes, heads) in enumerate(zip(panels[:, 0], by_lag, strict=True), 1):
        mean = heads.mean(axis=0)
        for head, values in enumerate(heads):
            axes.plot(seconds, 100 * values, color=MUTED, lw=1, label=None if head else "each head")
        axes.plot(seconds, 100 * mean, "o-", ms=3, color=HEART, lw=1.8, label="mean of the heads")
        half = seconds[np.searchsorted(mean.cumsum(), 0.5)]
        axes.axvline(half, color=MUTED, lw=1, ls=":")
        axes.set_title(f"Layer {number}: half of the attention is on the last {half:.0f} s")
        axes.set_ylabel("attention (%)")
        axes.set_ylim(0)
        axes.legend(loc="upper right")
    panels[-1, 0].set_xlabel("lag: seconds before the step that is predicted")
    return save(figure, path)


def draw_prediction(above, below, found) -> None:
    """A `prediction.Prediction` in two panels: heart rate and its band in the one, speed and altitude in the other."""
    minutes = found.step * (np.arange(len(found.heart_rate)) + 0.5) / 60
    above.fill_between(minutes, found.low, found.high, color=HEART, alpha=0.15, lw=0, label="10 to 90 %")
    _draw_run(above, below, found.grid, found.heart_rate, found.step)
    below.set_xlabel("minutes into the run")


def _draw_run(above, below, grid, predicted: np.ndarray, step: float) -> None:
    """Heart rate in the panel above; speed and, if it is known, altitude in the one below."""
    minutes = step * (np.arange(len(predicted)) + 0.5) / 60
    if np.isfinite(grid.heart_rate).any():
        above.plot(minutes, grid.heart_rate, color=MUTED, lw=1.4, label="measured")
    above.plot(minutes, predicted, color=HEART, lw=1.8, label="predicted")
    above.set_ylabel("heart rate\n(beats/min)")
    _legend(above)
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


def _legend(axes) -> None:
    """A legend in the line of the title, where it covers nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.2, handlelength=1.5)
