"""Estimate the heart rate of runs that have none, and write copies of their files with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hrkeras.athlete import zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.athlete.zones import Zones
from hrkeras.evaluation import predictor
from hrkeras.personal import athlete_update, prediction, update_text
from hrkeras.personal.prediction import Prediction
from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import duplicates, prepare, quality
from hrkeras.workouts.readers import apple_health, detect, tracks
from hrkeras.workouts.readers.source import ReadLog, read_log_text
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

SPORTS = ("running", "indoor running")
LIMITS = replace(athlete_update.LIMITS, sports=SPORTS, min_heart_rate_share=0.0, min_gps_share=0.0)
ENOUGH_MEASURED = athlete_update.LIMITS.min_heart_rate_share  # a run with more has a heart rate
ENOUGH = 10  # runs to learn from, later ones if need be, before a run is estimated


@dataclass(frozen=True)
class Estimate:
    """One run that was estimated.

    Attributes:
        run: as it was read.
        source: the given path that it was read from.
        prediction: its heart rate, with the prediction interval.
        seconds: in each zone, shape `(5,)`.
        within: the least and the most of these in the prediction interval, shape `(2, 5)`.
    """

    run: Workout
    source: Path
    prediction: Prediction
    seconds: np.ndarray
    within: np.ndarray

    def at(self, clock: float) -> int:
        """Whole beats/min where the clock of the recording shows `clock` s; 0 where the run is not."""
        time = clock - (self.run.first_clock if isnan(self.run.start) else self.run.start)
        if not 0 <= time <= self.run.duration:
            return 0
        middle = time / self.prediction.step - 0.5
        rates = self.prediction.heart_rate
        before = min(max(int(middle), 0), len(rates) - 1)
        after = min(before + 1, len(rates) - 1)
        part = min(max(middle - before, 0.0), 1.0)
        return round(float(rates[before] + part * (rates[after] - rates[before])))


@dataclass(frozen=True)
class Estimation:
    """The estimates for some sources.

    Attributes:
        estimates: in the order of their starts.
        zones: of the person.
        athlete: their state after all runs.
        measured: number of runs with a heart rate, which were not estimated.
        skipped: number of workouts that cannot be estimated, by reason.
        log: what the readers skipped.
    """

    estimates: list[Estimate]
    zones: Zones
    athlete: AthleteState
    measured: int
    skipped: Counter[str]
    log: ReadLog = field(default_factory=ReadLog)


def estimate(
    sources: Sequence[Path],
    athlete: AthleteState | None = None,
    histories: Sequence[Path] = (),
    model: Model | None = None,
    everything: bool = False,
    on_bytes: Callable[[int], object] | None = None,
    on_run: Callable[[], object] | None = None,
    read: detect.Read = detect.read,
) -> Estimation:
    """Estimates the heart rate of the runs of one person that have none.

    A run is estimated from the person's earlier runs; if these are fewer than ten, from the first ten. A run of unknown date
    is estimated from all runs. The quality filters apply, except those on heart rate and positions.

    Args:
        sources: tracks, folders of them and Apple Health exports.
        athlete: the person's state; if not given, it is learnt from `histories`.
        histories: sources with the person's other runs; if not given, the measured ones of `sources`.
        model: corrects the predictions of the state; the state alone predicts if not given.
        everything: whether to estimate runs with a heart rate too, each from earlier runs alone.
        on_bytes: called with the number of bytes read since the last call.
        on_run: called after each run.
        read: reads a source.

    Raises:
        InputError: if a source cannot be read or holds several people's runs, or if no run can be estimated.
    """
    log, workouts = ReadLog(on_bytes), list[Workout]()
    origins: dict[int, Path] = {}
    for source in sources:
        if detect.reader(source) not in (apple_health, tracks):
            raise InputError(f"{source}: expected GPX, TCX or FIT files or an Apple Health export, found an Endomondo file.")
        recorded = athlete_update.one_person(list(read(source, log)), source)
        workouts += recorded
        origins |= {id(workout): source for workout in recorded}
    if not workouts:
        why = read_log_text(log) or "there is none"
        raise InputError(f"{sources[0]}: found no workout to estimate: {why}; look at it with `hrkeras inspect`.")
    silent, measured, skipped = _sorted(workouts, everything)
    if not silent and not measured:
        why = update_text.taken_text(skipped)
        raise InputError(
            f"{sources[0]}: found no run that can be estimated: {why}; a run needs speed or positions, and may last "
            f"{LIMITS.max_duration / 3600:.0f} h."
        )
    pending: list[prepare.PreparedRun] = []
    if athlete is None:
        others = [workout for source in histories for workout in athlete_update.one_person(list(read(source, log)), source)]
        pending = athlete_update.usable(others if histories else workouts)
    state = athlete or AthleteState(predictor.population(model))
    predictions = []
    for run in silent:
        due = 0
        while due < len(pending) and (not pending[due].end > run.start or (not everything and state.count + due < ENOUGH)):
            due += 1
        athlete_update.learn(state, pending[:due], model=model)
        del pending[:due]
        predictions.append((run, _predicted(run, state, model)))
        if on_run:
            on_run()
    athlete_update.learn(state, pending, model=model)
    own = zones.estimate(state)
    estimates = []
    for run, predicted in predictions:
        seconds = zones.seconds_in(own.edges, predicted.heart_rate, predicted.step)
        within = zones.seconds_within(own.edges, predicted.heart_rate, predicted.low, predicted.high, predicted.step)
        estimates.append(Estimate(run, origins[id(run)], predicted, seconds, within))
    return Estimation(estimates, own, state, measured, skipped, log)


def _sorted(workouts: Sequence[Workout], everything: bool) -> tuple[list[Workout], int, Counter[str]]:
    """Runs to estimate, how many have a heart rate already, and why the others cannot be."""
    silent, measured, skipped = [], 0, Counter[str]()
    recorded = [workout for workout in workouts if workout.sport in SPORTS]
    skipped.update(f"another sport ({workout.sport})" for workout in workouts if workout.sport not in SPORTS)
    runs = duplicates.distinct(recorded, map(duplicates.content, recorded))
    skipped[quality.REASONS[quality.DUPLICATE]] += len(recorded) - len(runs)
    for workout in sorted(runs, key=lambda run: (isnan(run.start), run.start)):  # unknown dates last
        if not everything and quality.covered_share(workout.time, workout.heart_rate) >= ENOUGH_MEASURED:
            measured += 1
        elif reason := _reason_against(workout):
            skipped[reason] += 1
        else:
            silent.append(workout)
    return silent, measured, +skipped


def _reason_against(workout: Workout) -> str | None:
    """Why the heart rate of a run cannot be estimated: it needs speed, and must pass the filters other than those on heart
    rate."""
    taken = quality.taken_by(replace(workout, heart_rate=np.full(len(workout), np.nan)), LIMITS)
    if taken and taken != "metadata":  # the last one: of any person, at any time
        return quality.REASONS[taken]
    try:
        quality.gridded(workout, LIMITS)
    except InvalidWorkoutError as error:
        return str(error)
    return None


def _predicted(run: Workout, state: AthleteState, model: Model | None) -> Prediction:
    """Its heart rate; of a run that was not measured also from later ones, as if it were run on the day after those."""
    silent = quality.measured_share(run) < ENOUGH_MEASURED
    start = _after(run.start, state) if silent else run.start
    return replace(prediction.predict(replace(run, start=start), state, model), start=run.start)


def _after(start: float, state: AthleteState) -> float:
    """The same time of day, not before the person's last known run; s since 1970-01-01 UTC."""
    start = state.assumed_start(start)
    return start + DAY * float(np.ceil(max(state.ends[-1] - start, 0.0) / DAY)) if state.count else start


def anew(predicted: Prediction, athlete: AthleteState) -> Prediction:
    """The prediction of a run by another state of the person, which may know later runs."""
    known = athlete.predict(_after(predicted.start, athlete), predicted.grid)
    heart_rate, low, high = prediction.with_interval(known.expected[:, 0], known, athlete)
    return replace(predicted, heart_rate=heart_rate, low=low, high=high, earlier_runs=athlete.count, by=predictor.STATE)
