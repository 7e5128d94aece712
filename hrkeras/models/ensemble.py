"""Several models as one."""

from collections.abc import Sequence

import keras
from keras import layers

from hrkeras.layers import WeightedMean
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED, new_inputs, trained_with_both


def ensemble(members: Sequence[keras.Model], weights: Sequence[float]) -> keras.Model:
    """The weighted mean of models, as a model of its own with the same inputs and output.

    What is known of heart rate is made use of by each member; where none is known, it is the mean of what they say without.

    Args:
        members: models of `hrkeras.models`, whose athletes' states start from the same population.
        weights: one each, which add up to 1; `ensembles.fit` fits them.
    """
    inputs = new_inputs()
    said = [trained_with_both(member, name=f"member_{index}")(inputs) for index, member in enumerate(members)]
    corrections = [layers.Subtract(dtype="float32")([each[CONDITIONED], each[UNCONDITIONED]]) for each in said]
    unconditioned = WeightedMean(weights, name=UNCONDITIONED, dtype="float32")([each[UNCONDITIONED] for each in said])
    correction = WeightedMean(weights, name="correction", dtype="float32")(corrections)
    return keras.Model(inputs, layers.Add(name=CONDITIONED, dtype="float32")([unconditioned, correction]), name="ensemble")


def members(model: keras.Model) -> list[keras.Model]:
    """The models that an ensemble is made of, also of ensembles in it; the model alone if it is none."""
    found = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return [inner for each in found for inner in members(each)] or [model]
