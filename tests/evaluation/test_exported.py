"""The base model as ONNX Runtime runs it predicts what the same model does in Keras, and other files are refused."""

import json
import shutil

import numpy as np
import pytest

import hrkeras
from hrkeras.athlete import population
from hrkeras.athlete.following import follow
from hrkeras.athlete.kalman import AthleteState
from hrkeras.datasets.windows import WHOLE, WINDOW, of_runs
from hrkeras.evaluation import exported, predict, predictor
from hrkeras.models import ensemble, saving
from hrkeras.training.batches import mask_heart_rate
from hrkeras.utils import packaged
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.simulation import synthetic

CLOSE = 0.01  # beats/min


@pytest.fixture(scope="module")
def keras_base():
    return hrkeras.load("base")


@pytest.fixture(scope="module")
def runs():
    """Windows of runs of one person, of 1 to 1600 steps, the first of someone unknown, with shrinkages of 1."""
    workouts = sorted(synthetic.read(athletes=1, runs=14, seed=7), key=lambda workout: workout.start)
    grids = [run.grid for run in hrkeras.Athlete.from_workouts(workouts).runs]
    grids[1:5] = [Grid(*(column[:steps] for column in grids[1])) for steps in (1, 7, 60, 90)]
    grids.append(Grid(*(np.concatenate([column] * 20)[: WHOLE + 100] for column in grids[-1])))
    starts = 1.5e9 + 86_400.0 * np.arange(len(grids))
    known = [each for _, each in follow(starts, grids)]
    return of_runs(grids, known, starts, size=WHOLE)


def masked(runs):
    """Parts of the heart rate known, at once or later, the course of some."""
    shown, delay, _ = mask_heart_rate(runs.heart_rate, np.random.default_rng(0))
    return {"heart_rate": shown, "delay": delay, "course": np.arange(len(runs)) % 2 == 0}


CASES = {
    "nothing of the run known": lambda runs: {},
    "parts of its heart rate known": masked,
    "all of it a minute before": lambda runs: {"heart_rate": runs.heart_rate, "delay": 60.0},
    "course unknown": lambda runs: {"course": False},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_predicts_what_keras_does(case, runs, keras_base):
    runs = runs if case is CASES["nothing of the run known"] else runs[:-2]  # without the long one, which takes seconds
    known = case(runs)
    found, wanted = (predict.predict(model, runs, **known) for model in (exported.base(), keras_base))
    assert [len(values) for values in found][1:5] == [1, 7, 60, 90]
    assert known or len(found[-1]) == WHOLE + 100
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=CLOSE)
    if known:
        unknown = predict.predict(exported.base(), runs)
        assert max(np.abs(one - other).max() for one, other in zip(found, unknown, strict=True)) > 1


def test_a_run_alone_is_predicted_as_among_others(runs):
    whole = predict.predict(exported.base(), runs)
    for row in (0, 3, 8):
        (alone,) = predict.predict(exported.base(), runs[row : row + 1])
        np.testing.assert_allclose(alone, whole[row], atol=CLOSE)


def test_shrinkage_counts(runs):
    runs = runs[:3]
    runs.shrinkage = np.zeros(3, np.float32)
    for one, row in zip(predict.predict(exported.base(), runs), runs.expected, strict=True):
        np.testing.assert_allclose(one, row[: len(one), 0], atol=CLOSE)


def test_a_person_follows_as_with_keras(keras_base):
    workouts = list(synthetic.read(athletes=1, runs=12, seed=4))
    me = hrkeras.Athlete.from_workouts(workouts)
    states = [me.state(model) for model in ("base", keras_base)]
    assert len({state.network.name for state in states}) == 1
    assert states[0].network.shrinkage.value == pytest.approx(states[1].network.shrinkage.value, abs=1e-4)
    np.testing.assert_allclose(states[0].network.interval.limits, states[1].network.interval.limits, atol=1e-3)
    assert isinstance(states[0], AthleteState)
    runs = [predict.known(model, hrkeras.Runs.from_workouts(workouts), population.default()) for model in ("base", keras_base)]
    for one, other in zip(*runs, strict=True):
        assert one.shrinkage == pytest.approx(other.shrinkage, abs=1e-4)
    assert min(known.shrinkage for known in runs[0]) < 1


