"""Who is known by heart, and who is not; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np

from hrkeras.layers import PersonEmbedding

PEOPLE, LEVELS = [3.0, 7.0, 16_777_215.0], [-1.0, 0.0, 4.0]


def test_each_has_a_vector_and_strangers_have_none():
    layer = PersonEmbedding(PEOPLE, units=2)
    layer.build((None, 1))
    layer.vectors.assign([[1, 2], [3, 4], [5, 6]])
    person = np.float32([[7], [16_777_215], [16_777_214], [0], [np.nan], [3]])
    found = keras.ops.convert_to_numpy(layer(person))
    np.testing.assert_array_equal(found, [[3, 4], [5, 6], [0, 0], [0, 0], [0, 0], [1, 2]])


def test_in_training_people_are_taken_for_strangers_at_random():
    layer = PersonEmbedding(PEOPLE, units=1, hidden=0.25)
    layer.build((None, 1))
    layer.vectors.assign([[1], [1], [1]])
    found = keras.ops.convert_to_numpy(layer(np.tile(np.float32(PEOPLE), 400)[:, None], training=True))
    assert set(found[:, 0].tolist()) == {0.0, 1.0}
    assert 0.7 < found.mean() < 0.8


def test_a_stranger_gets_the_mean_persons_answer():
    keras.utils.set_random_seed(0)
    person = keras.Input((1,))
    model = keras.Model(person, keras.layers.Dense(1)(PersonEmbedding(PEOPLE, units=4)(person)))
    model.compile(keras.optimizers.Adam(0.02), loss="mse")
    given, wanted = (np.tile(np.float32(each), 32)[:, None] for each in (PEOPLE, LEVELS))
    for _ in range(250):
        model.train_on_batch(given, wanted)
    asked = np.float32([*PEOPLE, 5, np.nan, 99])[:, None]
    said = keras.ops.convert_to_numpy(model.predict_on_batch(asked))[:, 0]
    np.testing.assert_allclose(said[:3], LEVELS, atol=0.6)
    np.testing.assert_allclose(said[3:], np.mean(LEVELS), atol=0.4)
