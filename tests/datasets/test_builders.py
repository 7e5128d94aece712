"""TFDS's own test of each builder, on invented data beside it, and what the builders promise."""

import filecmp
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from hrkeras.datasets import build, builders, windows
from hrkeras.datasets.apple_watch import AppleWatch
from hrkeras.datasets.endomondo import Endomondo
from hrkeras.datasets.runs import load
from hrkeras.datasets.synthetic import Synthetic
from hrkeras.datasets.tracks import Tracks
from hrkeras.utils import files
from hrkeras.utils.errors import InputError
from hrkeras.workouts import splits
from hrkeras.workouts.simulation import formats, synthetic


class EndomondoTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Endomondo
    BUILDER_CONFIG_NAMES_TO_TEST = ("by_time",)
    SPLITS = {"train": 15, "validation": 5, "test": 4}


class EndomondoByUserTest(EndomondoTest):
    BUILDER_CONFIG_NAMES_TO_TEST = ("by_user",)
    SPLITS = {"train": 6, "validation": 9, "test": 9}


class AppleWatchTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = AppleWatch
    BUILDER_CONFIG_NAMES_TO_TEST = ("by_time",)
    SPLITS = {"train": 6, "validation": 2, "test": 1}


class TracksTest(AppleWatchTest):
    DATASET_CLASS = Tracks


class SyntheticTest(EndomondoTest):
    DATASET_CLASS = Synthetic
    SPLITS = {"train": 16, "validation": 3, "test": 4}

    EXAMPLE_DIR = os.fspath(Path(__file__).parent)  # nothing is read

    def _make_builder(self, config=None):
        return Synthetic(data_dir=self.tmp_dir, config=config, athletes=3, runs=8)


@pytest.fixture(scope="module")
def runs(data_dir):
    return load("synthetic", data_dir)


def test_features_hold_no_position_and_what_they_promise(data_dir):
    features = builders.find("synthetic", data_dir).info.features
    assert set(features) == {
        *("time", "speed", "altitude", "heart_rate", "measured", "valid"),
        *("user", "start", "run", "first_step", "run_steps"),
    }
    assert features["speed"].shape == (500,)
    for row in tfds.load("synthetic", split="train", data_dir=data_dir).as_numpy_iterator():
        assert not (row["measured"] & ~row["valid"]).any()
        assert (row["heart_rate"][~row["measured"]] == 0).all()
        measured = row["heart_rate"][row["measured"]]
        assert 50 <= measured.min() <= measured.max() <= 220
        assert np.isfinite(row["speed"]).all()
        assert np.isfinite(row["altitude"]).all()


def test_a_long_run_is_windowed_not_cut(data_dir, runs):
    rows = [row for split in splits.SPLITS for row in tfds.load("synthetic", split=split, data_dir=data_dir).as_numpy_iterator()]
    counts = np.bincount([row["run"] for row in rows])
    lengths = [len(each.speed) for each in runs.grids]
    assert counts.tolist() == [len(windows.window_starts(steps)) for steps in lengths]
    assert max(counts) > 1
    longest = max((row for row in rows), key=lambda row: row["run_steps"])
    whole = runs.grids[longest["run"]]
    assert len(whole.speed) == longest["run_steps"] == max(lengths) > 500
    first = longest["first_step"]
    np.testing.assert_array_equal(whole.altitude[first : first + 500], longest["altitude"])


def test_splits_keep_time_and_people_apart(data_dir, runs):
    for user in range(4):
        last = -np.inf
        for split in splits.SPLITS:
            starts = runs.starts[(runs.users == user) & (runs.split == split)]
            assert starts.min() > last
            last = starts.max()
    found = load("synthetic/by_user", data_dir)
    by_user = [set(found.users[found.split == split]) for split in splits.SPLITS]
    assert all(by_user)
    assert sum(map(len, by_user)) == len(set.union(*by_user)) == 4


def test_the_split_does_not_depend_on_which_one_was_built(data_dir, tmp_path):
    (tmp_path / "synthetic").mkdir()
    (tmp_path / "synthetic" / "by_user").symlink_to(data_dir / "synthetic" / "by_user")
    assert builders.find("synthetic/by_time", tmp_path).builder_config.name == "by_user"
    for name in ("synthetic/by_time", "synthetic/by_user"):
        one, other = load(name, tmp_path), load(name, data_dir)
        for column in ("users", "starts", "split"):
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column))


