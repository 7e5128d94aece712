"""What every model must be able to do; runs on whichever backend KERAS_BACKEND names."""

import json
import re
from inspect import signature

import keras
import numpy as np
import pytest

from hrkeras import models
from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED
from hrkeras.models import losses, saving
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED, trained_with_both
from hrkeras.models.statistics import with_statistics

KNOWN_PEOPLE = (1.0, 7.0, 9.0)


def ensemble(**options):
    return models.ensemble([models.gru(**options), models.lstm(**options)], (0.25, 0.75))


VARIANTS = {
    "gru": (models.gru, {"num_layers": 2}),
    "lstm": (models.lstm, {}),
    "gru, no course": (models.gru, {"course": False}),
    "lstm, bidirectional": (models.lstm, {"bidirectional": True}),
    "lstm, person": (models.lstm, {"person_units": 5, "statistics": models.Statistics(people=KNOWN_PEOPLE)}),
    "lstm, bare": (models.lstm, {"history": False, "course": False}),
    "attention": (models.attention, {"window": 6}),
    "patchtst": (models.patchtst, {"patch": 4}),
    "lag_llama": (models.lag_llama, {"window": 8, "lags": (0, 2, 7)}),
    "multitask": (models.multitask, {}),
    "ensemble": (ensemble, {}),
}
if keras.backend.backend() != "torch":  # the others compile each for seconds: one model of each layer
    VARIANTS = {name: VARIANTS[name] for name in VARIANTS if name not in ("lstm", "gru, no course", "lstm, bare", "ensemble")}
BARE = ("lstm, bare",)
READ_AHEAD = ("lstm, bidirectional", "patchtst")
# with the weights of `fixed_weights`, at steps 0, 1, 10, 20 and 39 of each run; the same on every backend
PINNED = {
    "gru": [
        [145.5644073486328, 141.3616943359375, 152.085205078125, 160.96339416503906, 146.8704071044922],
        [137.94639587402344, 133.94110107421875, 128.52859497070312, 141.3529052734375, 144.4281005859375],
        [139.12240600585938, 140.72500610351562, 134.54229736328125, 139.07090759277344, 147.9405059814453],
    ],
    "lstm": [
        [108.99459838867188, 153.95730590820312, 103.48639678955078, 144.9600067138672, 144.88209533691406],
        [148.3865966796875, 144.92539978027344, 121.6980972290039, 138.2274932861328, 136.5500030517578],
        [134.38980102539062, 135.7480010986328, 128.93580627441406, 133.2978057861328, 141.5487060546875],
    ],
    "gru, no course": [
        [130.31430053710938, 133.18429565429688, 184.91929626464844, 113.4186019897461, 108.6697998046875],
        [144.07640075683594, 140.82220458984375, 178.50509643554688, 162.85980224609375, 144.2406005859375],
        [136.03900146484375, 138.30740356445312, 132.59039306640625, 137.75860595703125, 146.5758056640625],
    ],
    "lstm, bare": [
        [139.135498046875, 163.78590393066406, 120.3947982788086, 118.7051010131836, 164.56370544433594],
        [141.56129455566406, 141.74319458007812, 136.74249267578125, 143.03050231933594, 120.15879821777344],
        [141.56640625, 141.62460327148438, 141.24159240722656, 141.02969360351562, 141.101806640625],
    ],
    "attention": [
        [138.8102, 154.4351, 138.4602, 145.5244, 152.4508],
        [119.7856, 116.7675, 117.2105, 114.1259, 114.789],
        [141.4031, 142.8667, 136.2628, 140.7479, 149.1601],
    ],
    "patchtst": [
        [161.8546, 135.609, 181.8629, 184.781, 173.6802],
        [139.4509, 136.5125, 143.9142, 141.6277, 150.1622],
        [142.7259, 144.5024, 137.5937, 141.9456, 149.5552],
    ],
    "lag_llama": [
        [159.2983, 129.6309, 166.9055, 146.8902, 118.1898],
        [145.0234, 140.9311, 142.982, 147.3485, 148.9511],
        [136.4775, 137.6855, 131.3418, 135.5959, 143.7935],
    ],
    "lstm, bidirectional": [
        [144.7995, 168.3869, 154.3399, 153.6989, 153.0805],
        [150.3662, 146.0514, 137.481, 148.2645, 183.1931],
        [134.6686, 135.9813, 129.6054, 134.3398, 143.1818],
    ],
    "lstm, person": [
        [121.2707, 125.4, 185.5295, 122.3036, 157.5097],
        [135.5936, 131.9213, 139.0712, 140.5435, 131.1289],
        [135.2122, 136.5409, 129.8787, 134.4636, 142.5808],
    ],
    "multitask": [
        [137.1082, 149.6915, 127.121, 134.4077, 125.0114],
        [141.0892, 137.1677, 144.4989, 140.7152, 154.9268],
        [138.7773, 140.6993, 133.8899, 138.1449, 146.721],
    ],
    "ensemble": [
        [120.4832, 66.7842, 152.0447, 127.0706, 126.6352],
        [128.7771, 124.7387, 162.7857, 160.7361, 162.5959],
        [135.2115, 136.9131, 130.3766, 134.4741, 143.1433],
    ],
}
STEPS = [0, 1, 10, 20, 39]
EAGER = keras.backend.backend() != "jax"  # which compiles each operation by itself, and all of them quicker together
MIXED = [name for name in VARIANTS if name not in ("gru", "lstm", "gru, no course", *BARE)]  # of which others have the layers
MIXED = MIXED if EAGER else ["lstm, person"]  # it compiles each for ten seconds
LEARNING = models.MODELS if keras.backend.backend() == "torch" else ["lstm", "patchtst"]


