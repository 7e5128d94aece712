"""A person's runs one after the other: what was expected of each, what was measured, and how fit they were after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hrkeras.athlete import facts, fitness
from hrkeras.athlete.fitness import View, WithLimits
from hrkeras.athlete.kalman import AthleteState
from hrkeras.datasets.inspection.sensor_faults import MUCH
from hrkeras.evaluation import predictor
from hrkeras.personal import athlete_update, kept, people, silent, update_text
from hrkeras.personal.prediction import Prediction, with_interval
from hrkeras.utils.errors import InputError
from hrkeras.workouts.clock import iso
from hrkeras.workouts.grid import STEP, Grid, paused
from hrkeras.workouts.prepare import PreparedRun
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.sensor import detection
from hrkeras.workouts.sensor.sensor_fault import Fault
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    import pandas as pd

    from hrkeras.evaluation.predictor import Model

RECENT = 20  # runs that say what pace is usual
WARM_UP, REMEMBERED = 10, 50  # fewest earlier runs to say what stands out, and most that are compared
STANDS_OUT = 2.5  # times the usual residual
LEAST = 6.0  # beats/min
USUAL = 0.6745  # standard deviations of a normal distribution within which half of it lies


@dataclass(frozen=True)
class Entry:
    """One run.

    Attributes:
        found: its prediction from the runs before, with what was measured.
        at_pace: heart rate at the timeline's pace on the flat at that time, as the athlete's state sees it in hindsight.
        residual: mean of measured minus predicted heart rate, beats/min.
        stands_out: whether the residual is unusually large for the person.
        workout: as recorded.
        expected: what the state alone expected of it, for finding faults of the sensor as in `detection.faults`; None of a
            person's first runs.
        view: the athlete's state after it, in hindsight.
    """

    found: Prediction
    at_pace: WithLimits
    residual: float
    stands_out: bool
    workout: Workout
    expected: np.ndarray | None
    view: View

    @property
    def start(self) -> float:
        """s since 1970-01-01 UTC."""
        return self.found.start

    @property
    def utc_offset(self) -> float:
        """s that local time is ahead of UTC; NaN where the source does not tell."""
        return self.found.utc_offset

    @property
    def heart_rate(self) -> np.ndarray:
        """Measured, beats/min, shape `(steps,)`; NaN where it was not."""
        return self.found.grid.heart_rate


@dataclass(frozen=True)
class Timeline:
    """A person's runs.

    Attributes:
        athlete: the state that knows most of the person.
        now: the state after the last run, as fitness is read from it.
        speed: on the flat, at which fitness is reported, m/s.
        entries: the runs that could be learnt from, in order.
        unheard: the predictions of the runs without heart rate, from `silent.follow`, those of unknown date last.
        indoors: likewise, of the runs with heart rate indoors or without a route, with what was measured.
        report: the result of learning from the workouts.
        log: what the reader skipped.
        before: how the state was before each of `report.added`.
        hindsight: how it is seen after each of these, given the later ones too.
    """

    athlete: AthleteState
    now: View
    speed: float
    entries: list[Entry]
    unheard: list[Prediction]
    indoors: list[Prediction]
    report: athlete_update.Report
    log: ReadLog = field(default_factory=ReadLog)
    before: list[View] = field(default_factory=list)
    hindsight: list[View] = field(default_factory=list)

    @property
    def used(self) -> int:
        """How many recordings were used."""
        return len(self.measured) + len(self.unheard)

    @property
    def measured(self) -> list[Prediction]:
        """The runs with heart rate, those that could be learnt from first."""
        return [*(entry.found for entry in self.entries), *self.indoors]

    @cached_property
    def faults(self) -> dict[float, list[Fault] | None]:
        """Where the sensor looks wrong, by the start of each entry; None if it measured too seldom to tell."""

        def depends_on(entry: Entry) -> list:
            return [entry.expected, *(getattr(entry.workout, field.name) for field in fields(entry.workout))]

        def flags(entry: Entry) -> list[Fault] | None:
            return detection.flags(entry.workout, entry.expected) if detection.often_enough(entry.workout) else None

        rows = kept.rows(["faults"], self.entries, depends_on, flags)
        faults = [None if row is None else [Fault(*fault) for fault in row] for row in rows]
        return {entry.start: found for entry, found in zip(self.entries, faults, strict=True)}


def write(
    workouts: Iterable[Workout],
    person: str | None = None,
    speed: float | None = None,
    model: Model | None = None,
    on_run: Callable[..., object] | None = None,
    log: ReadLog | None = None,
    known: AthleteState | None = None,
) -> Timeline:
    """Follows a person through their runs.

    Args:
        workouts: in any order.
        person: their name in the source; needed if there are several.
        speed: m/s, at which fitness is reported; the usual one of the last runs if not given.
        model: predicts the runs; the athlete's state alone does if not given.
        on_run: called after some runs with their number, or after one with nothing.
        log: of the reader; what it skipped is counted with what the filters removed.
        known: the person's state. If its runs were over before the first of these, these are learnt besides, and it is changed
            in place. Else they are followed anew, with the facts that it has, and it counts at the end if it knows more runs.

    Raises:
        InputError: if the runs belong to several people, or none can be used.
    """
    log, mine = log or ReadLog(), people.of_person(workouts, person)
    chosen = silent.sort(mine)
    taken = Counter(log.skipped) + Counter(reason for _, reason in chosen.left_out)
    runs = athlete_update.usable(chosen.heard, taken)
    _check([*runs, *chosen.silent, *chosen.indoors], taken, person)
    athlete = _begun(known, runs, model)
    exported = facts.tell_source(athlete, log.person)
    before, begun = athlete.count, fitness.view(athlete)
    knowing = known if known is not None and known.count >= len(runs) else athlete
    asked = sorted([*chosen.silent, *chosen.indoors], key=lambda run: (np.isnan(run.start), run.start))
    now = asked if knowing is athlete else []
    report, predictions = silent.follow(athlete, runs, now, model, on_learnt=on_run, on_run=on_run)
    if knowing is not athlete:
        exported = facts.tell_source(knowing, log.person)
        _, predictions = silent.follow(knowing, [], asked, model, on_run=on_run)
    indoors = {id(run) for run in chosen.indoors}
    unheard, inside = (
        [found for run, found in zip(asked, predictions, strict=True) if (id(run) in indoors) == is_indoors]
        for is_indoors in (False, True)
    )
    report.taken, report.exported = taken, exported
    speed = speed or usual_speed([run.grid for run in report.added] or [run.grid for run in predictions])
    seen = _in_hindsight(report)
    entries = _entries(report, seen, {(workout.start, workout.where): workout for workout in mine}, speed, before, model)
    views = [begun, *report.after][:-1], seen
    return Timeline(knowing, (seen or [begun])[-1], speed, entries, unheard, inside, report, log, *views)


def _in_hindsight(report: athlete_update.Report) -> list[View]:
    """The views of the state after each run as the later runs make them look, of the person's usual course."""
    if not report.after:
        return []
    usual = fitness.usual_course(report.athlete.population, report.before)
    starts = [run.start for run in report.added]
    return [view._replace(usual=usual) for view in fitness.with_hindsight(report.after, starts)]


