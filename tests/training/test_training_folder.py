"""The folder of a training: an earlier one, another one at the same time, and what is not ours."""

import json
import os
from dataclasses import asdict

import pytest

from hrkeras.training import fit, training_folder
from hrkeras.utils import files
from hrkeras.utils.errors import InputError


def fill(folder, epochs, text=""):
    """A folder as a training with so many finished epochs leaves it."""
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(json.dumps({"settings": asdict(fit.Settings()), "data": text}))
    (folder / "epochs.csv").write_text("epoch\n" + "".join(f"{epoch + 1}\n" for epoch in range(epochs)))
    (folder / f"after-epoch-{epochs}.keras").touch()
    (folder / "best.keras").write_text(text)
    (folder / "tensorboard").mkdir(exist_ok=True)


def text_of(folder):
    return (folder / "best.keras").read_text()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "m.training"


def test_an_earlier_training_is_kept_beside_until_the_new_one_has_ended(folder):
    fill(folder, 3, "old")
    moved = []
    with training_folder.opened(folder, False, moved.append) as last:
        assert last == 0
        assert moved == [folder.with_name("m-earlier-1.training")]
        assert text_of(moved[0]) == "old"
        fill(folder, 2, "new")
    assert text_of(folder) == "new"
    assert os.listdir(folder.parent) == ["m.training"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_training_that_fails_before_its_first_epoch_changes_nothing(folder, error):
    fill(folder, 3, "old")

    def fails():
        with training_folder.opened(folder, False):
            folder.mkdir()
            (folder / "settings.json").touch()
            raise error

    with pytest.raises(type(error)):
        fails()
    assert text_of(folder) == "old"
    assert os.listdir(folder.parent) == ["m.training"]


def test_a_training_that_fails_later_leaves_both(folder):
    fill(folder, 3, "old")

    def fails():
        with training_folder.opened(folder, False):
            fill(folder, 1, "new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    earlier = folder.with_name("m-earlier-1.training")
    assert (text_of(folder), text_of(earlier)) == ("new", "old")
    with training_folder.opened(folder, True) as last:
        assert last == 1
    assert text_of(earlier) == "old"  # since the command was told where it is


def test_what_a_killed_training_was_writing_is_removed(folder):
    fill(folder, 3, "old")
    left = folder / f"{files.PREFIX}a2345678"
    left.mkdir()
    for name in (files.LOCK, "best.keras"):
        (left / name).touch()
    moved = []
    with training_folder.opened(folder, False, moved.append):
        assert not (moved[0] / left.name).exists()
        fill(folder, 1, "new")
    assert os.listdir(folder.parent) == ["m.training"]


def test_one_without_a_finished_epoch_is_begun_anew(folder):
    fill(folder, 0)
    with training_folder.opened(folder, True) as last:
        assert last == 0
        assert not folder.exists()
        fill(folder, 1)
    assert training_folder.last_epoch(folder) == 1


def test_what_somebody_else_put_into_it_stays(folder):
    fill(folder, 3, "old")
    (folder / "notes.txt").write_text("mine")
    with training_folder.opened(folder, False):
        fill(folder, 1, "new")
    earlier = folder.with_name("m-earlier-1.training")
    assert os.listdir(earlier) == ["notes.txt"]
    assert (earlier / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("settings", [None, "{}", "no JSON", '{"settings": {"editor": 1}}', "[1]", '{"settings": 3}'])
def test_a_folder_of_that_name_with_other_things_is_refused(folder, settings, resume):
    folder.mkdir()
    (folder / "best.keras").write_text("mine")
    if settings is not None:
        (folder / "settings.json").write_text(settings)
    with pytest.raises(InputError, match="holds no training, so it stays"), training_folder.opened(folder, resume):
        pass
    assert text_of(folder) == "mine"


@pytest.mark.parametrize("resume", [False, True])
def test_two_at_once_do_not_mix(folder, resume, monkeypatch):
    monkeypatch.setattr(training_folder, "PATIENCE", 0.1)
    fill(folder, 3, "old")
    with files.locked(folder, "busy"):
        with pytest.raises(InputError, match="another training is at work"), training_folder.opened(folder, resume):
            pass
        assert text_of(folder) == "old"


def test_a_link_stays_a_link(folder, tmp_path):
    (tmp_path / "there").mkdir()
    fill(tmp_path / "there" / "t", 2, "old")
    folder.symlink_to(tmp_path / "there" / "t")
    with training_folder.opened(folder, False):
        fill(tmp_path / "there" / "t", 1, "new")
    assert folder.is_symlink()
    assert text_of(folder) == "new"


@pytest.mark.parametrize("damage", ["epochs.csv", "after-epoch-3.keras", "nonsense"])
def test_a_damaged_training_is_moved_aside_and_not_resumed(folder, damage):
    fill(folder, 3, "old")
    if damage == "nonsense":
        (folder / "epochs.csv").write_bytes(b'"\xff')
    else:
        (folder / "after-epoch-3.keras").write_text("a model")
        (folder / damage).unlink()
    with pytest.raises(InputError, match="is missing or damaged, so it cannot go on"), training_folder.opened(folder, True):
        pass
    assert text_of(folder) == "old"
    moved = []
    with training_folder.opened(folder, False, moved.append):
        assert [text_of(each) for each in moved] == ["old"]


def test_one_that_was_killed_before_its_first_log_is_begun_anew(folder):
    fill(folder, 1, "old")
    (folder / "epochs.csv").unlink()
    with training_folder.opened(folder, True) as last:
        assert last == 0
        assert not folder.exists()


def test_only_what_a_training_writes_is_removed(folder):
    fill(folder, 3, "old")
    (folder / "tensorboard" / "train").mkdir()
    (folder / "tensorboard" / "train" / "events.out.tfevents.1.host.2.0.v2").touch()
    theirs = ["after-epoch-best-of-all.keras", "tensorboard/notes.txt", "tensorboard/train/notes.txt"]
    for name in theirs:
        (folder / name).write_text("mine")
    with training_folder.opened(folder, False):
        pass
    earlier = folder.with_name("m-earlier-1.training")
    assert sorted(str(path.relative_to(earlier)) for path in earlier.rglob("*") if path.is_file()) == theirs


@pytest.mark.parametrize("name", ["settings.json", "epochs.csv"])
def test_a_pipe_is_not_waited_for(folder, name):
    fill(folder, 3, "old")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(InputError), training_folder.opened(folder, True):
        pass
    assert text_of(folder) == "old"


def test_deeply_nested_settings_are_none(folder):
    fill(folder, 3, "old")
    (folder / "settings.json").write_text('{"settings":' + "[" * 100_000)
    with pytest.raises(InputError, match="holds no training"), training_folder.opened(folder, False):
        pass
