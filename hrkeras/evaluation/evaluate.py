"""Score a model on runs beside its baselines, under a named protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import keras
import numpy as np

from hrkeras.athlete.interval import limits
from hrkeras.athlete.kalman import Known
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import Run, Windows
from hrkeras.evaluation import baselines, memory
from hrkeras.evaluation.audit.data import people as people_check
from hrkeras.evaluation.evaluation import CaseResult, Evaluation
from hrkeras.evaluation.partly_known import PartlyKnown
from hrkeras.evaluation.predict import WHOLE, by_run, known, predict
from hrkeras.evaluation.protocols import PROTOCOLS, Case, Protocol
from hrkeras.evaluation.scores import Coverage, Score, coverage, score
from hrkeras.models import saving
from hrkeras.models.load import load
from hrkeras.utils.errors import InputError, expect
from hrkeras.workouts.grid import Grid

DAYS_A_MONTH = 365.25 / 12
STATE_ALONE = "athlete's state alone"
SCORED_SPLITS = ("test", "validation")
SPLIT_AS = {"by_user": "without_", "later": "until_"}  # by protocol, the split that its runs must have, see `splits.rule`
Beside = Callable[[list[Run], list[np.ndarray], Callable[[int], object] | None, list[list[Grid]]], list[np.ndarray] | None]


def evaluate(
    model: keras.Model | str,
    runs: Runs,
    protocol: str | Protocol = "profile",
    *,
    split: str = "test",
    name: str | None = None,
    on_batch: Callable[[int], object] | None = None,
    beside: Mapping[str, Beside] | None = None,
) -> Evaluation:
    """Scores a model under a protocol, beside the baselines that the protocol allows.

    Args:
        model: to score, from `train` or `load`, or "base".
        runs: all splits; the baselines learn from the training split, and choose on the validation split. The athlete's state
            alone starts from the model's population, as it does in the model.
        protocol: what is known when a run is predicted. "profile": speed and altitude of the whole run; "live": of its past;
            "forecast": also heart rate up to now; "past_only": the past of all three, from origins every five minutes;
            "imputation": heart rate but for gaps; "by_user": people without a training run; "later": runs after the training
            period.
        split: which runs are scored, "test" or "validation".
        name: for the model's row; that of the model if not given.
        on_batch: see `predict`.
        beside: by name, other models for the case `protocol.rest`; other protocols ignore them. Each takes the
            runs without the heart rate that is to be predicted, the known heart rate of each (beats/min, NaN where unknown,
            shape `(steps,)`), `on_batch`, and of each run its person's runs that were over when it began. It returns heart
            rate of the same shapes, NaN where it has no prediction: there the athlete's state is used, as for persistence.
            If it returns None, its row is left out.

    Raises:
        InputError: if the runs do not fit into memory, no heart rate was measured, the protocol does not exist, or it needs
            another split of the runs.

    Example:
        >>> import hrkeras
        >>> model = hrkeras.load("model.keras")
        >>> scores = hrkeras.evaluate(model, hrkeras.Runs.from_workouts(hrkeras.read("runs")))
        >>> print(scores)  # doctest: +ELLIPSIS
        Protocol profile: speed and altitude of the whole run and the person's earlier runs are known, ...
        >>> list(scores.to_frame()["name"][:2])
        ['lstm', "athlete's state alone"]
    """
    if isinstance(model, str):
        name, model = name or model, load(model)
    protocol = _checked(model, runs, protocol, split)
    memory.check(runs)
    name, population = name or model.name, saving.population(model)
    alone = runs.known(population)
    before = known(model, runs, population, alone=alone, on_batch=on_batch)
    scored = runs.windows(before, split, WHOLE)
    if not np.isfinite(scored.heart_rate).any():
        raise InputError("No heart rate was measured in the runs to score; there is nothing to compare with.")
    scored_runs = list(scored.runs())
    asked = _ask(beside, protocol.rest, scored, runs, on_batch) if beside and protocol.rest else {}  # first: a service may refuse
    if protocol.uses_heart_rate:
        start = (before, population)
        parts = {part: PartlyKnown(model, runs, protocol, start, part, on_batch) for part in {split, "validation"}}
    else:
        learnt = [list(runs.windows(before, part, WHOLE).runs()) for part in ("train", "validation")]
        simple = baselines.predictions(learnt[0], learnt[1], scored_runs)
    results = []
    for case in protocol.cases:
        if protocol.uses_heart_rate:
            test = parts[split].of(case)
            counted, own_predictions = test.counted, test.conditioned
            predictions = baselines.with_heart_rate(case, test, parts["validation"].of(case, conditioned=case.ahead > 0), name)
            if case is protocol.rest:
                predictions |= {key: _filled(values, test.expected) for key, values in asked.items()}
        else:
            counted, own_predictions = by_run(case.scored(scored), scored), predict(model, scored, on_batch, **case.known(scored))
            predictions = {STATE_ALONE: _expected(scored, case.course)} | simple
        if name in predictions:
            raise InputError(f"The model is called {name!r}, as another row is; give it another name.")
        predictions = {name: own_predictions} | predictions
        if case.ahead:
            predictions = {key: parts[split].whole(values, counted, scored_runs) for key, values in predictions.items()}
            counted = [np.isfinite(values) for values in predictions[name]]
            if not any(map(np.any, counted)):
                raise InputError("No run has enough heart rate around an origin to forecast from; score longer runs.")
        rows = [
            score(key, scored_runs, values, counted, None if key == name else predictions[name])
            for key, values in predictions.items()
        ]
        results.append(CaseResult(case, rows, predictions, counted))
    first = results[0]
    intervals: tuple[Coverage, ...] = ()
    if not protocol.uses_heart_rate and first.case.course:
        both = ((name, before), (STATE_ALONE, alone))
        intervals = tuple(_covered(key, scored_runs, first.predicted[key], states) for key, states in both)
    people = _by_person(scored_runs, first, runs.names)
    evaluation = Evaluation(protocol, scored_runs, results, people, scored, intervals=intervals)
    if protocol.name != "later":
        return evaluation
    frozen = runs.windows(known(model, runs, population, learnt=runs.split != split, on_batch=on_batch), split, WHOLE)
    return replace(evaluation, months=by_month(evaluation, runs, predict(model, frozen, on_batch)))


def _by_person(runs: list[Run], result: CaseResult, names: Sequence[str]) -> dict[int | str, list[Score]]:
    """The scores of a case for each person's runs alone, by their name, or number where there are no names."""
    people: dict[int | str, list[Score]] = {}
    for user in sorted({run.user for run in runs}):
        mine = [index for index, run in enumerate(runs) if run.user == user]
        selected, counted = [runs[index] for index in mine], [result.counted[index] for index in mine]
        people[names[user] if any(names) else user] = [
            score(name, selected, [values[i] for i in mine], counted) for name, values in result.predicted.items()
        ]
    return people


