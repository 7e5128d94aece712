"""A model that leaks, of each kind, is caught; one that does not passes."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from hrkeras import models
from hrkeras.datasets.runs import Runs, load
from hrkeras.evaluation.audit import model as audit
from hrkeras.models.frame import new_inputs
from hrkeras.models.statistics import of_training
from hrkeras.workouts import splits as by_person


@pytest.fixture(scope="module")
def runs(short_runs_dir) -> Runs:
    return load("synthetic", short_runs_dir)


@pytest.fixture(scope="module")
def population(runs):
    return runs.population()


def statistics(runs, split="train"):
    chosen = replace(runs, split=np.where(np.isin(runs.split, split), "train", "other"))
    population = chosen.population()
    return of_training([chosen.windows(chosen.known(population), "train")], population)


@pytest.fixture(scope="module")
def clean(runs):
    keras.utils.set_random_seed(0)
    return models.gru(units=4, num_layers=1, statistics=statistics(runs))


def made(predict) -> keras.Model:
    """A model whose prediction is a function of its inputs."""
    inputs = new_inputs()
    return keras.Model(inputs, predict(inputs))


def of_statistics(model, runs, data="synthetic", strict=False):
    return audit.statistics.check(model, runs, data, runs.known(runs.population()), histories=True, strict=strict)


def failed(model, runs, population, wanted=None, data="synthetic") -> list[str]:
    return [check.name for check in audit.checks(model, runs, data, wanted, population=population) if check.passed is False]


def test_a_clean_model_passes(clean, runs, population):
    found = list(audit.checks(clean, runs, "synthetic", population=population))
    assert [check.passed for check in found] == [True] * 16, [check.finding for check in found]


def known_or(expected, heart_rate):
    return ops.where(ops.isnan(heart_rate), expected, heart_rate)


def test_the_last_heart_rate_as_an_input_is_caught(runs, population):
    """It looks past the delay, at the heart rate of the step itself."""
    leaks = made(lambda given: known_or(given["expected"][:, :, 0], given["heart_rate"]))
    names = [f"forecast, {minutes} min ahead: hidden heart rate" for minutes in (1, 5, 10)]
    assert failed(leaks, runs, population) == names
    assert not failed(leaks, runs, population, "profile")
    assert failed(leaks, runs, population, "forecast") == names


def test_a_class_made_from_heart_rate_is_caught(runs, population):
    def zone(given):
        heart_rate = known_or(given["expected"][:, :, 0], given["heart_rate"])
        return 100 + 20 * ops.floor((heart_rate - 100) / 20)

    assert len(failed(made(zone), runs, population, "forecast")) == 3


def test_a_history_that_holds_the_run_itself_is_caught(clean, runs, population, monkeypatch):
    """Whatever prepares the inputs is looked at as well."""
    known = Runs.known

    def leaking(self, *arguments, **more):
        found = known(self, *arguments, **more)
        for each, whole in zip(found, self.grids, strict=True):
            each.expected[:, 0] += np.nan_to_num(np.nanmean(whole.heart_rate) / 10)
        return found

    monkeypatch.setattr(Runs, "known", leaking)
    for protocol in ("profile", "live"):
        assert f"{protocol}: hidden heart rate" in failed(clean, runs, population, protocol)


def test_a_model_that_reads_the_whole_run_cannot_be_live(runs, population):
    looks_ahead = models.lstm(units=4, num_layers=1, bidirectional=True, statistics=statistics(runs))
    found = {check.name: check.passed for check in audit.checks(looks_ahead, runs, "synthetic", population=population)}
    assert found.pop("live: future of the course") is None
    assert set(found.values()) == {True}
    assert failed(looks_ahead, runs, population, "live") == ["live: future of the course"]
    mean = made(lambda given: given["expected"][:, :, 0] + 5 * ops.mean(given["speed"] * given["valid"], axis=1, keepdims=True))
    assert failed(mean, runs, population, "live") == ["live: future of the course"]


def test_a_model_that_reads_padding_is_caught(runs, population):
    reads = made(lambda given: given["expected"][:, :, 0] + ops.mean(given["speed"], axis=1, keepdims=True))
    assert "padding" in failed(reads, runs, population, "profile")
    masks = made(lambda given: given["expected"][:, :, 0] + ops.sum(given["speed"] * given["valid"], axis=1, keepdims=True) / 100)
    assert failed(masks, runs, population, "profile") == []


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("splits", [("train", "validation"), ("train", "validation", "test"), ("test",)])
def test_statistics_that_saw_other_splits_are_caught(runs, population, splits, history):
    model = models.gru(units=4, num_layers=1, history=history, statistics=statistics(runs, splits))
    check = of_statistics(model, runs)
    assert check.passed is (None if splits == ("test",) else False)
    assert {2: "and the validation split", 3: "all splits", 1: "other data"}[len(splits)] in check.finding
    clean = models.gru(units=4, num_layers=1, history=history, statistics=statistics(runs))
    assert of_statistics(clean, runs).passed


def test_people_learnt_by_heart_must_be_those_of_the_training_split(runs):
    kept = statistics(runs)
    assert kept.people == tuple(sorted(set(by_person.person_numbers(runs.users, runs.starts))))
    model = models.lstm(units=4, num_layers=1, person_units=2, statistics=kept)
    assert of_statistics(model, runs).passed
    strangers = replace(runs, split=np.where(runs.users == 0, "test", runs.split))
    check = of_statistics(model, strangers)
    assert check.passed is False
    assert "people are those of" in check.finding


def test_a_model_of_other_data_is_told(runs):
    others = replace(runs, grids=[each._replace(speed=each.speed * 1.1) for each in runs.grids])
    model = models.gru(units=4, num_layers=1, statistics=statistics(others))
    assert of_statistics(model, runs).passed is None
    assert of_statistics(model, runs, strict=True).passed is False
    assert of_statistics(model, runs, "synthetic/without_1").passed is False
    assert of_statistics(made(lambda given: given["speed"]), runs).passed is None


def test_people_trained_on_are_found_under_by_user(clean, runs, population, short_runs_dir):
    """A model trained by_time knows all people."""
    split = load("synthetic/without_1", short_runs_dir)
    assert failed(clean, split, population, "by_user", "synthetic/without_1") == ["statistics"]


def test_a_delay_short_by_one_step_is_caught(clean, runs, population):
    """It sees heart rate ten seconds before it may."""
    inputs = {name: keras.Input(each.shape[1:], name=name) for name, each in clean.input.items()}
    early = keras.Model(inputs, clean(inputs | {"delay": ops.maximum(inputs["delay"] - 10.0, 0.0)}))
    assert len(failed(early, runs, population, "forecast")) == 3


def test_histories_of_another_version_are_no_leak(runs):
    """As long as all else is of the training split."""
    kept = statistics(runs)
    other = kept._replace(history_mean=tuple(value + 0.1 for value in kept.history_mean))
    check = of_statistics(models.gru(units=4, num_layers=1, statistics=other), runs)
    assert check.passed
    assert "history_features are of no split" in check.finding
