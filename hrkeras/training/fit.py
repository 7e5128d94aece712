"""Train a model: early stopping on validation, best weights kept, and resumed to the same result after a kill."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import ops

from hrkeras.athlete.population import Population
from hrkeras.datasets.followed import FollowedRuns
from hrkeras.datasets.runs import Runs
from hrkeras.models import Statistics, model_limits
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED, trained_with_both
from hrkeras.models.losses import MaskedHuber, MaskedMeanAbsoluteError
from hrkeras.models.statistics import of_training
from hrkeras.training import data_parallel, epoch_plot, hosts, layerwise_adamw, resume_check, resuming, training_folder
from hrkeras.training.batches import Batches
from hrkeras.training.feed import Feed
from hrkeras.training.precision import built_for, in_float32
from hrkeras.training.warmup_cosine_decay import WarmupCosineDecay
from hrkeras.utils.errors import InputError, expect
from hrkeras.utils.files import atomic_write
from hrkeras.utils.presets import LEARNING_RATE, Precision


@dataclass(frozen=True)
class Settings:
    """How a model is trained.

    Attributes:
        epochs: at most so many.
        batch_size: windows a batch.
        learning_rate: at its highest, after a warm-up; it then falls to 0 along a cosine.
        patience: epochs without a better validation error after which training ends.
        history_dropout: share of the training windows that know only a random part of the person's earlier runs, or
            none, so that the model copes with little and does not learn people by heart.
        augment: strength of the augmentation of training runs, see `augmentation`; 0 for none.
        seed: random seed of weights, order and masks.
    """

    epochs: int = 9
    batch_size: int = 32
    learning_rate: float = LEARNING_RATE
    patience: int = 6
    history_dropout: float = 0.4
    augment: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("epochs", self.epochs, 1, np.inf),
            ("batch_size", self.batch_size, 1, np.inf),
            ("learning_rate", self.learning_rate, 1e-8, 1.0),
            ("patience", self.patience, 1, np.inf),
            ("history_dropout", self.history_dropout, 0.0, 1.0),
            ("augment", self.augment, 0.0, 10.0),
            ("seed", self.seed, 0, 2**32 - 1),
        ):
            expect(value, Real, name)
            if not low <= value <= high:
                raise InputError(f"{name}: expected {low:g} to {high:g}, found {value:g}.")


class DivergedError(InputError):
    """The loss is not finite."""


class _Keeper(keras.callbacks.Callback):
    """After each epoch: the log, the best model, all that a resumed training needs, and whether to stop."""

    def __init__(self, folder: Path, settings: Settings, log: list[dict], batches: Batches):
        super().__init__()
        self._batches = batches
        self._folder, self._settings, self.log = folder, settings, log

    def on_epoch_begin(self, epoch, logs=None):
        self._batches.epoch = epoch
        # a model file does not keep how far dropout has drawn, so each epoch begins to draw anew; PyTorch's dropout
        # draws from the global generator, the others' from one a layer
        keras.utils.set_random_seed(int(np.random.SeedSequence((self._settings.seed, epoch)).generate_state(1)[0]))
        for index, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                generator.state.assign(np.random.SeedSequence((self._settings.seed, epoch, index)).generate_state(2))

    def on_epoch_end(self, epoch, logs=None):
        shown = {name.replace(f"{UNCONDITIONED}_mae", "mae"): float(value) for name, value in (logs or {}).items()}
        row = {"epoch": epoch + 1} | {name: shown[name] for name in ("loss", "mae", "val_loss", "val_mae")}
        row["learning_rate"] = float(ops.convert_to_numpy(self.model.optimizer.learning_rate))
        if not np.isfinite([row["loss"], row["val_mae"]]).all():
            raise DivergedError(
                f"The loss is not finite in epoch {epoch + 1}; the epochs before are kept in "
                f"{self._folder}; use a lower learning rate.",
                "learning_rate",
            )
        self.log.append(row)
        if best_epoch(self.log) == epoch + 1:
            save(self.model, self._folder / training_folder.BEST)
        save(self.model, self._folder / training_folder.after(epoch + 1))
        with atomic_write(self._folder / training_folder.LOG) as part:
            pd.DataFrame(self.log).to_csv(part, index=False)
        (self._folder / training_folder.after(epoch)).unlink(missing_ok=True)
        epoch_plot.epochs(self.log, self._folder / training_folder.PICTURE)
        self.model.stop_training = is_over(self.log, self._settings.patience)


def best_epoch(log: list[dict]) -> int:
    """The epoch, from 1, with the lowest validation error."""
    return min(log, key=lambda row: row["val_mae"])["epoch"]


def is_over(log: list[dict], patience: int) -> bool:
    """Whether `patience` epochs have passed since the best."""
    return bool(log) and log[-1]["epoch"] - best_epoch(log) >= patience


def save(model: keras.Model, path: Path) -> None:
    """Saves a model atomically: a killed command leaves the old file or none."""
    with atomic_write(path) as part:
        model.save(part)


def train(
    build: Callable[[Statistics], keras.Model],
    runs: Runs,
    folder: Path,
    settings: Settings | None = None,
    *,
    population: Population | None = None,
    weights: np.ndarray | None = None,
    rates: Mapping[str, float] | None = None,
    description: dict | None = None,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_moved: Callable[[Path], object] | None = None,
    processes: int = 1,
    devices: int = 1,
    precision: Precision = "float32",
) -> tuple[keras.Model, list[dict]]:
    """Trains a model. The folder holds the log, the picture of it, and what is needed to resume.

    Args:
        build: makes the model to begin with from the statistics of the training split.
        runs: of the training and the validation split; training learns from the one, and chooses the best epoch and
            stops by the other.
        folder: for the working files; made if missing.
        settings: see `Settings`.
        population: where the athletes' states start; that of the training split if not given.
        weights: how often the windows of each run come in an epoch, on average, shape `(runs,)`; once if not given.
        rates: for a model that has learnt already, what the step of each layer is scaled by, see `layerwise`; its
            weights are then not drawn towards 0.
        description: of model and data, anything JSON holds; a resumed training must have the same.
        resume: whether to go on from the last finished epoch that the folder holds, if it holds one.
        callbacks: further Keras callbacks.
        on_moved: called with the folder to which an earlier training that is not resumed is moved, until this one has ended.
        processes: that prepare the data; the result does not depend on them.
        devices: that share each batch, see `data_parallel`.
        precision: that layers compute in while they are trained; the model returned computes in float32.

    Returns:
        The model with the weights of its best epoch, and the log: a dict an epoch with `epoch` (from 1), `loss`,
        `mae`, `val_loss`, `val_mae` and `learning_rate`; the errors are those of the protocol `profile`.

    Raises:
        InputError: if what is to be resumed was begun with other settings, another training is at work in the folder, it holds
            something else, or there are not so many devices; `DivergedError` if the loss is not finite.
    """
    settings = settings or Settings()
    _check_measured(runs)
    asked = {"settings": asdict(settings), **({} if rates is None else {"rates": rates}), **(description or {})}
    asked |= {} if precision == "float32" else {"precision": precision}
    advice = "ask for what it was begun with, or begin anew without resuming"
    log: list[dict] = []
    keras.utils.set_random_seed(settings.seed)
    with hosts.opened(folder, resume, on_moved) as (folder, last), ExitStack() as stack:
        devices = stack.enter_context(data_parallel.devices(devices))
        resume_check.check(folder / training_folder.SETTINGS, asked, advice, "resume")
        hosts.check_same(asked | {"last": last})
        population = population or runs.population((description or {}).get("data", ""), processes)
        followed = stack.enter_context(closing(FollowedRuns(runs, population, folder, processes)))
        if last:
            kept = folder / training_folder.after(last)
            model, log = resuming.model(kept), resuming.log(folder, last)
            resuming.model(folder / training_folder.BEST)  # refused before the other epochs are trained, not after them
        else:
            statistics = of_training(Feed(followed, "train", settings.batch_size).parts(), population)
            with built_for(precision):
                built = build(statistics)
                model_limits.check_tensors(built)  # else it could not be loaded when it is trained
                model = trained_with_both(built)
        batches = Batches(
            followed,
            "train",
            settings.batch_size,
            seed=settings.seed,
            history_dropout=settings.history_dropout,
            weights=weights,
            augment=settings.augment,
            epoch=last,
            epochs=settings.epochs,
            processes=processes,
            devices=devices,
        )
        stack.enter_context(closing(batches))
        _compile(model, settings, len(batches), rates)
        if last:
            resuming.restore_optimizer(model, kept)
        if last < settings.epochs and not is_over(log, settings.patience):
            _make_variables(model, batches)
            validation = stack.enter_context(closing(Batches(followed, "validation", 64, devices=devices)))
            model.fit(
                batches,
                validation_data=validation,
                initial_epoch=last,
                epochs=settings.epochs,
                verbose=0,
                shuffle=False,
                callbacks=[
                    keras.callbacks.TensorBoard(os.fspath(folder / training_folder.TENSORBOARD), write_graph=False),
                    _Keeper(folder, settings, log, batches),
                    *callbacks,
                ],
            )
        stack.close()
        best = in_float32(resuming.model(folder / training_folder.BEST))
    return keras.Model(best.input, best.output[CONDITIONED], name=best.name), log


def _compile(model: keras.Model, settings: Settings, steps: int, rates: Mapping[str, float] | None) -> None:
    """Gives a model its loss and its optimizer; `steps` is the number of batches an epoch."""
    steps *= settings.epochs
    warm_up = max(1, steps // 10)
    peak = settings.learning_rate
    schedule = WarmupCosineDecay(peak / 25, peak, warmup_steps=warm_up, decay_steps=max(1, steps - warm_up))
    if rates is not None:
        layerwise_adamw.check(model, rates)
        optimizer = layerwise_adamw.LayerwiseAdamW(schedule, rates, weight_decay=0.0, clipnorm=20.0)
    else:
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.01, clipnorm=20.0)
    model.compile(
        optimizer,
        loss={UNCONDITIONED: MaskedHuber(), CONDITIONED: MaskedHuber(weights=(1.0, 0.0, 0.0))},
        metrics={UNCONDITIONED: [MaskedMeanAbsoluteError()]},
    )


def _make_variables(model: keras.Model, batches: Batches) -> None:
    """Makes the variables of the optimizer, the losses and the metrics: a first step that makes them, TensorFlow traces twice,
    which takes seconds."""
    if keras.backend.backend() != "tensorflow":
        return
    inputs, target = keras.tree.map_structure(lambda column: column[:1], batches[0])
    model.optimizer.build(model.trainable_variables)
    predicted = model(inputs)
    model.compute_loss(inputs, target, predicted)
    model.compute_metrics(inputs, target, predicted)
    model.reset_metrics()


def _check_measured(runs: Runs) -> None:
    """Raises `InputError` where a split has no heart rate to learn from or to choose the best epoch by."""
    for split in ("train", "validation"):
        if not any(np.isfinite(runs.grids[int(run)].heart_rate).any() for run in np.flatnonzero(runs.split == split)):
            raise InputError(
                f"The {split} split has no measured heart rate; build the dataset from runs recorded with a heart rate sensor."
            )
