"""The quick recurrent layers compute what Keras' own do; runs on whichever backend KERAS_BACKEND names."""

import keras
import numpy as np
import pytest
from keras import ops

from hrkeras import layers, models
from hrkeras.layers import recurrent
from hrkeras.models import frame, saving

RANDOM = np.random.default_rng(0)
SEQUENCE = RANDOM.normal(size=(3, 7, 5)).astype("float32")
LAYERS = {"GRU": (layers.GRU, keras.layers.GRU), "LSTM": (layers.LSTM, keras.layers.LSTM)}
ON_JAX = keras.backend.backend() == "jax"


def quick(name, training=False):
    """Whether a layer should use its quick kernel: that of the LSTM on JAX is for training alone."""
    return training or not (ON_JAX and name == "LSTM")


def with_weights(layer, sequence=SEQUENCE):
    layer.build(sequence.shape)
    random = np.random.default_rng(1)
    layer.set_weights([random.normal(0, 0.4, weight.shape) for weight in layer.get_weights()])
    return layer


def pair(name, **options):
    return [with_weights(kind(4, **options)) for kind in LAYERS[name]]


def numbers(values):
    return [ops.convert_to_numpy(each) for each in keras.tree.flatten(values)]


def equal(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.fixture
def calls(monkeypatch) -> list:
    """What the quick kernels were called for."""
    found: list[str] = []
    for name in (each.lower() for each in LAYERS):
        kernel = getattr(recurrent.kernels, name)
        monkeypatch.setattr(recurrent.kernels, name, lambda *args, k=kernel, n=name: found.append(n) or k(*args))
    return found


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {"return_sequences": True},
        {},
        {"return_sequences": True, "return_state": True},
        {"return_sequences": True, "go_backwards": True},
    ],
    ids=str,
)
def test_equals_keras(name, training, options, calls):
    ours, theirs = pair(name, **options)
    state = [np.full((3, 4), 0.3, "float32"), np.full((3, 4), -0.6, "float32")][: 1 + (name == "LSTM")]
    for given in ({}, {"initial_state": state}):
        one, other = (layer(SEQUENCE, training=training, **given) for layer in (ours, theirs))
        equal(numbers(one), numbers(other))
    assert calls == [name.lower()] * 2 * quick(name, training)


@pytest.mark.parametrize("name", LAYERS)
def test_outside_training_dropout_is_no_reason_to_step_aside(name, calls):
    ours, theirs = pair(name, return_state=True, dropout=0.5)
    equal(numbers(ours(SEQUENCE)), numbers(theirs(SEQUENCE)))
    assert bool(calls) == quick(name)


def gradients(layer, state):
    """Of a weighted sum of all that the layer gives, with respect to its input, its first states and its weights."""
    inputs = [SEQUENCE, *state]
    weights = [weight.value for weight in layer.trainable_variables]
    factors = [np.random.default_rng(2).normal(size=shape).astype("float32") for shape in [(3, 7, 4), (3, 4), (3, 4)]]

    def loss(outputs):
        return sum(ops.sum(ops.convert_to_tensor(factor) * each) for factor, each in zip(factors, outputs, strict=False))

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        @tf.function
        def run(*inputs):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                result = loss(layer(inputs[0], initial_state=list(inputs[1:]), training=True))
            return tape.gradient(result, [*inputs, *weights])

        return numbers(run(*map(tf.constant, inputs)))
    if keras.backend.backend() == "jax":
        import jax

        rest = [variable.value for variable in layer.non_trainable_variables]

        def run(inputs, weights):
            state = list(inputs[1:])
            return loss(layer.stateless_call(weights, rest, inputs[0], initial_state=state, training=True)[0])

        return numbers(jax.grad(run, argnums=(0, 1))(inputs, weights))
    import torch

    tensors = [torch.tensor(each, requires_grad=True) for each in inputs]
    result = loss(layer(tensors[0], initial_state=tensors[1:], training=True))
    return numbers(torch.autograd.grad(result, [*tensors, *weights]))


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_equal_those_of_keras(name, calls):
    state = [np.full((3, 4), 0.3, "float32"), np.full((3, 4), -0.6, "float32")][: 1 + (name == "LSTM")]
    ours, theirs = (gradients(layer, state) for layer in pair(name, return_sequences=True, return_state=True))
    equal(ours, theirs)
    assert len(ours) == len(state) + 4
    assert all(np.abs(each).max() > 1e-2 for each in ours)
    assert calls == [name.lower()]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "options",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"use_bias": False},
        {"unroll": True},
        {"dtype": "mixed_bfloat16"},
    ],
    ids=str,
)
def test_steps_aside(name, options, calls):
    ours, theirs = pair(name, return_sequences=True, **options)
    one, other = (numbers(ops.cast(layer(SEQUENCE), "float32")) for layer in (ours, theirs))
    equal(one, other)
    assert calls == []


