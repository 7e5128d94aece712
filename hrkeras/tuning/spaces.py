"""The search spaces: each a function `build(hp)` that draws hyperparameters; everything else stays fixed.

A space that is named after a model searches its architecture.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hrkeras.utils.presets import LEARNING_RATE

if TYPE_CHECKING:  # the command line lists the spaces without KerasTuner
    from keras_tuner import HyperParameters

BATCH_SIZES = [8, 16, 32, 64]


class Drawn(NamedTuple):
    """What one trial changes.

    Attributes:
        architecture: keyword arguments of the model's function.
        settings: fields of `training.Settings`.
    """

    architecture: dict[str, Any]
    settings: dict[str, Any]


def batch(hp: "HyperParameters") -> Drawn:
    """Windows a batch."""
    return Drawn({}, {"batch_size": hp.Choice("batch_size", BATCH_SIZES)})


def learning_rate(hp: "HyperParameters") -> Drawn:
    """How high the learning rate rises, and how many windows a batch has, which goes with it."""
    return Drawn({}, batch(hp).settings | _learning_rate(hp))


def augmentation(hp: "HyperParameters") -> Drawn:
    """What makes training harder than use: perturbed runs, history dropout, and dropout."""
    augment = hp.Float("augment", 0.0, 2.0, step=0.5)
    return Drawn({"dropout": _dropout(hp)}, {"augment": augment, "history_dropout": _history_dropout(hp)})


def history(hp: "HyperParameters") -> Drawn:
    """Whether a model gets the person's history and facts of the whole course, and its history dropout."""
    with_history = hp.Boolean("history", default=True)
    with hp.conditional_scope("history", [True]):
        history_dropout = {"history_dropout": _history_dropout(hp)} if with_history else {}
    return Drawn({"history": with_history, "course": hp.Boolean("course", default=True)}, history_dropout)


def recurrent(hp: "HyperParameters") -> Drawn:
    """Width, depth, direction and dropout of recurrent layers."""
    architecture = {
        "units": hp.Choice("units", [32, 64, 128, 256], default=64),
        "num_layers": hp.Int("num_layers", 1, 5, default=2),
        "bidirectional": hp.Boolean("bidirectional"),
        "dropout": _dropout(hp),
    }
    return Drawn(architecture, _learning_rate(hp))


def attention(hp: "HyperParameters") -> Drawn:
    """Width, depth, heads, reach and dropout of attention to the steps before."""
    return Drawn(_transformer(hp) | {"window": hp.Choice("window", [12, 24, 36, 72], default=36)}, _learning_rate(hp))


def patchtst(hp: "HyperParameters") -> Drawn:
    """Width, depth, heads, patch and dropout of a transformer over patches."""
    return Drawn(_transformer(hp) | {"patch": hp.Choice("patch", [5, 10, 20], default=10)}, _learning_rate(hp))


def _transformer(hp: "HyperParameters") -> dict[str, Any]:
    return {
        "units": hp.Choice("units", [32, 64, 128, 256], default=64),
        "num_layers": hp.Int("num_layers", 1, 6, default=2),
        "num_heads": hp.Choice("num_heads", [2, 4, 8], default=4),
        "dropout": _dropout(hp),
    }


def _learning_rate(hp: "HyperParameters") -> dict[str, Any]:
    return {"learning_rate": hp.Float("learning_rate", 3e-4, 3e-2, sampling="log", default=LEARNING_RATE)}


def _dropout(hp: "HyperParameters") -> float:
    return hp.Float("dropout", 0.0, 0.4, step=0.1)


def _history_dropout(hp: "HyperParameters") -> float:
    return hp.Float("history_dropout", 0.0, 0.8, step=0.2, default=0.4)


SPACES: dict[str, Callable[["HyperParameters"], Drawn]] = {
    "batch": batch,
    "lstm": recurrent,
    "gru": recurrent,
    "attention": attention,
    "patchtst": patchtst,
    "learning_rate": learning_rate,
    "augmentation": augmentation,
    "history": history,
}

if TYPE_CHECKING:
    Space = str
else:
    Space = Literal[*SPACES]  # from which the command line makes its choices
