"""Lag-Llama, a causal transformer whose tokens are lags."""

from collections.abc import Sequence

import keras
from keras import layers, ops

from hrkeras.layers import LagTokens, LlamaBlock, Modulation, StudentT
from hrkeras.layers.llama_block import EPSILON
from hrkeras.models.frame import Statistics, model

DISTRIBUTION = "distribution"  # name of the layer that outputs the distribution
LAGS = (0, 1, 2, 3, 5, 8, 12, 18, 24, 30, 36, 48, 60, 90, 120, 180)  # steps


def lag_llama(
    *,
    units: int = 64,
    num_layers: int = 2,
    num_heads: int = 4,
    window: int = 32,
    lags: Sequence[int] = LAGS,
    history: bool = True,
    course: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """A causal transformer whose tokens are known heart rate at certain lags, together with speed and altitude.

    Rasul et al., "Lag-Llama: Towards Foundation Models for Probabilistic Time Series Forecasting", arXiv:2310.08278, 2023.
    Tokens as in `LagTokens`, extended by the features of the other architectures; layers as in `LlamaBlock`; a head as in
    `StudentT`, whose location is the output; `distribution` gives the whole distribution. It runs twice: without any heart rate
    of the run, and with its known heart rate; the difference is added to the correction that all architectures share.
    Attention reaches back `window` steps in each layer, 32 as in the published weights, so that whole runs can be predicted
    at once. The other arguments and the result are those of `gru`.

    Args:
        units: width of each layer.
        num_layers: how many.
        num_heads: of the attention, which divide `units` into even parts.
        window: steps that a step sees in each layer, itself included.
        lags: steps; lag 0 is the step before.
    """

    hidden = []

    def body(sequence, given, context):
        tokens = LagTokens(lags, name="lag_tokens")
        embedding = layers.Dense(units, name="embedding")
        modulation = Modulation(name="input_modulation")
        blocks = [LlamaBlock(num_heads, window, name=f"block_{index}") for index in range(num_layers)]
        norm = layers.RMSNormalization(epsilon=EPSILON, name="last_norm")

        def read(name: str, hidden: bool):
            lagged, any_known = tokens(given["heart_rate"], given["expected"], given["time"], given["delay"], hidden=hidden)
            output = embedding(layers.Concatenate(name=name)([lagged, sequence]))
            output = output if context is None else modulation(output, context)
            for block in blocks:
                output = block(output)
            return norm(output), any_known

        without, _ = read("tokens_without", hidden=True)
        conditioned, any_known = read("tokens_with", hidden=False)
        change = (conditioned - without) * any_known
        hidden.append(without + change)
        return without, change

    network = model(body, name="lag_llama", history=history, course=course, statistics=statistics)
    # an untrained one predicts what the athlete's state expects
    scale = network.get_layer("last_norm").scale
    scale.assign(ops.zeros(scale.shape))
    head = StudentT(name=DISTRIBUTION, dtype="float32")
    parameters = head(network.output, *hidden, network.input["heart_rate"], network.input["delay"])
    return keras.Model(network.input, parameters[:, :, 1], name=network.name)


def distribution(model: keras.Model) -> keras.Model:
    """The distribution of each step's heart rate from a `lag_llama`.

    Returns:
        A model with the same inputs whose output is of shape `(batch, steps, 3)`: degrees of freedom, location in beats/min,
        scale in beats/min of a Student t distribution, whose standard deviation is scale (freedom / (freedom - 2))^0.5.

    Raises:
        ValueError: if it is no `lag_llama`.
    """
    return keras.Model(model.input, model.get_layer(DISTRIBUTION).output, name=DISTRIBUTION)
