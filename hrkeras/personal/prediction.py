"""Predict the heart rate of runs that a person brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hrkeras.athlete import athlete_file
from hrkeras.athlete.athlete_file import date, moment
from hrkeras.athlete.interval import limits
from hrkeras.athlete.kalman import Athlete
from hrkeras.athlete.population import Population, default
from hrkeras.datasets import windows
from hrkeras.personal import prediction_warnings
from hrkeras.personal.athlete_update import LIMITS, check_population, one_person
from hrkeras.personal.update_text import read_log_text
from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import duplicates, quality
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:  # a state predicts without them
    import keras
    import pandas as pd

__all__ = ["Prediction", "choose", "date", "load_run", "moment", "opened", "population", "predict", "read_log_text"]

SHOWN = 8  # runs of which a message names the dates


@dataclass(frozen=True)
class Prediction:
    """Predicted heart rate of one run.

    Attributes:
        start: s since 1970-01-01 UTC; NaN where it is unknown.
        grid: the run; its heart rate is what was measured, if anything was.
        heart_rate: predicted, beats/min, shape `(steps,)`.
        low: beats/min, shape `(steps,)`; heart rate is expected to lie below it a tenth of the time.
        high: likewise, above it.
        earlier_runs: how many earlier runs were known of the person.
        has_altitude: whether altitude was measured; without it the run is taken as flat.
        doubts: sentences that say why not to believe it, from `doubts.of_prediction`.
        step: s, length of a step.
    """

    start: float
    grid: Grid
    heart_rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    earlier_runs: int
    has_altitude: bool
    doubts: list[str]
    step: float = STEP

    @property
    def minutes(self) -> float:
        """How long the run is."""
        return len(self.heart_rate) * self.step / 60

    @property
    def kilometres(self) -> float:
        """How far it goes."""
        return float(self.grid.speed.sum()) * self.step / 1000

    @property
    def error(self) -> float | None:
        """Mean absolute error in beats/min where heart rate was measured; None if it was nowhere."""
        measured = np.isfinite(self.grid.heart_rate)
        return float(np.abs(self.heart_rate - self.grid.heart_rate)[measured].mean()) if measured.any() else None

    @property
    def inside(self) -> float | None:
        """Share of the measured heart rates that lie in the band, 0 to 1; None if there is none."""
        measured = np.isfinite(self.grid.heart_rate)
        within = (self.low <= self.grid.heart_rate) & (self.grid.heart_rate <= self.high)
        return float(within[measured].mean()) if measured.any() else None

    def frame(self) -> pd.DataFrame:
        """A row a step: time_s, speed_m_s, altitude_m, heart_rate (predicted), low, high, measured_heart_rate (empty if not)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "time_s": np.arange(len(self.heart_rate)) * self.step,
                "speed_m_s": self.grid.speed.astype(np.float64).round(3),
                "altitude_m": self.grid.altitude.astype(np.float64).round(1) if self.has_altitude else np.nan,
                "heart_rate": self.heart_rate.astype(np.float64).round(1),
                "low": self.low.astype(np.float64).round(1),
                "high": self.high.astype(np.float64).round(1),
                "measured_heart_rate": self.grid.heart_rate.astype(np.float64).round(1),
            }
        )


def predict(run: Workout, athlete: Athlete | None = None, model: keras.Model | None = None) -> Prediction:
    """Predicts the heart rate of a whole run; what its own sensor measured is not looked at.

    A run of unknown date is taken to follow what is known of the person, see `Athlete.assumed_start`.

    Args:
        run: what to predict.
        athlete: what is known of the person, from `keeping.learn` or `athlete_file.load`; nothing if not given.
        model: from `saving.load`; if not given the athlete's state alone predicts, without Keras.

    Raises:
        InputError: if the run has no speed or no sensible duration, if the athlete's state knows of later than its
            start, or if it starts from another population than the model's.
    """
    try:
        grid = quality.gridded(run, LIMITS)
    except InvalidWorkoutError as error:
        raise InputError(f"{run.where}: cannot be predicted, {error}; a run needs speed or positions.") from None
    if athlete is None:
        athlete = Athlete(population(model))
    if athlete.count and athlete.ends[-1] > run.start:
        is_known = duplicates.overlap(run.start, run.end, athlete.starts, athlete.ends).any()
        what = "this very run" if is_known else f"the run of {date(athlete.starts[-1])} UTC"
        raise InputError(
            f"To predict the run of {date(run.start)} UTC nothing may be known of it or of later ones, but the athlete's state "
            f"has learnt from {what}; predict it from its earlier runs alone.",
            "history",
        )
    start = athlete.assumed_start(run.start)
    known = athlete.predict(start, grid)
    found = expected = known.expected[:, 0]
    if model:
        from hrkeras.evaluation import predict as inference
        from hrkeras.models import saving

        check_population(athlete, population(model))
        known = athlete.asked_by(saving.fingerprint(model), known)
        whole = windows.of_runs([grid], [known], np.array([start]), size=inference.WHOLE)
        (found,) = inference.predict(model, whole)
    low, high = limits(found, known.spread, known.band)
    why_not = [
        *prediction_warnings.of_speed(grid.speed),
        *prediction_warnings.of_prediction(
            found, expected, known.spread, grid.heart_rate, prediction_warnings.days_since(start, athlete.ends)
        ),
    ]
    has_altitude = quality.without_outliers(run, LIMITS).has_altitude
    return Prediction(run.start, grid, found, low, high, athlete.count, has_altitude, why_not)