@pytest.mark.parametrize("name", LAYERS)
def test_steps_aside_for_dropout_in_training_and_for_masks(name, calls):
    ours, theirs = pair(name, return_sequences=True, dropout=0.5)
    assert np.abs(numbers(ours(SEQUENCE, training=True))[0] - numbers(theirs(SEQUENCE))[0]).max() > 1e-2
    mask = np.arange(7)[None] < [[7], [4], [1]]
    equal(numbers(ours(SEQUENCE, mask=mask)), numbers(theirs(SEQUENCE, mask=mask)))
    assert calls == []


@pytest.mark.parametrize("name", LAYERS)
def test_bidirectional_equals_keras_with_a_mask(name, calls):
    ours, theirs = (
        with_weights(both(kind(4, return_sequences=True)))
        for both, kind in zip((layers.Bidirectional, keras.layers.Bidirectional), LAYERS[name], strict=True)
    )
    mask = np.arange(7)[None] < [[7], [4], [1]]
    (one,), (other,) = numbers(ours(SEQUENCE, mask=mask)), numbers(theirs(SEQUENCE, mask=mask))
    equal([one[mask]], [other[mask]])
    assert calls == [name.lower()] * 2 * quick(name)
    equal(numbers(ours(SEQUENCE)), numbers(theirs(SEQUENCE)))


def given(batch=2, steps=12):
    random = np.random.default_rng(3)
    shapes = {name: tuple(n or (batch, steps)[i] for i, n in enumerate(shape)) for name, shape in saving.INPUTS.items()}
    values = {name: random.uniform(0, 1, shape).astype("float32") for name, shape in shapes.items()}
    values["valid"] = (np.arange(steps) < [[steps], [steps - 5]]).astype("float32")
    values["time"] = np.tile(10 * np.arange(steps, dtype="float32"), (batch, 1))
    return values


def predicted(model):
    return ops.convert_to_numpy(model.predict_on_batch(given()))[given()["valid"] > 0]


@pytest.mark.parametrize(("build", "bidirectional"), [(models.gru, False), (models.lstm, True)])
def test_a_plain_copy_predicts_the_same_without_quick_kernels(build, bidirectional, calls, tmp_path):
    model = build(units=4, num_layers=2, bidirectional=bidirectional)
    first = predicted(model)
    assert calls or (ON_JAX and build is models.lstm)
    calls.clear()
    copy = recurrent.plain(model)
    np.testing.assert_allclose(predicted(copy), first, rtol=1e-4, atol=1e-4)
    assert calls == []
    copy.save(tmp_path / "copy.keras")
    np.testing.assert_allclose(predicted(saving.load(tmp_path / "copy.keras")), first, rtol=1e-4, atol=1e-4)
    assert "gru" in calls


def test_a_model_of_keras_own_layers_loads_and_gives_its_weights_to_ours(tmp_path, monkeypatch):
    """As those that were saved before there were others."""
    options = {"units": 4, "num_layers": 1, "bidirectional": True}
    ours = models.gru(**options)
    monkeypatch.setattr(frame, "Bidirectional", keras.layers.Bidirectional)
    body = frame.recurrent(keras.layers.GRU, **options, dropout=0.0)
    frame.model(body, name="gru", history=True, course=True, statistics=None).save(tmp_path / "old.keras")
    old = saving.load(tmp_path / "old.keras")
    assert type(old.get_layer("bidirectional_0").forward_layer) is keras.layers.GRU
    ours.set_weights(old.get_weights())
    np.testing.assert_allclose(predicted(ours), predicted(old), rtol=1e-4, atol=1e-4)
    ours.load_weights(tmp_path / "old.keras")
    np.testing.assert_allclose(predicted(ours), predicted(old), rtol=1e-4, atol=1e-4)
