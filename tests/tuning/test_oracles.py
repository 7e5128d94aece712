"""The oracles outlive a kill at any moment: what was tried, and what had begun, are as they would have been."""

import json
from dataclasses import replace

import pytest
from keras_tuner import HyperParameters

from hrkeras.tuning import oracles, roles
from hrkeras.tuning.plan import Plan
from hrkeras.tuning.spaces import SPACES
from hrkeras.utils.errors import InputError

SEARCHES = {
    "grid": Plan("batch", "grid", "gru", "synthetic"),
    "grid with conditions": Plan("history", "grid", "gru", "synthetic"),
    "random": Plan("lstm", "random", "lstm", "synthetic", trials=5),
    "hyperband": Plan("patchtst", "hyperband", "patchtst", "synthetic", epochs=4),
}
MOMENTS = ("unsaved trial", "trial begun", "error told", "unsaved end", "trial ended")


class KilledError(Exception):
    pass


def opened(plan, folder):
    """The oracle of a process that has just started."""
    oracle, hp = oracles.make(plan), HyperParameters()
    oracle._set_project_dir(folder, "trials")
    SPACES[plan.space](hp)
    oracle.update_space(hp)
    if plan.space == "history":  # what KerasTuner's tuner finds by building
        hp.values["history"] = True
        SPACES[plan.space](hp)
        oracle.update_space(hp)
    oracle.reload()
    return oracle


def killed():
    raise KilledError


def step(oracle, moment=None, tuner="tuner0"):
    """One trial to its end, or to where it is killed; None if there is no more."""
    if moment == "unsaved trial":
        oracle.save = killed
    trial = oracle.create_trial(tuner)
    if trial.status == "STOPPED":
        return None
    if moment == "trial begun":
        killed()
    values = dict(trial.hyperparameters.values)
    error = sum(len(str(value)) for name, value in values.items() if not name.startswith("tuner/")) + len(trial.trial_id)
    oracle.update_trial(trial.trial_id, {"val_mae": float(error)})
    if moment == "error told":
        killed()
    if moment == "unsaved end":
        oracle.save = killed
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
    if moment == "trial ended":  # before the tuner saves once more
        killed()
    return trial.trial_id, values


def to_the_end(oracle):
    found = []
    while done := step(oracle):
        found.append(done)
    return found


def tried(oracle):
    trials = [oracle.trials[trial_id] for trial_id in oracle.start_order]
    return [(trial.trial_id, trial.hyperparameters.values, trial.score) for trial in trials]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", SEARCHES)
def test_a_killed_search_tries_what_an_unbroken_one_does(name, moment, tmp_path):
    plan = SEARCHES[name]
    whole = opened(plan, tmp_path / "whole")
    assert len(to_the_end(whole)) == len(whole.trials) > 3
    for _ in range(2):
        oracle = opened(plan, tmp_path / "killed")
        with pytest.raises(KilledError):
            step(oracle, moment)
        step(opened(plan, tmp_path / "killed"))
    last = opened(plan, tmp_path / "killed")
    to_the_end(last)
    assert tried(last) == tried(whole)
    assert {trial.status for trial in last.trials.values()} == {"COMPLETED"}
    assert sorted(last.end_order) == sorted(last.trials)
    assert to_the_end(opened(plan, tmp_path / "killed")) == []


def test_a_grid_is_every_combination_once(tmp_path):
    values = [values for _, values in to_the_end(opened(SEARCHES["grid with conditions"], tmp_path))]
    assert len(values) == 12
    assert len({json.dumps(each, sort_keys=True) for each in values}) == 12
    assert all(("history_dropout" in each) == each["history"] for each in values)
    assert [each["batch_size"] for _, each in to_the_end(opened(SEARCHES["grid"], tmp_path / "batch"))] == [8, 16, 32, 64]


def test_what_had_begun_comes_first_and_as_it_was(tmp_path):
    plan = SEARCHES["random"]
    oracle = opened(plan, tmp_path)
    step(oracle)
    begun = [oracle.create_trial(worker) for worker in ("worker-1", "worker-2")]
    assert oracle.create_trial("worker-1") is begun[0]  # a worker that was started again
    again = opened(plan, tmp_path)
    found = [again.create_trial("tuner0"), again.create_trial("tuner1")]
    assert {each.trial_id: each.hyperparameters.values for each in found} == {
        each.trial_id: each.hyperparameters.values for each in begun
    }


