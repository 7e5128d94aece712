"""Attention that looks back, or around, a limited number of steps."""

import keras
from keras import ops

from hrkeras.utils.errors import InputError

HIDDEN = 1e4  # subtracted from the score of steps that must not be seen
SHORTEST = 3.0  # steps, initial memory of the first head
ROTARY_BASE = 10_000.0


@keras.saving.register_keras_serializable("hrkeras")
class WindowedAttention(keras.layers.Layer):
    """Multi-head self-attention within a window; its memory grows with the steps, not with their square.

    Vaswani et al., "Attention Is All You Need", NeurIPS 2017. The steps are cut into blocks as long as the window, and
    each block sees itself and the one before. Positions enter by their lag alone: as a bias that is learnt for
    each lag and head, which starts as a fading memory (Press et al., "Train Short, Test Long", ICLR 2022), of a few steps
    in the first head and of half the window in the last; or by rotating queries and keys (Su et al., "RoFormer",
    Neurocomputing 568, 2024).

    Call arguments:
        sequence: shape `(batch, steps, channels)`.
        valid: which steps may be attended to, shape `(batch, steps)`; all if not given.

    Returns:
        Shape `(batch, steps, channels)`.

    Args:
        num_heads: by which the channels are divided.
        window: steps, how many a step sees, itself included; if not causal, that many to either side.
        causal: whether a step sees no later ones.
        rotary: whether lags enter by rotation instead of as a bias.

    Raises:
        InputError: if the channels cannot be divided by the heads, into even parts for a rotation.
    """

    def __init__(self, num_heads, window, causal=True, rotary=False, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.window, self.causal, self.rotary = num_heads, window, causal, rotary

    def build(self, sequence_shape, valid_shape=None):
        units = sequence_shape[-1]
        if units % (self.num_heads * (2 if self.rotary else 1)):
            even = "even " if self.rotary else ""
            raise InputError(f"Expected units that {self.num_heads} heads divide into {even}parts, found {units}; choose others.")
        for name in ("query", "key", "value", "output"):
            layer = keras.layers.Dense(units, use_bias=False, name=name)
            layer.build((*sequence_shape[:-1], units))
            setattr(self, f"{name}_layer", layer)
        if not self.rotary:
            shape = (self.num_heads, len(self.lags))
            self.bias = self.add_weight(shape=shape, initializer=self._fading, name="bias")

    @property
    def lags(self) -> list[int]:
        """Steps between the attending and the attended step, in the order of `bias`; below 0 is later."""
        return list(range(0 if self.causal else 1 - self.window, self.window))

    def _fading(self, shape, dtype=None):
        longest = max(self.window / 2, SHORTEST)
        share = [head / max(self.num_heads - 1, 1) for head in range(self.num_heads)]
        spans = [SHORTEST * (longest / SHORTEST) ** fraction for fraction in share]
        return ops.convert_to_tensor([[-abs(lag) / span for lag in self.lags] for span in spans], dtype)

    def call(self, sequence, valid=None):
        return self.attend(sequence, valid)[0]

    def attend(self, sequence, valid=None):
        """The result of `call`, and the attention: shape `(batch, blocks, heads, window, seen)`, see `by_lag`."""
        shape = ops.shape(sequence)
        steps, blocks = shape[1], (shape[1] + self.window - 1) // self.window
        # a run that fits one block has no other to see; its steps are a number where the graph is made for them
        around = (0, 0) if isinstance(steps, int) and steps <= self.window else (1, 0 if self.causal else 1)
        size = sequence.shape[-1] // self.num_heads
        split = (shape[0], steps, self.num_heads, size)
        layers = (self.query_layer, self.key_layer, self.value_layer)
        query, key, value = (ops.reshape(layer(sequence), split) for layer in layers)
        if self.rotary:
            query, key = rotated(query), rotated(key)
        exists = ops.ones_like(sequence[:1, :, 0]) if valid is None else ops.cast(valid, sequence.dtype)
        query = ops.transpose(self._blocks(query * size**-0.5, blocks, 0, 0), (0, 1, 3, 2, 4))
        key = ops.transpose(self._seen(key, blocks, *around), (0, 1, 3, 4, 2))
        value = ops.transpose(self._seen(value, blocks, *around), (0, 1, 3, 2, 4))
        exists = self._seen(exists, blocks, *around)[:, :, None, None, :]
        position = ops.cast(self._near(self._position(), key.shape[-1]), sequence.dtype)
        scores = ops.matmul(query, key) + (position + HIDDEN * (exists - 1))
        weights = ops.softmax(scores, axis=-1)
        output = ops.transpose(ops.matmul(weights, value), (0, 1, 3, 2, 4))
        output = ops.reshape(output, (shape[0], blocks * self.window, self.num_heads * size))
        return self.output_layer(output[:, :steps]), weights

    def by_lag(self, weights):
        """Attention between steps to attention by lag.

        Args:
            weights: shape `(..., window, seen)`, as `attend` returns it.

        Returns:
            Shape `(..., window, len(lags))`.
        """
        by_lag = self._near(self._by_lag(), weights.shape[-1])
        return ops.einsum("...qs,lqs->...ql", weights, ops.cast(by_lag, weights.dtype))

    def _near(self, values, seen: int):
        """Of values by what a step of a block sees, its own block where it sees no other."""
        return values[:, :, self.window : 2 * self.window] if seen == self.window else values

    def _position(self):
        """What is added to the score of a step of a block and one that it sees, for their lag; shape `(heads, window, seen)`."""
        seen, lags = self.window * (2 if self.causal else 3), self.lags
        bias = ops.zeros((1, len(lags))) if self.rotary else self.bias
        # of all lags, the greatest first, as the last step of a block meets them; one more, so that rows move by a step
        hidden = [ops.full((bias.shape[0], count), -HIDDEN, bias.dtype) for count in self._beyond(seen)]
        row = ops.concatenate([hidden[0], ops.flip(bias, axis=1), hidden[1]], axis=1)
        length = self.window + seen - 1
        rows = ops.reshape(ops.tile(row, (1, self.window)), (-1, self.window * (length + 1)))[:, : self.window * length]
        return ops.reshape(rows, (-1, self.window, length))[:, :, self.window - 1 :]

    def _beyond(self, seen: int) -> tuple[int, int]:
        """How many lags there are above and below `lags`, with one more below."""
        greatest, least = 2 * self.window - 1, self.window - (seen - 1)
        return greatest - self.lags[-1], self.lags[0] - least + 1

    def _by_lag(self):
        """1 where a step of a block sees another at a lag, shape `(len(lags), window, seen)`."""
        place = self.window + ops.arange(self.window)
        lag = place[:, None] - ops.arange(self.window * (2 if self.causal else 3))[None, :]
        return ops.equal(ops.convert_to_tensor(self.lags, lag.dtype)[:, None, None], lag[None])

    def _blocks(self, values, blocks, before: int, after: int):
        """Cut into `before + blocks + after` blocks; zeros fill the steps before the first and after the last."""
        if not before + after and values.shape[1] == self.window:
            return values[:, None]
        zeros = ops.repeat(ops.zeros_like(values[:, :1]), self.window, axis=1)
        padded = ops.concatenate([*[zeros] * before, values, *[zeros] * (after + 1)], axis=1)
        cut = padded[:, : (before + blocks + after) * self.window]
        shape = ops.shape(values)
        return ops.reshape(cut, (shape[0], before + blocks + after, self.window, *shape[2:]))

    def _seen(self, values, blocks, before: int, after: int):
        """The values of all steps that each block sees, of `before` blocks before and `after` blocks after it."""
        cut = self._blocks(values, blocks, before, after)
        return ops.concatenate([cut[:, first : first + blocks] for first in range(before + 1 + after)], axis=2)

    def compute_output_shape(self, sequence_shape, valid_shape=None):
        return sequence_shape

    def get_config(self):
        own = {"num_heads": self.num_heads, "window": self.window, "causal": self.causal, "rotary": self.rotary}
        return {**super().get_config(), **own}


def rotated(values):
    """Turns each pair of channels by an angle that grows with the step; shape `(batch, steps, heads, channels)`."""
    half = values.shape[-1] // 2
    frequency = ROTARY_BASE ** (-ops.arange(half, dtype="float32") / half)
    angle = ops.arange(ops.shape(values)[1], dtype="float32")[:, None] * frequency[None, :]
    cos, sin = (ops.cast(table, values.dtype)[None, :, None, :] for table in (ops.cos(angle), ops.sin(angle)))
    first, second = values[..., :half], values[..., half:]
    return ops.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
