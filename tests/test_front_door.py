"""The public interface: what `import hrkeras` gives, used as a researcher and a runner would."""

import doctest
import inspect
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import hrkeras

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"numpy", "pandas", "matplotlib", "keras", "tensorflow", "tensorflow_datasets", "torch", "jax"}


def arrays(people=2, runs=8, seed=0) -> dict:
    """Runs of some people as arrays of uneven length, with no positions: heart rate follows speed."""
    random = np.random.default_rng(seed)
    person = [f"person {number}" for number in range(people) for _ in range(runs)]
    time = [np.arange(0, random.integers(900, 1500), 5.0) for _ in person]
    speed = [np.clip(random.normal(2.8, 0.3) + random.normal(0, 0.05, len(each)).cumsum(), 1, 5) for each in time]
    heart_rate = [90 + 20 * each + random.normal(0, 2, len(each)) for each in speed]
    start = [1.6e9 + 2 * 86_400 * number for _ in range(people) for number in range(runs)]
    return {"time": time, "speed": speed, "heart_rate": heart_rate, "person": person, "start": start}


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """The folder of a training."""
    return tmp_path_factory.mktemp("training") / "kept"


@pytest.fixture(scope="module")
def trained(kept):
    runs = hrkeras.Runs.from_arrays(**arrays())
    return runs, *hrkeras.train(hrkeras.models.lstm(units=4, num_layers=1), runs, epochs=2, folder=kept)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained) -> Path:
    """A folder with a person's runs as GPX, simulated, and a model."""
    from hrkeras.workouts.simulation import formats, synthetic

    place = tmp_path_factory.mktemp("ada", numbered=False)
    for number, track in enumerate(synthetic.simulate(1, 12, seed=5, flawed=0, faulty=0)):
        formats.write_gpx(track, place / "runs" / f"{number:02}.gpx")
    trained[1].save(place / "model.keras")
    return place


class Hub(types.ModuleType):
    """Stands in for `huggingface_hub`: models as folders on this disk. What was asked for is kept in `asked`."""

    def __init__(self, place: Path):
        super().__init__("huggingface_hub")
        self.asked = asked = []

        class HfApi:
            def create_repo(self, repo_id, *, private=None, exist_ok=False):
                asked.append(("create", repo_id, private, exist_ok))
                (place / repo_id).mkdir(parents=True, exist_ok=exist_ok)

            def upload_folder(self, *, repo_id, folder_path, commit_message=None):
                for path in Path(folder_path).iterdir():
                    (place / repo_id / path.name).write_bytes(path.read_bytes())

            def list_repo_files(self, repo_id):
                if not (place / repo_id).exists():
                    raise OSError(f"404: there is no {repo_id}\nand more")
                return sorted(path.name for path in (place / repo_id).iterdir())

        def hf_hub_download(repo_id, filename):
            asked.append(("download", repo_id, filename))
            return str(place / repo_id / filename)

        self.HfApi, self.hf_hub_download = HfApi, hf_hub_download


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Hub:
    found = Hub(tmp_path / "hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", found)
    return found


def test_arrays_without_positions_to_a_prediction():
    """All that a researcher needs, from `hrkeras` and numpy alone."""
    data = arrays()
    runs = hrkeras.Runs.from_arrays(**data)
    model, history = hrkeras.train(hrkeras.models.lstm(units=4, num_layers=1), runs, epochs=2)
    scores = hrkeras.evaluate(model, runs, protocol="profile")
    columns = {name: values[:8] for name, values in data.items()}
    workouts = [hrkeras.Workout(t, s, heart_rate=h, user=p, start=b) for t, s, h, p, b in zip(*columns.values(), strict=True)]
    me = hrkeras.Athlete.from_workouts(workouts)
    prediction = hrkeras.predict(model, workouts[-1], athlete=me)

    assert repr(runs) == "16 runs of 2 people: 12 train, 2 validation, 2 test"
    assert list(history.to_frame()["epoch"]) == [1, 2]
    frame = scores.to_frame()
    assert frame["name"][0] == "lstm"
    assert len(frame) > 3
    assert frame["mae"].between(0, 40).all()
    assert f"{frame['mae'][0]:.2f}" in str(scores)
    assert list(scores.people) == ["person 0", "person 1"] == list(runs.names)
    low, high = prediction.interval
    assert prediction.earlier_runs == 7
    assert (low < high).all()
    assert prediction.error < 20


