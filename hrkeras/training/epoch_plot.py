"""Pictures of a training."""

from pathlib import Path

import matplotlib

from hrkeras.utils.plotting import HEART, MUTED, STYLE, legend, new_figure, save


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
    legend(axes, f"Best validation error: {best['val_mae']:.2f} beats/min, epoch {best['epoch']}")
    return save(figure, path)
