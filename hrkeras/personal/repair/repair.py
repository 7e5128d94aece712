"""Replace the stretches of runs in which the heart rate sensor was wrong, given the good heart rate around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hrkeras.athlete import facts
from hrkeras.athlete.interval import POSSIBLE
from hrkeras.athlete.kalman import AthleteState
from hrkeras.datasets.inspection.sensor_faults import SensorFaults
from hrkeras.evaluation import predictor
from hrkeras.personal import athlete_update, people, silent
from hrkeras.personal.athlete_update import Report
from hrkeras.personal.estimation import estimation
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.repair import residuals
from hrkeras.utils.errors import expect
from hrkeras.workouts import duplicates, prepare, quality
from hrkeras.workouts.interpolation import covered_share
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.sensor import detection
from hrkeras.workouts.sensor.sensor_fault import RIDE, Fault
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

LEAST_GOOD = 0.25  # of the points that must have a good heart rate
# Deviations beyond which a tenth of the heart rates lies, as seen on seed 501: more than the 1.28 of a normal distribution, since
# how large the residuals of a run are is itself a guess
TENTH = 1.45
REPAIRED = "heart rate repaired already (give the original to repair it anew)"
SELDOM = "heart rate measured too seldom to see faults"
UNSURE = f"good heart rate at under {100 * LEAST_GOOD:.0f} % of the points"
NOTHING = "no heart rate"
FILLED, REPLACED = ", which `hrkeras estimate` fills in", ", which `hrkeras estimate --all` replaces"


class Stretch(NamedTuple):
    """A repaired stretch of a run; means are over its points, in beats/min.

    Attributes:
        kind: of the fault, from `sensor_fault.KINDS`.
        begin: s since the start of the run.
        end: likewise; of spikes and a dropout when heart rate was good again, of others the last point.
        before: mean of the recorded heart rate, NaN where none was.
        after: mean of the repaired heart rate.
        low: mean of the lower limit of its interval.
        high: likewise, of the upper one.
        why: the fault was recognised, in words.
    """

    kind: str
    begin: float
    end: float
    before: float
    after: float
    low: float
    high: float
    why: str


@dataclass(frozen=True, repr=False, eq=False)
class Repair:
    """A run with a heart rate in place of that of its sensor's faults.

    Attributes:
        run: as it was recorded, with `n` points.
        heart_rate: beats/min, shape `(n,)`; as recorded but in the stretches.
        low: beats/min, shape `(n,)`, NaN outside the stretches; heart rate lies below it a tenth of the time.
        high: likewise, above it.
        stretches: in the order of their beginnings.
        prediction: of the whole run without its heart rate, from the person's other runs.
        source: the given path that it was read from, if it was.

    Example:
        >>> import hrkeras
        >>> repairs = hrkeras.repair(hrkeras.read("runs"))
        >>> all(len(repair.heart_rate) == len(repair.run.time) for repair in repairs.runs)
        True
    """

    run: Workout
    heart_rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    stretches: list[Stretch]
    prediction: Prediction
    source: Path = Path()
    anew = True

    def __repr__(self) -> str:
        parts = [
            f"{each.kind} at minute {each.begin / 60:.1f} to {each.end / 60:.1f}, {each.before:.0f} -> {each.after:.0f}"
            for each in self.stretches
        ]
        return f"Repair of {self.run!r}: {'; '.join(parts)}".replace("nan", "none")

    @property
    def workout(self) -> Workout:
        """The run with the repaired heart rate."""
        return replace(self.run, heart_rate=self.heart_rate)

    @cached_property
    def clocks(self) -> list[tuple[float, float]]:
        """What the recording's clock showed at the first and the last point of each stretch, s since 1970-01-01 UTC."""
        first, times = estimation.first_clock(self.run), self.run.time[np.isfinite(self.low)]
        inside = [times[(times >= each.begin) & (times <= each.end)] for each in self.stretches]
        return [(first + float(each[0]), first + float(each[-1])) for each in inside]

    def at(self, clock: float) -> int:
        """Whole beats/min where the clock of the recording shows `clock` s; 0 outside the stretches."""
        if not any(first <= clock <= last for first, last in self.clocks):
            return 0
        return round(float(np.interp(clock - estimation.first_clock(self.run), self.run.time, self.heart_rate)))


