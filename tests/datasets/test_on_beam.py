"""A build on Apache Beam gives the files that a build without it does."""

import filecmp
import json
from functools import partial

import pytest
import tensorflow_datasets as tfds

from hrkeras.datasets import build
from hrkeras.datasets.endomondo import Endomondo
from hrkeras.utils.errors import InputError
from hrkeras.workouts import quality
from hrkeras.workouts.readers import endomondo
from hrkeras.workouts.simulation import formats, synthetic

TWO_PROCESSES = "--direct_num_workers 2 --direct_running_mode multi_processing"

beam = pytest.importorskip("apache_beam", reason="Apache Beam is not installed: pip install 'hrkeras[beam]'")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A gzip and a plain file, of partly the same people and runs, with lines that are no workouts."""
    folder = tmp_path_factory.mktemp("sources")
    people = list(synthetic.simulate(athletes=4, runs=8, seed=1))
    files = [folder / "first.json.gz", folder / "second.json"]
    formats.write_endomondo(people, files[0])
    formats.write_endomondo(people[:10], files[1])
    lines = files[1].read_bytes().splitlines(keepends=True)
    files[1].write_bytes(b"not a workout\n" + b"".join(lines[:5]) + b"{'sport': 'run'}\n\n" + b"".join(lines[5:]).rstrip(b"\n"))
    return files


@pytest.fixture
def in_small_parts(monkeypatch):
    monkeypatch.setattr("hrkeras.datasets.on_beam.endomondo.parts", partial(endomondo.parts, size=20_000))


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_files_are_those_of_a_build_without(sources, tmp_path, in_small_parts):
    here = build.build("endomondo", sources, "by_time", tmp_path / "here", processes=2)
    there = build.build("endomondo", sources, "by_time", tmp_path / "there", beam_options=TWO_PROCESSES)
    assert here.funnel == there.funnel
    assert here.funnel.unreadable.total() == 2
    assert here.funnel.examples["no timestamp"] == ["second.json:7"]
    assert here.funnel.taken[quality.DUPLICATE] > 5
    assert files(tmp_path / "here") == files(tmp_path / "there")
    _, different, errors = filecmp.cmpfiles(tmp_path / "here", tmp_path / "there", files(tmp_path / "here"), shallow=False)
    assert (different, errors) == ([], [])


def test_by_user_from_python_as_tfds_does(sources, tmp_path):
    from apache_beam.options.pipeline_options import PipelineOptions

    config = tfds.download.DownloadConfig(beam_runner="FnApiRunner", beam_options=PipelineOptions([]), num_shards=2)
    there = Endomondo(source=sources, config="by_user", data_dir=str(tmp_path / "there"))
    there.download_and_prepare(download_config=config)
    here = Endomondo(source=sources, config="by_user", data_dir=str(tmp_path / "here"))
    here.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=2))
    assert there.info.splits["train"].num_shards == 2
    assert files(tmp_path / "here") == files(tmp_path / "there")
    for path in files(tmp_path / "here"):
        assert (tmp_path / "here" / path).read_bytes() == (tmp_path / "there" / path).read_bytes()


def test_errors_are_those_of_a_build_without(sources, tmp_path):
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(sources[0].read_bytes()[:-2000])
    (tmp_path / "empty.json").touch()
    none = quality.Limits().override(["sports=chess"])
    for source, limits in ((sources, none), ([cut], None), ([sources[0], tmp_path / "empty.json"], None)):
        told = []
        for how in ({}, {"beam_options": ""}):
            with pytest.raises(InputError) as error:
                build.build("endomondo", source, "by_time", tmp_path / "data", limits=limits, **how)
            told.append((str(error.value), error.value.argument))
        assert told[0] == told[1]
    assert not (tmp_path / "data").exists()


def test_options_that_beam_cannot_use(sources, tmp_path):
    with pytest.raises(InputError, match=r"Beam did not build the dataset \(.*NoRunner.*\); check its options"):
        build.build("endomondo", sources, "by_time", tmp_path, beam_options="--runner NoRunner")
    with pytest.raises(InputError, match="No closing quotation"):
        build.build("endomondo", sources, "by_time", tmp_path, beam_options="--name 'a")
    config = tfds.download.DownloadConfig(beam_runner="FnApiRunner")
    with pytest.raises(InputError, match="only endomondo is built on Beam"):
        build.builder_class("synthetic")(data_dir=str(tmp_path)).download_and_prepare(download_config=config)


def test_parts_are_whole_lines_and_all_of_them(sources):
    cut = endomondo.parts(sources, size=20_000)
    assert cut[0] == endomondo.Part(sources[0], 0, None)
    assert len(cut) > 5
    content = sources[1].read_bytes()
    assert b"".join(content[part.begin : part.end] for part in cut[1:]) == content
    assert all(content[: part.end].endswith(b"\n") for part in cut[1:-1])
    users = [user for part in cut for parsed in endomondo.read_part(part, lambda workout: workout.user) for user in parsed.items]
    assert users == [workout.user for workout in endomondo.read(*sources)]


def test_a_report_is_json(sources, tmp_path):
    built = build.build("endomondo", sources, "by_time", tmp_path, beam_options="")
    metadata = json.loads((built.data_path / "metadata.json").read_text())
    assert metadata["people"] == 4
    assert not list(built.data_path.glob("beam*"))
