"""The inputs of such a model: heart rate of a run's first ten minutes, and speed and graded speed of the whole run."""

from collections.abc import Callable

import numpy as np

from hrkeras.datasets.windows import Run
from hrkeras.evaluation.protocols import BEGINNING
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import STEP

KNOWN = round(BEGINNING / STEP)  # steps

# from heart rate of the first ten minutes, shape (KNOWN,), NaN where unknown, and the covariates of the
# whole run, each of shape (steps,), to heart rate of the rest, shape (steps - KNOWN,)
Forecast = Callable[[np.ndarray, dict[str, np.ndarray]], np.ndarray]


def rests(
    forecast: Forecast, runs: list[Run], shown: list[np.ndarray], on_run: Callable[[int], object] | None = None
) -> list[np.ndarray]:
    """Forecasts the rest of each run, one at a time, so that no forecast depends on the other runs.

    Args:
        forecast: the forecast of one run.
        runs: of which speed and altitude are used, not heart rate.
        shown: of each run the known heart rate, beats/min, NaN where unknown, shape `(steps,)`.
        on_run: called with the number of runs done since the last call.

    Returns:
        Of each run heart rate in beats/min, shape `(steps,)`: what is known in the first ten minutes, then the forecast;
        NaN where nothing is known to begin with.

    Raises:
        InputError: if a forecast has the wrong length or is not finite.
    """
    predictions = []
    for run, values in zip(runs, shown, strict=True):
        predicted = values.astype(np.float64)
        if has_rest(values):
            rest = forecast(values[:KNOWN], covariates(run))
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


def covariates(run: Run) -> dict[str, np.ndarray]:
    """Speed and graded speed in m/s, shape `(steps,)`: how hard a run is, without place, date or altitude above sea level."""
    speed = run.grid.speed.astype(np.float64)
    return {"speed": speed, "graded_speed": graded_speed(speed, run.grid.altitude.astype(np.float64))}
