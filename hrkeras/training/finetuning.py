"""The second stage: adapt a model trained on many people to one person, and keep the result only if it is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from hrkeras.athlete.kalman import Known
from hrkeras.athlete.population import DAY
from hrkeras.athlete.shrinkage import Shrinkage
from hrkeras.datasets.runs import Runs
from hrkeras.evaluation import baselines, evaluate, predict, score_warnings
from hrkeras.evaluation.scores import Score, score
from hrkeras.models import saving
from hrkeras.models.statistics import with_statistics
from hrkeras.training import fit

SETTINGS = fit.Settings(epochs=12, batch_size=16, learning_rate=3e-4, patience=4)
ALONE = fit.Settings(epochs=30, batch_size=16, patience=8)  # of a model that is trained on the person alone
RATES = {"context": 0.0, "level": 0.0}  # the layers that give a person's level are frozen
HALF_LIFE = 180.0  # days
# rows of a comparison
AS_IT_IS, WITH_HISTORY = "base as it is, nothing known of the person", "base with the person's history"
FINETUNED, NEW = "finetuned", "trained from nothing on the person alone"


@dataclass(frozen=True)
class Adapted:
    """The result of adapting a base.

    Attributes:
        model: the one to use: the adapted one, or the base if that was kept.
        candidate: the adapted one, better or not.
        kept_base: whether the base was kept.
        base_error: of the base on the person's validation runs, with the person's history, beats/min.
        error: of the adapted one there.
        log: of its epochs, from `training.train`.
    """

    model: keras.Model
    candidate: keras.Model
    kept_base: bool
    base_error: float
    error: float
    log: list[dict]


def adapt(
    base: keras.Model,
    runs: Runs,
    folder: Path,
    settings: fit.Settings = SETTINGS,
    *,
    rates: Mapping[str, float] | None = None,
    half_life: float = HALF_LIFE,
    **kwargs,
) -> Adapted:
    """Adapts a base to one person. It keeps its normalisation and its population.

    Args:
        base: from `saving.load`; left unchanged.
        runs: the person's, of the training and the validation split.
        folder: for the working files.
        settings: of the training.
        rates: what the step of each layer is scaled by, 0 to freeze it, see `layerwise`; `usual_rates` if not given.
        half_life: days, by which a run must be older than the last training run to count half as much; infinite for
            all runs alike.
        **kwargs: as `training.train` takes them: `description`, `resume`, `callbacks`, `on_moved`.
    """
    population = saving.population(base)
    candidate, log = fit.train(
        lambda statistics: copy(base),
        runs,
        folder,
        settings,
        population=population,
        weights=recent(runs, half_life),
        rates=rates or usual_rates(base),
        **kwargs,
    )
    return guarded(base, candidate, runs, log)


def usual_rates(model: keras.Model) -> dict[str, float]:
    """Those of `RATES` that a model has layers for."""
    return {name: scale for name, scale in RATES.items() if any(layer.name.startswith(name) for layer in model.layers)}


def guarded(base: keras.Model, candidate: keras.Model, runs: Runs, log: list[dict]) -> Adapted:
    """Keeps an adapted model only if it is better on the person's validation runs than the base; see `adapt`."""
    population = saving.population(base)

    def error_of(model: keras.Model) -> float:
        windows = runs.windows(predict.known(model, runs, population), "validation", predict.WHOLE)
        return score("", list(windows.runs()), predict.predict(model, windows)).mae

    base_error, error = error_of(base), error_of(candidate)
    kept_base = not error < base_error
    return Adapted(base if kept_base else candidate, candidate, kept_base, base_error, error, log)


def copy(model: keras.Model) -> keras.Model:
    """A copy of a model, with weights of its own."""
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    return clone


def recent(runs: Runs, half_life: float) -> np.ndarray:
    """How often a run is learnt from in an epoch, on average: more often the later it was; the mean over the training runs is
    1.

    Args:
        runs: one person's.
        half_life: days, see `adapt`.
    """
    trained = runs.split == "train"
    age = (runs.starts[trained].max() - runs.starts) / DAY
    weights = 0.5 ** (age / half_life)
    return weights / weights[trained].mean()


def from_nothing(base: keras.Model, runs: Runs, folder: Path, settings: fit.Settings = ALONE, **kwargs) -> keras.Model:
    """A model of the same architecture trained on one person's runs alone; arguments as for `adapt`.

    Normalisation and population come from the person's training runs too.
    """
    model, _ = fit.train(lambda statistics: with_statistics(base, statistics), runs, folder, settings, **kwargs)
    return model


@dataclass(frozen=True)
class Comparison:
    """The errors of the stages on a person's test runs.

    Attributes:
        rows: the scores; differences are from `finetuned`.
        like_best: names of the models whose error is not distinguishable from the lowest, the lowest first.
        warnings: plausibility warnings, as sentences.
    """

    rows: list[Score]
    like_best: list[str]
    warnings: list[str]


def compare(
    base: keras.Model,
    candidate: keras.Model,
    alone: keras.Model,
    runs: Runs,
    on_batch: Callable[[int], object] | None = None,
) -> Comparison:
    """Scores the stages on a person's test runs, each by itself and both together, beside what needs no network.

    Args:
        base: the first stage.
        candidate: both stages, from `adapt`.
        alone: the second stage alone, from `from_nothing`.
        runs: the person's, all splits.
        on_batch: see `inference.predict`.
    """
    start = saving.population(base)
    plain = runs.known(start)
    splits = {split: runs.windows(plain, split, predict.WHOLE) for split in ("train", "validation", "test")}
    test = splits["test"]
    learnt, chosen, tested = (list(windows.runs()) for windows in splits.values())
    simple = baselines.predictions(learnt, chosen, tested)
    newcomer = [replace(known, shrinkage=Shrinkage().value) for known in runs.known(start, people=np.arange(len(runs.users)))]

    def predicted(model: keras.Model, known: list[Known] | None = None) -> list[np.ndarray]:
        known = known or predict.known(model, runs, saving.population(model), on_batch=on_batch)
        return predict.predict(model, runs.windows(known, "test", predict.WHOLE), on_batch)

    predictions = {
        AS_IT_IS: predicted(base, newcomer),
        WITH_HISTORY: predicted(base),
        FINETUNED: predicted(candidate),
        NEW: predicted(alone),
        evaluate.STATE_ALONE: predict.by_run(test.expected[:, :, 0], test),
        **{name: simple[name] for name in (baselines.BIASED, baselines.MEAN)},
    }
    models = list(predictions)[:4]
    rows = [
        score(name, tested, values, None, None if name == FINETUNED else predictions[FINETUNED])
        for name, values in predictions.items()
    ]
    best = min(rows, key=lambda row: row.mae).name
    others = [
        name
        for name in predictions
        if name != best and not score(name, tested, predictions[name], None, predictions[best]).differs
    ]
    return Comparison(rows, [best, *others], score_warnings.of_scores(rows, models))