def test_the_packaged_files_are_of_one_model(keras_base):
    base = exported.base()
    assert base.fingerprint == saving.fingerprint(keras_base)
    assert base.population == saving.population(keras_base) == population.default()
    assert (base.step, base.corrects, base.title) == (STEP, True, "the base model")
    assert "ExportedModel base, fingerprint " in repr(base)
    files = [packaged.file("base", suffix) for suffix in (".keras", ".onnx", ".onnx.json", ".md")]
    assert sorted(files) == sorted(path for path in packaged.FOLDER.iterdir())
    assert sum(path.stat().st_size for path in files) <= 1_200_000
    assert files[3].read_text().startswith("# base\n")
    assert packaged.file("base.keras") is packaged.file("none") is packaged.file("../packaged/base") is None


def test_what_predicts_is_named(keras_base):
    assert predictor.title(None) == "the athlete's state alone"
    assert predictor.title("base") == "the base model"
    assert predictor.title(keras_base) == "the model lstm"
    with pytest.raises(hrkeras.InputError, match="run.keras: expected base or an .onnx file; other models are loaded by"):
        predictor.of("run.keras")
    with pytest.raises(TypeError, match="model: expected Model or ExportedModel, found int"):
        predictor.of(3)


@pytest.fixture
def copy(tmp_path):
    for suffix in (".onnx", ".onnx.json"):
        shutil.copy(packaged.file("base", suffix), tmp_path / f"mine{suffix}")
    return tmp_path / "mine.onnx"


def test_an_export_of_ones_own(copy, runs):
    model = exported.load(copy)
    assert model.title == f"the model {copy}"
    few = runs[:2]
    for one, other in zip(predict.predict(model, few), predict.predict(exported.base(), few), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(few.time[0]) > WINDOW


def test_another_file_of_the_same_fingerprint_is_another_model(copy):
    before = exported.load(copy)
    with copy.open("ab") as stream:
        stream.write(b"\x72\x00")  # a field that ONNX does not know
    after = exported.load(copy)
    assert (before.fingerprint, len({before.identity, after.identity, exported.base().identity})) == (after.fingerprint, 2)


def test_shares_of_an_ensemble_make_another_model():
    members = [hrkeras.models.gru(units=2, num_layers=1) for _ in range(2)]
    first, second = (predictor.of(ensemble(members, shares)) for shares in ((0.9, 0.1), (0.1, 0.9)))
    assert first.fingerprint == second.fingerprint
    assert first.identity != second.identity


def changed(**values):
    def change(path):
        description = path.with_name(f"{path.name}.json")
        description.write_text(json.dumps(json.loads(description.read_text()) | values))

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda path: path.with_name("mine.onnx.json").unlink(), "there is no mine.onnx.json)"),
        (lambda path: path.with_name("mine.onnx.json").write_text("[]"), "there is no mine.onnx.json)"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "mine.onnx"),
        (changed(streaming=True), "describes another export"),
        (changed(format="litert"), "describes another export"),
        (changed(columns={"history": ["runs"]}), "other facts of the person"),
        (changed(columns={"weather": []}), "weather"),
        (changed(population={}), "population"),
    ],
)
def test_what_is_no_export_is_refused(copy, change, reason):
    change(copy)
    with pytest.raises(hrkeras.InputError, match="expected an export to ONNX and its .json") as error:
        exported.load(copy)
    assert reason in str(error.value)
    assert str(error.value).endswith("write both files anew with `hrkeras export MODEL.keras --format onnx`.")
    copy.unlink()
    with pytest.raises(hrkeras.InputError, match=r"mine\.onnx: there is no such file\."):
        exported.load(copy)


def test_a_file_with_other_inputs_than_it_says_predicts_nothing(copy, runs):
    model = exported.load(copy)
    model._inputs[0] = "weather"
    with pytest.raises(
        hrkeras.InputError, match=r"mine.onnx cannot predict a run \(KeyError: 'weather'\); write both files anew"
    ):
        predict.predict(model, runs[:1])
