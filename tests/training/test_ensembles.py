"""How much each member of an ensemble counts."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras import models
from hrkeras.athlete import population
from hrkeras.datasets.runs import load
from hrkeras.evaluation import predict
from hrkeras.evaluation.audit import model as audit
from hrkeras.models import saving
from hrkeras.training import ensembles
from hrkeras.utils.errors import InputError


@pytest.fixture(scope="module")
def runs(data_dir):
    return load("synthetic", data_dir)


def gru(runs, **changed):
    start = replace(runs.population(), **changed).as_dict()
    return models.gru(units=4, num_layers=1, statistics=models.Statistics(population=start))


def test_the_weights_are_those_of_the_least_absolute_error():
    random = np.random.default_rng(0)
    noise = random.normal(0, 1, (4000, 3)) * [1, 1, 4]
    found = ensembles.least_absolute(noise + [3, -1, 0])
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    grid = np.stack(np.meshgrid(np.arange(0, 1.01, 0.05), np.arange(0, 1.01, 0.05)), axis=-1).reshape(-1, 2)
    grid = np.column_stack([grid, 1 - grid.sum(axis=1)])[grid.sum(axis=1) <= 1]
    best = min(np.abs((noise + [3, -1, 0]) @ each).mean() for each in grid)
    assert np.abs((noise + [3, -1, 0]) @ found).mean() < best + 0.01
    np.testing.assert_allclose(ensembles.least_absolute(noise + [0, 50, 50]), [1, 0, 0], atol=2e-3)


def test_it_is_fitted_on_the_validation_split_and_says_what_its_parts_say(runs, tmp_path):
    members = [gru(runs), gru(runs)]
    members[1].get_layer("level").bias.assign([2.0])  # 20 beats/min
    found = ensembles.fit(members, runs)
    others = replace(runs, split=np.where(runs.split == "test", "left out", runs.split))
    assert ensembles.fit(members, others) == found
    assert found.weighted <= min(*found.members, found.mean)
    made = models.ensemble(members, found.weights)
    made.save(tmp_path / "made.keras")
    loaded = saving.load(tmp_path / "made.keras")
    assert saving.population(loaded) == runs.population()
    assert [len(models.members(each)) for each in (made, loaded, members[0])] == [2, 2, 1]
    whole = runs.windows(runs.known(runs.population()), "validation", predict.WHOLE)
    one, two, both = (np.concatenate(predict.predict(each, whole)) for each in (*members, loaded))
    possible = np.all([(each > 30) & (each < 230) for each in (one, two)], axis=0)  # what is not is cut off in each
    assert possible.mean() > 0.5
    np.testing.assert_allclose(both[possible], (found.weights[0] * one + found.weights[1] * two)[possible], atol=1e-3)
    names = [check.name for check in audit.checks(loaded, runs, "synthetic", "profile", population=runs.population(), quick=True)]
    assert names == ["profile: hidden heart rate", "padding", "statistics", "statistics"]


def test_members_of_different_populations_are_refused(runs):
    assert population.default() != runs.population()
    with pytest.raises(InputError, match="Model 1 and model 3 start from different populations"):
        ensembles.fit([gru(runs), gru(runs), gru(runs, level=33.0)], runs)
