"""Patches by hand; runs on whichever backend KERAS_BACKEND names."""

import numpy as np
from keras import ops

from hrkeras.layers import Patches, Steps


def test_patches_by_hand():
    sequence = np.float32([[[1, 2], [3, 4], [5, 6], [7, 8], [77, 77]]])
    patches, valid = Patches(2)(sequence, np.float32([[1, 1, 1, 0, 0]]))
    found = [[1, 2, 1, 3, 4, 1], [5, 6, 1, 0, 0, 0], [0] * 6]
    np.testing.assert_array_equal(ops.convert_to_numpy(patches)[0], found)
    np.testing.assert_array_equal(ops.convert_to_numpy(valid), [[1, 1, 0]])


def test_steps_undo_patches():
    sequence = np.random.default_rng(0).normal(size=(2, 11, 3)).astype("float32")
    patches, _ = Patches(4)(sequence, np.ones((2, 11), "float32"))
    found = ops.convert_to_numpy(Steps(4)(patches, sequence))
    np.testing.assert_array_equal(found[:, :, :3], sequence)
    assert (found[:, :, 3] == 1).all()