class TestRuns:
    def test_limits_that_cannot_be_judged_do_not_apply(self):
        data = arrays()
        runs = hrkeras.Runs.from_arrays(time=data["time"], speed=data["speed"], heart_rate=data["heart_rate"])
        assert (len(runs), runs.funnel.left) == (16, 16)
        assert set(runs.users) == {0}
        assert (np.diff(runs.starts) == 86_400).all()  # as if run a day apart, in the order given

    def test_altitude_may_be_missing_for_some(self):
        data = arrays()
        slope = [None if run % 2 else np.linspace(0, 50, len(each)) for run, each in enumerate(data["time"])]
        runs = hrkeras.Runs.from_arrays(**data, altitude=slope)
        assert sum(np.ptp(grid.altitude) > 40 for grid in runs.grids) == 8

    def test_limits_are_arguments_and_the_funnel_says_what_they_took(self):
        with pytest.raises(hrkeras.InputError, match=r"(?s)Of 16 workouts none passed.*points: too few points +16 +0"):
            hrkeras.Runs.from_arrays(**arrays(), limits=hrkeras.Limits(min_points=10_000))
        with pytest.raises(hrkeras.InputError, match=r"(?s)at least 3 runs of one person.*workouts read +0 +2\n"):
            hrkeras.Runs.from_arrays(**arrays(people=2, runs=1))

    @pytest.mark.parametrize("split", ["by_user", "until_2020-09-20"])
    def test_split_by_name(self, split):
        runs = hrkeras.Runs.from_arrays(**arrays(people=4), split=split)
        tested = runs.split == "test"
        if split == "by_user":
            assert not set(runs.users[tested]) & set(runs.users[~tested])
        else:
            assert runs.starts[tested].min() > runs.starts[~tested].max()

    def test_split_of_ones_own_stays_with_the_runs(self):
        data = arrays()
        own = ["test", "train", "train", "validation"] * 4
        data["start"] = data["start"][::-1]
        runs = hrkeras.Runs.from_arrays(**data, split=own)
        speeds = [float(each[1:3].mean()) for each in data["speed"]]  # of the first step, which tells runs apart
        nearest = [int(np.abs(np.subtract(speeds, grid.speed[0])).argmin()) for grid in runs.grids]
        assert sorted(nearest) == list(range(16))
        assert [own[run] for run in nearest] == list(runs.split)
        for bad in (own[1:], ["train"] * 15 + ["tests"]):
            with pytest.raises(hrkeras.InputError, match="each of 16 runs"):
                hrkeras.Runs.from_arrays(**data, split=bad)
        with pytest.raises(hrkeras.InputError, match="no runs in its test split"):
            hrkeras.Runs.from_arrays(**data, split=["train"] * 15 + ["validation"])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"person": ["a"]}, "person of each of the 16 runs that time has, found 1"),
            ({"speed": [np.ones(3)] * 16}, "Run 0, counted from 0: time, speed"),
            ({"time": [each + 5 for each in arrays()["time"]]}, "Run 0, counted from 0: time must increase strictly from 0"),
            ({"split": "by_moon"}, "Split 'by_moon': expected by_time"),
        ],
    )
    def test_what_does_not_fit_is_told(self, changes, message):
        with pytest.raises(hrkeras.InputError, match=message):
            hrkeras.Runs.from_arrays(**arrays() | changes)

    def test_load_a_built_dataset(self, data_dir):
        runs = hrkeras.Runs.load("synthetic", data_dir)
        assert runs.source == "synthetic"
        assert runs.counts["people"] == 4