def test_bayesian_goes_on_too(tmp_path):
    pytest.importorskip("sklearn")
    plan = Plan("batch", "bayesian", "gru", "synthetic", trials=4)
    first = opened(plan, tmp_path)
    done = [step(first), step(first)]
    with pytest.raises(KilledError):
        step(first, "trial begun")
    last = opened(plan, tmp_path)
    assert len(to_the_end(last)) == 2
    assert {values["batch_size"] for _, values, _ in tried(last)} == {8, 16, 32, 64}  # none of them twice
    assert [(trial_id, values) for trial_id, values, _ in tried(last)[:2]] == done


def test_a_damaged_file_is_told_of(tmp_path):
    oracle = opened(SEARCHES["random"], tmp_path)
    step(oracle)
    (tmp_path / "trials" / "oracle.json").write_text("{")
    with pytest.raises(InputError, match="is damaged.*choose another one"):
        opened(SEARCHES["random"], tmp_path)


def test_more_trials_may_be_asked_for_later(tmp_path):
    plan = SEARCHES["random"]
    first = to_the_end(opened(plan, tmp_path))
    more = to_the_end(opened(replace(plan, trials=12), tmp_path))
    assert (len(first), len(more)) == (5, 7)
    assert not {json.dumps(values) for _, values in first} & {json.dumps(values) for _, values in more}


def test_a_trial_of_a_worker_that_was_started_again_counts_and_fails_in_the_end(tmp_path):
    oracle = opened(SEARCHES["random"], tmp_path)
    said = []
    oracle.say = said.append
    for _ in range(oracles.ATTEMPTS):
        assert oracle.create_trial("worker-1").trial_id == "0"
    assert oracle.create_trial("worker-1").trial_id == "1"
    assert (oracle.trials["0"].status, oracle.trials["0"].message) == ("FAILED", "worker-1 ended while it trained")
    assert said == [
        "Trial 0, attempt 1 of 3: worker-1 ended while it trained; it will be run again.",
        "Trial 0, attempt 2 of 3: worker-1 ended while it trained; it will be run again.",
        "Trial 0 has failed: worker-1 ended while it trained.",
    ]
    assert opened(SEARCHES["random"], tmp_path).end_order == ["0"]


def test_a_silent_workers_trial_is_given_to_another_and_what_it_still_tells_counts(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(oracles.time, "monotonic", lambda: now[0])
    oracle = opened(replace(SEARCHES["random"], trials=1), tmp_path)
    trial = oracle.create_trial("worker-1")
    assert oracle.create_trial("worker-2").status == "IDLE"  # there may be something to do again
    now[0] += oracles.SILENCE
    oracle.get_trial(trial.trial_id)  # the first worker's sign of life
    now[0] += oracles.SILENCE
    assert oracle.create_trial("worker-2").status == "IDLE"
    now[0] += 1
    assert oracle.create_trial("worker-2").trial_id == trial.trial_id
    oracle.update_trial(trial.trial_id, {"val_mae": 7.0})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)  # by the first, which was only cut off
    oracle.end_trial(trial)  # by the second
    assert (oracle.end_order, oracle.ongoing_trials, oracle.over) == ([trial.trial_id], {}, False)
    assert [oracle.create_trial(worker).status for worker in ("worker-1", "worker-2")] == ["STOPPED"] * 2
    assert oracle.over
    assert oracle.is_alone()


def test_a_chief_that_is_started_again_leaves_trials_to_their_workers(tmp_path, monkeypatch):
    plan = SEARCHES["random"]
    oracle = opened(plan, tmp_path)
    first, second, third = (oracle.create_trial(f"worker-{number}") for number in (1, 2, 3))
    oracle.update_trial(third.trial_id, {"val_mae": 7.0})
    oracle._display.on_trial_end = lambda trial: killed()  # it is written that the trial has ended, not that its worker is free
    third.status = "COMPLETED"
    with pytest.raises(KilledError):
        oracle.end_trial(third)
    monkeypatch.setenv(roles.HOST, "127.0.0.1")
    monkeypatch.setenv(roles.ID, "chief")
    for _ in range(oracles.ATTEMPTS + 1):  # a kill of all is no attempt
        oracle = opened(plan, tmp_path)
        assert {worker: trial.trial_id for worker, trial in oracle.ongoing_trials.items()} == {
            "worker-1": first.trial_id,
            "worker-2": second.trial_id,
        }
        assert oracle.create_trial("worker-2").trial_id == second.trial_id
    assert oracle.create_trial("worker-3").trial_id not in {first.trial_id, second.trial_id, third.trial_id}
    assert oracle.end_order == [third.trial_id]


def test_a_search_that_is_over_stays_so_unless_more_is_asked_for(tmp_path):
    plan = SEARCHES["random"]
    to_the_end(opened(plan, tmp_path))
    assert opened(plan, tmp_path).over
    assert not opened(replace(plan, trials=12), tmp_path).over
