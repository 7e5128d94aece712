"""Several models as one."""

from collections.abc import Sequence

import keras
from keras import layers

from hrkeras.layers import WeightedMean
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED, new_inputs, trained_with_both


def ensemble(members: Sequence[keras.Model], weights: Sequence[float]) -> keras.Model:
    """The weighted mean of models, as a model of its own with the same inputs and output.

    Each member makes use of known heart rate; where none is known, the result is the mean of their predictions without it.

    Args:
        members: models of `hrkeras.models`, whose athletes' states start from the same population.
        weights: one each, which add up to 1; `ensembles.fit` fits them.
    """
    inputs = new_inputs()
    outputs = [trained_with_both(member, name=f"member_{index}")(inputs) for index, member in enumerate(members)]
    corrections = [layers.Subtract(dtype="float32")([output[CONDITIONED], output[UNCONDITIONED]]) for output in outputs]
    unconditioned = WeightedMean(weights, name=UNCONDITIONED, dtype="float32")([output[UNCONDITIONED] for output in outputs])
    correction = WeightedMean(weights, name="correction", dtype="float32")(corrections)
    return keras.Model(inputs, layers.Add(name=CONDITIONED, dtype="float32")([unconditioned, correction]), name="ensemble")


def members(model: keras.Model) -> list[keras.Model]:
    """The models of an ensemble, nested ensembles included; the model itself if it is none."""
    models = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return [inner for member in models for inner in members(member)] or [model]
