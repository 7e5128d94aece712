"""Score a model on runs beside its baselines, under a named protocol."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import keras
import numpy as np

from hrkeras.athlete.interval import limits
from hrkeras.athlete.kalman import Known
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import Run, Windows
from hrkeras.evaluation import baselines
from hrkeras.evaluation.audit.data import people as people_check
from hrkeras.evaluation.evaluation import CaseResult, Evaluation
from hrkeras.evaluation.predict import WHOLE, by_run, known, predict
from hrkeras.evaluation.protocols import PROTOCOLS, Case, Protocol
from hrkeras.evaluation.scores import Coverage, coverage, score
from hrkeras.models import saving
from hrkeras.utils.errors import InputError

DAYS_A_MONTH = 365.25 / 12
STATE_ALONE = "athlete's state alone"
SPLIT_AS = {"by_user": "without_", "later": "until_"}  # by protocol, the split that its runs must have, see `splits.rule`
Beside = Callable[[list[Run], list[np.ndarray], Callable[[int], object] | None], list[np.ndarray] | None]


def evaluate(
    model: keras.Model,
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
        model: to score, from `train` or `load`.
        runs: all splits; the baselines learn from the training split, and choose on the validation split.
        protocol: what is known when a run is predicted. "profile": speed and altitude of the whole run; "live": of its past;
            "forecast": also heart rate up to now; "imputation": heart rate but for gaps; "by_user", people, and "later", a
            time, that no run was trained on.
        split: which runs are scored, "test" or "validation".
        name: for the model's row; that of the model if not given.
        on_batch: see `predict`.
        beside: by name, other models for the case `protocol.rest`; other protocols have no place for them. Each takes the
            runs without the heart rate that is to be predicted, of each the known one (beats/min, NaN where it is not,
            shape `(steps,)`) and `on_batch`, and returns heart rate of the same shapes, NaN where it cannot tell: there
            the athlete's state stands in, as it does for persistence. None leaves its row out.

    Raises:
        InputError: if heart rate was measured at no step, or the protocol is none or asks for runs that are split otherwise.

    Example:
        >>> import hrkeras
        >>> model = hrkeras.load("model.keras")
        >>> scores = hrkeras.evaluate(model, hrkeras.Runs.from_workouts(hrkeras.read("runs")))
        >>> print(scores)  # doctest: +ELLIPSIS
        Protocol profile: speed and altitude of the whole run and the person's earlier runs are known, ...
        >>> list(scores.to_frame()["name"][:2])
        ['lstm', "athlete's state alone"]
    """
    protocol = _checked(protocol, runs)
    name, population = name or model.name, saving.population(model)
    own = runs.population()
    alone = runs.known(population)
    before = known(model, runs, population, alone=alone, on_batch=on_batch)
    plain = alone if own == population else runs.known(own)
    scored = runs.windows(before, split, WHOLE)
    if not np.isfinite(scored.heart_rate).any():
        raise InputError("Not one heart rate was measured in the runs to score; there is nothing to compare with.")
    those = list(scored.runs())
    asked = _ask(beside, protocol.rest, scored, on_batch) if beside and protocol.rest else {}  # first: it may be refused
    splits = {split: scored}
    if protocol.uses_heart_rate:
        splits["validation"] = runs.windows(before, "validation", WHOLE)
        unconditioned = {each: predict(model, windows, on_batch) for each, windows in splits.items()}
        expected = {each: _expected(runs.windows(plain, each, WHOLE)) for each in splits}
    else:
        filters = runs.windows(plain, split, WHOLE)
        learnt = [list(runs.windows(plain, each, WHOLE).runs()) for each in ("train", "validation")]
        simple = baselines.predictions(learnt[0], learnt[1], those)
    results = []
    for case in protocol.cases:
        found = {name: predict(model, scored, on_batch, **case.known(scored))}
        if protocol.uses_heart_rate:
            partly = {
                each: baselines.Partly(
                    list(windows.runs()),
                    by_run(case.known(windows)["heart_rate"], windows),
                    by_run(case.scored(windows), windows),
                    unconditioned[each],
                    expected[each],
                )
                for each, windows in splits.items()
            }
            found |= baselines.with_heart_rate(case, partly[split], partly["validation"], name)
            if case is protocol.rest:
                found |= {key: _filled(values, expected[split]) for key, values in asked.items()}
        else:
            found |= {STATE_ALONE: _expected(filters, case.course)} | simple
        counted = by_run(case.scored(scored), scored)
        rows = [score(key, those, values, counted, None if key == name else found[name]) for key, values in found.items()]
        results.append(CaseResult(case, rows, found, counted))
    first = results[0]
    intervals: tuple[Coverage, ...] = ()
    if not protocol.uses_heart_rate and first.case.course:
        both = ((name, before), (STATE_ALONE, plain))
        intervals = tuple(_covered(each, those, first.predicted[each], known_of) for each, known_of in both)
    people = {}
    for user in sorted({run.user for run in those}):
        mine = [index for index, run in enumerate(those) if run.user == user]
        some, counted = [those[index] for index in mine], [first.counted[index] for index in mine]
        people[user] = [score(key, some, [values[i] for i in mine], counted) for key, values in first.predicted.items()]
    found_all = Evaluation(protocol, those, results, people, scored, intervals=intervals)
    if protocol.name != "later":
        return found_all
    frozen = runs.windows(known(model, runs, population, learnt=runs.split != split, on_batch=on_batch), split, WHOLE)
    return replace(found_all, months=by_month(found_all, runs, predict(model, frozen, on_batch)))


