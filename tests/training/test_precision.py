"""Training in mixed precision; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest
from made_up import made_up
from one_backend import ONE_BACKEND

from hrkeras import models
from hrkeras.training import fit
from hrkeras.training.precision import built_for, in_float32
from hrkeras.utils.errors import InputError


@pytest.mark.parametrize("name", ["lstm", "lstm_bidirectional", "multitask"])
def test_what_was_built_for_mixed_precision_becomes_what_is_built_without(name):
    build = models.preset(name, units=4, num_layers=1)
    with built_for("mixed_bfloat16"):
        mixed = build()
    layers = [layer.compute_dtype for layer in mixed._flatten_layers()]
    assert "bfloat16" in layers
    assert keras.config.dtype_policy().name == "float32"
    found, wanted = in_float32(mixed), build()
    assert {layer.compute_dtype for layer in found._flatten_layers()} == {"float32"}
    wanted.set_weights(mixed.get_weights())
    given = {key: np.ones((2, 12, *tensor.shape[2:]) if len(tensor.shape) > 2 else (2, tensor.shape[1] or 12), np.float32)
             for key, tensor in wanted.input.items()}  # fmt: skip
    np.testing.assert_array_equal(found.predict(given, verbose=0), wanted.predict(given, verbose=0))
    assert in_float32(found) is found


@ONE_BACKEND
def test_a_training_in_mixed_precision_ends_near_the_usual_one_and_is_resumed(tmp_path):
    runs, settings = made_up(people=2, runs=10, steps=(40, 60)), fit.Settings(epochs=1, batch_size=7)

    def build(statistics):
        return models.lstm(units=4, num_layers=1, statistics=statistics)

    _, usual = fit.train(build, runs, tmp_path / "usual", settings)
    model, log = fit.train(build, runs, tmp_path / "mixed", settings, precision="mixed_bfloat16")
    assert usual[-1]["val_mae"] != log[-1]["val_mae"] == pytest.approx(usual[-1]["val_mae"], rel=0.05)
    assert model.get_layer("recurrent_0").compute_dtype == "float32"
    with pytest.raises(InputError, match=r"was begun otherwise \(precision: mixed_bfloat16\)"):
        fit.train(build, runs, tmp_path / "mixed", settings, resume=True)
    again, _ = fit.train(build, runs, tmp_path / "mixed", settings, precision="mixed_bfloat16", resume=True)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_precision_is_refused():
    with pytest.raises(InputError, match="Expected one of float32, mixed_bfloat16, found half"), built_for("half"):
        pass
