"""Predict the heart rate of a person's runs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrkeras.athlete import athlete_file, facts
from hrkeras.athlete.interval import POSSIBLE, limits
from hrkeras.athlete.kalman import AthleteState, Known
from hrkeras.athlete.population import DAY
from hrkeras.evaluation import predict as inference
from hrkeras.evaluation import predictor
from hrkeras.evaluation.predictor import STATE, population
from hrkeras.personal import prediction_warnings
from hrkeras.personal.athlete_update import LIMITS, check_population
from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import duplicates, quality
from hrkeras.workouts.clock import date_or_nan, moment
from hrkeras.workouts.grid import STEP, Grid, paused
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    import pandas as pd

    from hrkeras.evaluation.predictor import Model


@dataclass(frozen=True, repr=False, eq=False)
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
        warnings: plausibility warnings, from `prediction_warnings`.
        by: what predicted it, such as "the base model".
        step: s, length of a step.
        duration: s, of the recording, which ends within a step; NaN where only the steps are known.
        utc_offset: s that local time is ahead of UTC; NaN where the source does not tell.

    Example:
        >>> import hrkeras
        >>> prediction = hrkeras.predict(None, hrkeras.read("runs")[0])
        >>> low, high = prediction.interval
        >>> prediction.heart_rate.shape == low.shape == (len(prediction.to_frame()),)
        True
    """

    start: float
    grid: Grid
    heart_rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    earlier_runs: int
    has_altitude: bool
    warnings: list[str]
    by: str = STATE
    step: float = STEP
    duration: float = np.nan
    utc_offset: float = np.nan

    def __repr__(self) -> str:
        parts = [f"mean {self.heart_rate.mean():.0f}, highest {self.heart_rate.max():.0f} beats/min"]
        parts.append(f"heart rate within {(self.high - self.low).mean() / 2:.0f} of it four times in five")
        parts.append(f"by {self.by} from {self.earlier_runs:,} earlier run{'' if self.earlier_runs == 1 else 's'}")
        if self.error is not None:
            parts.append(f"mean absolute error {self.error:.1f} where it was measured")
        when = moment(self.start, self.utc_offset)
        parts = [f"Predicted heart rate of the run of {when}, {self.minutes:.0f} min: {', '.join(parts)}"]
        return "\n".join([*parts, *(f"Warning: {sentence}" for sentence in self.warnings)])

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """The prediction interval that holds heart rate four times in five: `low` and `high`."""
        return self.low, self.high

    @property
    def minutes(self) -> float:
        """How long the run is."""
        return (len(self.heart_rate) * self.step if isnan(self.duration) else self.duration) / 60

    @property
    def paused(self) -> np.ndarray:
        """Where the watch was stopped, shape `(steps,)`, see `grid.paused`; no time of running."""
        return paused(self.grid, self.step)

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
    def means(self) -> tuple[float, float] | None:
        """Mean measured heart rate, and the mean predicted one of the same steps, beats/min; None if it was measured nowhere."""
        measured = np.isfinite(self.grid.heart_rate)
        if not measured.any():
            return None
        both = (self.grid.heart_rate, self.heart_rate)
        return tuple(float(values[measured].mean(dtype=np.float64)) for values in both)  # type: ignore[return-value]

    @property
    def inside(self) -> float | None:
        """Share of the measured heart rates that lie in the prediction interval, 0 to 1; None if there is none."""
        measured = np.isfinite(self.grid.heart_rate)
        within = (self.low <= self.grid.heart_rate) & (self.grid.heart_rate <= self.high)
        return float(within[measured].mean()) if measured.any() else None

    def to_frame(self) -> pd.DataFrame:
        """A row a step: time_s, speed_m_s, altitude_m, heart_rate (predicted), low, high, measured_heart_rate (empty if not)."""
        import pandas as pd

        return pd.DataFrame(self._columns())

    def to_csv(self, path: Path) -> None:
        """Writes what `to_frame` has; without pandas, which takes longer to start than a prediction."""
        columns = self._columns()
        with open(path, "w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            for row in zip(*(values.tolist() for values in columns.values()), strict=True):
                writer.writerow(["" if isnan(value) else value for value in row])

    def _columns(self) -> dict[str, np.ndarray]:
        altitude = self.grid.altitude if self.has_altitude else np.full(len(self.heart_rate), np.nan)
        return {
            "time_s": np.arange(len(self.heart_rate)) * self.step,
            "speed_m_s": self.grid.speed.astype(np.float64).round(3),
            "altitude_m": altitude.astype(np.float64).round(1),
            "heart_rate": self.heart_rate.astype(np.float64).round(1),
            "low": self.low.astype(np.float64).round(1),
            "high": self.high.astype(np.float64).round(1),
            "measured_heart_rate": self.grid.heart_rate.astype(np.float64).round(1),
        }


def predict(run: Workout, athlete: AthleteState | None = None, model: Model | None = None) -> Prediction:
    """Predicts the heart rate of a whole run; its own measured heart rate is not used.

    A run of unknown date is taken to follow the known runs, see `AthleteState.assumed_start`.

    Args:
        run: what to predict.
        athlete: the person's state, from `athlete_update.learn` or `athlete_file.load`; a new one if not given.
        model: from `saving.load`, or an exported one; if not given the athlete's state alone predicts.

    Raises:
        InputError: if the run has no speed or no sensible duration, if the athlete's state has learnt from runs that ended
            after its start, or if it starts from another population than the model's.
    """
    grid = gridded(run)
    if athlete is None:
        athlete = AthleteState(population(model))
    begin = begin_after(run, athlete)
    start = athlete.assumed_start(begin)
    known = athlete.predict(start, grid)
    heart_rate = expected = known.expected[:, 0]
    if model:
        check_population(athlete, population(model))
        known = athlete.asked_by(predictor.of(model).fingerprint, known)
        (heart_rate,) = inference.whole_runs(model, [grid], [known], np.array([start]))
    heart_rate, low, high = with_interval(heart_rate, known, athlete)
    warnings = [
        *prediction_warnings.of_run(run, grid, athlete),
        *prediction_warnings.of_prediction(
            heart_rate, expected, known.standard_deviation, grid.heart_rate, prediction_warnings.days_since(start, athlete.ends)
        ),
    ]
    about: dict[str, Any] = {"by": predictor.title(model), "duration": run.duration, "utc_offset": run.utc_offset}
    return Prediction(begin, grid, heart_rate, low, high, athlete.count, has_altitude(run), warnings, **about)


def gridded(run: Workout) -> Grid:
    """A run on the grid, with the filters' limits for outliers.

    Raises:
        InputError: if it has no speed or no sensible duration.
    """
    try:
        grid = quality.gridded(run, LIMITS)
    except InvalidWorkoutError as error:
        advice = "; a run needs speed or positions" if str(error) == "no speed and no positions" else ""
        raise InputError(f"{run.where or 'The run'}: cannot be predicted, {error}{advice}.") from None
    if len(grid.speed) * STEP > DAY:
        raise InputError(
            f"{run.where or 'The run'}: lasts {len(grid.speed) * STEP / DAY:.1f} days; nothing can be said of more than one."
        )
    return grid


def has_altitude(run: Workout) -> bool:
    """Whether its altitude was measured; without it the run is taken as flat."""
    return quality.without_outliers(run, LIMITS).has_altitude


def begin_after(run: Workout, athlete: AthleteState) -> float:
    """When a run began, s since 1970-01-01 UTC; NaN where that is unknown.

    Raises:
        InputError: if the athlete's state has learnt from runs that ended later.
    """
    begin = date_or_nan(run.start)
    if athlete.count and athlete.ends[-1] > begin:
        is_known = duplicates.overlap(run.start, run.end, athlete.starts, athlete.ends).any()
        what = "this very run" if is_known else f"the later run of {moment(athlete.starts[-1], athlete.utc_offset)}"
        raise InputError(
            f"The run of {moment(run.start, run.utc_offset)} can only be predicted from earlier runs, but the person's file "
            f"has learnt from {what}; give the folder or export with the earlier runs in place of that file.",
            "history",
        )
    return begin


def with_interval(heart_rate: np.ndarray, known: Known, athlete: AthleteState) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A predicted heart rate and its interval, none of it above the maximum that the person told; beats/min, `(steps,)` each."""
    most = facts.told(athlete).max_heart_rate or POSSIBLE[1]
    low, high = limits(heart_rate, known.standard_deviation, known.interval)
    return np.clip(heart_rate, POSSIBLE[0], most), np.minimum(low, most), np.minimum(high, most)


def opened(path: Path | None, model: Model | None = None) -> AthleteState:
    """The person's state: the one in their file, or a new one without a file.

    Raises:
        InputError: if the file is not an athlete's, or starts from another population than the model's.
    """
    start = population(model)
    if path is None:
        return AthleteState(start)
    state = athlete_file.load(path)
    if model:
        check_population(state, start, str(path))
    return state
