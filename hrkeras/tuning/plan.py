"""What is searched, how, and what stays fixed."""

from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import keras
from keras_tuner import HyperParameters

from hrkeras.datasets.runs import Runs
from hrkeras.models import MODELS, Statistics
from hrkeras.training.fit import Settings
from hrkeras.tuning.spaces import SPACES
from hrkeras.utils.errors import InputError

EPOCHS = "tuner/epochs"  # under which Hyperband says how many epochs a trial gets


@dataclass(frozen=True)
class Plan:
    """A search.

    Attributes:
        space: a name of `SPACES`.
        tuner: a name of `oracles.ORACLES`.
        model: a name of `MODELS`.
        data: name of the dataset.
        fixed: keyword arguments of the model's function that are the same in all trials.
        epochs: of a training; none ends earlier, so that all have the same number.
        seeds: each trial is trained once with each.
        share: of each person's training runs, the latest.
        trials: at most so many; None leaves it to the tuner.
    """

    space: str
    tuner: str
    model: str
    data: str
    fixed: dict[str, Any] = field(default_factory=dict)
    epochs: int = 30
    seeds: tuple[int, ...] = (0, 1, 2)
    share: float = 1.0
    trials: int | None = None

    def __post_init__(self):
        if self.space in MODELS and self.model != self.space:
            raise InputError(f"The space {self.space} searches the model {self.space}, found the model {self.model}.")
        if self.tuner == "hyperband" and self.trials is not None:
            raise InputError("Hyperband decides by itself how many trials there are; lower the epochs instead.", "epochs")
        drawn = SPACES[self.space](HyperParameters()).architecture
        if both := sorted(drawn.keys() & self.fixed.keys()):
            raise InputError(f"The space {self.space} searches {' and '.join(both)} itself; leave that out of the command.")
        if unknown := sorted((drawn.keys() | self.fixed.keys()) - signature(MODELS[self.model]).parameters.keys()):
            raise InputError(f"The model {self.model} has no {' and no '.join(unknown)}; choose another model.", "model")

    def settings(self, hp: HyperParameters, seed: int) -> Settings:
        """How a trial is trained."""
        epochs = hp.values.get(EPOCHS, self.epochs)
        return Settings(epochs=epochs, patience=epochs, seed=seed, **SPACES[self.space](hp).settings)

    def description(self, hp: HyperParameters, runs: Runs) -> dict[str, Any]:
        """What `training.train` keeps of model and data; `runs` are those that it is trained and validated on."""
        given = self.fixed | SPACES[self.space](hp).architecture
        defaults = {name: parameter.default for name, parameter in signature(MODELS[self.model]).parameters.items()}
        del defaults["statistics"]
        return {"model": self.model, "architecture": defaults | given, "data": self.data, **runs.counts}

    def build(self, hp: HyperParameters, statistics: Statistics) -> keras.Model:
        """A trial's untrained model."""
        return MODELS[self.model](**self.fixed, **SPACES[self.space](hp).architecture, statistics=statistics)
