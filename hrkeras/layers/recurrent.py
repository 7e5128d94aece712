"""Keras' recurrent layers with faster kernels on a CPU: the same weights, configuration and numbers."""

from importlib import import_module
from typing import Any

import keras
from keras import activations, ops

kernels: Any = import_module("hrkeras.layers.recurrence" + "_torch" * (keras.backend.backend() == "torch"))


def _applies(layer, sequence, mask, training) -> bool:
    """Whether a fast kernel supports the layer with these arguments."""
    cell = layer.cell
    return (
        layer.fast
        and mask is None
        and not layer.unroll
        and not (training and (cell.dropout or cell.recurrent_dropout))
        and cell.use_bias
        and getattr(cell, "reset_after", True)
        and cell.activation is activations.tanh
        and cell.recurrent_activation is activations.sigmoid
        and layer.compute_dtype == layer.variable_dtype == "float32"
        and kernels.on_cpu(sequence)
    )


@keras.saving.register_keras_serializable("hrkeras")
class GRU(keras.layers.GRU):
    """`keras.layers.GRU`, faster on a CPU; Keras computes whatever the fast kernels do not support.

    Attributes:
        fast: whether the fast kernels may be used; `plain` sets it.
    """

    fast = True

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not _applies(self, sequences, mask, training):
            return super().inner_loop(sequences, initial_state, mask, training=training)
        cell = self.cell
        sequences = ops.flip(sequences, axis=1) if self.go_backwards else sequences
        outputs = kernels.gru(sequences, initial_state[0], cell.kernel, cell.recurrent_kernel, cell.bias)
        return outputs[:, -1], outputs, [outputs[:, -1]]


@keras.saving.register_keras_serializable("hrkeras")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`, faster on a CPU; Keras computes whatever the fast kernels do not support.

    Attributes:
        fast: whether the fast kernels may be used; `plain` sets it.
    """

    fast = True

    def inner_loop(self, sequences, initial_state, mask, training=False):
        wasteful = keras.backend.backend() == "jax" and not training  # there the kernel also keeps what only a gradient needs
        if wasteful or not _applies(self, sequences, mask, training):
            return super().inner_loop(sequences, initial_state, mask, training=training)
        cell = self.cell
        sequences = ops.flip(sequences, axis=1) if self.go_backwards else sequences
        outputs, last = kernels.lstm(sequences, *initial_state, cell.kernel, cell.recurrent_kernel, cell.bias)
        return outputs[:, -1], outputs, [outputs[:, -1], last]


@keras.saving.register_keras_serializable("hrkeras")
class Bidirectional(keras.layers.Bidirectional):
    """`keras.layers.Bidirectional` for runs with padding at their end, which the backward direction skips.

    With a mask Keras goes step by step. Here each run is moved to the end of its row, so that the backward direction begins
    with it, and the result is moved back: no mask is needed. At padded steps the result is meaningless.

    Call arguments:
        sequences: shape `(batch, steps, channels)`.
        mask: true in the run and false in the padding after it, shape `(batch, steps)`.

    Returns:
        Both directions side by side, shape `(batch, steps, 2 * units)`.
    """

    def call(self, sequences, initial_state=None, mask=None, training=None):
        usual = self.return_sequences and not self.return_state and self.merge_mode == "concat"
        if mask is None or initial_state is not None or not usual:
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        steps = ops.shape(sequences)[1]
        at = ops.arange(steps, dtype="int32")[None]
        length = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
        shifted = ops.take_along_axis(sequences, ((at + length) % steps)[:, :, None], axis=1)
        back = self.backward_layer(shifted, training=training)
        back = ops.take_along_axis(back, ((length - 1 - at) % steps)[:, :, None], axis=1)
        return ops.concatenate([self.forward_layer(sequences, training=training), back], axis=-1)

    def compute_mask(self, _, mask):
        return None  # passing a mask on would make the next layer slow


def plain(model: keras.Model) -> keras.Model:
    """A copy of a model with the same weights whose recurrent layers compute like Keras' own.

    For export: the fast kernels of TensorFlow and PyTorch have no counterpart in LiteRT and ONNX. The copy is saved like the
    model, and is fast again when loaded.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy._flatten_layers():
        if isinstance(layer, GRU | LSTM):
            layer.fast = False
    return copy
