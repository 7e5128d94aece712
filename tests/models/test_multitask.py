"""Speed from heart rate, beside heart rate from speed; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest
from test_conformance import fixed_weights, inputs, moved, predict

from hrkeras import models
from hrkeras.models import losses
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED
from hrkeras.models.multitask import SPEED
from hrkeras.training.fit import trained_with_both


def with_speed(model) -> keras.Model:
    both = trained_with_both(model)
    return keras.Model(both.input, both.output | {SPEED: models.speed_model(model).output})


def test_no_speed_enters_what_tells_speed_and_no_heart_rate_what_tells_heart_rate():
    model = with_speed(fixed_weights(models.multitask(units=8, num_layers=1)))
    given = inputs()
    given["course"][:] = np.nan
    before = predict(model, given, SPEED)
    other = given | {name: given[name] + 1 for name in ("speed", "expected")} | {"course": np.ones_like(given["course"])}
    np.testing.assert_array_equal(predict(model, other, SPEED), before)
    silent = given | {"heart_rate": np.full_like(given["heart_rate"], np.nan)}
    assert (np.abs(predict(model, silent, SPEED) - before).max(axis=1) > 1e-3).tolist() == [True, True, False]
    np.testing.assert_array_equal(predict(model, silent, UNCONDITIONED), predict(model, given, UNCONDITIONED))
    assert (moved(model, given, heart_rate=150).max(axis=1) > 1e-2).all()


def test_speed_is_learnt_from_heart_rate_without_being_asked_for():
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    given = inputs(batch=12)
    given["speed"] = random.choice([1, 4], (12, 4)).repeat(10, axis=1).astype("float32")
    lagged = np.concatenate([given["speed"][:, :1].repeat(2, axis=1), given["speed"][:, :-2]], axis=1)
    given["heart_rate"] = 100 + 15 * lagged
    for column in ("course", "history"):
        given[column][:] = np.nan
    for column in ("altitude", "delay", "expected"):
        given[column][:] = 0
    model = models.multitask(units=16, num_layers=1, history=False, course=False)
    both = trained_with_both(model)
    both.compile(keras.optimizers.Adam(0.02), loss=losses.MaskedHuber())
    target = {UNCONDITIONED: given["heart_rate"], CONDITIONED: given["heart_rate"] * np.float32(np.nan)}
    for _ in range(40):
        both.train_on_batch(given, target)
    said = keras.ops.convert_to_numpy(models.speed_model(model).predict_on_batch(given))
    assert np.abs(said - given["speed"])[:, 1:].mean() < 0.4 * np.abs(given["speed"] - 2.5).mean()


def test_only_a_multitask_tells_speed():
    with pytest.raises(ValueError, match=SPEED):
        models.speed_model(models.gru(units=4, num_layers=1))