@dataclass(frozen=True)
class Repairs:
    """The repairs of some workouts.

    Attributes:
        runs: those with a fault, repaired, in the order of their starts.
        faultless: number of runs without a fault, which are left as they are.
        skipped: number of workouts that cannot be repaired, by reason.
        athlete: the person's state after all runs.
        log: what the readers skipped.
        history: what was learnt from other runs of the person, with what was not; None without such.
        exported: what became of the facts that an export tells of the person.
    """

    runs: list[Repair]
    faultless: int
    skipped: Counter[str]
    athlete: AthleteState = field(repr=False)
    log: ReadLog = field(default_factory=ReadLog, repr=False)
    history: Report | None = field(default=None, repr=False)
    exported: dict[str, facts.Outcome] = field(default_factory=dict, repr=False)


def repair(
    workouts: Iterable[Workout],
    model: Model | str | None = "base",
    *,
    others: Iterable[Workout] = (),
    athlete: AthleteState | None = None,
    person: Mapping[str, Any] | None = None,
    on_run: Callable[[], object] | None = None,
) -> Repairs:
    """Repairs the heart rate of one person's runs where their sensor was wrong.

    A fault is found as by `hrkeras inspect`. The run is predicted from the person's runs before it, or from their first ten,
    which may be later and include what is good of this one; no faulty stretch is learnt from. The good heart rate within
    15 min of the stretch then tells by how much that is off, see `residuals.around`. A run without a fault is not touched.

    Args:
        workouts: one person's, from `read` or made from arrays, in any order.
        model: see `predict`.
        others: more runs of the person, to learn from.
        athlete: their state; if not given it is learnt from `workouts` and `others`.
        person: what their source tells of the person (`ReadLog.person`), which counts where the person has not told it.
        on_run: called after each run that is repaired.

    Raises:
        InputError: if the workouts belong to several people.

    Example:
        >>> import hrkeras
        >>> repairs = hrkeras.repair(hrkeras.read("runs"))
        >>> [stretch.kind for run in repairs.runs for stretch in run.stretches]
        []
    """
    workouts, others = list(workouts), list(others)
    for workout in (*workouts, *others):
        expect(workout, Workout, "workouts")
    chosen = None if model is None else predictor.of(model)
    people.one_person(workouts, "the workouts")
    found = _faults([*others, *workouts])
    masked = {id(run): _masked(run, found[id(run)]) for run in (*others, *workouts)}
    candidates, skipped = _sorted(workouts, masked)
    blank = {id(run): replace(run, heart_rate=np.full(len(run), np.nan)) for run in candidates}
    possible = silent.sort(list(blank.values()))
    faulty = [run for run in candidates if found[id(run)] and any(blank[id(run)] is each for each in possible.silent)]
    taken = Counter[str]()
    known = athlete_update.usable((masked[id(run)] for run in others), taken)
    own = [] if athlete else athlete_update.filtered(masked[id(run)] for run in workouts)
    heard = athlete_update.distinct([*known, *own])
    state = athlete or AthleteState(predictor.population(chosen))
    exported = facts.tell_source(state, person or {})
    _, predictions = silent.follow(state, heard, [blank[id(run)] for run in faulty], chosen, on_run=on_run)
    most = facts.told(state).max_heart_rate or POSSIBLE[1]
    runs = [_repaired(run, found[id(run)], predicted, most) for run, predicted in zip(faulty, predictions, strict=True)]
    skipped += Counter(reason for _, reason in possible.left_out)
    history = Report(state, added=known, taken=taken) if others else None
    return Repairs(runs, len(possible.silent) - len(faulty), skipped, state, history=history, exported=exported)


