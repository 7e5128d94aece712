"""What the transformers share: how a sequence enters, and a layer of attention and feed-forward."""

from keras import layers

from hrkeras.layers import Modulation, WindowedAttention


def projected(sequence, context, units: int):
    """A sequence of `units` channels, modulated by the context."""
    sequence = layers.Dense(units, name="projection")(sequence)
    return sequence if context is None else Modulation(name="input_modulation")(sequence, context)


def encoded(sequence, *, num_layers: int, num_heads: int, window: int, dropout: float, causal: bool = True, valid=None):
    """Layers of attention and feed-forward around a residual path, each normalised before (Xiong et al., ICML 2020).

    The last normalisation starts at 0, so that an untrained model predicts what the athlete's state expects.
    """
    units = sequence.shape[-1]
    for index in range(num_layers):
        branch = layers.LayerNormalization(name=f"attention_norm_{index}")(sequence)
        attention = WindowedAttention(num_heads, window, causal, name=f"attention_{index}")
        branch = attention(branch) if valid is None else attention(branch, valid)
        if dropout:
            branch = layers.Dropout(dropout, name=f"attention_dropout_{index}")(branch)
        sequence = sequence + branch
        branch = layers.LayerNormalization(name=f"feed_forward_norm_{index}")(sequence)
        branch = layers.Dense(2 * units, activation="gelu", name=f"wide_{index}")(branch)
        branch = layers.Dense(units, name=f"narrow_{index}")(branch)
        if dropout:
            branch = layers.Dropout(dropout, name=f"feed_forward_dropout_{index}")(branch)
        sequence = sequence + branch
    return layers.LayerNormalization(gamma_initializer="zeros", name="last_norm")(sequence)
