"""A layer of a Llama."""

import keras

from hrkeras.layers.windowed_attention import WindowedAttention

EPSILON = 1e-5
MULTIPLE = 256  # the feed-forward's width is a multiple of it


@keras.saving.register_keras_serializable("hrkeras")
class LlamaBlock(keras.layers.Layer):
    """Rotary causal attention and a SwiGLU feed-forward around a residual path, each after an RMSNorm, without biases.

    Touvron et al., "LLaMA", arXiv:2302.13971, 2023.

    Call arguments:
        sequence: shape `(batch, steps, channels)`.

    Returns:
        Shape `(batch, steps, channels)`.

    Args:
        num_heads: of the attention.
        window: steps that a step sees, itself included.
    """

    def __init__(self, num_heads, window, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.window = num_heads, window

    def build(self, sequence_shape):
        units = sequence_shape[-1]
        wide = self.width(units)
        self.attention_norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="attention_norm")
        self.attention = WindowedAttention(self.num_heads, self.window, rotary=True, name="attention")
        self.feed_forward_norm = keras.layers.RMSNormalization(epsilon=EPSILON, name="feed_forward_norm")
        self.gate = keras.layers.Dense(wide, activation="silu", use_bias=False, name="gate")
        self.up = keras.layers.Dense(wide, use_bias=False, name="up")
        self.down = keras.layers.Dense(units, use_bias=False, name="down")
        for layer in (self.attention_norm, self.attention, self.feed_forward_norm, self.gate, self.up):
            layer.build(sequence_shape)
        self.down.build((*sequence_shape[:-1], wide))

    @staticmethod
    def width(units: int) -> int:
        """Channels of the feed-forward of a block of `units` channels."""
        return -(-int(8 * units / 3) // MULTIPLE) * MULTIPLE

    def call(self, sequence):
        sequence = sequence + self.attention(self.attention_norm(sequence))
        normalized = self.feed_forward_norm(sequence)
        return sequence + self.down(self.gate(normalized) * self.up(normalized))

    def compute_output_shape(self, sequence_shape):
        return sequence_shape

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads, "window": self.window}