def test_load_and_data_source_give_the_same(data_dir):
    loaded = list(tfds.load("synthetic", split="test", data_dir=data_dir).as_numpy_iterator())
    source = tfds.data_source("synthetic", split="test", data_dir=data_dir)
    assert len(source) == len(loaded) > 0
    for one, other in zip(loaded, source, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_data_source_finds_the_dataset_by_the_environment(data_dir):
    code = (
        "import hrkeras.datasets.synthetic, tensorflow_datasets as tfds; print(len(tfds.data_source('synthetic', split='test')))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TFDS_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    written = builders.find("synthetic", data_dir).info.splits["test"].num_examples
    assert int(found.stdout.split()[-1]) == written > 0


def test_the_funnel_stands_beside_the_dataset(data_dir):
    builder = builders.find("synthetic", data_dir)
    funnel = json.loads((builder.data_path / "funnel.json").read_text())
    assert funnel["workouts"] == 48
    assert funnel["left"] == 48 - sum(funnel["taken"].values()) == sum(builder.info.metadata["runs"].values())
    assert (builder.data_path / "funnel.png").read_bytes().startswith(b"\x89PNG")


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_same_file_gives_the_same_bytes(tmp_path):
    source = tmp_path / "endomondoHR.json.gz"
    formats.write_endomondo(synthetic.simulate(athletes=3, runs=8, seed=1), source)
    first, second = tmp_path / "first", tmp_path / "second"
    build.build("endomondo", source, "by_time", first)
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from hrkeras.datasets import build; "
            "build.build('endomondo', Path(sys.argv[1]), 'by_time', Path(sys.argv[2]))",
            *map(str, (source, second)),
        ],
        check=True,
        capture_output=True,
    )
    assert tree(first) == tree(second)
    _, different, errors = filecmp.cmpfiles(first, second, tree(first), shallow=False)
    assert (different, errors) == ([], [])


def test_building_again_replaces_and_leaves_nothing_else(tmp_path):
    build.build("synthetic", None, "by_time", tmp_path, athletes=2, runs=8)
    build.build("synthetic", None, "by_time", tmp_path, athletes=1, runs=8)
    assert builders.find("synthetic", tmp_path).info.metadata["people"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["synthetic"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_build_leaves_the_old_dataset(tmp_path, how):
    build.build("synthetic", None, "by_time", tmp_path, athletes=1, runs=8)
    before = {name: (tmp_path / name).read_bytes() for name in tree(tmp_path)}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "hrkeras.cli.main",
            "build",
            "synthetic",
            "--athletes",
            "400",
            "--data-dir",
            str(tmp_path),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not list(tmp_path.rglob(".hrkeras-*")):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
    finally:
        process.send_signal(how)
        process.wait(30)
    assert builders.find("synthetic", tmp_path).info.metadata["people"] == 1
    if how == signal.SIGTERM:
        assert tree(tmp_path) == sorted(before)
    build.build("endomondo", endomondo_file(tmp_path.parent / "source"), "by_time", tmp_path)
    assert not list(tmp_path.rglob(".hrkeras-*"))
    for name, content in before.items():
        assert (tmp_path / name).read_bytes() == content


def endomondo_file(folder):
    folder.mkdir(exist_ok=True)
    formats.write_endomondo(synthetic.simulate(athletes=1, runs=8, seed=1), folder / "endomondoHR.json")
    return folder / "endomondoHR.json"


def test_a_dataset_moved_aside_by_a_killed_build_comes_back(tmp_path):
    build.build("synthetic", None, "by_time", tmp_path, athletes=1, runs=8)
    versions = tmp_path / "synthetic" / "by_time"
    (versions / ".hrkeras-abcdefgh" / files.OLD).mkdir(parents=True)
    (versions / ".hrkeras-abcdefgh" / files.LOCK).touch()
    (versions / "2.0.0").rename(versions / ".hrkeras-abcdefgh" / files.OLD / "2.0.0")
    build.build("endomondo", endomondo_file(tmp_path.parent / "source"), "by_time", tmp_path)
    assert builders.find("synthetic", tmp_path).info.metadata["people"] == 1


def test_a_full_disk_leaves_the_old_dataset(tmp_path, monkeypatch):
    build.build("synthetic", None, "by_time", tmp_path, athletes=1, runs=8)
    before = tree(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hrkeras.datasets.records.Writer.write", full)
    with pytest.raises(OSError, match="No space left"):
        build.build("synthetic", None, "by_time", tmp_path, athletes=2, runs=8)
    assert tree(tmp_path) == before


def test_nothing_usable_says_why(tmp_path):
    source = tmp_path / "endomondoHR.json"
    formats.write_endomondo(synthetic.simulate(athletes=1, runs=3, seed=1), source)
    limits = build.builder_class("endomondo")  # the class is there by its name
    assert limits is Endomondo
    from hrkeras.workouts.quality import Limits

    with pytest.raises(InputError, match="none passed the filters"):
        build.build("endomondo", source, "by_time", tmp_path / "d", limits=Limits().override(["sports=chess"]))
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "expected one of"), ("synthetic/sideways", "expected by_time, by_user"), ("tracks", "build it with")],
)
def test_a_dataset_that_is_not_there(data_dir, name, message):
    with pytest.raises(InputError, match=message):
        load(name, data_dir)


def test_data_source_feeds_a_torch_data_loader(data_dir):
    data = pytest.importorskip("torch.utils.data")
    source = tfds.data_source("synthetic", split="train", data_dir=data_dir)
    batch = next(iter(data.DataLoader(source, batch_size=4)))
    assert batch["speed"].shape == (4, 500)
