"""Replace the stretches of runs in which the heart rate sensor was wrong, given the good heart rate around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hrkeras.athlete import facts
from hrkeras.athlete.interval import POSSIBLE
from hrkeras.athlete.kalman import AthleteState
from hrkeras.datasets.inspection.sensor_faults import SensorFaults
from hrkeras.evaluation import predictor
from hrkeras.personal import athlete_update, silent
from hrkeras.personal.estimation import estimation
from hrkeras.personal.prediction import Prediction
from hrkeras.utils.errors import expect
from hrkeras.workouts import duplicates, prepare, quality
from hrkeras.workouts.interpolation import covered_share
from hrkeras.workouts.sensor import detection
from hrkeras.workouts.sensor.sensor_fault import RIDE, Fault
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

LEAST_GOOD = 0.25  # of the points that must have a good heart rate
AROUND = 900.0  # s on either side of a stretch whose good heart rate counts
NEAR, APART = 30.0, 10.0  # s: nearer to a stretch every heart rate counts by itself, beyond means over so many seconds
# Residuals of a good heart rate from its prediction: a standard deviation for the whole run, those of two processes with their
# time constants in s, and that of single heart rates; beats/min. Of four such sets the one with the smallest error in stretches
# hidden in simulated runs (seed 501); the others were up to 0.2 beats/min worse
LEVEL, SLOW, QUICK, NOISE = 6.0, (5.0, 600.0), (2.5, 60.0), 1.0
START = (10.0, 60.0)  # likewise, of what is off at the start of a run, where nothing tells how warm the person is, and fades
USUAL = 20.0  # residuals that the variances above count for, beside those of this run
# Deviations beyond which a tenth of the heart rates lies, as seen on seed 501: more than the 1.28 of a normal distribution, since
# how large the residuals of a run are is itself a guess
TENTH = 1.45
ESTIMATED = "heart rate estimated, not measured"
UNSEEN = "no heart rate, which `hrkeras estimate` writes into a copy"
SELDOM = "heart rate measured too seldom to see faults"
UNSURE = f"good heart rate at under {100 * LEAST_GOOD:.0f} % of the points, which `hrkeras estimate --all` replaces"


class Stretch(NamedTuple):
    """A repaired stretch of a run; means are over its points, in beats/min.

    Attributes:
        kind: of the fault, from `sensor_fault.KINDS`.
        begin: s since the start of the run, its first point.
        end: likewise, its last point.
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

    @property
    def clocks(self) -> list[tuple[float, float]]:
        """First and last time of each stretch as the clock of the recording showed it, s since 1970-01-01 UTC."""
        first = estimation.first_clock(self.run)
        return [(first + each.begin, first + each.end) for each in self.stretches]

    def at(self, clock: float) -> int:
        """Whole beats/min where the clock of the recording shows `clock` s; 0 outside the stretches."""
        time = clock - estimation.first_clock(self.run)
        if not any(each.begin <= time <= each.end for each in self.stretches):
            return 0
        return round(float(np.interp(time, self.run.time, self.heart_rate)))


@dataclass(frozen=True)
class Repairs:
    """The repairs of some workouts.

    Attributes:
        runs: those with a fault, repaired, in the order of their starts.
        faultless: number of runs without a fault, which are left as they are.
        skipped: number of workouts that cannot be repaired, by reason.
        athlete: the person's state after all runs.
    """

    runs: list[Repair]
    faultless: int
    skipped: Counter[str]
    athlete: AthleteState = field(repr=False)


