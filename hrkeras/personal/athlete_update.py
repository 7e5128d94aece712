"""Update an athlete's state from recorded runs, in order and each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrkeras.athlete import athlete_file, facts
from hrkeras.athlete.fitness import View
from hrkeras.athlete.kalman import AthleteState, Known
from hrkeras.athlete.population import Population, default
from hrkeras.evaluation import predictor
from hrkeras.personal import kept, learning, people
from hrkeras.personal.update_text import look_at, taken_text
from hrkeras.utils import files
from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare, quality
from hrkeras.workouts.clock import in_future, iso
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import ReadLog, read_log_text
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

LIMITS = quality.Limits(require_user=False)
PATIENCE = 30.0  # s that an update waits for another of the same file
FUTURE = "begins in the future, so its clock was wrong"
OF_ADDED = ("added", "before", "predicted", "after")  # of `Report`, for each added run


@dataclass
class Report:
    """The result of an update.

    Attributes:
        athlete: the state after the update.
        is_new: whether there was no file before.
        log: what the readers skipped.
        taken: number of workouts that the filters removed, by reason.
        added: runs that were new to the state.
        before: for each of these, what was known before it, for the model if one was given.
        predicted: for each of these, the heart rate predicted from that, beats/min, shape `(steps,)`.
        after: for each of these, the state after it.
        known: number of runs that were known already, or other recordings of such.
        older: number of runs that ended before a known one began; these come too late to be learnt from.
        forgotten: number of runs before the first date that the state keeps: known already, or older.
        later: number of runs that had not ended at the time asked for.
        told: what became of the facts that the person told.
        exported: what became of those that an export tells besides.
    """

    athlete: AthleteState
    is_new: bool = False
    log: ReadLog = field(default_factory=ReadLog)
    taken: Counter[str] = field(default_factory=Counter)
    added: list[prepare.PreparedRun] = field(default_factory=list)
    before: list[Known] = field(default_factory=list)
    predicted: list[np.ndarray] = field(default_factory=list)
    after: list[View] = field(default_factory=list)
    known: int = 0
    older: int = 0
    forgotten: int = 0
    later: int = 0
    told: dict[str, facts.Outcome] = field(default_factory=dict)
    exported: dict[str, facts.Outcome] = field(default_factory=dict)

    def add(self, more: Report) -> None:
        """Adds what was learnt next by the same state."""
        for name in OF_ADDED:
            getattr(self, name).extend(getattr(more, name))
        for name in ("known", "older", "forgotten", "later"):
            setattr(self, name, getattr(self, name) + getattr(more, name))

    @property
    def is_changed(self) -> bool:
        """Whether the state has learnt something."""
        return bool(self.added) or not set(facts.CHANGES).isdisjoint([*self.told.values(), *self.exported.values()])

    def as_dict(self) -> dict[str, Any]:
        """For programs: what was added and changed, and what is known now."""
        last = iso(self.athlete.starts[-1], self.athlete.utc_offset) if self.athlete.count else None
        return {
            "is_new": self.is_new,
            "is_changed": self.is_changed,
            "added": [iso(run.start, run.utc_offset) for run in self.added],
            "facts_told": self.told,
            "runs_known": self.athlete.count,
            "last_known_run": last,
        }


def usable(workouts: Iterable[Workout], taken: Counter[str] | None = None) -> list[prepare.PreparedRun]:
    """The runs that can be learnt from, without duplicates, ordered by when they ended.

    Args:
        workouts: in any order.
        taken: counts what is left out, by reason.
    """
    return distinct(filtered(workouts, taken), taken)


def filtered(
    workouts: Iterable[Workout], taken: Counter[str] | None = None, limits: quality.Limits = LIMITS
) -> list[prepare.PreparedRun]:
    """The workouts that pass the filters, in their order and with duplicates; see `usable`."""
    runs = []
    for workout in workouts:
        outcome = prepare.examine(workout, limits)
        if not isinstance(outcome, str):
            runs.append(outcome)
        elif taken is not None:
            taken[quality.reason(outcome, workout)] += 1
    return runs


def distinct(runs: Sequence[prepare.PreparedRun], taken: Counter[str] | None = None) -> list[prepare.PreparedRun]:
    """One recording of each run, ordered by when they ended; the others are counted, see `usable`."""
    kept = prepare.distinct(runs)
    if taken is not None and len(kept) < len(runs):
        taken[quality.REASONS[quality.DUPLICATE]] += len(runs) - len(kept)
    return sorted(kept, key=lambda run: run.end)


def learn(
    athlete: AthleteState,
    runs: Sequence[prepare.PreparedRun],
    until: float = float("inf"),
    model: Model | None = None,
    on_run: Callable[[int], object] | None = None,
) -> Report:
    """Updates a state with the runs that had ended at a given time.

    Args:
        athlete: the state, changed in place.
        runs: ordered by when they ended, from `usable`.
        until: s since 1970-01-01 UTC; NaN for all of them.
        model: its shrinkage is updated with these runs; none if not given.
        on_run: called with the number of runs added since the last call.
    """
    report, chosen = Report(athlete), predictor.of(model) if model else None
    remembered = athlete.starts[0] if athlete.count > len(athlete.starts) else float("-inf")
    due = [run for run in runs if not run.end > until]  # all, where that is NaN
    report.later = len(runs) - len(due)
    for block in kept.blocks(len(due)):
        learnt = learning.learn(athlete, due[block], chosen)
        for name in OF_ADDED:
            getattr(report, name).extend(getattr(learnt, name))
        for run, answer in zip(due[block], learnt.answers, strict=True):
            report.known += answer == "known"
            report.forgotten += bool(answer == "older" and run.end <= remembered)
            report.older += bool(answer == "older" and run.end > remembered)
        if on_run:
            on_run(len(learnt.added))
    if report.added:
        athlete.utc_offset = report.added[-1].utc_offset
    return report


def learn_from(
    athlete: AthleteState,
    workouts: Iterable[Workout],
    until: float = float("inf"),
    model: Model | None = None,
    person: Mapping[str, Any] | None = None,
) -> Report:
    """Updates a state with the usable workouts that had ended at a given time; see `learn`.

    Args:
        athlete, until, model: see `learn`.
        workouts: in any order.
        person: what their source tells of the person (`ReadLog.person`), which counts where the person has not told it.
    """
    exported = facts.tell_source(athlete, person or {})
    taken = Counter[str]()
    report = learn(athlete, usable(workouts, taken), until, model)
    report.taken, report.exported = taken, exported
    return report


def update(
    path: Path,
    sources: Sequence[Path],
    model: Model | None = None,
    on_bytes: Callable[[int], object] | None = None,
    on_wait: Callable[[], object] | None = None,
    told: facts.Facts | None = None,
    read: detect.Read = detect.read,
    forget: Collection[str] = (),
    person: str | None = None,
) -> Report:
    """Adds a person's runs and what they tell to their file; if all of it is known already, the file is not touched.

    Other updates of the same file wait meanwhile.

    Args:
        path: of the file; made if missing.
        sources: tracks, folders of them and exports.
        model: which the state is for: it must start from the model's population, and the model's shrinkage is kept;
            if not given the state starts where the file does, and a new one from the packaged population.
        on_bytes: called with the number of bytes read since the last call.
        on_wait: called if another update of the file must be waited for.
        told: what the person tells; what they do not is taken from an export among the sources, if the file lacks it.
        read: reads a source.
        forget: names of facts to take back first, see `facts.forget`.
        person: whose runs these are, where a source has those of several.

    Raises:
        InputError: if something cannot be read, if a fact to forget is not there, if a source holds several people's runs and
            nobody is named, or none of the person named, if the file starts from another population, if there is nothing to
            start a new one with, or if another update takes too long; the file is then left as it was.
    """
    population = predictor.population(model) if model else None
    _opened(path, population)  # before the sources are read, which may take minutes
    taken, log, runs = Counter[str](), ReadLog(on_bytes), []
    for source in sources:
        recorded = read(source, log)
        source_runs = filtered(recorded if person is None else people.of_person(recorded, person), taken)
        taken[FUTURE] += sum(in_future(run.start) for run in source_runs)
        runs += people.one_person([run for run in source_runs if not in_future(run.start)], source)
    runs = distinct(runs, taken)
    busy = f"{path}: another update of this file has not ended after {PATIENCE:.0f} s; repeat the command later."
    with files.locked(path, busy, PATIENCE, on_wait):
        athlete, is_new = _opened(path, population)
        outcomes = facts.forget(athlete, forget) | facts.tell(athlete, told or facts.Facts())
        exported = facts.tell_source(athlete, log.person)
        report = learn(athlete, runs, model=model)
        report.is_new, report.log, report.taken, report.told, report.exported = is_new, log, +taken, outcomes, exported
        if report.is_changed:
            athlete_file.save(athlete, path)
    if is_new and not report.is_changed:
        why = "; ".join(filter(None, [taken_text(taken), read_log_text(log)])) or "there is none"
        number = taken.total() + log.skipped.total()
        none = f"The run to start {path} with cannot" if number == 1 else f"Of the runs to start {path} with, none can"
        raise InputError(f"{none} be learnt from: {why}; {look_at()}.")
    return report


def _opened(path: Path, population: Population | None) -> tuple[AthleteState, bool]:
    """The state in a file, or a new one if there is no file, and whether it is new."""
    if not path.exists():
        return AthleteState(population or default()), True
    athlete = athlete_file.load(path)
    if population:
        check_population(athlete, population, str(path))
    return athlete, False


def check_population(athlete: AthleteState, population: Population, path: str = "The athlete's state") -> None:
    """Checks that a state starts from a model's population.

    Raises:
        InputError: if it starts from another population.
    """
    if athlete.population != population:
        raise InputError(
            f"{path} starts from another population ({about(athlete.population)}) than the model was trained with "
            f"({about(population)}); make a file that fits: `hrkeras update NEW.json RUNS --model MODEL`."
        )


def about(population: Population) -> str:
    """What a population was fitted on, as a person may read it."""
    source = population.source
    return source if source.isprintable() and 0 < len(source) <= athlete_file.MAX_SOURCE else "of unnamed runs"