def _faults(workouts: Sequence[Workout]) -> dict[int, list[Fault]]:
    """The faults of each workout by its `id`, found as `hrkeras inspect` finds them; the heart rate of a ride is right."""
    sensor, found = SensorFaults(), {}
    for workout in sorted(workouts, key=lambda run: (np.isnan(run.start), run.end)):
        outcome = prepare.examine(workout, athlete_update.LIMITS)
        known = len(sensor.flags)
        sensor.add(workout, None if isinstance(outcome, str) else outcome.grid)
        faults = (fault for flag in sensor.flags[known:] if flag.kind != RIDE for fault in flag.faults)
        found[id(workout)] = sorted(faults, key=lambda fault: fault.begin)
    return found


def _wrong(run: Workout, fault: Fault) -> np.ndarray:
    """Which points a fault covers, shape `(n,)`; a dropout and spikes end before a good one, of the others the last counts."""
    is_sharp = fault.kind in ("dropout", "spikes") and fault.end < run.duration
    return (run.time >= fault.begin) & ((run.time < fault.end) if is_sharp else (run.time <= fault.end))


def _masked(run: Workout, faults: Sequence[Fault]) -> Workout:
    """A run without the heart rate of its faults."""
    if not faults:
        return run
    wrong = np.any([_wrong(run, fault) for fault in faults], axis=0)
    return replace(run, heart_rate=np.where(wrong, np.nan, run.heart_rate))


def _sorted(workouts: Sequence[Workout], masked: Mapping[int, Workout]) -> tuple[list[Workout], Counter[str]]:
    """The runs in which faults can be seen and repaired, and why not in the others."""
    runs = [workout for workout in workouts if workout.sport in silent.SPORTS]
    skipped = Counter(quality.reason("sport", run) for run in workouts if run.sport not in silent.SPORTS)
    distinct = duplicates.distinct(runs, map(duplicates.content, runs))
    skipped[quality.REASONS[quality.DUPLICATE]] += len(runs) - len(distinct)
    candidates = []
    for run in sorted(distinct, key=lambda run: (np.isnan(run.start), run.start)):
        few = quality.measured_share(run) < silent.ENOUGH_MEASURED
        if run.estimated:
            skipped[quality.ESTIMATED] += 1
        elif run.repaired:
            skipped[REPAIRED] += 1
        elif not detection.often_enough(run):
            reason = SELDOM if np.isfinite(run.heart_rate).any() else NOTHING
            skipped[reason + (FILLED if few and not silent.reason_against(run) else "")] += 1
        elif covered_share(run.time, quality.without_outliers(masked[id(run)], athlete_update.LIMITS).heart_rate) < LEAST_GOOD:
            skipped[UNSURE + ("" if silent.reason_against(run) else FILLED if few else REPLACED)] += 1
        else:
            candidates.append(run)
    return candidates, +skipped


def _repaired(run: Workout, faults: Sequence[Fault], prediction: Prediction, most: float) -> Repair:
    """A run with its faults repaired, none of it above `most` beats/min."""
    middles = prediction.step * (np.arange(len(prediction.heart_rate)) + 0.5)
    expected = np.interp(run.time, middles, prediction.heart_rate)
    good = quality.without_outliers(_masked(run, faults), athlete_update.LIMITS).heart_rate
    heart_rate, low, high = run.heart_rate.copy(), *np.full((2, len(run)), np.nan)
    stretches = []
    for fault in faults:
        where = _wrong(run, fault)
        if not where.any():
            continue
        time = run.time[where]
        correction, deviation = residuals.around(time, run.time, good - expected)
        value, width = expected[where] + correction, TENTH * deviation
        for values, new in ((heart_rate, value), (low, value - width), (high, value + width)):
            values[where] = np.clip(new, POSSIBLE[0], most)
        recorded = run.heart_rate[where]
        before = float(np.nanmean(recorded)) if np.isfinite(recorded).any() else np.nan
        after, lowest, highest = (float(values[where].mean()) for values in (heart_rate, low, high))
        stretches.append(Stretch(fault.kind, fault.begin, fault.end, before, after, lowest, highest, fault.why))
    return Repair(run, heart_rate, low, high, stretches, prediction)
