"""Long short-term memory."""

import keras

from hrkeras.models.frame import Statistics, model, recurrent


def lstm(
    *,
    units: int = 64,
    num_layers: int = 2,
    bidirectional: bool = False,
    dropout: float = 0.0,
    history: bool = True,
    profile: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """LSTM layers over the steps of a run.

    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (8), 1997.

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
    body = recurrent(keras.layers.LSTM, units=units, num_layers=num_layers, bidirectional=bidirectional, dropout=dropout)
    return model(body, name="lstm", history=history, profile=profile, statistics=statistics)
