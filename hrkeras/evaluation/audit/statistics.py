"""Which runs the numbers come from that a model was normalised with: the fingerprint of what it was trained on."""

import textwrap
from dataclasses import replace

import keras
import numpy as np

from hrkeras.athlete.kalman import Known
from hrkeras.datasets.runs import Runs
from hrkeras.evaluation.audit.check import Check
from hrkeras.layers import ExpectedFeatures, PartlyKnown, PersonEmbedding
from hrkeras.models import Statistics, statistics
from hrkeras.utils.errors import InputError
from hrkeras.workouts import splits

NAME = "statistics"
EQUAL = 1e-3  # standard deviations; other runs differ by far more in some number
HISTORY = "history_features"
TRAIN = "the training split"
SIDES = {
    TRAIN: ("train",),
    "the training and the validation split": ("train", "validation"),
    "the training and the test split": ("train", "test"),
    "all splits": splits.SPLITS,
}
STRANGERS = ("by_user", "without_", "until_")  # splits that are about people or days never trained on

Numbers = dict[str, tuple[np.ndarray, np.ndarray]]  # by group, the numbers and a standard deviation for each


def check(model: keras.Model, runs: Runs, data: str, known: list[Known], histories: bool, strict: bool = False) -> Check:
    """Compares the numbers that a model keeps with those of the training split, and of larger parts of the data.

    Args:
        model: as `training.train` makes it.
        runs: all splits.
        data: name of the dataset.
        known: of each run, from `Runs.known` with the model's population.
        histories: whether `known` learnt from the runs before; if not, statistics of histories are not compared.
        strict: whether the model must not have been trained on other people or days; it must not where the data are
            split by these.
    """
    config = data.partition("/")[2]
    strict = strict or config.startswith(STRANGERS)
    kept = {name: values for name, values in _kept(model).items() if histories or name != HISTORY}
    if not kept:
        finding = "the model keeps no numbers of its training split, so they cannot say what it was trained on"
        return Check(NAME, False if strict else None, f"{finding}; use a model from `hrkeras train`.")
    origins, off = _origins(kept, runs, known)
    foreign = {side for side in origins.values() if side not in (TRAIN, None)}
    many = f"{len(kept)} groups of numbers that the model keeps, such as {next(iter(kept))},"
    if foreign:
        wrong = " and ".join(name for name, side in origins.items() if side in foreign)
        finding = f"{wrong} are those of {' and '.join(sorted(foreign))} of {data}, so the model has seen runs it is scored on"
        return Check(NAME, False, f"{finding}; take them from the training split alone and train again.")
    missing = [name for name, side in origins.items() if side is None]
    if not missing:
        return Check(NAME, True, f"all {many} are those of the training split of {data} (within {off:.1g} standard deviations).")
    if missing == [HISTORY] and len(kept) > 2:
        finding = f"all but one of {many} are those of the training split of {data}; {HISTORY} are of no split"
        return Check(NAME, True, f"{finding}, as another version computes them: train again with this one.")
    for rule in splits.RULES:
        try:
            trained = splits.RULES[rule](runs.users, runs.starts) == 0
        except InputError:
            continue
        numbers = _numbers(runs, known, trained)
        if all(_off(values, numbers[name]) < EQUAL for name, values in kept.items() if name != HISTORY):
            name = f"{data.partition('/')[0]}/{rule}"
            share = f"{int((trained & (runs.split == 'test')).sum()):,} of the {int((runs.split == 'test').sum()):,} test runs"
            finding = f"the model was trained on the training split of {name}, which holds {share} of {data}"
            return Check(NAME, False, f"{finding}; audit and evaluate it on {name}.")
    what = "people, days or runs" if strict else "runs"
    finding = f"the model was trained on other data than {data}{_named(model)}; whether it has seen these {what} cannot be told"
    return Check(NAME, False if strict else None, f"{finding}; the scores stand if it has not.")


def _named(model: keras.Model) -> str:
    for layer in model.layers:
        if isinstance(layer, ExpectedFeatures) and layer.population and layer.population.get("source"):
            return f" (it says: {textwrap.shorten(str(layer.population['source']), 160, placeholder=' ...')})"
    return ""


def _origins(kept: Numbers, runs: Runs, known: list[Known]) -> tuple[dict[str, str | None], float]:
    """The splits that each group of numbers comes from, None if from none; and the largest deviation among them."""
    origins: dict[str, str | None] = dict.fromkeys(kept)
    most = 0.0
    for side, names in SIDES.items():
        if all(origins.values()):
            break
        numbers = _numbers(runs, known, np.isin(runs.split, names))
        for name, values in kept.items():
            if origins[name] is None and (off := _off(values, numbers[name])) < EQUAL:
                origins[name], most = side, max(most, off)
    return origins, most


def _numbers(runs: Runs, known: list[Known], trained: np.ndarray) -> Numbers:
    """The numbers that a model trained on some of the runs would keep."""
    chosen = replace(runs, split=np.where(trained, splits.SPLITS[0], ""))
    return _of(statistics.of_training([chosen.windows(known, splits.SPLITS[0])], chosen.population()))


def _of(given: Statistics) -> Numbers:
    numbers = {
        "run_normalization": _moments(given.run_mean, given.run_variance),
        HISTORY: _moments(given.history_mean, given.history_variance),
        "course_features": _moments(given.course_mean, given.course_variance),
        "mean heart rate": (np.array([given.heart_rate_mean]), np.array([10.0])),
        "people": (np.array(given.people), np.ones(len(given.people))),
    }
    if given.population:
        scale = np.array(given.population["scale"])
        values = [given.population[name] for name in ("centre", "scale", "weights")]
        numbers["population"] = np.concatenate(values), np.concatenate([scale, scale, np.full(len(scale), 10.0)])
    return numbers


def _kept(model: keras.Model) -> Numbers:
    """The numbers that a model keeps, for the groups that it has."""
    kept = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.name == "run_normalization":
            config = layer.get_config()
            kept[layer.name] = {"run_mean": config["mean"], "run_variance": config["variance"]}
        elif isinstance(layer, PartlyKnown) and layer.name in (HISTORY, "course_features"):
            which = layer.name.partition("_")[0]
            kept[layer.name] = {f"{which}_mean": layer.mean, f"{which}_variance": layer.variance}
        elif isinstance(layer, ExpectedFeatures):
            kept["mean heart rate"] = {"heart_rate_mean": layer.centre}
            if layer.population:
                kept["population"] = {"population": layer.population}
        elif isinstance(layer, PersonEmbedding):
            kept["people"] = {"people": tuple(layer.people)}
    numbers = _of(Statistics(**{key: value for group in kept.values() for key, value in group.items()}))
    return {name: numbers[name] for name in kept}


def _moments(mean, variance) -> tuple[np.ndarray, np.ndarray]:
    mean, variance = np.ravel(mean).astype(np.float64), np.maximum(np.ravel(variance).astype(np.float64), 1e-6)
    return np.concatenate([mean, variance]), np.concatenate([np.sqrt(variance), variance])


def _off(kept: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> float:
    """The largest difference of numbers from others, in standard deviations."""
    if kept[0].shape != other[0].shape:
        return float("inf")
    return float(np.abs((kept[0] - other[0]) / np.maximum(kept[1], 1e-9)).max())
