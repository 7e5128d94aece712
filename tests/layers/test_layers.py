import keras
import numpy as np
from keras import ops

from hrkeras.layers import HistoryFeatures, Modulation, ProfileSummary, RunFeatures, TimeLeft
from hrkeras.workouts import effort


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def test_run_features_equal_those_of_the_linear_models():
    random = np.random.default_rng(0)
    speed = random.uniform(0, 4, (2, 40)).astype("float32")
    altitude = random.normal(size=(2, 40)).cumsum(axis=1).astype("float32")
    time = np.tile(np.arange(40, dtype="float32") * 10, (2, 1))
    found = numbers(RunFeatures()(time, speed, altitude))
    for run in range(2):
        np.testing.assert_allclose(found[run, :, 0], speed[run])
        np.testing.assert_allclose(found[run, :, 1], effort.vertical_speed(altitude[run]), atol=1e-5)
        np.testing.assert_allclose(found[run, :, 2], effort.graded_speed(speed[run], altitude[run]), atol=1e-4)
    np.testing.assert_allclose(found[0, 6, 3:], [1 / 60, np.log(2), np.exp(-1)], rtol=1e-5)


def test_run_features_see_altitude_by_its_changes_alone():
    speed, altitude = np.full((1, 9), 3, "float32"), np.float32([[0, 1, 2, 3, 4, 3, 2, 1, 0]])
    time = np.arange(9, dtype="float32")[None]
    layer = RunFeatures()
    np.testing.assert_allclose(numbers(layer(time, speed, altitude)), numbers(layer(time, speed, altitude + 512)))


def test_history_features_by_hand():
    layer = HistoryFeatures(["a", "b", "c"], mean=[1, 2, 3], variance=[4, 1, 1])
    found = numbers(layer(np.float32([[5, np.nan, 1000], [np.nan] * 3])))
    np.testing.assert_allclose(found, [[2, 0, 5, 1, 0, 1], [0] * 6])


def test_modulation_starts_as_identity_and_works_by_channel():
    layer = Modulation()
    sequence, condition = np.ones((1, 3, 2), "float32"), np.float32([[1.0]])
    np.testing.assert_allclose(numbers(layer(sequence, condition)), sequence)
    layer.set_weights([np.float32([[1, 0]]), np.zeros(2, "f"), np.float32([[0, 5]]), np.zeros(2, "f")])
    np.testing.assert_allclose(numbers(layer(sequence, condition))[0], [[2, 6]] * 3)


def test_profile_summary_by_hand_and_without_padding():
    sequence, valid = np.float32([[[1], [3], [99]]]), np.float32([[1, 1, 0]])
    found = numbers(ProfileSummary()(sequence, valid))
    np.testing.assert_allclose(found, [[2, 1, np.log(0.02)]], rtol=1e-5)


def test_time_left_by_hand():
    found = numbers(TimeLeft()(np.float32([[0, 300, 900]]), np.float32([[600]])))
    np.testing.assert_allclose(found[0, :, 0], np.log1p([10, 5, 0]) - 3, rtol=1e-5)
    np.testing.assert_allclose(found[0, :, 1], np.exp([-2, -1, 0]), rtol=1e-5)


def test_layers_come_back_from_their_configuration():
    for layer in (RunFeatures(step=5.0), HistoryFeatures(["a"], [1.0], [2.0]), Modulation(), ProfileSummary(), TimeLeft()):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        assert type(again) is type(layer)
        assert again.get_config() == layer.get_config()
