"""Files that are written beside and renamed."""

import os

import pytest

from hrkeras.workouts.files import atomic_write


def write_and_fail(path, error):
    with atomic_write(path) as part:
        part.write_text("two")
        raise error


def test_it_replaces_only_when_all_is_written(tmp_path):
    path = tmp_path / "new" / "a.csv.gz"
    with atomic_write(path) as part:
        assert part.suffix == ".gz"
        part.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            write_and_fail(path, error)
    with pytest.raises(FileNotFoundError), atomic_write(path):
        pass  # nothing was written
    assert path.read_text() == "one"
    assert os.listdir(path.parent) == ["a.csv.gz"]


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    path = tmp_path / "made"
    for name in ("one", "two"):
        with atomic_write(path) as part:
            part.mkdir()
            (part / name).touch()
    assert os.listdir(path) == ["two"]
    with pytest.raises(FileNotFoundError), atomic_write(path):
        pass  # nothing was written
    assert os.listdir(path) == ["two"]
    assert os.listdir(tmp_path) == ["made"]
