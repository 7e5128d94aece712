"""Each space draws values that train a model, and what a plan does not allow is told."""

from dataclasses import replace
from inspect import signature

import pytest
from keras_tuner import HyperParameters
from made_up import made_up

from hrkeras.models import MODELS, Statistics
from hrkeras.training import fit
from hrkeras.tuning.plan import Plan
from hrkeras.tuning.results import label
from hrkeras.tuning.spaces import SPACES
from hrkeras.utils.errors import InputError


def plan_of(space, **kwargs) -> Plan:
    return Plan(space, "random", space if space in MODELS else "gru", "synthetic", **kwargs)


@pytest.mark.parametrize("space", SPACES)
def test_a_space_builds_a_model_and_its_settings(space):
    fixed = {} if space in MODELS else {"units": 4, "num_layers": 1}
    plan, hp = plan_of(space, fixed=fixed, epochs=7), HyperParameters()
    hp.values = {"units": 32, "num_layers": 1} if space in MODELS else {}  # as if drawn: small ones are built faster
    model = plan.build(hp, Statistics())
    assert model.name == plan.model
    settings = plan.settings(hp, seed=3)
    assert (settings.epochs, settings.patience, settings.seed) == (7, 7, 3)
    drawn = SPACES[space](hp)
    assert drawn.architecture.keys() | drawn.settings.keys() == hp.values.keys()
    described = plan.description(hp, made_up(people=1, runs=16))
    assert (described["people"], set(described["runs"])) == (1, {"train", "validation", "test"})
    assert described["architecture"].items() >= (drawn.architecture | fixed).items()
    assert described["architecture"].keys() == signature(MODELS[plan.model]).parameters.keys() - {"statistics"}


@pytest.mark.parametrize("space", SPACES)
def test_the_defaults_are_those_of_training(space):
    """So that a search tells what changing them is worth; batch begins with its smallest, as a grid goes upwards."""
    hp = HyperParameters()
    drawn = SPACES[space](hp)
    kept = {name: value for name, value in drawn.settings.items() if name != "batch_size"}
    assert replace(fit.Settings(), **kept) == fit.Settings()


def test_hyperband_says_for_how_many_epochs():
    hp = HyperParameters()
    hp.values = {"tuner/epochs": 2, "tuner/bracket": 1}
    plan = plan_of("gru", epochs=9)
    assert plan.settings(hp, 0).epochs == 2
    assert label(hp.values).endswith("epochs 2")
    assert "bracket" not in label(hp.values)


def test_what_is_tried_in_words():
    assert (
        label({"batch_size": 16, "learning_rate": 0.0031234, "history": False})
        == "batch size 16, learning rate 0.00312, history no"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "lstm"}, "searches the model gru, found the model lstm"),
        ({"tuner": "hyperband", "trials": 3}, "lower the epochs instead"),
        ({"fixed": {"units": 4}}, "searches units itself"),
        ({"space": "batch", "model": "patchtst", "fixed": {"bidirectional": True}}, "has no bidirectional"),
    ],
)
def test_what_a_plan_does_not_allow(change, said):
    with pytest.raises(InputError, match=said):
        replace(plan_of("gru"), **change)
