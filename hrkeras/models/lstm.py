"""Long short-term memory."""

import keras

from hrkeras import layers
from hrkeras.models.frame import Statistics, model, recurrent


def lstm(
    *,
    units: int = 64,
    num_layers: int = 2,
    bidirectional: bool = False,
    dropout: float = 0.0,
    person_units: int = 0,
    history: bool = True,
    course: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """LSTM layers over the steps of a run; the other arguments and the result are those of `gru`.

    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (8), 1997.

    Args:
        person_units: length of the learnt embedding of each person in the training split, see `PersonEmbedding`; 0 for
            none. Other people get an embedding that suits anyone.
    """
    body = recurrent(layers.LSTM, units=units, num_layers=num_layers, bidirectional=bidirectional, dropout=dropout)
    return model(body, name="lstm", history=history, course=course, statistics=statistics, person_units=person_units)