def inputs(batch=3, steps=40) -> dict[str, np.ndarray]:
    """A run whose first half and end are known, one that is known with a minute's delay, and one of an unknown person on an
    unknown course of which nothing is known; then more of the last."""
    random = np.random.default_rng(0)
    heart_rate = np.full((batch, steps), np.nan)
    heart_rate[0, : steps // 2] = random.uniform(120, 160, steps // 2)
    heart_rate[0, -5:] = 150
    heart_rate[1] = random.uniform(120, 160, steps)
    expected = random.normal(0, 3, (batch, steps, len(EXPECTED)))
    expected[:, :, 0] += 140
    course = np.tile(models.Statistics().course_mean, (batch, 1)) * random.uniform(0.8, 1.2, (batch, len(COURSE_FACTS)))
    history = random.normal(size=(batch, len(COLUMNS)))
    course[2:] = history[2:] = np.nan
    columns = {
        "time": np.tile(np.arange(steps) * 10.0, (batch, 1)),
        "speed": random.uniform(0, 4, (batch, steps)),
        "altitude": random.normal(size=(batch, steps)).cumsum(axis=1),
        "valid": np.ones((batch, steps)),
        "heart_rate": heart_rate,
        "expected": expected,
        "delay": 60.0 * (np.arange(batch) == 1)[:, None],
        "course": course,
        "history": history,
        "trust": np.ones((batch, 1)),
        "person": np.resize([1, np.nan, 7, 5], (batch, 1)),
    }
    return {name: values.astype("float32") for name, values in columns.items()}


def fixed_weights(model: keras.Model) -> keras.Model:
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.15, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def predict(model, given, output=CONDITIONED) -> np.ndarray:
    return keras.ops.convert_to_numpy(model.predict_on_batch(given)[output])


def build(name) -> keras.Model:
    function, options = VARIANTS[name]
    return fixed_weights(function(**{"units": 8, "num_layers": 1} | options))


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request, tmp_path_factory):
    """Name and the model with both outputs, saved and loaded; a test must not change it."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    build(request.param).save(path)
    return request.param, trained_with_both(saving.load(path))


def moved(model, given, steps=slice(None), **changed) -> np.ndarray:
    """By how much a prediction moves if inputs are changed at some steps, shape `(batch, steps)`."""
    after = {name: values.copy() for name, values in given.items()}
    for name, value in changed.items():
        after[name][:, steps] = value
    return np.abs(predict(model, after) - predict(model, given))


def test_inputs_and_output_are_those_described(variant):
    _, model = variant
    assert {name: tuple(each.shape) for name, each in model.input.items()} == saving.INPUTS
    assert set(inputs()) == set(saving.INPUTS)
    assert predict(model, inputs()).shape == predict(model, inputs(), UNCONDITIONED).shape == (3, 40)


def test_the_same_on_every_backend_when_saved_and_loaded(variant):
    name, model = variant
    np.testing.assert_allclose(predict(model, inputs())[:, STEPS], PINNED[name], rtol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_saved_and_loaded_it_is_the_same(name, tmp_path):
    model = build(name)
    model.save(tmp_path / "model.keras")
    again = saving.load(tmp_path / "model.keras")
    assert [(type(each), each.name) for each in again.layers] == [(type(each), each.name) for each in model.layers]
    configs = [[json.loads(json.dumps(layer.get_config())) for layer in each.layers] for each in (model, again)]
    assert configs[0] == configs[1]
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_padding_never_moves_a_prediction(variant):
    _, model = variant
    given = inputs()
    given["valid"][:, 30:] = 0
    given["heart_rate"][:, 30:] = np.nan
    apart = moved(model, given, slice(30, None), speed=77, altitude=77, time=77, expected=77)
    assert apart[:, :30].max() < 1e-4


def test_unless_it_reads_backwards_a_step_sees_nothing_of_later_ones(variant):
    name, model = variant
    given = inputs()
    given["course"][:] = np.nan
    given["delay"][:] = 60
    apart = moved(model, given, slice(30, None), speed=2, altitude=9, expected=150)
    assert (apart[:, 30:].max(axis=1) > 1e-2).all()
    if name in READ_AHEAD:
        assert (apart[:, :30].max(axis=1) > 1e-3).all()
    else:
        assert apart[:, :30].max() < 1e-4


def test_later_heart_rate_than_its_delay_allows_moves_nothing(variant):
    _, model = variant
    given = inputs()
    given["heart_rate"][:] = given["heart_rate"][1]
    given["delay"][:, 0] = 10, 60, 14  # 14 s are two steps
    apart = moved(model, given, slice(20, None), heart_rate=180)
    for run, later in enumerate((1, 6, 2)):
        assert apart[run, : 20 + later].max() < 1e-5
        assert apart[run, 20 + later :].min() > 1e-4


def test_without_delay_heart_rate_counts_before_and_after(variant):
    _, model = variant
    given = inputs()
    given["delay"][:] = 0
    given["heart_rate"][:] = np.nan
    apart = moved(model, given, slice(20, 21), heart_rate=180)
    assert (apart[:, [15, 19, 20, 21, 39]] > 1e-4).all()


def test_without_known_heart_rate_nothing_is_corrected(variant):
    _, model = variant
    given = inputs()
    unconditioned, conditioned = (predict(model, given, name) for name in (UNCONDITIONED, CONDITIONED))
    np.testing.assert_array_equal(unconditioned[2], conditioned[2])
    np.testing.assert_array_equal(unconditioned[1, :6], conditioned[1, :6])
    assert (unconditioned[1, 6:] != conditioned[1, 6:]).all()
    assert (unconditioned[0] != conditioned[0]).all()


def test_what_is_known_of_the_person_matters_and_may_be_missing(variant):
    name, model = variant
    given = inputs()
    given["heart_rate"][:] = np.nan
    assert np.isfinite(predict(model, given)).all()
    for column in ("history", "expected"):
        apart = moved(model, given, **{column: given[column] + 1}).max(axis=1)
        if name in BARE:
            assert (apart == 0).all()
        else:
            assert (apart[:2] > 1e-2).all()
    unknown = moved(model, given, history=np.nan).max(axis=1)
    assert (unknown[:2] > 1e-2).all() == (name not in BARE)
    assert unknown[2] == 0


def test_the_course_matters_and_may_be_missing(variant):
    name, model = variant
    given = inputs()
    given["heart_rate"][:] = np.nan
    uses = name not in ("gru, no course", *BARE)
    longer = moved(model, given, course=1.1 * given["course"]).max(axis=1)
    unknown = moved(model, given, course=np.nan).max(axis=1)
    assert ((longer[:2] > 1e-3) == uses).all()
    assert ((unknown[:2] > 1e-2) == uses).all()
    assert longer[2] == unknown[2] == 0


def test_absolute_altitude_says_nothing(variant):
    _, model = variant
    given = inputs()
    assert moved(model, given, altitude=given["altitude"] + 1024).max() < 0.02


@pytest.mark.parametrize("name", VARIANTS)
def test_a_gradient_reaches_every_weight(name):
    model = trained_with_both(build(name))
    if name == "lstm, person":
        model.get_layer("person_embedding").hidden = 0.0  # which is left to chance
    before = model.get_weights()
    loss = {UNCONDITIONED: losses.MaskedHuber(), CONDITIONED: losses.MaskedHuber()}
    model.compile(keras.optimizers.SGD(1e-2), loss=loss, run_eagerly=EAGER)
    target = np.random.default_rng(0).uniform(80, 200, (3, 40)).astype("float32")
    given = inputs() | {"person": np.float32(KNOWN_PEOPLE)[:, None]}
    model.train_on_batch(given, {UNCONDITIONED: target, CONDITIONED: target})
    names = [weight.path for weight in model.weights]
    still = [n for n, a, b in zip(names, before, model.get_weights(), strict=True) if np.array_equal(a, b)]
    assert still == []
    assert all(np.isfinite(each).all() for each in model.get_weights())


@pytest.mark.parametrize("name", MIXED)
def test_mixed_precision_says_the_same_and_trains(name):
    usual, wanted = keras.config.dtype_policy(), np.array(PINNED[name])
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = trained_with_both(build(name))
    finally:
        keras.config.set_dtype_policy(usual)
    found = predict(model, inputs())
    assert found.dtype == np.float32
    assert 0 < np.abs(found[:, STEPS] - wanted).mean() < 0.05 * np.abs(wanted - wanted.mean()).mean()
    loss = {UNCONDITIONED: losses.MaskedHuber(), CONDITIONED: losses.MaskedHuber()}
    model.compile(keras.optimizers.SGD(1e-3), loss=loss, run_eagerly=EAGER, auto_scale_loss=False)
    given = {column: each[:, :12] if each.shape[1] == 40 else each for column, each in inputs().items()}
    target = np.full((3, 12), 140, np.float32)
    model.train_on_batch(given, {UNCONDITIONED: target, CONDITIONED: target})
    assert all(np.isfinite(each).all() for each in model.get_weights())


@pytest.mark.parametrize("name", models.MODELS)
def test_every_model_runs_on_speed_and_altitude_alone(name):
    model = fixed_weights(models.MODELS[name](units=8, num_layers=1, history=False, course=False))
    given = inputs(steps=12)
    before = model.predict_on_batch(given)
    for column in ("expected", "course", "history", "person"):
        given[column][:] = 7
    np.testing.assert_array_equal(model.predict_on_batch(given), before)


def test_who_is_not_known_gets_one_answer_for_all(variant):
    name, model = variant
    given = inputs()
    given["heart_rate"][:] = np.nan
    others = [moved(model, given, person=number).max(axis=1) for number in (7, 5, np.nan, 0)]
    if name == "lstm, person":
        assert (others[0] > 1e-2).tolist() == [True, True, False]
        assert (others[1] > 1e-2).tolist() == [True, False, True]
        for each in others[2:]:
            np.testing.assert_array_equal(each, others[1])
    else:
        assert not np.any(others)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX takes long to draw large weights")
def test_presets_are_sizes_of_what_is_tested_here():
    tested = [(function.__name__, options.keys()) for function, options in VARIANTS.values()]
    for name, (function, options) in models.PRESETS.items():
        assert (models.preset(name).func, models.preset(name).keywords) == (models.MODELS[function], options)
        assert set(options) <= set(signature(models.MODELS[function]).parameters)
        structure = options.keys() - {"units", "num_layers"}
        assert any(function == each and structure <= others for each, others in tested)
    assert {function for function, _ in models.PRESETS.values()} == set(models.MODELS)
    large = models.preset("lstm_large", history=False)()
    assert [large.get_layer(f"recurrent_{index}").units for index in range(5)] == [256] * 5


@pytest.mark.parametrize("name", LEARNING)
def test_a_lag_and_the_level_of_a_run_are_learnt_within_seconds(name):
    """Heart rate follows speed with half a minute's lag, from a level that two minutes of it tell of and nothing else."""
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    given = inputs(batch=32)
    given["speed"] = random.choice([1, 4], (32, 4)).repeat(10, axis=1).astype("float32")
    lagged = np.concatenate([given["speed"][:, :1].repeat(3, axis=1), given["speed"][:, :-3]], axis=1)
    target = (100 + 15 * lagged + random.normal(0, 12, (32, 1))).astype("float32")
    hidden = np.where(np.arange(40) < 12, np.nan, target).astype("float32")
    for column in ("heart_rate", "course", "history"):
        given[column][:] = np.nan
    for column in ("altitude", "delay", "expected"):
        given[column][:] = 0
    given["expected"][:, :, 0] = 140
    given["heart_rate"][:, :12] = target[:, :12]
    model = trained_with_both(models.MODELS[name](units=16, num_layers=1))
    model.compile(keras.optimizers.Adam(0.02), loss=losses.MaskedHuber(weights=(1.0, 0.0, 0.0)))
    for _ in range(60):
        model.train_on_batch(given, {UNCONDITIONED: target, CONDITIONED: hidden})
    unconditioned, conditioned = (
        np.nanmean(np.abs(predict(model, given, output) - hidden)) for output in (UNCONDITIONED, CONDITIONED)
    )
    guessed = np.nanmean(np.abs(hidden - 140))
    assert unconditioned < 0.7 * guessed
    assert conditioned < 0.5 * unconditioned


OTHER = models.Statistics(
    run_mean=(2.0, 0.1, 2.1, 0.6, 2.9, 0.2),
    run_variance=(0.4, 0.03, 0.5, 0.1, 0.9, 0.03),
    history_mean=(1.0,) * len(COLUMNS),
    course_mean=(3000.0, 2.0, 0.5, 2.4, 2.6, 2.3, 3.4, 0.04),
    heart_rate_mean=151.0,
    people=KNOWN_PEOPLE,
)


@pytest.mark.parametrize("name", VARIANTS)
def test_with_other_statistics_it_is_as_if_made_of_them(name):
    build, options = VARIANTS[name]
    options = {key: value for key, value in options.items() if key != "statistics"}
    found, wanted = with_statistics(build(**options), OTHER), build(**options, statistics=OTHER)
    assert without_names_of_operations(found) == without_names_of_operations(wanted)


def without_names_of_operations(model):
    """The configuration of a model; Keras numbers operations on, and leaves arrays as they are."""
    text = re.sub(r"_\d+(?=\")", "", json.dumps(model.get_config(), default=np.ndarray.tolist))
    return json.loads(text)
