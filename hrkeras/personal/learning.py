"""What the athlete's state learns from runs, one after the other: what was known before each, and how it was after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hrkeras.athlete import fitness
from hrkeras.athlete.fitness import View
from hrkeras.athlete.interval import PredictionInterval
from hrkeras.athlete.kalman import EXPECTED, AthleteState, Known
from hrkeras.athlete.population import COURSE
from hrkeras.athlete.shrinkage import Network, Shrinkage
from hrkeras.evaluation import predict
from hrkeras.personal import kept
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP
from hrkeras.workouts.prepare import PreparedRun

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Predictor

OF_STATE = ("weights", "covariance", "residuals", "starts", "ends", "records")
BEFORE = ("course", "course_share", "history", "shrinkage", "interval")  # of `Known`, one for each run
AFTER = ("weights", "covariance", "reach")  # of `View`


class Learnt(NamedTuple):
    """What was learnt from some runs.

    Attributes:
        answers: of `AthleteState.update` for each run.
        added: the runs that were new to the state.
        before: for each of these, what was known before it, for the model if one was given.
        predicted: for each of these, the heart rate predicted from that, beats/min, shape `(steps,)`.
        after: for each of these, the state after it.
    """

    answers: list[str]
    added: list[PreparedRun]
    before: list[Known]
    predicted: list[np.ndarray]
    after: list[View]


def learn(athlete: AthleteState, runs: Sequence[PreparedRun], model: Predictor | None) -> Learnt:
    """Updates a state, in place, with some runs, unless `kept` has what they make of it.

    Args:
        athlete: the state.
        runs: one of `kept.blocks`, in order.
        model: its shrinkage is updated with these runs; none if not given.
    """
    by = (type(model).__name__, model.fingerprint, model.identity) if model else None
    of_runs = [value for run in runs for value in (run.start, *run.grid)]
    depends_on = ("learnt", by, athlete.population, *_state(athlete).values(), *of_runs)
    known = kept.arrays(depends_on, partial(_learn, athlete, runs, model))
    _restore(athlete, known)
    answers = known["answers"].tolist()
    added = [run for run, answer in zip(runs, answers, strict=True) if answer == "added"]
    ends = np.cumsum([len(run.grid.speed) for run in added], dtype=int)
    expected, predicted = (
        [known[name][end - len(run.grid.speed) : end] for run, end in zip(added, ends, strict=True)]
        for name in ("expected", "predicted")
    )
    before = [Known(*values) for values in zip(expected, *(_each(known[name]) for name in BEFORE), strict=True)]
    states = zip(*(_each(known[f"{name}_after"]) for name in AFTER), strict=True)
    usual = np.zeros(len(COURSE))
    after = [View(athlete.population, weights, covariance, reach, usual) for weights, covariance, reach in states]
    return Learnt(answers, added, before, predicted, after)


def _each(values: np.ndarray) -> list:
    """Of each run its array, or its number as one of Python, which leaves the type of an array in float32 alone."""
    return values.tolist() if values.ndim == 1 else list(values)


def _learn(athlete: AthleteState, runs: Sequence[PreparedRun], model: Predictor | None) -> dict[str, np.ndarray]:
    """What `learn` makes its answer and the state of."""
    answers, added, before, after = list[str](), list[PreparedRun](), list[Known](), list[View]()
    for run in runs:
        efforts = basis(run.grid)
        known = athlete.predict(run.start, run.grid, efforts)
        answers.append(athlete.update(run.start, run.grid, efforts))
        if answers[-1] == "added":
            added.append(run)
            before.append(known)
            after.append(fitness.view(athlete))
    predicted = [known.expected[:, 0] for known in before]
    if model and added:
        before, predicted = _corrected(athlete, added, before, model)
    nothing = np.empty((0, len(EXPECTED)), np.float32)
    return {
        "answers": np.array(answers),
        "expected": np.concatenate([nothing, *(known.expected for known in before)]),
        "predicted": np.concatenate([nothing[:, 0], *predicted]),
        **{name: np.array([getattr(known, name) for known in before]) for name in BEFORE},
        **{f"{name}_after": np.array([getattr(view, name) for view in after]) for name in AFTER},
        **_state(athlete),
    }


def _corrected(
    athlete: AthleteState, runs: Sequence[PreparedRun], before: Sequence[Known], model: Predictor
) -> tuple[list[Known], list[np.ndarray]]:
    """What was known before each run for the model, and the heart rate that it predicted.

    Updates the model's shrinkage run by run; a model other than before starts afresh.
    """
    if athlete.network.name != model.fingerprint:
        athlete.network = Network(model.fingerprint)
    answers, heart_rates = [], []
    starts = np.array([run.start for run in runs])
    whole = predict.whole_runs(model, [run.grid for run in runs], before, starts)
    for run, alone, predicted in zip(runs, before, whole, strict=True):
        known, expected = athlete.asked_by(model.fingerprint, alone), alone.expected[:, 0]
        answers.append(known)
        heart_rates.append(expected + known.shrinkage * (predicted - expected))
        athlete.network.update(run.grid.heart_rate, expected, known.standard_deviation, predicted, STEP)
    return answers, heart_rates


def _state(athlete: AthleteState) -> dict[str, np.ndarray]:
    """All of a state that runs change."""
    network = athlete.network
    return {
        **{name: getattr(athlete, name) for name in OF_STATE},
        "count": np.array(athlete.count),
        "network": np.array(network.name),
        "network_shrinkage": np.array(astuple(network.shrinkage)),
        **{
            f"{whose}_{name}": getattr(interval, name)
            for whose, interval in (("state", athlete.interval), ("network", network.interval))
            for name in ("hours", "tails")
        },
    }


def _restore(athlete: AthleteState, known: dict[str, np.ndarray]) -> None:
    """Makes a state what `_state` has told."""
    for name in OF_STATE:
        setattr(athlete, name, known[name])
    athlete.count = int(known["count"])
    athlete.interval, interval = (
        PredictionInterval(known[f"{whose}_hours"], known[f"{whose}_tails"]) for whose in ("state", "network")
    )
    athlete.network = Network(str(known["network"]), Shrinkage(*known["network_shrinkage"].tolist()), interval)
