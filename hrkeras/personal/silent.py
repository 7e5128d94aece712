"""A person's runs that cannot be learnt from: those without heart rate, and what it may have been, and those indoors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.personal import athlete_update, prediction
from hrkeras.personal.athlete_update import Report
from hrkeras.personal.prediction import Prediction
from hrkeras.utils.errors import InvalidWorkoutError
from hrkeras.workouts import duplicates, prepare, quality
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

SPORTS = ("running", "indoor running")
LEARNT = athlete_update.LIMITS
LIMITS = replace(LEARNT, sports=SPORTS, min_heart_rate_share=0.0, min_gps_share=0.0)
ENOUGH_MEASURED = LEARNT.min_heart_rate_share  # a run with more has a heart rate
ENOUGH = 10  # runs to learn from, later ones if need be, before a run is estimated


class Sorted(NamedTuple):
    """Some workouts.

    Attributes:
        silent: runs to estimate, one recording of each, those of unknown date last.
        heard: all others but those in the other lists, as given.
        indoors: runs with heart rate indoors or without a route, one recording of each: their speed is uncertain, so nothing is
            learnt from them.
        left_out: runs without heart rate that cannot be estimated, and those of `indoors` that do not count, and why.
    """

    silent: list[Workout]
    heard: list[Workout]
    indoors: list[Workout]
    left_out: list[tuple[Workout, str]]


def sort(workouts: Sequence[Workout], everything: bool = False) -> Sorted:
    """Finds the runs without heart rate, or with one at less than half of their points.

    Args:
        workouts: one person's, in any order.
        everything: whether to estimate those with a heart rate as well.
    """
    recorded = [workout for workout in workouts if workout.sport in SPORTS]
    has_heart_rate = {id(workout): not everything and quality.measured_share(workout) >= ENOUGH_MEASURED for workout in recorded}
    heard = {
        id(workout)
        for workout in recorded
        if has_heart_rate[id(workout)] and workout.sport in LEARNT.sports and not workout.gps_fraction < LEARNT.min_gps_share
    }
    reasons = {id(workout): reason_against(workout) for workout in recorded if id(workout) not in heard}
    better = [(id(run) in heard, not reasons.get(id(run)), *duplicates.content(run)) for run in recorded]
    once = {id(workout) for workout in duplicates.distinct(recorded, better)}
    answer = Sorted([], [], [], [])
    for workout in sorted(workouts, key=lambda run: (isnan(run.start), run.start)):
        if workout.sport not in SPORTS or id(workout) in heard:
            answer.heard.append(workout)
            continue
        reason = quality.REASONS[quality.DUPLICATE] if id(workout) not in once else reasons[id(workout)]
        if not reason:
            (answer.indoors if has_heart_rate[id(workout)] else answer.silent).append(workout)
        else:
            answer.left_out.append((workout, reason))
    return answer


def reason_against(workout: Workout) -> str | None:
    """Why the heart rate of a run cannot be estimated: it needs speed, and must pass the filters other than those on heart
    rate."""
    taken = quality.taken_by(replace(workout, heart_rate=np.full(len(workout), np.nan)), LIMITS)
    if taken and taken != "metadata":  # the last one: of any person, at any time
        return quality.reason(taken, workout)
    try:
        quality.gridded(workout, LIMITS)
    except InvalidWorkoutError as error:
        return str(error)
    return None


def follow(
    athlete: AthleteState,
    heard: Sequence[prepare.PreparedRun],
    silent: Sequence[Workout],
    model: Model | None = None,
    everything: bool = False,
    on_learnt: Callable[[int], object] | None = None,
    on_run: Callable[[], object] | None = None,
) -> tuple[Report, list[Prediction]]:
    """Learns from the runs with heart rate, and estimates each run without from those before it.

    If fewer than ten runs had ended before it, it is estimated from the first ten, even if they are later; of unknown date,
    from all.

    Args:
        athlete: the person's state, changed in place.
        heard: from `athlete_update.usable`.
        silent: from `sort`.
        model: corrects the predictions of the state; the state alone predicts if not given.
        everything: whether the runs to estimate have a heart rate, so that each is estimated from earlier runs alone.
        on_learnt: as `on_run` of `athlete_update.learn`.
        on_run: called after each run without heart rate.

    Returns:
        What was learnt, and the predictions of the silent runs.
    """
    report, predictions, done = Report(athlete), [], 0
    for run in silent:
        due = done
        while due < len(heard) and (not heard[due].end > run.start or (not everything and athlete.count + due - done < ENOUGH)):
            due += 1
        report.add(athlete_update.learn(athlete, heard[done:due], model=model, on_run=on_learnt))
        done = due
        has_heart_rate = quality.measured_share(run) >= ENOUGH_MEASURED
        start = run.start if everything and has_heart_rate else _after(run.start, athlete)
        predictions.append(replace(prediction.predict(replace(run, start=start), athlete, model), start=run.start))
        if on_run:
            on_run()
    report.add(athlete_update.learn(athlete, heard[done:], model=model, on_run=on_learnt))
    return report, predictions


def _after(start: float, state: AthleteState) -> float:
    """When to take a run to be, from later ones too: the same time of day, not before the person's last known run."""
    start = state.assumed_start(start)
    return start + DAY * float(np.ceil(max(state.ends[-1] - start, 0.0) / DAY)) if state.count else start