def _entries(
    report: athlete_update.Report,
    views: Sequence[View],
    recorded: Mapping[tuple[float, str], Workout],
    speed: float,
    before: int,
    model: Model | None,
) -> list[Entry]:
    """The runs that were learnt from, with the view of the state after each; `before` is how many were known earlier."""
    entries: list[Entry] = []
    for run, expected, predicted, view in zip(report.added, report.before, report.predicted, views, strict=True):
        heart_rate, low, high = with_interval(predicted, expected, report.athlete)
        hilly, count = bool(np.ptp(run.grid.altitude) > 0), before + len(entries)
        about = predictor.title(model), STEP, run.duration, run.utc_offset
        prediction = Prediction(run.start, run.grid, heart_rate, low, high, count, hilly, [], *about)
        residual = float(np.subtract(*prediction.means)) if prediction.means else np.nan
        earlier = np.array([entry.residual for entry in entries[-REMEMBERED:]])
        values = view.at_pace(run.start, speed), residual, _stands_out(residual, earlier)
        alone = expected.expected[:, 0] if count >= MUCH else None
        entries.append(Entry(prediction, *values, recorded[run.start, run.where], alone, view))
    return entries


def _check(runs: Sequence[PreparedRun | Workout], taken: Counter[str], person: str | None) -> None:
    """Refuses the runs of several people, or none."""
    if not people.one_person([*runs]):
        of_person = f" of {person}" if person else ""
        why = update_text.taken_text(taken) or "there are no workouts"
        raise InputError(f"Found no run{of_person} that can be used: {why}; {update_text.look_at()}.")


def _begun(known: AthleteState | None, runs: Sequence[PreparedRun], model: Model | None) -> AthleteState:
    """The state from which the runs are followed, see `write`."""
    if known is None:
        return AthleteState(predictor.population(model))
    if not known.count or not runs or known.ends[-1] <= min(run.start for run in runs):
        return known
    anew = AthleteState(known.population)
    facts.tell(anew, facts.told(known))
    return anew


def frame(timeline: Timeline) -> pd.DataFrame:
    """A row a run: start (ISO 8601), heart_rate_at_pace, low, high (beats/min, after it), miss, error (beats/min), stands_out."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "start": iso(entry.start, entry.utc_offset),
                "heart_rate_at_pace": round(entry.at_pace.value, 1),
                "low": round(entry.at_pace.low, 1),
                "high": round(entry.at_pace.high, 1),
                "miss": round(entry.residual, 1),
                "error": round(entry.found.error or np.nan, 1),
                "stands_out": entry.stands_out,
            }
            for entry in timeline.entries
        ]
    )


def usual_speed(runs: Sequence[Grid]) -> float:
    """The median over the last runs of their mean speed, pauses left out, m/s, as a pace of whole 10 s a kilometre between 3
    and 20 min."""
    ran = [run.speed[~paused(run)] for run in runs[-RECENT:]]
    speed = float(np.median([each.mean() if len(each) else 0.0 for each in ran]))
    return 1000 / float(np.clip(10 * round(100 / max(speed, 0.5)), 180, 1200))


def _stands_out(residual: float, earlier: np.ndarray) -> bool:
    """Whether a run's residual lies far from the earlier ones, by their median absolute deviation."""
    if len(earlier) < WARM_UP:
        return False
    away = np.abs(earlier - np.median(earlier))
    return bool(abs(residual - np.median(earlier)) > max(STANDS_OUT * np.median(away) / USUAL, LEAST))
