"""What is kept of earlier runs changes nothing but the time that a command takes."""

import copy
import dataclasses
import json
import os
from datetime import date

import numpy as np
import pytest

from hrkeras.athlete import facts, interval, population
from hrkeras.athlete.kalman import AthleteState
from hrkeras.evaluation import exported, predictor
from hrkeras.personal import athlete_update, kept, learning, timeline
from hrkeras.personal.drift import drift
from hrkeras.workouts.readers.cache import Cache
from hrkeras.workouts.simulation import synthetic

RUNS = 14  # of which one without heart rate is estimated from the first 10: these in blocks of 4, 4 and 2, then 2 and 1


@pytest.fixture(scope="module")
def workouts():
    found = list(synthetic.read(athletes=1, runs=RUNS, seed=5, flawed=0))
    silent = dataclasses.replace(found[6], heart_rate=np.full(len(found[6]), np.nan))
    return [*found[:6], silent, *found[7:]]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK", 4)
    return Cache(tmp_path / "cache")


@pytest.fixture
def computed(monkeypatch):
    """Starts of the runs that a state learns from, and of those in which faults are looked for or a drift is measured."""
    done = {"learnt": [], "faults": [], "drift": []}

    def also(module, name, kind, starts):
        whole = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given: (done[kind].extend(starts(*given)), whole(*given))[1])

    also(learning, "_learn", "learnt", lambda athlete, runs, model: [run.start for run in runs])
    also(timeline.detection, "flags", "faults", lambda workout, expected: [workout.start])
    also(drift, "basis", "drift", lambda grid: [grid])
    return done


