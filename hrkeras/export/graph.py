"""A model as a TensorFlow function of named inputs, with its weights as constants and without unused inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from hrkeras.evaluation.exported import HEART_RATE, KNOWN
from hrkeras.layers import OwnLoss, StudentT
from hrkeras.layers.recurrent import plain
from hrkeras.models import saving

MEANINGS = {
    "time": ("s", "since the run began"),
    "speed": ("m/s", "mean over the step"),
    "altitude": ("m", "at the middle of the step; only its changes count"),
    "valid": ("", "1 in the run, 0 in padding, which lies at its end"),
    KNOWN: ("beats/min", "what is known of the run's own heart rate; NaN where it is not"),
    "expected": ("beats/min", "what the athlete's state says of each step, named under columns"),
    "delay": ("s", "above 0, a step knows the heart rate up to so long before it; at 0 all that is given"),
    "course": ("", "facts of the whole course, named under columns; NaN where not known"),
    "history": ("", "what earlier runs were like, named under columns; NaN where not known"),
    "trust": ("", "how far the model has helped with the person's earlier runs, 0 to 1; 0.5 where that is not known"),
    "person": ("", "number of somebody whom the model was trained on; NaN for all others"),
    HEART_RATE: ("beats/min", "predicted, of each step"),
}
Shapes = dict[str, tuple[int | None, ...]]


@dataclass(frozen=True)
class Exported:
    """The function to export.

    Attributes:
        function: of dicts of tensors by name, without variables; a concrete `tf.function`.
        inputs: shape by name, in order; None is any size.
        outputs: likewise.
        meanings: unit and meaning by name.
    """

    function: Callable
    inputs: Shapes
    outputs: Shapes
    meanings: dict[str, tuple[str, str]]

    def described(self, name: str) -> dict[str, Any]:
        """An input or output, for JSON; null in a shape is any size."""
        unit, meaning = self.meanings[name]
        return {"name": name, "type": "float32", "shape": (self.inputs | self.outputs)[name], "unit": unit, "meaning": meaning}


def convertible(model: keras.Model) -> keras.Model:
    """A copy of the model without operations that the converters do not know; it predicts the same."""
    model = plain(model)
    for layer in model._flatten_layers():
        if (activation := getattr(layer, "activation", None)) in SPELLED_OUT:
            layer.activation = SPELLED_OUT[activation]
    return model


def _gelu(x):
    return 0.5 * x * (1 + tf.math.erf(x * 0.5**0.5))


def _silu(x):
    return x * tf.sigmoid(x)  # TensorFlow's own has a gradient that cannot be saved


SPELLED_OUT = {keras.activations.gelu: _gelu, keras.activations.silu: _silu}


def whole_run(model: keras.Model, batch: int | None) -> Exported:
    """A model on whole runs of any number of steps.

    Args:
        model: from `convertible`.
        batch: runs at once; any number if None.
    """
    used = used_inputs(model)
    names = {name: KNOWN if name == HEART_RATE else name for name in saving.INPUTS if name in used}
    shapes = {new: (batch, *saving.INPUTS[name][1:]) for name, new in names.items()}

    def predict(given):
        runs, steps = tf.unstack(tf.shape(given["time"]))
        nothing = {name: tf.zeros([runs, *(size or steps for size in shape[1:])]) for name, shape in saving.INPUTS.items()}
        return {HEART_RATE: model(nothing | {name: given[new] for name, new in names.items()}, training=False)}

    return Exported(frozen(predict, shapes), shapes, {HEART_RATE: (batch, None)}, MEANINGS)


def used_inputs(model: keras.Model) -> set[str]:
    """Names of the inputs whose values, and not only whose shapes, reach the output."""
    names, seen, waiting = set(), set(), list(model.outputs)
    while waiting:
        operation, node, _ = waiting.pop()._keras_history
        if isinstance(operation, keras.layers.InputLayer):
            names.add(operation.name)
        elif (operation, node) not in seen and type(operation).__name__ not in ("ZerosLike", "OnesLike"):
            seen.add((operation, node))
            given = operation._inbound_nodes[node].input_tensors
            if isinstance(operation, keras.Model):  # a member of an ensemble
                inner = used_inputs(operation)
                given = [tensor for tensor, own in zip(given, operation.inputs, strict=True) if own.name in inner]
            if isinstance(operation, OwnLoss | StudentT):  # the others count in training alone
                given = given[:1]
            waiting += given
    return names


def frozen(function: Callable, shapes: Shapes) -> Callable:
    """A function from a dict of tensors to a dict of tensors, traced, with variables as constants; takes names."""
    specs = {name: tf.TensorSpec(shape, tf.float32, name=name) for name, shape in shapes.items()}
    traced = tf.function(function, autograph=False).get_concrete_function(specs)
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)
    order = [tensor.name.partition(":")[0] for tensor in constant.inputs]
    outputs = sorted(traced.structured_outputs)

    def call(**given):
        return dict(zip(outputs, constant(*(given[name] for name in order)), strict=True))

    return tf.function(call, autograph=False).get_concrete_function(**specs)
