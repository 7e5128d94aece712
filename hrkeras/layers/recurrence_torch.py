"""PyTorch's own recurrent kernels with the weights of `keras.layers`; arguments and results are those of `recurrence`."""

import torch
from keras import ops


def on_cpu(sequence):
    """Whether a layer computes on the CPU."""
    return sequence.device.type == "cpu"


def gru(sequence, state, kernel, recurrent_kernel, bias):
    """A GRU that resets after the product: the state after each step."""

    def ordered(values):  # the gates z, r, new become r, z, new
        z, r, new = ops.convert_to_tensor(values).chunk(3, dim=-1)
        return torch.cat([r, z, new], dim=-1)

    weights = [*(ordered(values).mT.contiguous() for values in (kernel, recurrent_kernel)), *ordered(bias)]
    return torch._VF.gru(sequence, state[None], weights, True, 1, 0.0, torch.is_grad_enabled(), False, True)[0]


def lstm(sequence, state, cell, kernel, recurrent_kernel, bias):
    """An LSTM: the state after each step, and the cell after the last."""
    bias = ops.convert_to_tensor(bias)
    weights = [
        *(ops.convert_to_tensor(values).mT.contiguous() for values in (kernel, recurrent_kernel)),
        bias,
        torch.zeros_like(bias),
    ]
    training = torch.is_grad_enabled()
    states, _, last = torch._VF.lstm(sequence, (state[None], cell[None]), weights, True, 1, 0.0, training, False, True)
    return states, last[0]
