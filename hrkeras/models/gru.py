"""Gated recurrent units."""

import keras

from hrkeras.models.frame import Statistics, model, recurrent


def gru(
    *,
    units: int = 64,
    num_layers: int = 2,
    bidirectional: bool = False,
    dropout: float = 0.0,
    history: bool = True,
    profile: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """GRU layers over the steps of a run.

    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014.

    Args:
        units: width of each layer, in each direction.
        num_layers: how many.
        bidirectional: whether each layer also reads the run backwards; such a model needs the whole run.
        dropout: share of each layer's outputs dropped in training.
        history: whether what is known of the person enters; False is speed and altitude alone.
        profile: whether the course of the whole window is known from its first step on; False makes a causal
            model, if it is not bidirectional.
        statistics: of the training split, for normalisation.

    Returns:
        A model with the inputs and the output that `hrkeras.models` describes.
    """
    body = recurrent(keras.layers.GRU, units=units, num_layers=num_layers, bidirectional=bidirectional, dropout=dropout)
    return model(body, name="gru", history=history, profile=profile, statistics=statistics)
