"""The learning curves of all trials in one picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from hrkeras.tuning.results import Trial, label
from hrkeras.utils.plotting import MUTED, STYLE, new_figure, save

NAMED = 8  # trials that get a colour and a name, the best ones


@matplotlib.rc_context(STYLE)
def curves(trials: Sequence[Trial], path: Path) -> Path:
    """Validation and training error by epoch, the mean over the seeds, with the range of the validation error over the seeds.

    Args:
        trials: the best first.
        path: of the PNG.
    """
    trials = [trial for trial in trials if trial.trained]
    named_trials = min(len(trials), NAMED)
    figure, axes = new_figure(size=(9, 4.5 + 0.2 * named_trials))
    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, named_trials))
    for place, trial in reversed(list(enumerate(trials))):
        validation, training = (
            np.array([[row[name] for row in trained.log] for trained in trial.trained]) for name in ("val_mae", "mae")
        )
        epochs = 1 + np.arange(validation.shape[1])
        if place >= NAMED:
            axes.plot(epochs, validation.mean(axis=0), color=MUTED, lw=0.8, alpha=0.5)
            continue
        text = f"{label(trial.hyperparameters.values)}: {trial.val_mae:.2f}"
        axes.fill_between(epochs, validation.min(axis=0), validation.max(axis=0), color=colors[place], alpha=0.15, lw=0)
        axes.plot(epochs, training.mean(axis=0), color=colors[place], lw=1, ls="--")
        axes.plot(epochs, validation.mean(axis=0), "o-", ms=3, color=colors[place], lw=1.8, label=text)
    axes.set_ylim(*_limits(trials))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean absolute error (beats/min)")
    seeds = len(trials[0].trained)
    axes.set_title(f"Validation (solid) and training (dashed) by epoch, {seeds} seed{'s' * (seeds > 1)}")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower left")
    return save(figure, path)


def _limits(trials: Sequence[Trial]) -> tuple[float, float]:
    """Limits that hold all curves except their first epochs, which may begin far off."""
    shown = [
        row[name]
        for trial in trials
        for trained in trial.trained
        for row in trained.log[len(trained.log) // 5 :]
        for name in ("mae", "val_mae")
    ]
    low, high = min(shown), max(shown)
    return low - 0.05 * (high - low), high + 0.1 * (high - low)