def plain(value):
    """All that there is in a result, as values that can be compared."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value):
        names = {each.name for each in dataclasses.fields(value)} - {"_last", "log"}
        return {name: plain(getattr(value, name)) for name in sorted(names)}
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else repr(value)


def told(workouts, model=None, known=None, cache=None):
    """Everything that a timeline, its faults and its drifts say."""
    with kept.using(cache):
        written = timeline.write(workouts, model=model, known=copy.deepcopy(known))
        return plain([written, written.faults, drift.of_timeline(written)])


@pytest.mark.parametrize("model", [None, exported.base()], ids=["alone", "base"])
def test_all_is_the_same_and_the_second_time_nothing_is_computed(workouts, cache, computed, model):
    once = told(workouts, model)
    assert told(workouts, model, cache=cache) == once
    assert {kind: len(done) for kind, done in computed.items()} == {"learnt": 26, "faults": 26, "drift": 26}
    assert told(workouts, model, cache=cache) == once
    assert {kind: len(done) for kind, done in computed.items()} == {"learnt": 26, "faults": 26, "drift": 26}


def test_of_one_more_run_only_that_is_computed(workouts, cache, computed):
    base = exported.base()
    told(workouts[:-1], base, cache=cache)
    for done in computed.values():
        done.clear()
    with_one_more = told(workouts, base, cache=cache)
    assert (computed["learnt"], computed["faults"], len(computed["drift"])) == ([workouts[-1].start], [workouts[-1].start], 1)
    assert with_one_more == told(workouts, base)


def changed_run(workouts):
    heart_rate = workouts[2].heart_rate.copy()
    heart_rate[200] += 1
    return [*workouts[:2], dataclasses.replace(workouts[2], heart_rate=heart_rate), *workouts[3:]]


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        (lambda workouts: workouts[::-1], 0),
        (changed_run, 13),
        (lambda workouts: [*workouts[:2], *workouts[3:]], 12),
        (lambda workouts: workouts[1:], 12),
        (lambda workouts: [*workouts[:6], *workouts[7:]], 4),
    ],
    ids=["order", "one heart rate", "a run less", "the first run less", "a run without heart rate less"],
)
def test_other_runs_are_followed_anew(workouts, cache, computed, change, anew):
    told(workouts, cache=cache)
    computed["learnt"].clear()
    changed = told(change(workouts), cache=cache)
    assert len(computed["learnt"]) == anew
    assert changed == told(change(workouts))


def other_population():
    return dataclasses.replace(population.default(), level=46.0)


class Other:
    """A model that predicts something else."""

    name = title = "another"
    fingerprint = identity = "0123456789abcdef"
    population = population.default()
    step, corrects, compiled = 10.0, True, False

    def predict_on_batch(self, inputs):
        return exported.base().predict_on_batch(inputs) + 1


def with_facts(**given):
    state = AthleteState()
    facts.tell(state, facts.Facts(**given), date(2026, 1, 1))
    return state


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (None, None),
        (None, AthleteState(other_population())),
        (None, with_facts(max_heart_rate=190.0)),
        (None, with_facts(max_heart_rate=191.0)),
        (None, with_facts(easy=(2.8, 140.0))),
        (Other(), None),
    ],
    ids=["no model", "population", "maximum", "another maximum", "easy", "model"],
)
def test_another_start_is_followed_anew(workouts, cache, computed, monkeypatch, model, known):
    monkeypatch.setattr(predictor, "of", lambda model: model)
    for before in (exported.base(), None) if known else (exported.base(),):
        told(workouts, before, cache=cache)
    told(workouts, None, with_facts(max_heart_rate=189.0), cache=cache)
    computed["learnt"].clear()
    answer = told(workouts, model, known, cache=cache)
    assert len(computed["learnt"]) == 13
    assert answer == told(workouts, model, known)


def test_other_code_computes_anew(workouts, cache, computed, monkeypatch):
    told(workouts, cache=cache)
    monkeypatch.setattr(kept, "code", lambda *rooms: "another version")
    told(workouts, cache=cache)
    assert {kind: len(done) for kind, done in computed.items()} == {"learnt": 26, "faults": 26, "drift": 26}


def test_the_code_of_all_rooms_counts(monkeypatch):
    code = kept.code.__wrapped__
    before, read = code("."), os.fspath(interval.__file__)
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: b"#" * (str(path) == read))
    without = code(".")
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: b"")
    assert len({before, without, code(".")}) == 3


def test_damage_is_computed_anew(workouts, cache, computed):
    once = told(workouts, cache=cache)
    entries = [path for path, _ in cache.entries()]
    for number, path in enumerate(entries):
        packed = bytearray(path.read_bytes())
        packed[len(packed) // 2] ^= 255
        path.write_bytes(packed if number % 2 else packed[: len(packed) // 2])
    computed["learnt"].clear()
    assert told(workouts, cache=cache) == once
    assert len(computed["learnt"]) == 13
    assert len(cache.entries()) == len(entries)


def test_entries_hold_numbers_and_no_names(workouts, cache):
    told([dataclasses.replace(each, user="Ada", where="/home/ada/runs") for each in workouts], exported.base(), cache=cache)
    assert len(cache.entries()) == 5 + 4 + 4
    for path, _ in cache.entries():
        with np.load(path, allow_pickle=False) as known:
            texts = {name: known[name].tolist() for name in known if known[name].dtype.kind not in "if"}
        assert texts.pop("entry") == path.name
        assert set(texts) in ({"answers", "network"}, {"rows"})
        assert "ada" not in json.dumps(texts).lower()


def test_a_file_that_is_updated_is_the_same(workouts, cache, computed):
    states = []
    for where in (None, cache, cache):
        state, runs = AthleteState(), athlete_update.usable(workouts)
        with kept.using(where):
            for some in (runs[:9], runs):
                report = athlete_update.learn(state, some, model=exported.base())
        assert (len(report.added), report.known, report.older) == (4, 9, 0)
        states.append(plain(state))
    assert states[0] == states[1] == states[2]
    assert len(computed["learnt"]) == 2 * (9 + 13)


def test_blocks():
    assert [list(range(12))[block] for block in kept.blocks(0)] == []
    for count in (1, 7, 63, 64, 65, 127, 520):
        assert [place for block in kept.blocks(count) for place in range(count)[block]] == list(range(count))
    few, more = (list(kept.blocks(count)) for count in (520, 521))
    assert more == [*few, slice(520, 521)]
    assert [block.stop - block.start for block in kept.blocks(127)] == [64, 32, 16, 8, 4, 2, 1]
