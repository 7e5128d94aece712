"""What a model takes from the training split."""

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


def of_training(windows: Windows, population: Population) -> Statistics:
    """What a model takes from the training split: means and variances, and where the athlete's state starts.

    Only steps inside the runs count, and of heart rate only measured ones.
    """
    mean, variance = run_moments(windows.time, windows.speed, windows.altitude, windows.valid)
    measured = windows.heart_rate[np.isfinite(windows.heart_rate)]
    return Statistics(
        tuple(mean),
        tuple(variance),
        *_moments(windows.history),
        *_moments(windows.course),
        float(measured.mean(dtype=np.float64)),
        population.as_dict(),
        tuple(np.unique(windows.person[np.isfinite(windows.person)]).tolist()) or (0.0,),
    )


def run_moments(time, speed, altitude, valid) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each of `RunFeatures.FEATURES` over the steps inside the runs; each of shape `(windows, steps)`."""
    layer, count = RunFeatures(), 0
    total = squares = np.zeros(len(RunFeatures.FEATURES))
    for begin in range(0, len(time), 1024):
        part = slice(begin, begin + 1024)
        features = ops.convert_to_numpy(layer(time[part], speed[part], altitude[part]))[valid[part] > 0]
        total = total + features.sum(axis=0, dtype=np.float64)
        squares = squares + np.square(features, dtype=np.float64).sum(axis=0)
        count += len(features)
    mean = total / count
    return mean, np.maximum(squares / count - mean**2, 1e-6)


def _moments(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and variance of the known values of each column."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    number = np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite, values, 0).sum(axis=0) / number
    return tuple(mean), tuple(np.maximum(np.square(np.where(finite, values - mean, 0)).sum(axis=0) / number, 1e-6))


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