def _checked(protocol: str | Protocol, runs: Runs) -> Protocol:
    """The protocol of a name; raises `InputError` if there is none, or it is about what is new and the runs are not."""
    if isinstance(protocol, str):
        if protocol not in PROTOCOLS:
            raise InputError(f"Protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}.")
        protocol = PROTOCOLS[protocol]
    if (rule := SPLIT_AS.get(protocol.name)) and not (check := people_check(runs, f"/{rule}")).passed:
        raise InputError(f"The protocol {protocol.name} needs runs split so that those to score are new: {check.finding}")
    return protocol


def _ask(
    beside: Mapping[str, Beside], case: Case, windows: Windows, on_batch: Callable[[int], object] | None
) -> dict[str, list[np.ndarray]]:
    """What other models predict, by name; those that do not answer are left out."""
    shown = by_run(case.known(windows)["heart_rate"], windows)
    whole = zip(windows.runs(), shown, strict=True)
    runs = [replace(run, grid=run.grid._replace(heart_rate=known)) for run, known in whole]  # the rest they never see
    answers = {name: predictions(runs, shown, on_batch) for name, predictions in beside.items()}
    return {name: values for name, values in answers.items() if values is not None}


def _covered(name: str, runs: list[Run], predicted: list[np.ndarray], before: list[Known]) -> Coverage:
    around = ((values, before[run.number]) for run, values in zip(runs, predicted, strict=True))
    return coverage(name, runs, [limits(values, each.standard_deviation, each.interval) for values, each in around])


def _filled(predicted: list[np.ndarray], elsewhere: list[np.ndarray]) -> list[np.ndarray]:
    """Predictions, and what is given elsewhere where there is none."""
    return [np.where(np.isfinite(one), one, other) for one, other in zip(predicted, elsewhere, strict=True)]


def _expected(windows: Windows, course: bool = True) -> list[np.ndarray]:
    """What the athlete's state alone predicts."""
    return by_run(windows.inputs(course=course)["expected"][:, :, 0], windows)


def by_month(found: Evaluation, runs: Runs, frozen: list[np.ndarray]) -> list[dict]:
    """Error against months since the last day that was trained on.

    Args:
        found: an evaluation of what came later.
        runs: all splits.
        frozen: what the model predicts of each run if the person's history ends with the training, beats/min.

    Returns:
        A dict a span of months, with `months`, `runs`, and mean absolute errors in beats/min: `kept_up` with the history
        kept up, `frozen` with it ended.
    """
    end = runs.starts[runs.split != "test"].max()
    months = np.array([(run.start - end) / 86_400 / DAYS_A_MONTH for run in found.runs])
    rows = []
    for low, high in ((0, 1), (1, 3), (3, 6), (6, 12), (12, 24), (24, np.inf)):
        chosen = [int(i) for i in np.flatnonzero((months >= low) & (months < high))]
        if chosen:
            some = [found.runs[i] for i in chosen]
            kept, ended = (score("", some, [values[i] for i in chosen]) for values in (found.predicted, frozen))
            name = f"{low} - {high:.0f}" if np.isfinite(high) else f"{low} and more"
            rows.append({"months": name, "runs": kept.runs, "kept_up": kept.mae, "frozen": ended.mae})
    return rows