def _checked(model: keras.Model, runs: Runs, protocol: str | Protocol, split: str) -> Protocol:
    """The protocol of a name; raises `InputError` if there is none, or it needs new people or days and the runs have none."""
    expect(model, keras.Model, "model")
    expect(runs, Runs, "runs")
    if split not in SCORED_SPLITS:
        raise InputError(f"Split {split!r}: expected one of {', '.join(SCORED_SPLITS)}.")
    expect(protocol, (str, Protocol), "protocol")
    if isinstance(protocol, str):
        if protocol not in PROTOCOLS:
            raise InputError(f"Protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}.")
        protocol = PROTOCOLS[protocol]
    if (rule := SPLIT_AS.get(protocol.name)) and not (check := people_check(runs, f"/{rule}")).passed:
        raise InputError(f"The protocol {protocol.name} needs runs split so that those to score are new: {check.finding}")
    return protocol


def _ask(
    beside: Mapping[str, Beside], case: Case, windows: Windows, everything: Runs, on_batch: Callable[[int], object] | None
) -> dict[str, list[np.ndarray]]:
    """What other models predict, by name; those that do not answer are left out."""
    shown = by_run(case.known(windows)["heart_rate"], windows)
    whole = zip(windows.runs(), shown, strict=True)
    runs = [replace(run, grid=run.grid._replace(heart_rate=known)) for run, known in whole]  # the rest they never see
    order, ends = np.argsort(everything.ends, kind="stable"), everything.ends
    earlier = [
        [everything.grids[row] for row in order if everything.users[row] == run.user and ends[row] <= run.start] for run in runs
    ]
    answers = {name: predictions(runs, shown, on_batch, earlier) for name, predictions in beside.items()}
    return {name: values for name, values in answers.items() if values is not None}


def _covered(name: str, runs: list[Run], predicted: list[np.ndarray], before: list[Known]) -> Coverage:
    around = ((values, before[run.number]) for run, values in zip(runs, predicted, strict=True))
    return coverage(name, runs, [limits(values, state.standard_deviation, state.interval) for values, state in around])


def _filled(predicted: list[np.ndarray], elsewhere: list[np.ndarray]) -> list[np.ndarray]:
    """Predictions, and `elsewhere` where there is none."""
    return [np.where(np.isfinite(values), values, other) for values, other in zip(predicted, elsewhere, strict=True)]


def _expected(windows: Windows, course: bool = True) -> list[np.ndarray]:
    """What the athlete's state alone predicts."""
    return by_run(windows.inputs(course=course)["expected"][:, :, 0], windows)


def by_month(evaluation: Evaluation, runs: Runs, frozen: list[np.ndarray]) -> list[dict]:
    """Error against months since the last day that was trained on.

    Args:
        evaluation: of the runs that came later.
        runs: all splits.
        frozen: the model's predictions for each run with the person's history ended at training, beats/min.

    Returns:
        A dict for each span of months, with `months`, `runs`, and mean absolute errors in beats/min: `kept_up` with the history
        kept up, `frozen` with it ended.
    """
    end = runs.starts[runs.split != "test"].max()
    months = np.array([(run.start - end) / 86_400 / DAYS_A_MONTH for run in evaluation.runs])
    rows = []
    for low, high in ((0, 1), (1, 3), (3, 6), (6, 12), (12, 24), (24, np.inf)):
        chosen = [int(i) for i in np.flatnonzero((months >= low) & (months < high))]
        if chosen:
            selected = [evaluation.runs[i] for i in chosen]
            kept, ended = (score("", selected, [values[i] for i in chosen]) for values in (evaluation.predicted, frozen))
            name = f"{low} - {high:.0f}" if np.isfinite(high) else f"{low} and more"
            rows.append({"months": name, "runs": kept.runs, "kept_up": kept.mae, "frozen": ended.mae})
    return rows
