"""Score a model on runs beside its baselines, under a named protocol."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import keras
import numpy as np

from hrkeras import baselines, doubts
from hrkeras.layers import ExpectedFeatures
from hrkeras.protocols import Case, Protocol
from hrkeras.scores import Counted, Score, score
from hrkeras.windows import Run, Runs, Windows, of_runs
from hrkeras.workouts.athlete import Known
from hrkeras.workouts.grid import stitch
from hrkeras.workouts.population import Population
from hrkeras.workouts.trust import Trust, over_before
from hrkeras.workouts.workout import InputError

BATCH = 32
LENGTH_STEP = 250  # a batch is padded to a multiple of so many steps, so that every backend compiles few shapes
WHOLE = 1500  # steps, over four hours; a longer run is predicted in windows
DAYS_A_MONTH = 365.25 / 12
Beside = Callable[[list[Run], list[np.ndarray], Callable[[int], object] | None], list[np.ndarray] | None]


def predict(model: keras.Model, windows: Windows, on_batch: Callable[[int], object] | None = None, **known) -> list[np.ndarray]:
    """Predicts whole runs.

    Args:
        model: with the inputs and output that `hrkeras.models` describes.
        windows: of the runs.
        on_batch: called with the number of windows predicted since the last call.
        **known: what is known besides, as `Windows.inputs` takes it: `heart_rate`, `delay`, `course`.

    Returns:
        For each run, in the order of `windows.runs()`, heart rate in beats/min, shape `(steps,)`.
    """
    longest = windows.valid.shape[1]
    inputs = windows.inputs(**known)
    found = np.zeros(windows.valid.shape, np.float32)
    lengths = windows.valid.sum(axis=1).astype(int)
    order = np.argsort(lengths, kind="stable")
    for begin in range(0, len(order), BATCH):
        rows = order[begin : begin + BATCH]
        steps = -(-lengths[rows[-1]] // LENGTH_STEP) * LENGTH_STEP
        full = np.concatenate([rows, rows[:1].repeat(BATCH - len(rows))])
        batch = {name: _padded(name, values[full], steps, longest) for name, values in inputs.items()}
        predicted = keras.ops.convert_to_numpy(model.predict_on_batch(batch))[: len(rows), :longest]
        found[rows, : predicted.shape[1]] = predicted
        if on_batch:
            on_batch(len(rows))
    return by_run(found, windows)


def _padded(name: str, values: np.ndarray, steps: int, longest: int) -> np.ndarray:
    """Step values cut or padded to so many steps; in padding nothing is valid and no heart rate is known."""
    if values.ndim < 2 or values.shape[1] != longest:
        return values
    values = values[:, :steps]
    size = ((0, 0), (0, steps - values.shape[1]), *[(0, 0)] * (values.ndim - 2))
    if name in ("valid", "heart_rate"):
        return np.pad(values, size, constant_values=0 if name == "valid" else np.nan)
    return np.pad(values, size, mode="edge")


def knows_history(model: keras.Model) -> bool:
    """Whether a model looks at what is known of the person, and corrects the athlete's state."""
    return any(isinstance(layer, ExpectedFeatures) for layer in model._flatten_layers())


def known(
    model: keras.Model,
    runs: Runs,
    population: Population,
    *,
    learnt: np.ndarray | None = None,
    on_batch: Callable[[int], object] | None = None,
) -> list[Known]:
    """What is known before each run, and how far the model is trusted, from the same person's runs that were over.

    Args:
        model: to be trusted as far as it would have helped with those runs.
        runs: all of these people's.
        population: where the athletes' states start for this model, from `saving.population`.
        learnt: see `Runs.known`.
        on_batch: see `predict`.
    """
    found = runs.known(population, learnt=learnt)
    if not knows_history(model):
        return found  # it corrects no state
    ends = runs.ends
    for user in np.unique(runs.users):
        rows = np.flatnonzero(runs.users == user)
        grids, mine = [runs.grids[row] for row in rows], [found[row] for row in rows]
        predicted = predict(model, of_runs(grids, mine, runs.starts[rows], size=WHOLE), on_batch)
        trust = Trust()
        for place, over in over_before(runs.starts[rows], ends[rows]):
            for each in over:
                if learnt is None or learnt[rows[each]]:
                    trust.update(grids[each].heart_rate, mine[each].expected[:, 0], predicted[each])
            found[rows[place]] = replace(mine[place], trust=trust.value)
    return found


@dataclass(frozen=True)
class CaseResult:
    """One case of a protocol: the model's score, then those of its baselines, all on the same steps.

    Attributes:
        case: what was predicted.
        rows: the scores.
        predicted: by name as in `rows`, the predictions of each run.
        counted: of each run the steps that count.
    """

    case: Case
    rows: list[Score]
    predicted: dict[str, list[np.ndarray]]
    counted: Counted


