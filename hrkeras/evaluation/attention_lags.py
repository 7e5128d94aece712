"""The lags that a model with attention looks back at: how long heart rate takes to follow effort, as it has learnt it."""

import keras
import numpy as np

from hrkeras.datasets.windows import Windows
from hrkeras.layers import WindowedAttention

BATCH = 32


def attention_by_lag(model: keras.Model, windows: Windows, **known) -> np.ndarray:
    """Mean attention that a step pays to each lag, over all steps that have a whole window of the run before them.

    A layer attends to its own inputs: in the first layer the step itself, which also holds averages of the minutes before
    it; in later layers also what the layers before have gathered.

    Args:
        model: with the inputs that `hrkeras.models` describes.
        windows: of the runs.
        **known: what is known besides, as `Windows.inputs` takes it.

    Returns:
        Shape `(layers, heads, lags)`, lags in steps from 0; each head's sum is 1. Without layers if the model looks back
        at none, or no run is long enough.
    """
    layers = [layer for layer in model.layers if isinstance(layer, WindowedAttention) and layer.causal and not layer.rotary]
    counted = windows.valid.copy()
    if layers:
        counted[:, : layers[0].window - 1] = 0
    if not layers or not counted.any():
        return np.zeros((0, 0, 0))
    layer_inputs, inputs = keras.Model(model.input, {layer.name: layer.input for layer in layers}), windows.inputs(**known)
    total = np.zeros((len(layers), layers[0].num_heads, layers[0].window))
    for begin in range(0, len(windows), BATCH):
        rows = slice(begin, begin + BATCH)
        sequences = layer_inputs.predict_on_batch({name: values[rows] for name, values in inputs.items()})
        for place, layer in enumerate(layers):
            weights = layer.attend(keras.ops.convert_to_tensor(sequences[layer.name]))[1]
            attention = keras.ops.convert_to_numpy(layer.by_lag(weights))
            batch, blocks, _, window, _ = attention.shape
            counted_steps = np.zeros((batch, blocks * window))
            counted_steps[:, : counted.shape[1]] = counted[rows]
            total[place] += np.einsum("bnhql,bnq->hl", attention, counted_steps.reshape(batch, blocks, window), optimize=True)
    return total / counted.sum()
