"""Predict the heart rate of runs that a person brings."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from hrkeras import evaluation, windows
from hrkeras.layers import RunFeatures
from hrkeras.workouts import history, prepare, quality
from hrkeras.workouts.grid import Grid, resample
from hrkeras.workouts.source import ReadLog
from hrkeras.workouts.workout import InputError, InvalidWorkoutError, Workout


@dataclass(frozen=True)
class Prediction:
    """Predicted heart rate of one run.

    Attributes:
        start: s since 1970-01-01 UTC.
        step: s, length of a step.
        grid: the run; its heart rate is what was measured, if anything was.
        heart_rate: predicted, beats/min, shape `(steps,)`.
        earlier_runs: how many earlier runs were known of the person.
        has_altitude: whether altitude was measured; without it the run is taken as flat.
    """

    start: float
    step: float
    grid: Grid
    heart_rate: np.ndarray
    earlier_runs: int
    has_altitude: bool

    @property
    def error(self) -> float | None:
        """Mean absolute error in beats/min where heart rate was measured; None if it was nowhere."""
        measured = np.isfinite(self.grid.heart_rate)
        return float(np.abs(self.heart_rate - self.grid.heart_rate)[measured].mean()) if measured.any() else None

    def frame(self) -> pd.DataFrame:
        """A row a step: time_s, speed_m_s, altitude_m, heart_rate (predicted), measured_heart_rate (empty if not)."""
        return pd.DataFrame(
            {
                "time_s": np.arange(len(self.heart_rate)) * self.step,
                "speed_m_s": self.grid.speed.astype(np.float64).round(3),
                "altitude_m": self.grid.altitude.astype(np.float64).round(1) if self.has_altitude else np.nan,
                "heart_rate": self.heart_rate.astype(np.float64).round(1),
                "measured_heart_rate": self.grid.heart_rate.astype(np.float64).round(1),
            }
        )


def predict(model: keras.Model, run: Workout, earlier: Iterable[Workout] = ()) -> Prediction:
    """Predicts the heart rate of a whole run; what its own sensor measured is not looked at.

    Args:
        model: from `saving.load`.
        run: what to predict.
        earlier: workouts of the same person; only those that were over before the run began and pass the quality
            filters count, so that a second recording of the run itself tells nothing.

    Raises:
        InputError: if the run has no speed or no sensible duration.
    """
    step = next(layer.step for layer in model.layers if isinstance(layer, RunFeatures))
    limits = quality.Limits(require_user=False)
    try:
        grid = resample(quality.without_outliers(run, limits), step)
    except InvalidWorkoutError as error:
        raise InputError(f"{run.where}: cannot be predicted, {error}; a run needs speed or positions.") from None
    known = sorted(
        (found.start, tuple(found.summary))
        for found in (
            prepare.examine(workout, limits, step) for workout in earlier if workout.start + workout.duration <= run.start
        )
        if not isinstance(found, str)
    )
    known = [known[i] for i in range(len(known)) if i == 0 or round(known[i][0]) != round(known[i - 1][0])]
    summaries = np.array([summary for _, summary in known]).reshape(-1, len(history.SUMMARY))
    person = history.before(run.start, np.array([start for start, _ in known]), summaries)
    found = evaluation.predict(model, windows.of_runs([grid], person[None], np.array([run.start]), step))
    has_altitude = bool(np.isfinite(run.altitude).any())
    return Prediction(run.start, step, grid, found[0], len(known), has_altitude)


def choose(workouts: Iterable[Workout], wanted: str | None, path: Path) -> Workout:
    """Picks one run of a source.

    Args:
        workouts: what the source holds.
        wanted: the run's date or date and time in UTC as far as it is unambiguous, such as "2025-06-16"; or
            "latest"; or None where the source holds one run.
        path: of the source, for messages.

    Raises:
        InputError: if there is no such run or more than one.
    """
    workouts = list(workouts)
    once = {(workout.user, round(workout.start)): workout for workout in workouts if workout.sport == "running"}
    runs = sorted(once.values(), key=lambda workout: workout.start)
    if not runs:
        sports = ", ".join(f"{count} {sport}" for sport, count in Counter(each.sport for each in workouts).most_common(5))
        raise InputError(
            f"{path}: expected a run outdoors, found {sports or 'no workout'}; look at it with `hrkeras inspect {path}`."
        )
    if wanted == "latest":
        return runs[-1]
    fitting = [run for run in runs if date(run.start).startswith(wanted or "")]
    if len(fitting) == 1:
        return fitting[0]
    some = ", ".join(date(run.start) for run in (fitting or runs)[-8:])
    count = f"{len(fitting)} runs" if fitting else f"no run of that date among {len(runs)}"
    raise InputError(f"{path}: --workout {wanted or 'was not given'}: found {count}; choose one of ..., {some}, or latest.")


def date(start: float) -> str:
    """A start as text, in UTC."""
    return datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d %H:%M")


def read_log_text(log: ReadLog) -> str:
    """What a reader skipped, in a line; empty if nothing."""
    return "; ".join(f"{count} x {reason} (first: {log.examples[reason][0]})" for reason, count in log.skipped.items())


def load_run(
    path: Path, wanted: str | None, history_path: Path | None, on_bytes: Callable[[int], object] | None = None
) -> tuple[Workout, list[Workout], ReadLog]:
    """Reads the run to predict and the person's other workouts.

    Args:
        path: a track, an Apple Health export or a folder; of several runs `wanted` picks one.
        wanted: see `choose`.
        history_path: a folder or export with the person's earlier runs; if not given, the other runs of `path`.
        on_bytes: called with the number of bytes read since the last call.

    Returns:
        The run, the person's workouts, and what was skipped.
    """
    from hrkeras.workouts import detect

    log = ReadLog(on_bytes)
    workouts = list(detect.read(path, log))
    run = choose(workouts, wanted, path)
    others = [workout for workout in workouts if workout.user == run.user and workout is not run]
    if history_path:
        others = list(detect.read(history_path, log))
    return run, others, log
