"""Recurrences with gradients written by hand, for TensorFlow and JAX on a CPU: a GRU and an LSTM.

Automatic differentiation of a loop updates the gradient of the weights at every step and keeps every intermediate value.
Here a loop holds only what depends on the step before: going forward the product of the state with the recurrent
weights, going back, where all is linear in the gradient, the product with their transpose. What comes in, the gates and
the gradients of the weights are each one product over all steps.

Inside, sequences are time-major, `(steps, batch, channels)`; weights and the order of gates are those of `keras.layers`.
"""

import keras
from keras import ops

if keras.backend.backend() == "jax":
    import jax

    tensor = ops.convert_to_tensor

    def on_cpu(sequence):
        """Whether a layer computes on the CPU."""
        return jax.default_backend() == "cpu"

    def scan(step, states, sequences, width, reverse=False):
        """Steps through sequences: `step(states, inputs)` gives states and an output of this width, which are returned,
        the outputs for all steps."""
        return jax.lax.scan(step, states, sequences, reverse=reverse)

    def lstm_forward(sequence, state, cell, kernel, recurrent_kernel, bias):
        """All that an LSTM computes at each step: gates, cells and states, in the order of TensorFlow's `BlockLSTMV2`."""

        def step(states, inputs):
            before, cell = states
            to_i, to_f, to_new, to_o = ops.split(inputs + ops.matmul(before, recurrent_kernel), 4, axis=-1)
            i, f, new, o = ops.sigmoid(to_i), ops.sigmoid(to_f), ops.tanh(to_new), ops.sigmoid(to_o)
            cell = f * cell + i * new
            shown = ops.tanh(cell)
            return (o * shown, cell), (i, cell, f, o, new, shown, o * shown)

        return jax.lax.scan(step, (state, cell), ops.matmul(sequence, kernel) + bias)[1]

else:
    import tensorflow as tf

    tensor = tf.convert_to_tensor  # Keras' own leaves variables, which `custom_gradient` would look for

    def on_cpu(sequence):
        """Whether a layer computes on the CPU."""
        return not tf.config.list_logical_devices("GPU")

    def scan(step, states, sequences, width, reverse=False):
        """Steps through sequences: `step(states, inputs)` gives states and an output of this width, which are returned,
        the outputs for all steps."""
        steps = tf.shape(sequences[0])[0]
        read = [tf.TensorArray(values.dtype, steps, element_shape=values.shape[1:]).unstack(values) for values in sequences]
        write = tf.TensorArray(states[0].dtype, steps, element_shape=(states[0].shape[0], width))

        def body(index, states, write):
            at = steps - 1 - index if reverse else index
            states, output = step(states, tuple(array.read(at) for array in read))
            return index + 1, states, write.write(at, output)

        _, states, write = tf.while_loop(lambda index, *_: index < steps, body, (0, states, write), parallel_iterations=1)
        return states, write.stack()

    def lstm_forward(sequence, state, cell, kernel, recurrent_kernel, bias):
        """All that an LSTM computes at each step, by `BlockLSTMV2`. Its gradient in TensorFlow 2.21 is wrong."""
        none = tf.zeros((state.shape[-1],), bias.dtype)
        return tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.shape(sequence, tf.int64)[0],
            x=sequence,
            cs_prev=cell,
            h_prev=state,
            w=tf.concat([kernel, recurrent_kernel], axis=0),
            wci=none,
            wcf=none,
            wco=none,
            b=bias,
            cell_clip=0,
            use_peephole=False,
        )


def gru(sequence, state, kernel, recurrent_kernel, bias):
    """A GRU that resets after the product, with tanh and sigmoid.

    Args:
        sequence: shape `(batch, steps, channels)`.
        state: before the first step, shape `(batch, units)`.
        kernel: shape `(channels, 3 * units)`.
        recurrent_kernel: shape `(units, 3 * units)`.
        bias: shape `(2, 3 * units)`, of the product with the sequence and of that with the state.

    Returns:
        The state after each step, shape `(batch, steps, units)`.
    """
    sequence = ops.transpose(sequence, (1, 0, 2))
    weights = map(tensor, (kernel, recurrent_kernel, bias))
    return ops.transpose(_gru(sequence, state, *weights), (1, 0, 2))


