"""A causal model as one step, whose state is an input and an output: one vector, 0 before a run."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from hrkeras.export.graph import HEART_RATE, KNOWN, MEANINGS, Exported, Shapes, frozen, used_inputs
from hrkeras.layers import ExponentialAverages, KnownHeartRate, RunFeatures, WindowedAttention
from hrkeras.layers.known_heart_rate import SCALE, means
from hrkeras.models import saving
from hrkeras.utils.errors import InputError

STATE, NEXT = "state", "next_state"
STREAMED = MEANINGS | {
    KNOWN: ("beats/min", "what was measured at the step before; NaN if nothing was"),
    "expected": ("beats/min", "what the athlete's state says of this step, named under columns"),
    STATE: ("", "next_state of the step before; 0 throughout at the first step of a run"),
    NEXT: ("", "to be given as state at the next step"),
    HEART_RATE: ("beats/min", "predicted, of this step"),
}


class _Memory:
    """The states of layers at one step, and at the next.

    Args:
        kept: the states in their order, shape `(1, size)` each; if not given, they are 0.
    """

    def __init__(self, kept: Iterable | None = None):
        self._kept = None if kept is None else iter(kept)
        self.next: list = []

    def swap(self, sizes: Sequence[int], change: Callable):
        """Replaces states, shape `(1, size)` each, by the first result of `change`, a list, and returns the second."""
        kept = [ops.zeros((1, size)) if self._kept is None else next(self._kept) for size in sizes]
        following, answer = change(*kept)
        self.next += following
        return answer


def step(model: keras.Model) -> Exported:
    """One step of a model, of one run.

    It predicts what the model predicts of a whole run at that step, where no heart rate is known, or all up to the step before
    (`delay` of one step).

    Args:
        model: from `convertible`; its layers are changed for good.

    Raises:
        InputError: if a layer of the model reads runs backwards, or attends to other steps.
    """
    if any(isinstance(layer, layers.Bidirectional) for layer in model._flatten_layers()):
        raise InputError("A bidirectional model reads the whole run, so it cannot be streamed; export it for whole runs.")
    if any(isinstance(layer, WindowedAttention) for layer in model._flatten_layers()):
        raise InputError("A transformer looks at many steps at once, so it cannot be streamed; export it for whole runs.")
    place: dict = {}
    for layer in model._flatten_layers():
        for kind, stepped in STEPPED.items():
            if isinstance(layer, kind):
                setattr(layer, "call", stepped(layer, place))  # noqa: B010 (mypy knows no layer)
    used = used_inputs(model) - {"valid", "delay"}
    names = {name: KNOWN if name == HEART_RATE else name for name in saving.INPUTS if name in used}
    shapes: Shapes = {new: (1, *(size or 1 for size in saving.INPUTS[name][1:])) for name, new in names.items()}
    length = saving.step(model)

    def predict(given, sizes=None):
        place["memory"] = _Memory(sizes and tf.split(given[STATE], sizes, axis=1))
        nothing = {name: tf.zeros([1, *(size or 1 for size in shape[1:])]) for name, shape in saving.INPUTS.items()}
        nothing |= {"valid": tf.ones((1, 1)), "delay": tf.fill((1, 1), length)}
        prediction = model(nothing | {name: given[new] for name, new in names.items()}, training=False)
        return {HEART_RATE: prediction, NEXT: ops.concatenate(place["memory"].next, axis=-1)}

    predict({name: tf.zeros(shape) for name, shape in shapes.items()})
    sizes = [state.shape[1] for state in place["memory"].next]
    shapes[STATE] = (1, sum(sizes))
    return Exported(frozen(partial(predict, sizes=sizes), shapes), shapes, {HEART_RATE: (1, 1), NEXT: shapes[STATE]}, STREAMED)


def _run_features(layer: RunFeatures, place: dict) -> Callable:
    """Remembers whether the run has begun, and the speeds and altitudes that a grade is made of."""
    lag = layer.lag

    def call(time, speed, altitude):
        def change(begun, *kept):
            channels = (speed, altitude)
            before = [ops.where(begun > 0, old, now) for old, now in zip(kept, channels, strict=True)]
            speeds, altitudes = (ops.concatenate([old, now], axis=1)[:, 1:] for old, now in zip(before, channels, strict=True))
            features = layer.features(time, speed, altitude - before[1][:, :1], ops.mean(speeds, axis=1, keepdims=True))
            return [ops.ones((1, 1)), speeds, altitudes], features

        return place["memory"].swap([1, lag, lag], change)

    return call


def _exponential_averages(layer: ExponentialAverages, place: dict) -> Callable:
    """Remembers the averages."""

    def call(sequence):
        def change(kept):
            following = _faded(kept, sequence, layer.spans)
            return [following], ops.expand_dims(following, 1)

        return place["memory"].swap([sequence.shape[-1] * len(layer.spans)], change)

    return call


def _recurrent(layer: layers.RNN, place: dict) -> Callable:
    """Remembers the cell's states."""
    sizes = layer.cell.state_size

    def call(sequence, **_):
        def change(*states):
            answer, following = layer.cell(ops.squeeze(sequence, 1), list(states), training=False)
            return following, ops.expand_dims(answer, 1)

        return place["memory"].swap(sizes if isinstance(sizes, list | tuple) else [sizes], change)

    return call


def _known_heart_rate(layer: KnownHeartRate, place: dict) -> Callable:
    """Remembers whether the run has begun, what was predicted at the step before, and the sums of residuals."""

    def call(heart_rate, reference, delay):
        def change(begun, predicted, kept):
            known = ops.logical_and(begun > 0, ops.logical_not(ops.isnan(heart_rate)))
            residual = ops.where(known, heart_rate - predicted, 0.0) / SCALE
            sums = _faded(kept, ops.stack([residual, ops.cast(known, residual.dtype)], axis=-1), layer.past)
            return [ops.ones((1, 1)), reference, sums], ops.expand_dims(sums, 1)

        past = place["memory"].swap([1, 1, 2 * len(layer.past)], change)
        future = ops.zeros((1, 1, 2 * len(layer.future)))
        later = ops.expand_dims(ops.log1p(delay / layer.step), -1) / 4
        return ops.concatenate([means(past, len(layer.past)), means(future, len(layer.future)), later], axis=-1)

    return call


def _faded(kept, sequence, spans):
    """Exponential averages, shape `(1, channels * len(spans))`, one step on; see `exponential_averages.averages`."""
    keep = np.repeat([1 - 2 / (span + 1) if span else 1.0 for span in spans], sequence.shape[-1])
    keep, share = (ops.convert_to_tensor(each, kept.dtype) for each in (keep, np.where(keep < 1, 1 - keep, 1.0)))
    return kept * keep + ops.tile(ops.squeeze(sequence, 1), (1, len(spans))) * share


STEPPED: dict[type, Callable] = {
    RunFeatures: _run_features,
    ExponentialAverages: _exponential_averages,
    KnownHeartRate: _known_heart_rate,
    layers.RNN: _recurrent,
}