def repair(
    workouts: Iterable[Workout],
    model: Model | str | None = "base",
    *,
    others: Iterable[Workout] = (),
    athlete: AthleteState | None = None,
    on_run: Callable[[], object] | None = None,
) -> Repairs:
    """Repairs the heart rate of one person's runs where their sensor was wrong.

    A fault is found as by `hrkeras inspect`. The run is predicted from the person's runs before it, or from their first ten,
    which may be later and include what is good of this one; no faulty stretch is learnt from. The good heart rate within
    15 min of the stretch then tells by how much that is off, see `residual`. A run without a fault is not touched.

    Args:
        workouts: one person's, from `read` or made from arrays, in any order.
        model: see `predict`.
        others: more runs of the person, to learn from.
        athlete: their state; if not given it is learnt from `workouts` and `others`.
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
    athlete_update.one_person(workouts, "the workouts")
    found = _faults([*others, *workouts])
    masked = {id(run): _masked(run, found[id(run)]) for run in (*others, *workouts)}
    faulty, faultless, skipped = _sorted(workouts, found, masked)
    blank = {id(run): replace(run, heart_rate=np.full(len(run), np.nan)) for run in faulty}
    possible = silent.sort(list(blank.values()))
    faulty = [run for run in faulty if any(blank[id(run)] is each for each in possible.silent)]
    heard = [] if athlete else athlete_update.usable(masked[id(run)] for run in (*others, *workouts))
    state = athlete or AthleteState(predictor.population(chosen))
    _, predictions = silent.follow(state, heard, possible.silent, chosen, on_run=on_run)
    most = facts.told(state).max_heart_rate or POSSIBLE[1]
    runs = [_repaired(run, found[id(run)], predicted, most) for run, predicted in zip(faulty, predictions, strict=True)]
    return Repairs(runs, faultless, skipped + Counter(reason for _, reason in possible.left_out), state)


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


def _sorted(
    workouts: Sequence[Workout], found: Mapping[int, list[Fault]], masked: Mapping[int, Workout]
) -> tuple[list[Workout], int, Counter[str]]:
    """The runs with faults, how many have none, and why the others cannot be repaired."""
    runs = [workout for workout in workouts if workout.sport in silent.SPORTS]
    skipped = Counter(quality.reason("sport", run) for run in workouts if run.sport not in silent.SPORTS)
    distinct = duplicates.distinct(runs, map(duplicates.content, runs))
    skipped[quality.REASONS[quality.DUPLICATE]] += len(runs) - len(distinct)
    faulty, faultless = [], 0
    for run in sorted(distinct, key=lambda run: (np.isnan(run.start), run.start)):
        if run.estimated:
            skipped[ESTIMATED] += 1
        elif not detection.often_enough(run):
            skipped[SELDOM if np.isfinite(run.heart_rate).any() else UNSEEN] += 1
        elif not found[id(run)]:
            faultless += 1
        elif covered_share(run.time, masked[id(run)].heart_rate) < LEAST_GOOD:
            skipped[UNSURE] += 1
        else:
            faulty.append(run)
    return faulty, faultless, +skipped


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
        correction, deviation = residual(time, run.time, good - expected)
        value, width = expected[where] + correction, TENTH * deviation
        for values, new in ((heart_rate, value), (low, value - width), (high, value + width)):
            values[where] = np.clip(new, POSSIBLE[0], most)
        recorded = run.heart_rate[where]
        before = float(np.nanmean(recorded)) if np.isfinite(recorded).any() else np.nan
        after, lowest, highest = (float(values[where].mean()) for values in (heart_rate, low, high))
        about = fault.kind, float(time[0]), float(time[-1])
        stretches.append(Stretch(*about, before, after, lowest, highest, fault.why))
    return Repair(run, heart_rate, low, high, stretches, prediction)


def residual(at: np.ndarray, time: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian process of residuals between known ones (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006).

    Its deviation is scaled by how large the known residuals are for this process.

    Args:
        at: s, shape `(m,)`, the points of one stretch in order.
        time: s, shape `(n,)`, of all points.
        known: measured minus predicted heart rate, beats/min, shape `(n,)`; NaN where it is not known.

    Returns:
        Its mean and the standard deviation of a heart rate around it, beats/min, each of shape `(m,)`.
    """
    away = np.maximum(np.maximum(at[0] - time, time - at[-1]), 0.0)
    counts = np.isfinite(known) & (away <= AROUND)
    time, known, away = time[counts], known[counts], away[counts]
    _, group = np.unique(np.where(away <= NEAR, time, APART * np.floor(time / APART)), return_inverse=True)
    size = np.bincount(group)
    time, known = np.bincount(group, time) / size, np.bincount(group, known) / size
    covariance = _covariance(time, time) + NOISE**2 * np.eye(len(time))
    between = _covariance(at, time)
    weights = np.linalg.solve(covariance, between.T).T
    scale = (known @ np.linalg.solve(covariance, known) + USUAL) / (len(known) + USUAL)
    variance = LEVEL**2 + SLOW[0] ** 2 + QUICK[0] ** 2 + NOISE**2 + _fading(at) ** 2 - (weights * between).sum(axis=1)
    return weights @ known, np.sqrt(scale * np.maximum(variance, NOISE**2))


def _covariance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of residuals at times in s, shape `(len(one), len(other))`."""
    apart = np.abs(one[:, None] - other)
    lasting = sum(size**2 * np.exp(-apart / constant) for size, constant in (SLOW, QUICK))
    return LEVEL**2 + lasting + np.outer(_fading(one), _fading(other))


def _fading(time: np.ndarray) -> np.ndarray:
    return START[0] * np.exp(-time / START[1])