@ops.custom_gradient
def _gru(sequence, state, kernel, recurrent_kernel, bias):
    units = state.shape[-1]
    arriving = ops.matmul(sequence, kernel) + bias[0]

    def gates(arriving, returning):
        (to_z, to_r, to_new), (from_z, from_r, kept) = ops.split(arriving, 3, axis=-1), ops.split(returning, 3, axis=-1)
        r = ops.sigmoid(to_r + from_r)
        return ops.sigmoid(to_z + from_z), r, ops.tanh(to_new + r * kept), kept

    def step(states, inputs):
        (before,) = states
        z, _, new, _ = gates(inputs[0], ops.matmul(before, recurrent_kernel) + bias[1])
        after = new + z * (before - new)
        return (after,), after

    _, states = scan(step, (state,), (arriving,), units)

    def gradient(upstream):
        before = ops.concatenate([state[None], states[:-1]])
        z, r, new, kept = gates(arriving, ops.matmul(before, recurrent_kernel) + bias[1])
        # how much of the gradient of a state goes to what enters each gate
        of_new = (1 - z) * (1 - new * new)
        of_z, of_r, of_kept = (before - new) * z * (1 - z), of_new * kept * r * (1 - r), of_new * r
        of_gates = ops.concatenate([of_z, of_r, of_kept], axis=-1)
        transposed = ops.transpose(recurrent_kernel)

        def back(later, inputs):
            given, of_gates, z = inputs
            total = given + later[0]
            through = ops.concatenate([total] * 3, axis=-1) * of_gates
            return (total * z + ops.matmul(through, transposed),), total

        start = (ops.zeros_like(state),)
        (first,), total = scan(back, start, (upstream, of_gates, z), units, reverse=True)
        of_arriving = ops.concatenate([total * of_z, total * of_r, total * of_new], axis=-1)
        of_returning = ops.concatenate([total * of_z, total * of_r, total * of_kept], axis=-1)
        return (
            ops.matmul(of_arriving, ops.transpose(kernel)),
            first,
            _weights(sequence, of_arriving),
            _weights(before, of_returning),
            ops.stack([ops.sum(of_arriving, axis=(0, 1)), ops.sum(of_returning, axis=(0, 1))]),
        )

    return states, gradient


def lstm(sequence, state, cell, kernel, recurrent_kernel, bias):
    """An LSTM with tanh and sigmoid.

    Args:
        sequence: shape `(batch, steps, channels)`.
        state: before the first step, shape `(batch, units)`.
        cell: likewise.
        kernel: shape `(channels, 4 * units)`.
        recurrent_kernel: shape `(units, 4 * units)`.
        bias: shape `(4 * units,)`.

    Returns:
        The state after each step, shape `(batch, steps, units)`, and the cell after the last.
    """
    sequence = ops.transpose(sequence, (1, 0, 2))
    states, last = _lstm(sequence, state, cell, *map(tensor, (kernel, recurrent_kernel, bias)))
    return ops.transpose(states, (1, 0, 2)), last


@ops.custom_gradient
def _lstm(sequence, state, cell, kernel, recurrent_kernel, bias):
    units = state.shape[-1]
    i, cells, f, o, new, shown, states = lstm_forward(sequence, state, cell, kernel, recurrent_kernel, bias)

    def gradient(*upstream):
        given, given_last = keras.tree.flatten(upstream)  # TensorFlow has two arguments for them, JAX a pair
        before, cells_before = ops.concatenate([state[None], states[:-1]]), ops.concatenate([cell[None], cells[:-1]])
        # how much of the gradient of a cell goes to what enters three gates; of a state, to the cell and the output gate
        of_gates = ops.concatenate([new * i * (1 - i), cells_before * f * (1 - f), i * (1 - new * new)], axis=-1)
        of_cell, of_o = o * (1 - shown * shown), shown * o * (1 - o)
        transposed = ops.transpose(recurrent_kernel)

        def back(later, inputs):
            given, of_gates, of_cell, of_o, f = inputs
            total = given + later[0]
            to_cell = later[1] + total * of_cell
            through = ops.concatenate([ops.concatenate([to_cell] * 3, axis=-1) * of_gates, total * of_o], axis=-1)
            return (ops.matmul(through, transposed), to_cell * f), through

        start = ops.zeros_like(state), given_last
        (first, first_cell), through = scan(back, start, (given, of_gates, of_cell, of_o, f), 4 * units, reverse=True)
        return (
            ops.matmul(through, ops.transpose(kernel)),
            first,
            first_cell,
            _weights(sequence, through),
            _weights(before, through),
            ops.sum(through, axis=(0, 1)),
        )

    return (states, cells[-1]), gradient


def _weights(entering, gradient):
    """The gradient of the weights of a product over all steps."""
    entering, gradient = (ops.reshape(values, (-1, values.shape[-1])) for values in (entering, gradient))
    return ops.matmul(ops.transpose(entering), gradient)