class TestTrain:
    def test_keeps_a_folder_and_goes_on_in_it(self, trained, kept):
        runs, model, history = trained
        assert (kept / "epochs.csv").exists()
        again, resumed = hrkeras.train(hrkeras.models.lstm(units=4, num_layers=1), runs, epochs=2, folder=kept, resume=True)
        assert [row["epoch"] for row in resumed] == [row["epoch"] for row in history] == [1, 2]
        for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_the_test_split_plays_no_part_and_nothing_is_left(self, trained, tmp_path, monkeypatch):
        runs, _, history = trained
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        model = hrkeras.models.lstm(units=4, num_layers=1)
        before = model.get_weights()
        data = arrays()
        for person in (7, 15):  # the last of each, which is for test
            data["heart_rate"][person] = data["heart_rate"][person] + 40
        other = hrkeras.Runs.from_arrays(**data)
        assert list(other.split) == list(runs.split)
        found, again = hrkeras.train(model, other, epochs=2)
        assert list(again) == list(history)
        assert repr(history).count("best") == 1
        assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
        assert np.ravel(found.get_layer("run_normalization").mean)[0] == pytest.approx(np.mean(runs.grids[0].speed), abs=1.5)
        assert not list(tmp_path.iterdir())

    def test_other_models_are_refused(self, trained):
        with pytest.raises(TypeError, match="model: expected Model, found str"):
            hrkeras.train("lstm", trained[0])
        with pytest.raises(hrkeras.InputError, match="hrkeras.models.lstm"):
            hrkeras.train(keras.Sequential([keras.layers.Dense(1)]), trained[0])

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"epochs": 0}, "epochs: expected 1 to inf, found 0."),
            ({"learning_rate": float("nan")}, "learning_rate: expected 1e-08 to 1, found nan."),
            ({"history_dropout": 2}, "history_dropout: expected 0 to 1, found 2."),
        ],
    )
    def test_settings_that_cannot_be_are_refused(self, trained, settings, message):
        with pytest.raises(hrkeras.InputError, match=message):
            hrkeras.train(hrkeras.models.lstm(units=2, num_layers=1), trained[0], **settings)


def test_what_is_no_run_no_person_or_no_name_is_refused(trained):
    runs, model = trained[0], trained[1]
    with pytest.raises(TypeError, match=r"hrkeras.read\('runs.zip'\)"):
        hrkeras.Runs.from_workouts("runs.zip")
    with pytest.raises(hrkeras.InputError, match="a run without a person"):
        hrkeras.Runs.from_arrays(**arrays() | {"person": [None] * len(arrays()["time"])})
    with pytest.raises(hrkeras.InputError, match="as another row is"):
        hrkeras.evaluate(model, runs, name="constant")
    with pytest.raises(hrkeras.InputError, match="expected one of test, validation"):
        hrkeras.evaluate(model, runs, split="train")
    with pytest.raises(TypeError, match="workout: expected Workout, found list"):
        hrkeras.predict(model, [])


def test_a_start_that_is_no_date_is_unknown():
    time = np.arange(0, 900, 5.0)
    runs = [hrkeras.Workout(time, np.full(180, 3.0), start=start) for start in (0.0, 1.7e12, float("nan"))]
    first, *others = (repr(hrkeras.predict(None, run)) for run in runs)
    assert "unknown date" in first
    assert others == [first, first]


@pytest.mark.parametrize(
    ("protocol", "message"),
    [("by_user", "are not new"), ("later", "began before a run to learn from"), ("best", "expected one of")],
)
def test_a_protocol_that_does_not_fit_the_runs_is_refused(trained, protocol, message):
    data = arrays()
    data["start"][:8] = [each + 100 * 86_400 for each in data["start"][:8]]  # one person after the other
    with pytest.raises(hrkeras.InputError, match=message):
        hrkeras.evaluate(trained[1], hrkeras.Runs.from_arrays(**data), protocol=protocol)


class TestAthlete:
    def test_predicts_as_from_the_runs_before_and_of_the_model(self, folder):
        """The athlete holds later runs and this one, and knows nothing of the model's population: none of it matters."""
        from hrkeras.personal import athlete_update, prediction

        model = hrkeras.load(folder / "model.keras")
        workouts = sorted(hrkeras.read(folder / "runs"), key=lambda each: each.start)
        me = hrkeras.Athlete.from_workouts(workouts)
        for asked in (model, None):
            for place in (3, 9, 5):
                state = prediction.opened(None, asked)
                athlete_update.learn_from(state, workouts, workouts[place].start, asked)
                wanted = prediction.predict(workouts[place], state, asked)
                found = hrkeras.predict(asked, workouts[place], me)
                np.testing.assert_array_equal(found.heart_rate, wanted.heart_rate)
                np.testing.assert_array_equal(found.interval, wanted.interval)
                assert found.earlier_runs == place

    def test_is_one_person(self):
        data = arrays(people=2, runs=1)
        workouts = [
            hrkeras.Workout(data["time"][run], data["speed"][run], None, data["heart_rate"][run], str(run), start=1.6e9)
            for run in range(2)
        ]
        with pytest.raises(hrkeras.InputError, match="the workouts: expected the runs of one person, found those of 2"):
            hrkeras.Athlete.from_workouts(workouts)
        assert repr(hrkeras.Athlete.from_workouts(workouts[:1])) == "Athlete of 1 run, the last of 2020-09-13 12:26 UTC"

    def test_nothing_known_and_no_date(self):
        data = arrays(people=1, runs=1)
        found = hrkeras.predict(None, hrkeras.Workout(data["time"][0], data["speed"][0]))
        assert found.earlier_runs == 0
        assert "unknown date" in repr(found)


