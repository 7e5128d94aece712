"""A base adapted to one person, on a person who changes."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from made_up import made_up

from hrkeras import models
from hrkeras.athlete.population import DAY
from hrkeras.datasets import selection
from hrkeras.datasets.runs import Runs
from hrkeras.layers import ExpectedFeatures
from hrkeras.models import saving
from hrkeras.models.statistics import of_training, with_statistics
from hrkeras.training import finetuning, fit
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.simulation import synthetic

FEW = fit.Settings(epochs=3, batch_size=8, seed=1)
RATES = {"": 0.0, "deviation": 1.0, "level": 0.01}


@pytest.fixture(scope="module")
def mine():
    """One person's runs, the test runs left out."""
    runs = made_up(people=1, runs=16, steps=(60, 100))
    return selection.part(runs, np.flatnonzero(runs.split != "test"))


@pytest.fixture(scope="module")
def base():
    keras.utils.set_random_seed(0)
    return models.gru(units=4, num_layers=1)


@pytest.fixture(scope="module")
def adapted(base, mine, tmp_path_factory):
    return finetuning.adapt(base, mine, tmp_path_factory.mktemp("adapted") / "t", FEW, rates=RATES)


def weights(model: keras.Model) -> dict[str, list[np.ndarray]]:
    return {layer.name: layer.get_weights() for layer in model.layers if layer.get_weights()}


def test_what_is_frozen_stays_and_what_is_slower_moves_less(base, adapted):
    before, after = weights(base), weights(adapted.candidate)
    moved = {name: max(np.abs(new - old).max() for new, old in zip(after[name], before[name], strict=True)) for name in before}
    assert 0 < moved.pop("level") < 0.1 * moved.pop("deviation")
    assert set(moved.values()) == {0}
    assert len(adapted.candidate.trainable_weights) == len(base.trainable_weights)  # it may be a base itself


def test_the_base_keeps_its_population_and_is_left_as_it_is(base, adapted):
    assert saving.population(adapted.candidate) == saving.population(base)
    assert adapted.log[0].keys() >= {"epoch", "val_mae"}
    keras.utils.set_random_seed(0)
    for name, values in weights(models.gru(units=4, num_layers=1)).items():
        for one, two in zip(values, weights(base)[name], strict=True):
            np.testing.assert_array_equal(one, two)


class Kill(keras.callbacks.Callback):
    """Ends training in the middle of its second epoch, as a kill would."""

    def on_train_batch_begin(self, batch, logs=None):
        if self.epoch == 1 and batch == 1:
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def test_killed_and_resumed_it_ends_as_unbroken(base, mine, adapted, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        finetuning.adapt(base, mine, tmp_path / "t", FEW, rates=RATES, callbacks=[Kill()])
    again = finetuning.adapt(base, mine, tmp_path / "t", FEW, rates=RATES, resume=True)
    pd.testing.assert_frame_equal(pd.DataFrame(adapted.log), pd.DataFrame(again.log), rtol=1e-4)
    for one, two in zip(adapted.candidate.get_weights(), again.candidate.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)


def shifted(model: keras.Model, by: float) -> keras.Model:
    """A model that predicts so many beats/min more."""
    found = finetuning.copy(model)
    kernel, bias = found.get_layer("deviation").get_weights()
    found.get_layer("deviation").set_weights([kernel, bias + by / 10])
    return found


def test_the_guard_keeps_the_better(base, mine, monkeypatch):
    """Of models that are trusted wholly: a bad one is not trusted, and would say what the athlete's state says."""
    monkeypatch.setattr(finetuning.predict, "known", lambda model, runs, population, **_: runs.known(population))
    good, bad = shifted(base, 0.0), shifted(base, 60.0)
    kept = finetuning.guarded(good, bad, mine, [])
    assert (kept.kept_base, kept.model) == (True, good)
    assert kept.error > kept.base_error + 20
    taken = finetuning.guarded(bad, good, mine, [])
    assert (taken.kept_base, taken.model) == (False, good)
    assert finetuning.guarded(good, good, mine, []).kept_base  # no better is not better


def test_recent_runs_weigh_more(mine):
    found = finetuning.recent(mine, half_life=10.0)
    trained = mine.split == "train"
    assert found[trained].mean() == pytest.approx(1)
    apart = np.diff(mine.starts[trained]) / DAY / 10
    np.testing.assert_allclose(np.diff(np.log2(found[trained])), apart, rtol=1e-6)
    np.testing.assert_allclose(finetuning.recent(mine, np.inf), 1)


def test_from_nothing_has_the_architecture_and_statistics_of_its_own(base, mine):
    own = mine.population()
    statistics = of_training([mine.windows(mine.known(own), "train")], own)
    found = with_statistics(base, statistics)
    assert [each.shape for each in found.weights] == [each.shape for each in base.weights]
    assert saving.population(found) == own != saving.population(base)
    assert (found.get_layer("projection").get_weights()[0] != base.get_layer("projection").get_weights()[0]).any()
    config = found.get_layer("run_normalization").get_config()
    np.testing.assert_allclose(np.ravel(config["mean"]), statistics.run_mean)
    assert found.get_layer("history_features").mean == list(statistics.history_mean)
    (expected,) = (layer for layer in found.layers if isinstance(layer, ExpectedFeatures))
    assert expected.centre == statistics.heart_rate_mean


def small(statistics) -> keras.Model:
    return models.gru(units=8, num_layers=1, statistics=statistics)


def beginnings(runs: Runs, steps: int = 100) -> Runs:
    """The first minutes of the runs, which are quick to learn from."""
    grids = [Grid(*(values[:steps] for values in grid)) for grid in runs.grids]
    return replace(runs, grids=grids)


def test_two_stages_on_a_person_whose_fitness_changes(tmp_path):
    """Who gains a quarter of their fitness in the 100 days that are learnt from and scored."""
    perfect = {"flawed": 0, "faulty": 0}
    many = beginnings(Runs.from_workouts(synthetic.read(athletes=5, runs=24, seed=1, **perfect)))
    person = beginnings(Runs.from_workouts(synthetic.read(athletes=1, runs=50, seed=11, trend=1.0, **perfect)))
    short = fit.Settings(epochs=4, batch_size=8)
    base, _ = fit.train(small, many, tmp_path / "a", short)
    learnt = selection.part(person, np.flatnonzero(person.split != "test"))
    adapted = finetuning.adapt(base, learnt, tmp_path / "b", replace(finetuning.SETTINGS, epochs=3))
    alone = finetuning.from_nothing(base, learnt, tmp_path / "c", short)
    found = finetuning.compare(base, adapted.model, alone, person)
    errors = {row.name: row.mae for row in found.rows}
    print(errors, found.warnings, adapted.kept_base, adapted.base_error, adapted.error)
    assert errors[finetuning.FINETUNED] < errors[finetuning.AS_IT_IS] - 10
    assert errors[finetuning.FINETUNED] < errors[finetuning.WITH_HISTORY] + 0.25
    assert not any(each.startswith(finetuning.FINETUNED) for each in found.warnings)