@dataclass(frozen=True)
class Evaluation:
    """A model's scores under a protocol beside its baselines'.

    Attributes:
        protocol: that was followed.
        runs: that were scored.
        cases: one result each.
        people: by person the scores as in the rows of the first case.
        windows: of these runs.
        months: for the protocol `later`, see `by_month`.
    """

    protocol: Protocol
    runs: list[Run]
    cases: list[CaseResult]
    people: dict[int, list[Score]]
    windows: Windows
    months: list[dict] | None = None

    @property
    def rows(self) -> list[Score]:
        """The scores of the first case."""
        return self.cases[0].rows

    @property
    def predicted(self) -> list[np.ndarray]:
        """The model's predictions of the first case."""
        return next(iter(self.cases[0].predicted.values()))

    @property
    def doubts(self) -> list[str]:
        """Sentences that say for whom not to believe the model."""
        several = len(self.people) > 1
        people = [(f" for person {user}" if several else "", rows) for user, rows in self.people.items()]
        return [each for whose, rows in people for each in doubts.of_scores(rows, [self.rows[0].name], whose)]


def evaluate(
    model: keras.Model,
    name: str,
    runs: Runs,
    protocol: Protocol,
    *,
    population: Population,
    split: str = "test",
    on_batch: Callable[[int], object] | None = None,
    beside: Mapping[str, Beside] | None = None,
) -> Evaluation:
    """Scores a model under a protocol, beside the baselines that the protocol allows.

    Args:
        model: to score.
        name: for its row.
        runs: all splits; the baselines learn from the training split, and choose on the validation split.
        protocol: from `protocols.PROTOCOLS`.
        population: where the athletes' states start for this model, from `saving.population`.
        split: which runs are scored.
        on_batch: see `predict`.
        beside: by name, other models for the case `protocol.rest`; other protocols have no place for them. Each takes the
            runs without the heart rate that is to be predicted, of each the known one (beats/min, NaN where it is not,
            shape `(steps,)`) and `on_batch`, and returns heart rate of the same shapes, NaN where it cannot tell: there
            the athlete's state stands in, as it does for persistence. None leaves its row out.

    Raises:
        InputError: if heart rate was measured at no step.
    """
    own = runs.population()
    before = known(model, runs, population, on_batch=on_batch)
    plain = before if own == population else runs.known(own)
    scored = runs.windows(before, split, WHOLE)
    if not np.isfinite(scored.heart_rate).any():
        raise InputError("Not one heart rate was measured in the runs to score; there is nothing to compare with.")
    those = list(scored.runs())
    asked = _ask(beside, protocol.rest, scored, on_batch) if beside and protocol.rest else {}  # first: it may be refused
    splits = {split: scored}
    if protocol.uses_heart_rate:
        splits["validation"] = runs.windows(before, "validation", WHOLE)
        unaided = {each: predict(model, windows, on_batch) for each, windows in splits.items()}
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
                    unaided[each],
                    expected[each],
                )
                for each, windows in splits.items()
            }
            found |= baselines.with_heart_rate(case, partly[split], partly["validation"], name)
            if case is protocol.rest:
                found |= {key: _filled(values, expected[split]) for key, values in asked.items()}
        else:
            found |= {"athlete's state alone": _expected(filters, case.course)} | simple
        counted = by_run(case.scored(scored), scored)
        rows = [score(key, those, values, counted, None if key == name else found[name]) for key, values in found.items()]
        results.append(CaseResult(case, rows, found, counted))
    first = results[0]
    people = {}
    for user in sorted({run.user for run in those}):
        mine = [index for index, run in enumerate(those) if run.user == user]
        some, counted = [those[index] for index in mine], [first.counted[index] for index in mine]
        people[user] = [score(key, some, [values[i] for i in mine], counted) for key, values in first.predicted.items()]
    found_all = Evaluation(protocol, those, results, people, scored)
    if protocol.name != "later":
        return found_all
    frozen = runs.windows(known(model, runs, population, learnt=runs.split != split, on_batch=on_batch), split, WHOLE)
    return replace(found_all, months=by_month(found_all, runs, predict(model, frozen, on_batch)))


def _ask(
    beside: Mapping[str, Beside], case: Case, windows: Windows, on_batch: Callable[[int], object] | None
) -> dict[str, list[np.ndarray]]:
    """What other models predict, by name; those that do not answer are left out."""
    shown = by_run(case.known(windows)["heart_rate"], windows)
    whole = zip(windows.runs(), shown, strict=True)
    runs = [replace(run, grid=run.grid._replace(heart_rate=known)) for run, known in whole]  # the rest they never see
    answers = {name: predictions(runs, shown, on_batch) for name, predictions in beside.items()}
    return {name: values for name, values in answers.items() if values is not None}


def _filled(predicted: list[np.ndarray], elsewhere: list[np.ndarray]) -> list[np.ndarray]:
    """Predictions, and what is given elsewhere where there is none."""
    return [np.where(np.isfinite(one), one, other) for one, other in zip(predicted, elsewhere, strict=True)]


def by_run(values: np.ndarray, windows: Windows) -> list[np.ndarray]:
    """Values of windows, put together to whole runs."""
    return [stitch(values[run.rows], windows.first_step[run.rows], len(run.grid.speed)) for run in windows.runs()]


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
