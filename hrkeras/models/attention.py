"""Attention over the minutes before."""

import keras

from hrkeras.models.frame import Statistics, model
from hrkeras.models.transformer import encoded, projected


def attention(
    *,
    units: int = 64,
    num_layers: int = 2,
    num_heads: int = 4,
    window: int = 36,
    dropout: float = 0.0,
    history: bool = True,
    course: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """Each step attends to the effort of the minutes before, so that the lag of heart rate can be read off.

    A causal transformer whose attention is learnt by lag, see `WindowedAttention`; `attention_lags.attention_by_lag`
    shows where a trained model looks. The other arguments and the result are those of `gru`.

    Args:
        units: width of each layer.
        num_layers: how many.
        num_heads: of the attention, which `units` are divided among.
        window: steps that a step looks back in each layer, itself included.
        dropout: share of what each layer adds that is dropped in training.
    """

    def body(sequence, given, context):
        sequence = projected(sequence, context, units)
        return encoded(sequence, num_layers=num_layers, num_heads=num_heads, window=window, dropout=dropout)

    return model(body, name="attention", history=history, course=course, statistics=statistics)