def population(model: keras.Model | None = None) -> Population:
    """Where the state of an athlete must start whose runs a model, or with none the state alone, is to predict.

    Raises:
        InputError: if the model has other steps than an athlete's state.
    """
    if model is None:
        return default()
    from hrkeras.models import saving

    step = saving.step(model)
    if step != STEP:
        raise InputError(f"Expected a model of steps of {STEP:g} s, found one of {step:g} s; train it again with this version.")
    return saving.population(model)


def opened(path: Path | None, model: keras.Model | None = None) -> Athlete:
    """What is known of a person: the state in their file, or that of somebody new without one.

    Raises:
        InputError: if the file is none, or starts from another population than the model's athletes.
    """
    start = population(model)
    if path is None:
        return Athlete(start)
    state = athlete_file.load(path)
    if model:
        check_population(state, start, str(path))
    return state


def choose(workouts: Iterable[Workout], wanted: str | None, path: Path, log: ReadLog | None = None) -> Workout:
    """Picks one run of a source.

    Args:
        workouts: what the source holds.
        wanted: the run's date or date and time in UTC as far as it is unambiguous, such as "2025-06-16"; or
            "latest"; or None where the source holds one run.
        path: of the source, for messages.
        log: what its reader skipped, to be told if there is no run.

    Raises:
        InputError: if there is no such run or more than one.
    """
    workouts = list(workouts)
    recorded = [workout for workout in workouts if workout.sport == "running"]
    if not recorded:
        raise InputError(f"{path}: expected a run outdoors, {_instead(workouts, path, log)}.")
    runs = _distinct(recorded)
    if wanted == "latest":
        return runs[-1]
    fitting = _distinct([run for run in recorded if date(run.start).startswith(wanted or "")])
    if len(fitting) == 1:
        return fitting[0]
    count = f"{len(fitting)} runs" if fitting else f"no run of that date among {len(runs)}"
    expected = f"expected one run{f' of {wanted}' if wanted else ''}"
    raise InputError(f"{path}: {expected}, found {count}; {_offer(fitting or runs)}.", "workout")


def _instead(workouts: Sequence[Workout], path: Path, log: ReadLog | None) -> str:
    """What there is in a source without a run, and how to go on."""
    sports = Counter(each.sport or "unnamed" for each in workouts)
    names = ", ".join(f"{count} {sport}" for sport, count in sports.most_common(5))
    named = f"{names} workout{'s' if len(workouts) > 1 else ''}" if names else ""
    found = "; ".join(filter(None, [named, read_log_text(log) if log else ""])) or "no workout"
    indoors = "; `hrkeras estimate` takes runs indoors" if "indoor running" in sports else ""
    return f"found {found}{indoors}; look at it with `hrkeras inspect {path}`"


def _offer(runs: Sequence[Workout]) -> str:
    """Which of several runs can be chosen by name: those whose minute no other one shares."""
    counts = Counter(date(run.start) for run in runs)
    names = [name for name, count in counts.items() if count == 1]
    some = [*(["..."] if len(names) > SHOWN else []), *names[-SHOWN:]]
    offer = f"choose one of {', '.join(some)}, or latest" if some else "choose latest"
    return offer if len(names) == len(runs) else f"{offer}, or give the file of one run alone"


def _distinct(recorded: list[Workout]) -> list[Workout]:
    """Of each run one recording: those of unknown date, then the earliest first."""
    return sorted(
        duplicates.distinct(recorded, map(duplicates.content, recorded)), key=lambda run: (not np.isnan(run.start), run.start)
    )


def load_run(
    path: Path, wanted: str | None = None, histories: Sequence[Path] = (), on_bytes: Callable[[int], object] | None = None
) -> tuple[Workout, list[Workout], ReadLog]:
    """Reads the run to predict and the person's other workouts.

    Args:
        path: a track, an Apple Health export or a folder; of several runs `wanted` picks one.
        wanted: see `choose`.
        histories: folders or exports with the person's earlier runs; if not given, the other runs of `path`.
        on_bytes: called with the number of bytes read since the last call.

    Returns:
        The run, the person's workouts, and what was skipped.

    Raises:
        InputError: if something cannot be read, or a history is several people's.
    """
    log = ReadLog(on_bytes)
    workouts = list(detect.read(path, log))
    run = choose(workouts, wanted, path, log)
    if not histories:
        return run, [workout for workout in workouts if workout.user == run.user and workout is not run], log
    return run, load_history(histories, log, run.user), log


def load_history(histories: Sequence[Path], log: ReadLog, user: str | None = None) -> list[Workout]:
    """Reads a person's workouts.

    Args:
        histories: folders or exports.
        log: told of bytes read and of what was skipped.
        user: whose they should be, if a source names that person among others.

    Raises:
        InputError: if something cannot be read, or the runs of a history are several people's.
    """
    workouts: list[Workout] = []
    for history in histories:
        found = list(detect.read(history, log))
        workouts += one_person([each for each in found if each.sport == "running"], history, user)
        workouts += [each for each in found if each.sport != "running"]  # which the filters take and count
    return workouts
