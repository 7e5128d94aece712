"""An athlete's state as a file: it comes back exactly, and what is no such file is refused in a sentence."""

import json
import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hrkeras.athlete import athlete_file, history
from hrkeras.athlete.interval import PredictionInterval
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY, SIZE, default
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import Grid

NOON = 1_600_000_000.0
ARRAYS = ("weights", "covariance", "residuals", "starts", "ends", "records")


def made_up(random, steps=60):
    speed = np.clip(random.normal(2.7, 0.4, steps), 0, None)
    heart_rate = random.uniform(120, 170) + random.normal(0, 5, steps)
    heart_rate[::7] = np.nan
    return Grid(*(np.float32(each) for each in (speed, random.normal(0, 4, steps).cumsum(), heart_rate)))


def trained(runs, seed=0, **changes):
    random, athlete = np.random.default_rng(seed), AthleteState(replace(default(), **changes))
    for day in range(runs):
        assert athlete.update(NOON + day * DAY / 3, made_up(random)) == "added"
    return athlete


def assert_same(one, other):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(one.interval.hours, other.interval.hours)
    np.testing.assert_array_equal(one.interval.tails, other.interval.tails)
    assert (one.count, one.population) == (other.count, other.population)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("saved") / "me.json"
    athlete_file.save(trained(4), path)
    return path.read_text()


@pytest.mark.parametrize("runs", [0, 1, 5, history.KEPT + 7])
def test_it_comes_back_exactly(tmp_path, runs):
    athlete = trained(runs, level=100 / 3)  # a number that six digits do not hold
    if runs:
        athlete.update(NOON + 400 * DAY, made_up(np.random.default_rng(1))._replace(heart_rate=np.full(60, np.nan, "f")))
        assert np.isnan(athlete.records[-1]).any()
    athlete_file.save(athlete, tmp_path / "me.json")
    found = athlete_file.load(tmp_path / "me.json")
    assert_same(found, athlete)
    athlete_file.save(found, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "me.json").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["again.json", "me.json"]


@pytest.mark.parametrize(("kept", "found"), [(28_800.0, 28_800.0), (1234.5, np.nan), (None, np.nan)])
def test_the_offset_of_the_last_run_is_kept_if_a_zone_has_it(tmp_path, kept, found):
    path, athlete = tmp_path / "me.json", AthleteState()
    athlete.utc_offset = np.nan if kept is None else kept
    athlete_file.save(athlete, path)
    assert json.loads(path.read_text()).get(athlete_file.OFFSET) == kept
    np.testing.assert_equal(athlete_file.load(path).utc_offset, found)


def test_with_a_file_after_each_run_it_ends_as_in_one_go(tmp_path):
    random, path = np.random.default_rng(3), tmp_path / "me.json"
    runs = [(NOON + day * DAY, made_up(random, 40 + 9 * day)) for day in range(6)]
    at_once = AthleteState()
    athlete_file.save(at_once, path)
    for start, grid in runs:
        athlete = athlete_file.load(path)
        assert athlete.update(start, grid) == at_once.update(start, grid) == "added"
        athlete_file.save(athlete, path)
    assert_same(athlete_file.load(path), at_once)
    course = made_up(random)
    one, other = (each.predict(NOON + 9 * DAY, course) for each in (athlete_file.load(path), at_once))
    np.testing.assert_array_equal(one.expected, other.expected)


def test_a_person_can_read_its_head_and_finds_no_positions(tmp_path):
    athlete_file.save(trained(history.KEPT), tmp_path / "me.json")
    text = (tmp_path / "me.json").read_text()
    assert len(text) < 200_000
    head = text.splitlines()[:6]
    assert head[0] == "{"
    assert "hrkeras predict --athlete reads it" in head[1]
    assert head[2:6] == [
        ' "version": 4,',
        f' "runs": {history.KEPT},',
        ' "first_run_remembered": "2020-09-13 12:26 UTC",',
        ' "last_run": "2020-10-23 04:26 UTC",',
    ]
    assert list(json.loads(text)) == [
        *("about", "version", "runs", "first_run_remembered", "last_run", "population", "states", "weights", "covariance"),
        *("misses", "starts", "ends", "record", "records", "band", "network"),
    ]
    triangle = json.loads(text)["covariance"][0]
    assert [len(row) for row in triangle] == list(range(1, SIZE + 1))


def changed(text, *place, to):
    content = json.loads(text)
    inner = content
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = to
    return json.dumps(content)


def without(text, name):
    return json.dumps({key: value for key, value in json.loads(text).items() if key != name})


