"""Steps to patches of steps, and back."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class Patches(keras.layers.Layer):
    """Groups the steps of a sequence into patches that do not overlap; invalid steps count as 0.

    Call arguments:
        sequence: shape `(batch, steps, channels)`.
        valid: shape `(batch, steps)`.

    Returns:
        The patches, shape `(batch, patches, patch * (channels + 1))`: all channels of a patch's first step and whether it
        is valid, then of its second, ...; and 1 where a patch has a valid step, 0 elsewhere, shape `(batch, patches)`.

    Args:
        patch: steps of a patch; the last may reach beyond the last step.
    """

    def __init__(self, patch, **kwargs):
        super().__init__(**kwargs)
        self.patch = patch

    def call(self, sequence, valid):
        valid = ops.cast(valid, sequence.dtype)[:, :, None]
        values = ops.concatenate([ops.where(valid > 0, sequence, 0), valid], axis=-1)
        patches = (ops.shape(values)[1] + self.patch - 1) // self.patch
        beyond = ops.repeat(ops.zeros_like(values[:, :1]), self.patch, axis=1)
        values = ops.concatenate([values, beyond], axis=1)[:, : patches * self.patch]
        values = ops.reshape(values, (ops.shape(values)[0], patches, self.patch, values.shape[-1]))
        flat = ops.reshape(values, (*ops.shape(values)[:2], self.patch * values.shape[-1]))
        return flat, ops.max(values[:, :, :, -1], axis=-1)

    def compute_output_shape(self, sequence_shape, valid_shape):
        batch, steps, channels = sequence_shape
        patches = None if steps is None else -(-steps // self.patch)
        return (batch, patches, self.patch * (channels + 1)), (batch, patches)

    def get_config(self):
        return {**super().get_config(), "patch": self.patch}


@keras.saving.register_keras_serializable("hrkeras")
class Steps(keras.layers.Layer):
    """Splits patches into steps again.

    Call arguments:
        patches: shape `(batch, patches, patch * channels)`.
        sequence: with the number of steps to return, shape `(batch, steps, ...)`.

    Returns:
        Shape `(batch, steps, channels)`.

    Args:
        patch: steps of a patch.
    """

    def __init__(self, patch, **kwargs):
        super().__init__(**kwargs)
        self.patch = patch

    def call(self, patches, sequence):
        shape = ops.shape(patches)
        steps = ops.reshape(patches, (shape[0], shape[1] * self.patch, patches.shape[-1] // self.patch))
        return steps[:, : ops.shape(sequence)[1]]

    def compute_output_shape(self, patches_shape, sequence_shape):
        return (*sequence_shape[:2], patches_shape[-1] // self.patch)

    def get_config(self):
        return {**super().get_config(), "patch": self.patch}
