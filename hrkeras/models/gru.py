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
    course: bool = True,
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
        history: whether to use what is known of the person, `expected` and `history`; False uses speed and altitude
            alone.
        course: whether to use facts of the whole course where they are given; False ignores `course`.
        statistics: of the training split, for normalisation and the start of the athlete's state.

    Returns:
        A model with the inputs and the output that `hrkeras.models` describes. Unless it is bidirectional, a step
        sees later steps only through `course`, `expected` and, at delay 0, `heart_rate`.
    """
    body = recurrent(layers.GRU, units=units, num_layers=num_layers, bidirectional=bidirectional, dropout=dropout)
    return model(body, name="gru", history=history, course=course, statistics=statistics)
