"""What a model takes from the training split."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from hrkeras.athlete.population import Population
from hrkeras.datasets.windows import Windows
from hrkeras.layers import RunFeatures
from hrkeras.models.frame import USUAL, Statistics
from hrkeras.models.multitask import INNOVATION, SPEED, speed_scale
from hrkeras.utils.errors import InputError

AT_ONCE = 256  # windows


def of_training(parts: Iterable[Windows], population: Population) -> Statistics:
    """What a model takes from the training split: means and variances, and where the athlete's state starts.

    Only steps inside the runs count, and of heart rate only measured ones.

    Args:
        parts: the windows of the training split, some at a time; none is kept.
        population: where the athlete's state starts.
    """
    run, history, course, heart_rate = _Moments(), _Moments(), _Moments(), _Moments()
    people: set[float] = set()
    for windows in parts:
        run.add(_run_features(windows)[windows.valid > 0])
        history.add(windows.history)
        course.add(windows.course)
        heart_rate.add(windows.heart_rate.reshape(-1, 1))
        people.update(np.unique(windows.person[np.isfinite(windows.person)]).tolist())
    return Statistics(
        *run.tuples(), *history.tuples(), *course.tuples(), heart_rate.tuples()[0][0], population.as_dict(),
        tuple(sorted(people)) or (0.0,),
    )  # fmt: skip


def _run_features(windows: Windows) -> np.ndarray:
    """What `RunFeatures` gives, shape `(windows, steps, features)`; a backend compiles it for one number of windows."""
    layer, count = RunFeatures(), len(windows)
    rows = np.resize(np.arange(count), -(-count // AT_ONCE) * AT_ONCE).reshape(-1, AT_ONCE)
    parts = [layer(windows.time[some], windows.speed[some], windows.altitude[some]) for some in rows]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])[:count]


class _Moments:
    """Mean and variance of the known values of each column, from parts of a table (Chan et al., "Algorithms for computing the
    sample variance", Am Stat 37, 1983)."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = np.zeros(1), np.zeros(1), np.zeros(1)

    def add(self, values: np.ndarray) -> None:
        """Adds rows, shape `(rows, columns)`; NaN is unknown."""
        values = values.astype(np.float64)
        finite = np.isfinite(values)
        count = finite.sum(axis=0)
        mean = np.where(finite, values, 0).sum(axis=0) / np.maximum(count, 1)
        squares = np.square(np.where(finite, values - mean, 0)).sum(axis=0)
        both = np.maximum(self._count + count, 1)
        apart = mean - self._mean
        self._squares = self._squares + squares + np.square(apart) * self._count * count / both
        self._mean = self._mean + apart * count / both
        self._count = self._count + count

    def tuples(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The mean and the variance of each column."""
        variance = np.maximum(self._squares / np.maximum(self._count, 1), 1e-6)
        return tuple(self._mean.tolist()), tuple(variance.tolist())


def with_statistics(model: keras.Model, statistics: Statistics) -> keras.Model:
    """The architecture of a model with new weights and other statistics, as if built with them.

    Raises:
        InputError: if it was not built by a function of `hrkeras.models`.
    """
    if not isinstance(model, keras.Model) or not any(isinstance(layer, RunFeatures) for layer in model._flatten_layers()):
        raise InputError("Expected a model of `hrkeras.models`, such as `hrkeras.models.lstm(units=64)`; found another.")
    speed, deviation = speed_scale(statistics)
    given: dict[str, dict[str, Any]] = {
        "run_normalization": {"mean": statistics.run_mean, "variance": statistics.run_variance},
        "history_features": {"mean": statistics.history_mean, "variance": statistics.history_variance},
        "course_features": {"mean": statistics.course_mean, "variance": statistics.course_variance},
        "expected_features": {"population": statistics.population, "centre": statistics.heart_rate_mean},
        "person_embedding": {"people": statistics.people},
        **dict.fromkeys((USUAL, f"{USUAL}_of_run"), {"offset": statistics.heart_rate_mean}),
        SPEED: {"scale": deviation, "offset": speed},
        INNOVATION: {"scale": 1 / deviation},
    }

    def clone(layer):
        if isinstance(layer, keras.Model):
            return with_statistics(layer, statistics)
        return type(layer).from_config(layer.get_config() | given.get(layer.name, {}))

    return keras.models.clone_model(model, clone_function=clone)
