"""What a general forecaster is given of a run: heart rate of its first ten minutes, its effort, and the person's earlier runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hrkeras.datasets.windows import Run
from hrkeras.evaluation.protocols import BEGINNING
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import STEP, Grid

KNOWN = round(BEGINNING / STEP)  # steps
BREAK = 6  # steps without heart rate, at rest, between two runs of a series
Earlier = Sequence[Sequence[Grid]]  # of each run, its person's runs that were over when it began, the latest last


@dataclass(frozen=True)
class Given:
    """What is known of a run whose rest is to be forecast.

    Attributes:
        heart_rate: of its first ten minutes, beats/min, NaN where unknown, shape `(KNOWN,)`.
        covariates: of the whole run, by name, shape `(steps,)`; known ahead.
        earlier: the person's runs that were over when it began, the latest last.
    """

    heart_rate: np.ndarray
    covariates: dict[str, np.ndarray]
    earlier: Sequence[Grid] = ()

    @property
    def rest(self) -> int:
        """How many steps are to be forecast."""
        return len(self.covariates["speed"]) - KNOWN

    def series(self, length: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The run as the end of one series that begins with the person's earlier runs.

        Args:
            length: steps of heart rate at most; as many of the latest earlier runs as fit in whole.

        Returns:
            Heart rate up to the first ten minutes, beats/min, NaN where unknown, shape `(context,)`; and covariates up to the
            end of the run, shape `(context + rest,)`: those of the run, and the minutes since the beginning of each run.
        """
        parts = [(self.heart_rate, _with_minutes(self.covariates))]
        room = length - len(self.heart_rate)
        for grid in reversed(self.earlier):
            room -= len(grid.speed) + BREAK
            if room < 0:
                break
            if np.isfinite(grid.heart_rate).any():
                pause = np.zeros(BREAK)
                values = {name: np.append(each, pause) for name, each in _with_minutes(covariates(grid)).items()}
                parts.append((np.append(grid.heart_rate, pause + np.nan), values))
        parts.reverse()
        names = parts[0][1]
        return (
            np.concatenate([heart_rate for heart_rate, _ in parts]),
            {name: np.concatenate([values[name] for _, values in parts]) for name in names},
        )


Forecast = Callable[[Given], np.ndarray]  # to heart rate of the rest of the run, beats/min, shape `(rest,)`


def rests(
    forecast: Forecast,
    runs: list[Run],
    shown: list[np.ndarray],
    on_run: Callable[[int], object] | None = None,
    earlier: Earlier | None = None,
) -> list[np.ndarray]:
    """Forecasts the rest of each run, one at a time, so that no forecast depends on the other runs.

    Args:
        forecast: the forecast of one run.
        runs: of which speed and altitude are used, not heart rate.
        shown: of each run the known heart rate, beats/min, NaN where unknown, shape `(steps,)`.
        on_run: called with the number of runs done since the last call.
        earlier: of each run the person's earlier ones, with their heart rate; none if not given.

    Returns:
        Of each run heart rate in beats/min, shape `(steps,)`: what is known in the first ten minutes, then the forecast;
        NaN where nothing is known to begin with.

    Raises:
        InputError: if a forecast has the wrong length or is not finite.
    """
    predictions = []
    for run, values, before in zip(runs, shown, earlier or [()] * len(runs), strict=True):
        predicted = values.astype(np.float64)
        if has_rest(values):
            rest = forecast(Given(values[:KNOWN], covariates(run.grid), before))
            if rest.shape != predicted[KNOWN:].shape or not np.isfinite(rest).all():
                raise InputError(
                    f"Expected {len(values) - KNOWN} finite heart rates in a forecast, found others; leave the model out."
                )
            predicted[KNOWN:] = rest
        predictions.append(predicted)
        if on_run:
            on_run(1)
    return predictions


def has_rest(shown: np.ndarray) -> bool:
    """Whether something of the first ten minutes is known and there are later ones; `shown` as `rests` takes it."""
    return len(shown) > KNOWN and bool(np.isfinite(shown[:KNOWN]).any())


def covariates(grid: Grid) -> dict[str, np.ndarray]:
    """Speed and graded speed in m/s, shape `(steps,)`: how hard a run is, without place, date or altitude above sea level."""
    speed = grid.speed.astype(np.float64)
    return {"speed": speed, "graded_speed": graded_speed(speed, grid.altitude.astype(np.float64))}


def _with_minutes(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return values | {"minutes": np.arange(len(values["speed"])) * STEP / 60}
