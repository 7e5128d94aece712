"""Gated recurrent units."""

import keras

from hrkeras import layers
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
        bidirectional: whether each layer also reads the run backwards; such a model needs the whole run, so it cannot
            be used live.
        dropout: share of each layer's outputs dropped in training.
        history: whether what is known of the person enters, `expected` and `history`; False is speed and altitude
            alone.
        profile: whether facts of the whole course enter where they are given; False ignores `course`.
        statistics: of the training split, for normalisation and for where the athlete's state starts.

    Returns:
        A model with the inputs and the output that `hrkeras.models` describes. Unless it is bidirectional, a step
        sees nothing of later steps but through `course`, `expected` and, at delay 0, `heart_rate`.
    """
    body = recurrent(layers.GRU, units=units, num_layers=num_layers, bidirectional=bidirectional, dropout=dropout)
    return model(body, name="gru", history=history, profile=profile, statistics=statistics)