HOSTILE = {
    "nothing": (lambda text: "", "invalid or incomplete JSON"),
    "a part": (lambda text: text[: len(text) // 2], "invalid or incomplete JSON"),
    "a list": (lambda text: "[1, 2]", "found JSON without what it must have"),
    "other JSON": (lambda text: '{"type": "Feature"}', "found JSON without what it must have"),
    "deep": (lambda text: '{"version": ' + "[" * 100_000, "lists nested too deeply"),
    "deep objects": (lambda text: '{"a":' * 100_000, "lists nested too deeply"),
    "long number": (lambda text: text.replace('"runs": 4', '"runs": ' + "4" * 5000), "expected the .json file"),
    "NaN": (lambda text: text.replace('"runs": 4', '"runs": NaN'), "found NaN, which is not a number"),
    "Infinity": (lambda text: text.replace('"runs": 4', '"runs": -Infinity'), "found -Infinity"),
    "newer": (lambda text: changed(text, "version", to=5), "another version of hrkeras"),
    "version true": (lambda text: changed(text, "version", to=True), "another version of hrkeras"),
    "other states": (lambda text: changed(text, "states", 3, to="mood"), "another version of hrkeras"),
    "no band": (lambda text: without(text, "band"), "its prediction interval is damaged"),
    "band without tails": (lambda text: changed(text, "band", "tails", to=[]), "its tails are not of the shape"),
    "tails of all": (lambda text: changed(text, "band", "tails", to=[0.5, 0.5]), "its prediction interval is damaged"),
    "empty band": (
        lambda text: changed(text, "band", "hours", to=[0] * len(PredictionInterval().hours)),
        "its prediction interval is damaged",
    ),
    "negative band": (lambda text: changed(text, "band", "hours", 3, to=-1.0), "its prediction interval is damaged"),
    "no network": (lambda text: without(text, "network"), "its network is damaged"),
    "unnamed network": (lambda text: changed(text, "network", "name", to=3), "its network is damaged"),
    "no trust": (lambda text: changed(text, "network", "trust", to=None), "its network is damaged"),
    "trust of nothing": (lambda text: changed(text, "network", "trust", "squares", to=0), "its trust is damaged"),
    "trust in words": (lambda text: changed(text, "network", "trust", "products", to="much"), "not all numbers"),
    "no record": (lambda text: without(text, "record"), "another version of hrkeras"),
    "runs true": (lambda text: changed(text, "runs", to=True), "number of runs"),
    "runs half": (lambda text: changed(text, "runs", to=4.0), "number of runs"),
    "runs negative": (lambda text: changed(text, "runs", to=-1), "number of runs"),
    "runs huge": (lambda text: changed(text, "runs", to=10**9), "number of runs"),
    "more runs than dates": (lambda text: changed(text, "runs", to=5), "starts are not of the shape 5"),
    "fewer runs than dates": (lambda text: changed(text, "runs", to=3), "starts are not of the shape 3"),
    "no population": (lambda text: without(text, "population"), "its population is damaged"),
    "a population of text": (lambda text: changed(text, "population", to="people"), "its population is damaged"),
    "a population of other fields": (lambda text: changed(text, "population", "shoes", to=1), "this is no population"),
    "a population without weight": (lambda text: changed(text, "population", "weights", to=[]), "this is no population"),
    "a population that cannot be": (lambda text: changed(text, "population", "level", to=-1), "this is no population"),
    "a source that draws": (lambda text: changed(text, "population", "source", to="\x1b[2J"), "its population is damaged"),
    "a source that is long": (lambda text: changed(text, "population", "source", to="a" * 501), "its population is damaged"),
    "a source that is a list": (lambda text: changed(text, "population", "source", to=["a"]), "its population is damaged"),
    "no weights": (lambda text: without(text, "weights"), "found JSON without what it must have"),
    "no residuals": (lambda text: without(text, "misses"), "misses are not of the shape 2 x 3 x 2 x"),
    "flat weights": (lambda text: changed(text, "weights", to=[1.0] * 9), "weights are not of the shape 3 x"),
    "ragged weights": (lambda text: changed(text, "weights", 1, to=[1.0]), "weights are not of the shape 3 x"),
    "weights of text": (lambda text: changed(text, "weights", 1, 5, to="1.0"), "weights are not all numbers"),
    "a weight of null": (lambda text: changed(text, "weights", 1, 5, to=None), "weights are not all numbers"),
    "a weight of true": (lambda text: changed(text, "weights", 1, 5, to=True), "weights are not all numbers"),
    "a weight of lists": (lambda text: changed(text, "weights", 1, 5, to=[1.0]), "weights are not all numbers"),
    "a huge weight": (lambda text: changed(text, "weights", 1, 5, to=1e300), "weights are too big"),
    "a huge whole weight": (lambda text: changed(text, "weights", 1, 5, to=10**400), "weights are too big"),
    "an endless weight": (lambda text: text.replace('"weights": [\n  [', '"weights": [\n  [1e999, '), "are not of the shape"),
    "a record too big": (lambda text: changed(text, "records", 1, 0, to=-1e11), "records are too big"),
    "a record of text": (lambda text: changed(text, "records", 1, 0, to="NaN"), "records are not all numbers"),
    "no covariance": (lambda text: without(text, "covariance"), "its covariance is damaged"),
    "two covariances": (lambda text: changed(text, "covariance", to=json.loads(text)["covariance"][:2]), "covariance is damaged"),
    "a short covariance": (lambda text: changed(text, "covariance", 2, to=[[1.0]]), "covariance is damaged"),
    "a square covariance": (lambda text: changed(text, "covariance", 2, 0, to=[1.0, 0.0]), "covariance are not of the shape 1"),
    "no variance": (lambda text: changed(text, "covariance", 1, 4, 4, to=0.0), "covariance is invalid"),
    "a negative variance": (lambda text: changed(text, "covariance", 1, 4, 4, to=-1.0), "covariance is invalid"),
    "covariance above variance": (lambda text: changed(text, "covariance", 1, 4, 3, to=1e6), "covariance is invalid"),
    "a negative count of residuals": (lambda text: changed(text, "misses", 1, 0, 0, 0, to=-1.0), "residuals are damaged"),
    "runs that overlap": (lambda text: changed(text, "starts", 2, to=json.loads(text)["starts"][1] + 10), "one after the other"),
    "a run that ends first": (lambda text: changed(text, "ends", 3, to=NOON), "one after the other"),
    "a run that lasts no time": (lambda text: changed(text, "ends", 3, to=json.loads(text)["starts"][3]), "one after the other"),
    "a run before 1970": (lambda text: changed(text, "starts", 0, to=-5.0), "one after the other"),
    "a run to come": (lambda text: changed(text, "ends", 3, to=5e9), "one after the other"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_such_file_is_refused_in_a_sentence(saved, tmp_path, what):
    change, says = HOSTILE[what]
    path = tmp_path / "me.json"
    path.write_text(change(saved))
    assert path.read_text() != saved
    with pytest.raises(InputError) as refused:
        athlete_file.load(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: expected the .json file of an athlete, but ")
    assert says in message
    assert message.endswith("or make a new one from all runs: `hrkeras update NEW.json RUNS`.")
    assert message.isprintable()
    assert len(message) < 500 + len(str(path))


def test_other_files_are_refused(tmp_path):
    def refused(path):
        with pytest.raises(InputError, match=r"^" + str(path)) as error:
            athlete_file.load(path)
        return str(error.value)

    assert "no such file; make it" in refused(tmp_path / "nowhere.json")
    assert "no regular file" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe.json")
    assert "no regular file" in refused(tmp_path / "pipe.json")
    assert "no regular file" in refused(Path("/dev/zero"))
    (tmp_path / "a.json").write_bytes(b"PK\x03\x04\xff\xfe")
    assert "a file that is not text" in refused(tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{"version": 3, "weights": [' + "0, " * 4_000_000)
    assert "more than 10 MB" in refused(tmp_path / "b.json")
    if os.geteuid():
        (tmp_path / "a.json").chmod(0)
        assert "cannot be read" in refused(tmp_path / "a.json")


def test_a_damaged_file_is_refused_or_predicts(saved, tmp_path):
    """Some bytes changed at random: either a sentence, or a state whose numbers are finite."""
    random, path, course = np.random.default_rng(0), tmp_path / "me.json", made_up(np.random.default_rng(5))
    refused = 0
    for _ in range(150):
        content = bytearray(saved.encode())
        for place in random.integers(len(content), size=random.integers(1, 4)):
            content[place] = random.choice(list(b'0123456789-+.eE,[]{}"n \xff\x00'))
        path.write_bytes(content)
        try:
            athlete = athlete_file.load(path)
        except InputError:
            refused += 1
            continue
        assert np.isfinite(athlete.predict(NOON + 30 * DAY, course).expected).all()
    assert 20 < refused < 150


def test_a_save_that_fails_leaves_the_old_file(saved, tmp_path, monkeypatch):
    path, athlete = tmp_path / "me.json", trained(5)
    path.write_text(saved)
    broken = deepcopy(athlete)
    broken.weights[0, 0] = np.nan
    with pytest.raises(ValueError, match="not JSON compliant"):
        athlete_file.save(broken, path)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        athlete_file.save(athlete, path)
    assert path.read_text() == saved
    assert os.listdir(tmp_path) == ["me.json"]


def test_what_could_not_be_read_again_does_not_replace_a_file(tmp_path):
    athlete, path = trained(2), tmp_path / "me.json"
    athlete_file.save(athlete, path)
    kept = path.read_bytes()
    athlete.weights = athlete.weights + 2e10
    with pytest.raises(InputError, match="me.json: not written, since what was learnt could not be read again"):
        athlete_file.save(athlete, path)
    assert path.read_bytes() == kept
    assert list(tmp_path.iterdir()) == [path]
