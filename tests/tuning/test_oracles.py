"""The oracles outlive a kill at any moment: what was tried, and what had begun, are as they would have been."""

import json
from dataclasses import replace

import pytest
from keras_tuner import HyperParameters

from hrkeras.tuning import oracles
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
