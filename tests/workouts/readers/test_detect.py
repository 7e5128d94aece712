"""What kind of source a path is."""

import gzip
import shutil

import pytest

from hrkeras.utils.errors import InputError
from hrkeras.workouts.readers import apple_health, detect, endomondo, tracks
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation import formats, synthetic


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    runs = list(synthetic.simulate(1, 3, seed=1, flawed=0))
    formats.write_endomondo(runs, folder / "endomondo.json")
    formats.write_endomondo(runs, folder / "endomondo.json.gz")
    formats.write_apple_health(runs, folder / "export.zip")
    formats.write_gpx_folder(runs, folder / "gpx" / "2020")
    formats.write_gpx(runs[0], folder / "run.gpx")
    (folder / "run.GPX.gz").write_bytes(gzip.compress((folder / "run.gpx").read_bytes()))
    shutil.unpack_archive(folder / "export.zip", folder / "unpacked")
    shutil.copy(folder / "export.zip", folder / "renamed.backup")
    shutil.make_archive(str(folder / "strava"), "zip", folder / "gpx")
    shutil.copy(folder / "strava.zip", folder / "strava.backup")
    shutil.copy(folder / "endomondo.json.gz", folder / "log")
    return folder


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("endomondo.json", endomondo),
        ("endomondo.json.gz", endomondo),
        ("log", endomondo),
        ("export.zip", apple_health),
        ("renamed.backup", apple_health),
        ("unpacked", apple_health),
        ("unpacked/apple_health_export", apple_health),
        ("unpacked/apple_health_export/export.xml", apple_health),
        ("run.gpx", tracks),
        ("run.GPX.gz", tracks),
        ("gpx", tracks),
        ("gpx/2020", tracks),
        ("strava.zip", tracks),
        ("strava.backup", tracks),
    ],
)
def test_each_kind_is_told_by_its_content(sources, name, module):
    assert detect.reader(sources / name) is module
    told: list[int] = []
    workouts = list(detect.read(sources / name, ReadLog(told.append)))
    assert len(workouts) == (1 if "run." in name else 3)
    assert sum(told) == module.size(sources / name)


@pytest.mark.parametrize(
    "content", [b"", b"Dear diary,\n", b"\x89PNG\r\n", b"PK\3\4 no zip", b"<html></html>", b"\x1f\x8b\x08 cut"]
)
def test_none_of_them(tmp_path, content):
    (tmp_path / "thing").write_bytes(content)
    with pytest.raises(InputError, match=rf"^{tmp_path / 'thing'}: .*Apple Health export.*Endomondo"):
        detect.reader(tmp_path / "thing")


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        detect.reader(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no such file or folder"):
        next(detect.read(tmp_path / "nowhere"))
