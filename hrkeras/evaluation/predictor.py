"""A model seen in one way, whether Keras runs it or ONNX Runtime."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from hrkeras.athlete.population import Population, default
from hrkeras.evaluation import exported
from hrkeras.evaluation.exported import ExportedModel
from hrkeras.utils import packaged
from hrkeras.utils.errors import InputError, expect
from hrkeras.workouts.grid import STEP

if TYPE_CHECKING:  # an exported model predicts without it
    import keras

    Model: TypeAlias = "keras.Model | Predictor"
STATE = "the athlete's state alone"  # the title where no model predicts


class Predictor(Protocol):
    """What prediction needs of a model; `ExportedModel` says what it means.

    Attributes:
        compiled: whether each shape of a batch costs time, so that there should be few.
        identity: a hash of all that its predictions depend on, where the fingerprint is of the weights alone.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def population(self) -> Population: ...
    @property
    def step(self) -> float: ...
    @property
    def corrects(self) -> bool: ...
    @property
    def compiled(self) -> bool: ...
    def predict_on_batch(self, inputs: dict[str, np.ndarray]) -> np.ndarray: ...


@dataclass
class KerasPredictor:
    """A Keras model, as a `Predictor`; `file` is where it was loaded from, if anywhere."""

    model: keras.Model
    file: Path | None = None
    compiled = True

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def title(self) -> str:
        return f"the model {self.file or self.name}"

    @cached_property
    def fingerprint(self) -> str:
        from hrkeras.models import saving

        return saving.fingerprint(self.model)

    @cached_property
    def identity(self) -> str:
        import keras

        about = f"{keras.__version__} {keras.backend.backend()} {self.model.to_json()} {self.fingerprint}"
        return hashlib.sha256(about.encode()).hexdigest()

    @property
    def population(self) -> Population:
        from hrkeras.models import saving

        return saving.population(self.model)

    @property
    def step(self) -> float:
        from hrkeras.models import saving

        return saving.step(self.model)

    @property
    def corrects(self) -> bool:
        from hrkeras.layers import ExpectedFeatures

        return any(isinstance(layer, ExpectedFeatures) for layer in self.model._flatten_layers())

    def predict_on_batch(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        import keras

        return keras.ops.convert_to_numpy(self.model.predict_on_batch(inputs))


def of(model: Model | str) -> Predictor:
    """A model as a `Predictor`.

    Args:
        model: a Keras model, an exported one, the name "base" of the packaged one, or that of an .onnx file.

    Raises:
        InputError: if there is no such exported model.
        TypeError: if it is no model.
    """
    if isinstance(model, ExportedModel | KerasPredictor):
        return model
    if model == packaged.BASE:
        return exported.base()
    if isinstance(model, str):
        if not model.endswith(exported.SUFFIX):
            raise InputError(f"{model}: expected base or an {exported.SUFFIX} file; other models are loaded by `hrkeras.load`.")
        return exported.load(Path(model))
    import keras

    expect(model, (keras.Model, ExportedModel), "model")
    return KerasPredictor(model)


def title(model: Model | None) -> str:
    """What predicts, as it is called in texts."""
    return of(model).title if model else STATE


def population(model: Model | None = None) -> Population:
    """The population that an athlete's state must start from: the model's, or the packaged one without a model.

    Raises:
        InputError: if the model's steps are of another length than those of an athlete's state.
    """
    if model is None:
        return default()
    step = of(model).step
    if step != STEP:
        raise InputError(f"Expected a model of steps of {STEP:g} s, found one of {step:g} s; train it again with this version.")
    return of(model).population
