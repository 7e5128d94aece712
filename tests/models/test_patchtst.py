"""What a usual PatchTST would get wrong; runs on whichever backend KERAS_BACKEND names."""

import numpy as np
from test_conformance import fixed_weights, inputs, predict

from hrkeras import models
from hrkeras.training.fit import trained_with_both


def test_the_level_of_speed_moves_the_answer_and_so_does_half_a_patch_of_padding():
    options = {"units": 8, "num_layers": 1, "patch": 7, "history": False, "course": False}
    model = trained_with_both(fixed_weights(models.patchtst(**options)))
    given = inputs()
    given["heart_rate"][:] = np.nan
    given["altitude"][:] = 0
    found = {}
    for speed in (2, 3):
        given["speed"][:] = speed
        found[speed] = predict(model, given)
    assert (np.abs(found[2] - found[3]) > 1e-2).mean() > 0.9
    given["valid"][:, 30:] = 0
    shorter = predict(model, given)
    for name in ("speed", "altitude", "time"):
        given[name][:, 30:] = 77
    np.testing.assert_array_equal(predict(model, given)[:, :30], shorter[:, :30])
    assert np.abs(shorter - found[3])[:, :30].max() > 1e-3