class TestLoad:
    def test_a_name_that_is_not_packaged(self):
        with pytest.raises(hrkeras.InputError, match="bass: no model of this name comes with hrkeras; train one"):
            hrkeras.load("bass")

    def test_a_packaged_one(self, tmp_path, monkeypatch):
        (tmp_path / "base").mkdir()  # whose name means nothing
        monkeypatch.chdir(tmp_path)
        assert hrkeras.load("base").count_params() > 50_000

    def test_the_hub_needs_its_library(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        with pytest.raises(hrkeras.InputError, match=r"pip install 'hrkeras\[hub\]'"):
            hrkeras.load("hf://ada/runs")

    def test_a_model_comes_back_from_the_hub(self, trained, hub, tmp_path):
        runs, model, history = trained
        scores = hrkeras.evaluate(model, runs)
        address = hrkeras.save_to_hub(model, "ada/runs", history, scores=scores, license="cc-by-4.0")
        assert address == "hf://ada/runs"
        found = hrkeras.load(address)
        assert hub.asked == [("create", "ada/runs", True, True), ("download", "ada/runs", "runs.keras")]
        for one, other in zip(found.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        page = (tmp_path / "hub" / "ada" / "runs" / "README.md").read_text()
        assert page.startswith('---\nlibrary_name: "keras"\ntags: ["hrkeras", ')
        assert '\nlicense: "cc-by-4.0"\nmetrics: ["mae", "rmse"]\n---\n\n# runs\n' in page
        assert "Not a medical device" in page
        assert f"| best epoch | {history[history.best_epoch - 1]['mae']:.2f} |" in page
        assert str(scores) in page
        assert 'hrkeras.load("hf://ada/runs")' in page

    def test_the_card_may_be_a_file_or_none(self, trained, hub, tmp_path):
        card = tmp_path / "card.md"
        card.write_text("# As `hrkeras train` wrote it\n")
        for given, wanted in ((card, "# As `hrkeras train` wrote it\n"), (None, "# runs\n")):
            hrkeras.save_to_hub(trained[1], "ada/runs", given, private=False)
            page = (tmp_path / "hub" / "ada" / "runs" / "README.md").read_text()
            assert wanted in page
            assert "license" not in page
        assert hub.asked[0] == ("create", "ada/runs", False, True)

    def test_what_the_hub_holds_is_looked_through(self, hub, tmp_path):
        place = tmp_path / "hub" / "eve" / "runs"
        place.mkdir(parents=True)
        (place / "model.keras").write_bytes(b"\x80\x04something pickled")
        with pytest.raises(hrkeras.InputError, match="it is damaged or something else"):
            hrkeras.load("hf://eve/runs")
        (place / "other.keras").write_bytes(b"")
        with pytest.raises(hrkeras.InputError, match="found model.keras, other.keras; choose one as hf://eve/runs/FILE.keras"):
            hrkeras.load("hf://eve/runs")
        with pytest.raises(hrkeras.InputError, match="damaged"):
            hrkeras.load("hf://eve/runs/other.keras")

    @pytest.mark.parametrize("address", ["hf://", "hf://ada", "hf://ada/", "hf://ada/runs/model.pkl"])
    def test_an_address_that_is_none(self, address, hub):
        with pytest.raises(hrkeras.InputError, match="expected hf://USER/MODEL"):
            hrkeras.load(address)
        assert not hub.asked

    def test_what_the_hub_says_is_told_in_a_sentence(self, hub, trained):
        with pytest.raises(hrkeras.InputError, match=r"could not be fetched \(OSError: 404: there is no ada/none\); "):
            hrkeras.load("hf://ada/none")
        with pytest.raises(hrkeras.InputError, match="expected the name of a model on the hub"):
            hrkeras.save_to_hub(trained[1], "runs")

    def test_the_hubs_library_takes_what_it_is_given(self):
        library = pytest.importorskip("huggingface_hub")
        inspect.signature(library.hf_hub_download).bind("ada/runs", "runs.keras")
        inspect.signature(library.HfApi.list_repo_files).bind(None, "ada/runs")
        inspect.signature(library.HfApi.create_repo).bind(None, "ada/runs", private=True, exist_ok=True)
        inspect.signature(library.HfApi.upload_folder).bind(None, repo_id="ada/runs", folder_path=".", commit_message="")


class TestModule:
    def test_import_is_light(self):
        code = "import sys, hrkeras; dir(hrkeras); hrkeras.__version__; print(*{name.partition('.')[0] for name in sys.modules})"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        assert not set(found.stdout.split()) & HEAVY

    def test_its_names_are_all_there(self):
        assert dir(hrkeras) == sorted([*hrkeras.__all__, "__version__"])
        for name in hrkeras.__all__:
            assert getattr(hrkeras, name).__doc__
        with pytest.raises(AttributeError, match="no attribute 'fit'"):
            _ = hrkeras.fit


@pytest.mark.parametrize("name", hrkeras.__all__)
def test_its_example_runs(name, folder, hub, monkeypatch):
    monkeypatch.chdir(folder)
    thing = getattr(hrkeras, name)
    found = [test for test in doctest.DocTestFinder(recurse=False).find(thing, name, globs={}) if test.examples]
    assert found, "it has no example"
    for test in found:
        assert any("hrkeras" in example.source for example in test.examples)
        told = []
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=told.append)
        assert not told, "".join(told)


OUTSIDE = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import hrkeras

workouts: hrkeras.Workouts = hrkeras.read(Path("export.zip"))
first: hrkeras.Workout = workouts[0]
speed: NDArray[np.float64] = first.speed
mine = hrkeras.Workout(time=[0.0, 5.0], speed=np.ones(2), altitude=None, user="ada", start=1.6e9)
limits = hrkeras.Limits(min_points=20)
runs = hrkeras.Runs.from_workouts([*workouts, mine], split="by_user", limits=limits)
runs = hrkeras.Runs.from_arrays(time=[[0.0, 5.0]], speed=[np.ones(2)], altitude=[None], person=["ada"], start=[1.6e9])
runs = hrkeras.Runs.load("endomondo", data_dir="datasets")
left: int = 0 if runs.funnel is None else runs.funnel.left
model, history = hrkeras.train(hrkeras.models.lstm(units=64), runs, epochs=9, folder="kept")
best: int = history.best_epoch
scores: hrkeras.Evaluation = hrkeras.evaluate(model, runs, protocol="live")
hrkeras.save_to_hub(model, "ada/runs", history, scores=scores)
me = hrkeras.Athlete.from_workouts(workouts)
prediction: hrkeras.Prediction = hrkeras.predict(hrkeras.load("base"), first, athlete=me)
low, high = prediction.interval
"""
WRONG = {
    "hrkeras.read(3)": "arg-type",
    "hrkeras.Workout(time=[0.0])": "call-arg",
    'hrkeras.Runs.from_arrays(time=[[0.0]], speed=[[1.0]], persons=["a"])': "call-arg",
    'hrkeras.predict(None, hrkeras.read("a")).interval': "arg-type",
    "hrkeras.fit": "attr-defined",
}


UNREAD = "[mypy-apache_beam.*,huggingface_hub.*,nixtla.*,transformers.*]\nfollow_imports = skip"  # slow, as pyproject.toml says


def test_types_are_known_outside(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "mypy.ini").write_text(UNREAD)
    (tmp_path / "right.py").write_text(OUTSIDE)
    (tmp_path / "wrong.py").write_text("\n".join(["import hrkeras", *WRONG]))
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--ignore-missing-imports"]
    command += ["--config-file", "mypy.ini", "--cache-dir", str(tmp_path / "cache"), "right.py", "wrong.py"]
    environment = {"MYPYPATH": str(ROOT), "PATH": ""}
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    lines = found.stdout.splitlines()
    assert not [line for line in lines if line.startswith("right.py")], found.stdout
    told = {int(line.split(":")[1]) - 2: line for line in lines if line.startswith("wrong.py") and ": error: " in line}
    for number, code in enumerate(WRONG.values()):
        assert told[number].endswith(f"[{code}]"), found.stdout
    assert (ROOT / "hrkeras" / "py.typed").exists()
