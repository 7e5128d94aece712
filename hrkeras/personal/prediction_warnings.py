"""Plausibility warnings for a prediction, one sentence each.

A network predicts for any person, even for one unlike those it was trained on. These checks do not depend on the network: they
compare its prediction with simple expectations.
"""

import numpy as np

from hrkeras.athlete import facts
from hrkeras.athlete.interval import HOUR
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.datasets.inspection import sensor_faults
from hrkeras.utils.text import duration
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.quality import Limits
from hrkeras.workouts.readers import route
from hrkeras.workouts.records import fastest
from hrkeras.workouts.workout import Workout

APART, FARTHEST = 3.0, 45.0  # standard deviations that the athlete's state gives to its own prediction; beats/min
LONG_AGO = 120.0  # days
FASTEST_CLIMB = 5.0  # m/s
OFTEN = Limits.min_heart_rate_share  # of the steps; with fewer measured, faults of the sensor are not looked for
LONGEST = Limits.max_duration  # s
NO_RUNNER = "so its heart rate is no runner's"
ABOVE_MAXIMUM = "either the sensor was wrong, or the maximum is too low"


def of_run(run: Workout, grid: Grid, athlete: AthleteState) -> list[str]:
    """Warns if the course, the measured heart rate or the maximum heart rate that the person told looks wrong.

    Args:
        run: as recorded.
        grid: the same on the grid; or its first steps, where only these are looked at.
        athlete: the person before it.
    """
    doubted = facts.doubt(athlete)
    return [
        *of_course(grid),
        *(route.steep(course) if (course := route.of_grid(grid)) else []),
        *sensor_faults.doubts(run, len(grid.speed) * STEP),
        *_of_maximum(grid.heart_rate, facts.told(athlete).max_heart_rate),
        *([f"{doubted}."] if doubted else []),
    ]


def _of_maximum(measured: np.ndarray, maximum: float | None) -> list[str]:
    """Warns if the mean of the measured heart rates is above the maximum that the person told, both in beats/min."""
    is_measured = np.isfinite(measured)
    if not maximum or not is_measured.any():
        return []
    mean = round(float(measured[is_measured].mean(dtype=np.float64)))
    said = f"its mean heart rate of {mean} beats/min was above the self-reported maximum of {maximum:.0f}"
    return [f"{said}: {ABOVE_MAXIMUM}."] if mean > round(maximum) else []


def of_course(grid: Grid) -> list[str]:
    """Warns if a run is faster than the world record, stands, is of a length that nobody knows, or is higher within seconds."""
    speed, jumps = grid.speed, np.abs(np.diff(grid.altitude))
    mean, seconds, sentences = float(speed.mean()), len(speed) * STEP, []
    if mean > fastest(seconds):
        sentences.append(
            f"its mean speed of {3.6 * mean:.1f} km/h over {seconds / 60:.0f} min is above the world record, so it is hardly a "
            "run, and in other sports heart rate follows speed differently."
        )
    if mean < Limits.min_mean_speed:
        sentences.append(f"it stands nearly all the time, at a mean speed of {3.6 * mean:.1f} km/h, {NO_RUNNER}.")
    if seconds > LONGEST:
        sentences.append(
            f"it lasts {duration(seconds)}, and nothing was learnt from runs of more than {LONGEST / HOUR:.0f} h: do not "
            "trust what is predicted after that."
        )
    if len(jumps) and (most := float(jumps.max())) > FASTEST_CLIMB * STEP:
        at = STEP * (1 + int(jumps.argmax())) / 60
        sentences.append(
            f"its altitude changes by {most:.0f} m within {STEP:.0f} s at minute {at:.1f}, so it is wrong there, and what is "
            "predicted from then on is too."
        )
    return sentences


def of_age(days_since: float | None) -> list[str]:
    """Warns if what is known of the person is old; `days_since` as of `days_since`."""
    if days_since is None or days_since <= LONG_AGO:
        return []
    return [
        f"the last run known of the person is {days_since:.0f} days older than this one, and fitness changes in less: give "
        "newer runs, or add them with `hrkeras update`."
    ]


def of_prediction(
    heart_rate: np.ndarray, expected: np.ndarray, standard_deviation: np.ndarray, measured: np.ndarray, days_since: float | None
) -> list[str]:
    """Warns if a prediction is far from what is known of the person, or if that is old.

    Args:
        heart_rate: predicted, beats/min, shape `(steps,)`.
        expected: what the athlete's state alone predicts, likewise.
        standard_deviation: standard deviation that it gives to that, likewise.
        measured: likewise; NaN where it was not.
        days_since: since the last run that is known of the person; None if none is.
    """
    sentences = []
    mean, usual, limit = float(heart_rate.mean()), float(expected.mean()), min(APART * float(standard_deviation.mean()), FARTHEST)
    if not abs(mean - usual) <= limit:
        basis = "what is known of the person" if days_since is not None else "what is known of people"
        sentences.append(
            f"the model predicts {mean:.0f} beats/min on average, but {basis} suggests {usual:.0f}, and at most {limit:.0f} away "
            "from that: do not trust it; predict without the model, or adapt the model to the person with `hrkeras finetune`."
        )
    sentences += of_age(days_since)
    is_measured = np.isfinite(measured)
    if is_measured.any() and not (error := float(np.abs(heart_rate - measured)[is_measured].mean())) <= limit:
        mean = measured[is_measured].mean()
        predicted = mean + (heart_rate - measured)[is_measured].mean()
        repair = "If the sensor was wrong, `hrkeras repair` may find where; if the prediction is"
        which = repair if is_measured.mean() >= OFTEN else "If the prediction is wrong"
        sentences.append(
            f"the measured mean is {mean:.0f} beats/min where {predicted:.0f} is predicted, and a mean absolute error of "
            f"{error:.0f} is more than can be expected ({limit:.0f}): look at both with --plot. {which}, "
            "give more of the person's runs."
        )
    return sentences


def days_since(start: float, ends: np.ndarray) -> float | None:
    """Days from the end of the last known run to a start, both in s since 1970-01-01 UTC; None if no run is known."""
    return float(start - ends[-1]) / DAY if len(ends) else None
