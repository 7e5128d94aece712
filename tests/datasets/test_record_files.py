"""Records: TensorFlow reads what is written without it, and TFDS's own serializer says the same."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from array_record.python import array_record_data_source
from tensorflow_datasets.core import example_serializer

from hrkeras.datasets import base, records, windows
from hrkeras.datasets.synthetic import Synthetic
from hrkeras.workouts.grid import Grid


@pytest.fixture
def grid() -> Grid:
    steps = np.arange(700, dtype=np.float32)
    return Grid(3 + steps / 1000, steps - 350, np.where(steps % 7, 150, np.nan).astype(np.float32))


def test_a_record_says_what_that_of_tfds_does(grid, tmp_path):
    features = Synthetic(data_dir=tmp_path).info.features
    (_, part) = windows.windows(grid, 10.0)
    example = {**part, "user": 0, "start": 1_600_000_000, "run": 300}
    serializer = example_serializer.ExampleSerializer(features.get_serialized_info())
    expected = serializer.serialize_example(features.encode_example(example))
    record = records.of_window(grid, part["first_step"], user=0, start=1_600_000_000, run=300).data
    assert len(record) == len(expected)
    assert tf.train.Example.FromString(record) == tf.train.Example.FromString(expected)
    assert features.deserialize_example_np(record)["run_steps"] == 700


def test_both_files_hold_the_records(tmp_path):
    path = tmp_path / "d-train.tfrecord-00000-of-00001"
    given = [b"", b"1", b"123456789", bytes(range(256)) * 40]
    with records.writing(path) as writer:
        for record in given:
            writer.write(record, records.checksum(record))
    assert (writer.count, writer.size) == (4, sum(map(len, given)))
    assert list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()) == given  # which checks the checksums
    source = array_record_data_source.ArrayRecordDataSource(str(tmp_path / "d-train.array_record-00000-of-00001"))
    assert list(source.__getitems__(range(4))) == given


def test_a_failure_leaves_no_file(tmp_path):
    with pytest.raises(TypeError), records.writing(tmp_path / "d-train.tfrecord-00000-of-00001") as writer:
        writer.write(None, b"")
    assert not list(tmp_path.iterdir())


def test_examples_are_those_of_tfds_own_writer(data_dir, tmp_path):
    """The runs of a dataset, written anew by TFDS itself: the same examples in the same order."""

    class Peer(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")
        name = "peer"

        def _info(self):
            return tfds.core.DatasetInfo(builder=self, features=Synthetic(data_dir=data_dir).info.features)

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for row in sorted(rows, key=lambda row: (row["run"], row["first_step"])):
                yield f"{row['run']}_{row['first_step']}", row

    rows = list(tfds.load("synthetic", split="train", data_dir=data_dir).as_numpy_iterator())
    peer = Peer(data_dir=tmp_path)
    peer.download_and_prepare()
    found = list(peer.as_dataset(split="train").as_numpy_iterator())
    assert len(found) == len(rows)
    for one, other in zip(found, rows, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    assert peer.info.splits["train"].num_bytes == Synthetic(data_dir=data_dir).info.splits["train"].num_bytes


def test_a_large_split_has_several_files_in_one_order():
    from tensorflow_datasets.core.utils.shard_utils import ShardConfig

    from hrkeras.datasets import shards

    split, steps = np.repeat([0, 1, 2], [50, 5, 5]), np.full(60, 700)
    together = list(shards.plan(split, steps, ShardConfig()))
    assert [shard.file for shard in together] == [shards.File(name, 0, 1) for name in ("train", "validation", "test")]
    apart = list(shards.plan(split, steps, ShardConfig(num_shards=3)))
    assert [len(shard.runs) for shard in apart] == [33, 34, 33, 3, 4, 3, 3, 4, 3]
    np.testing.assert_array_equal(np.concatenate([shard.runs for shard in apart[:3]]), together[0].runs)
    assert sorted(zip(together[1].runs, together[1].first_steps, strict=True)) == [
        (run, first) for run in range(50, 55) for first in (0, 200)
    ]
    assert base.metadata(np.arange(60), split, base.quality.Limits(), base.Funnel())["runs"] == {
        "train": 50,
        "validation": 5,
        "test": 5,
    }
