"""Lag-Llama, a causal transformer whose tokens are lags."""

from collections.abc import Sequence

import keras
from keras import layers, ops

from hrkeras.layers import LagTokens, LlamaBlock, Modulation, StudentT
from hrkeras.layers.llama_block import EPSILON
from hrkeras.models.frame import Statistics, model

DISTRIBUTION = "distribution"  # the layer whose output that is
LAGS = (0, 1, 2, 3, 5, 8, 12, 18, 24, 30, 36, 48, 60, 90, 120, 180)  # steps


def lag_llama(
    *,
    units: int = 64,
    num_layers: int = 2,
    num_heads: int = 4,
    window: int = 32,
    lags: Sequence[int] = LAGS,
    history: bool = True,
    profile: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """A causal transformer whose tokens are heart rate at certain lags, as far as it is known, beside speed and altitude.

    Rasul et al., "Lag-Llama: Towards Foundation Models for Probabilistic Time Series Forecasting", arXiv:2310.08278, 2023.
    Tokens as in `LagTokens`, to which all that other architectures are given is added; layers as in `LlamaBlock`; a head as
    in `StudentT`, of which the output is the location; `distribution` gives all of it. It runs twice: without any heart rate
    of the run, and with what is known of it; the difference is added to the correction that all architectures share.
    Attention reaches back `window` steps in each layer, 32 as in the published weights, so that whole runs can be predicted
    at once. The other arguments and the result are those of `gru`.

    Args:
        units: width of each layer.
        num_layers: how many.
        num_heads: of the attention, which divide `units` into even parts.
        window: steps that a step sees in each layer, itself included.
        lags: steps; at lag 0 stands the step before.
    """

    hidden = []

    def body(sequence, given, context):
        tokens = LagTokens(lags, name="lag_tokens")
        embedding = layers.Dense(units, name="embedding")
        modulation = Modulation(name="input_modulation")
        blocks = [LlamaBlock(num_heads, window, name=f"block_{index}") for index in range(num_layers)]
        norm = layers.RMSNormalization(epsilon=EPSILON, name="last_norm")

        def read(name: str, hidden: bool):
            lagged, some = tokens(given["heart_rate"], given["expected"], given["time"], given["delay"], hidden=hidden)
            found = embedding(layers.Concatenate(name=name)([lagged, sequence]))
            found = found if context is None else modulation(found, context)
            for block in blocks:
                found = block(found)
            return norm(found), some

        without, _ = read("tokens_without", hidden=True)
        conditioned, some = read("tokens_with", hidden=False)
        change = (conditioned - without) * some
        hidden.append(without + change)
        return without, change

    found = model(body, name="lag_llama", history=history, profile=profile, statistics=statistics)
    # an untrained one predicts what the athlete's state expects
    scale = found.get_layer("last_norm").scale
    scale.assign(ops.zeros(scale.shape))
    head = StudentT(name=DISTRIBUTION, dtype="float32")
    said = head(found.output, *hidden, found.input["heart_rate"], found.input["delay"])
    return keras.Model(found.input, said[:, :, 1], name=found.name)


def distribution(model: keras.Model) -> keras.Model:
    """Of a `lag_llama` the distribution of each step's heart rate.

    Returns:
        A model with the same inputs whose output is of shape `(batch, steps, 3)`: degrees of freedom, location in beats/min,
        scale in beats/min of a Student t distribution, whose standard deviation is scale (freedom / (freedom - 2))^0.5.

    Raises:
        ValueError: if it is another model.
    """
    return keras.Model(model.input, model.get_layer(DISTRIBUTION).output, name=DISTRIBUTION)
