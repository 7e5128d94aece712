"""Pictures of an evaluation."""

from pathlib import Path

import matplotlib
import numpy as np

from hrkeras.evaluation.scores import error_by_minute, run_errors
from hrkeras.utils.plotting import HEART, MUTED, SPEED, STYLE, draw_run, legend, new_figure, save


@matplotlib.rc_context(STYLE)
def evaluation(result, step: float, folder: Path) -> list[Path]:
    """The best, the median and the worst run, and the error over time into the run.

    Args:
        result: an `evaluation.Evaluation`.
        step: s, length of a step.
        folder: for the PNGs.
    """
    errors = run_errors(result.runs, result.predicted, result.cases[0].counted)
    order = np.argsort(errors)[: np.isfinite(errors).sum()]
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    figure, panels = new_figure(2 * len(chosen), size=(9, 12), height_ratios=(2.2, 1) * len(chosen))
    for place, (name, index) in enumerate(chosen.items()):
        above, below = panels[2 * place : 2 * place + 2]
        title = f"{name.capitalize()} of {len(order)} runs: error {errors[index]:.1f} beats/min"
        draw_run(above, below, result.runs[index].grid, result.predicted[index], step, title)
    panels[-1].set_xlabel("minutes into the run")
    return [save(figure, folder / "runs.png"), _error_by_minute(result, step, folder / "error_by_minute.png")]


def _error_by_minute(result, step: float, path: Path) -> Path:
    by_minute = error_by_minute(result.runs, result.predicted, step, result.cases[0].counted)
    runs = np.zeros(len(by_minute))
    for counted in result.cases[0].counted:
        minutes = np.unique((np.flatnonzero(counted) * step // 60).astype(int))
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
        rows: for each number of runs that number, the model's `scores.Score` and that of the athlete's state alone.
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
    legend(axes, "What knowing the person is worth")
    return save(figure, path)


@matplotlib.rc_context(STYLE)
def attention(by_lag: np.ndarray, step: float, path: Path) -> Path:
    """How much attention a step pays to each lag, by layer: the heads, and their mean.

    Args:
        by_lag: from `attention_lags.attention_by_lag`.
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
        legend(axes, f"Layer {number}: half of the attention is on the last {half:.0f} s")
        axes.set_ylabel("attention (%)")
        axes.set_ylim(0)
    panels[-1, 0].set_xlabel("lag: seconds before the step that is predicted")
    return save(figure, path)
