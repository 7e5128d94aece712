"""The commands say the same with and without the cache, and `hrkeras cache` tells of it and empties it."""

import os
import shutil

import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.personal import learning
from hrkeras.workouts.readers import cache as caches


@pytest.fixture
def runs(folder, tmp_path, monkeypatch):
    """Runs that were not changed just now, a file that cannot be read among them, and a cache of one's own."""
    runs = tmp_path / "runs"
    shutil.copytree(folder / "runs", runs)
    (runs / "broken.gpx").write_text("<gpx>")
    for path in runs.iterdir():
        os.utime(path, (1.6e9, 1.6e9))
    monkeypatch.setenv("HRKERAS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return runs


def told(*words):
    answer = CliRunner().invoke(app, [str(word) for word in words])
    return answer.exit_code, answer.output


@pytest.mark.parametrize(
    "words",
    [
        ("fitness", "runs"),
        ("zones", "runs"),
        ("inspect", "runs"),
        ("report", "runs", "--force"),
        ("drift", "runs"),
        ("estimate", "runs", "--all"),
        ("repair", "runs"),
        ("predict", "runs", "--force"),
        ("plan", "runs/course.gpx", "--pace", "6:00", "--history", "runs", "--start", "2030-01-01"),
        ("update", "me.json", "runs"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_says_the_same_with_and_without_cache(runs, words, tmp_path):
    next(runs.glob("2*.gpx")).rename(runs / "course.gpx")
    answers, place = [], tmp_path / "cache/kept-runs"
    for more in (("--no-cache",), (), ()):
        (tmp_path / "me.json").unlink(missing_ok=True)
        assert place.exists() == (len(answers) > 1)
        answers.append(told(*words, *more))
    assert answers[0][0] == 0, answers[0][1]
    assert answers[1:] == answers[:1] * 2
    files, entries = len(list(runs.iterdir())), len(list(place.iterdir()))
    assert entries == files if words[0] == "inspect" else entries > files  # one a file, and what was computed


def test_runs_are_followed_once_for_several_commands(runs, monkeypatch):
    followed, whole = [], learning._learn
    monkeypatch.setattr(learning, "_learn", lambda *given: followed.append(len(given[1])) or whole(*given))
    for command in ("zones", "fitness", "report", "zones", "estimate"):
        assert told(command, "runs")[0] == 0
    assert followed == [8]
    assert told("zones", "runs", "--no-cache")[0] == 0
    assert followed == [8, 8]
    assert told("update", "me.json", "runs")[0] == 0
    assert followed == [8, 8]


def test_where_it_is_and_how_to_empty_it(runs, tmp_path):
    place = tmp_path / "cache/kept-runs"
    assert told("cache")[1].startswith(f"{place}: 0 entries, 0.0 MB, at most 500 MB")
    told("fitness", "runs")
    count = len(list(runs.iterdir())) + 1  # a file each, and a block of 8 runs
    assert told("cache")[1].startswith(f"{place}: {count} entries, 0.")
    assert told("cache", "--clear")[1].startswith(f"Removed: {count} entries")
    assert not place.exists()
    assert told("cache")[1].startswith(f"{place}: 0 entries")


def test_a_cache_that_cannot_be_used_is_said_once(runs, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/kept-runs").symlink_to(tmp_path / "elsewhere")
    done = CliRunner().invoke(app, ["zones", "runs"])
    assert done.exit_code == 0
    assert done.stderr.count("it is a link") == 1
    assert not list((tmp_path / "elsewhere").iterdir())
    monkeypatch.setenv("HRKERAS_CACHE_DIR", "~/here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert caches.folder() == tmp_path / "here/kept-runs"
    assert caches.Cache(caches.folder()).trouble == ""
    (tmp_path / "here").write_text("")
    assert caches.Cache(caches.folder()).trouble == f"{tmp_path / 'here'} is no folder"
    monkeypatch.setenv("HRKERAS_CACHE_DIR", "~nobody-of-this-name/cache")
    done = CliRunner().invoke(app, ["zones", "runs"])
    assert done.exit_code == 0
    assert "HRKERAS_CACHE_DIR is ~nobody-of-this-name/cache, but there is no such home folder" in done.stderr
    assert CliRunner().invoke(app, ["cache"]).exit_code == 1
