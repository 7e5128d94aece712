"""Train a model on runs; its working files are kept only if a folder is given."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from hrkeras.datasets.runs import Runs
from hrkeras.datasets.selection import part
from hrkeras.evaluation.predict import knows_history
from hrkeras.models.statistics import with_statistics
from hrkeras.training import fit
from hrkeras.utils.errors import expect
from hrkeras.utils.files import own_folder
from hrkeras.utils.presets import LEARNING_RATE

if TYPE_CHECKING:
    import pandas as pd


class History(list[dict[str, Any]]):
    """The epochs of a training, a dict each with `epoch` (from 1), `loss`, `mae`, `val_loss`, `val_mae`, `learning_rate`.

    The errors are those of the protocol "profile" in beats/min.

    Attributes:
        settings: of the training.
        description: of model and data, for the model card.

    Example:
        >>> import hrkeras
        >>> runs = hrkeras.Runs.from_workouts(hrkeras.read("runs"))
        >>> _, history = hrkeras.train(hrkeras.models.gru(units=2, num_layers=1), runs, epochs=1)
        >>> history.best_epoch
        1
        >>> history.to_frame()["val_mae"].plot()  # doctest: +SKIP
    """

    def __init__(self, epochs: Sequence[dict[str, Any]], settings: fit.Settings, description: dict[str, Any]) -> None:
        super().__init__(epochs)
        self.settings, self.description = settings, description

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, with the lowest validation error, of which the weights are kept."""
        return fit.best_epoch(self)

    def to_frame(self) -> pd.DataFrame:
        """A pandas frame with a row an epoch."""
        import pandas as pd

        return pd.DataFrame(list(self))

    def __repr__(self) -> str:
        lines = [f"{'epoch':>5}  {'loss':>8}  {'MAE':>6}  {'validation loss':>15}  {'validation MAE':>14}"]
        for row in self:
            best = "  best" if row["epoch"] == self.best_epoch else ""
            errors = f"{row['loss']:8.4f}  {row['mae']:6.2f}  {row['val_loss']:15.4f}  {row['val_mae']:14.2f}"
            lines.append(f"{row['epoch']:5}  {errors}{best}")
        return "\n".join(lines)


def train(
    model: keras.Model,
    runs: Runs,
    epochs: int = 9,
    *,
    batch_size: int = 32,
    learning_rate: float = LEARNING_RATE,
    patience: int = 6,
    history_dropout: float = 0.4,
    augment: float = 0.0,
    seed: int = 0,
    folder: str | PathLike[str] | None = None,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    processes: int = 1,
) -> tuple[keras.Model, History]:
    """Trains a model from nothing on the training split; the best epoch is chosen on the validation split.

    Args:
        model: the architecture, such as `hrkeras.models.lstm(units=64)`. It is left unchanged: a model of the same
            architecture with new weights is trained, whose normalisation, and the population that athletes' states start from,
            come from the training split.
        runs: of all splits; the test split is not looked at.
        epochs: at most so many.
        batch_size: windows a batch; a window has up to 500 steps of a run.
        learning_rate: at its highest, after a warm-up; it falls to 0 along a cosine. Recurrent models of four or more layers
            need less, 0.001.
        patience: epochs without a lower validation error after which training ends.
        history_dropout: share of the training windows that know only a random part of the person's earlier runs, or none.
        augment: how much training runs are perturbed in each epoch; 0 for not at all.
        seed: random seed of weights, order and dropout.
        folder: for the log, curves, TensorBoard files and what is needed to resume; a temporary one that is removed if not given.
        resume: whether to go on from the last finished epoch that the folder holds.
        callbacks: further Keras callbacks, such as `keras.callbacks.ProgbarLogger()` to see it work.
        processes: that prepare the data; several pay from tens of thousands of runs on. A script that asks for several must
            call this under `if __name__ == "__main__":`. The result does not depend on them.

    Returns:
        The trained model, which `evaluate` and `predict` take and whose `save("model.keras")` writes a file that `load` opens;
        and the epochs.

    Raises:
        InputError: if the model is none of `hrkeras.models`, a split has no measured heart rate, or the loss is not finite.

    Example:
        >>> import hrkeras
        >>> runs = hrkeras.Runs.from_workouts(hrkeras.read("runs"))
        >>> model, history = hrkeras.train(hrkeras.models.lstm(units=4, num_layers=1), runs, epochs=1)
        >>> history.to_frame()[["epoch", "val_mae"]].shape
        (1, 2)
    """
    expect(model, keras.Model, "model")
    expect(runs, Runs, "runs")
    settings = fit.Settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
        history_dropout=history_dropout,
        augment=augment,
        seed=seed,
    )
    architecture = {"history": knows_history(model)}
    description = {"model": model.name, "architecture": architecture, "data": runs.source, **runs.counts}
    learnt = part(runs, np.flatnonzero(runs.split != "test"))
    with ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(own_folder(Path(tempfile.gettempdir()))) / "training"
        trained, log = fit.train(
            lambda statistics: with_statistics(model, statistics),
            learnt,
            Path(folder),
            settings,
            description=description,
            resume=resume,
            callbacks=callbacks,
            processes=processes,
        )
    return trained, History(log, settings, description)
