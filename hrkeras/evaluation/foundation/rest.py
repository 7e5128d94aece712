"""What such a model is given of a run: its first ten minutes of heart rate, and how hard the whole of it is."""

from collections.abc import Callable

import numpy as np

from hrkeras.datasets.windows import Run
from hrkeras.evaluation.protocols import BEGINNING
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import STEP

KNOWN = round(BEGINNING / STEP)  # steps

# from heart rate of the first ten minutes, shape (KNOWN,), NaN where it is not known, and the covariates of the
# whole run, each of shape (steps,), to heart rate of the rest, shape (steps - KNOWN,)
Forecast = Callable[[np.ndarray, dict[str, np.ndarray]], np.ndarray]


def rests(
    forecast: Forecast, runs: list[Run], shown: list[np.ndarray], on_run: Callable[[int], object] | None = None
) -> list[np.ndarray]:
    """Forecasts the rest of each run, one at a time, so that no forecast depends on what else is asked.

    Args:
        forecast: does it for one run.
        runs: of which speed and altitude are looked at, not heart rate.
        shown: of each run the known heart rate, beats/min, NaN where it is not, shape `(steps,)`.
        on_run: called with the number of runs done since the last call.

    Returns:
        Of each run heart rate in beats/min, shape `(steps,)`: what is known in the first ten minutes, then the forecast;
        NaN where nothing is known to begin with.

    Raises:
        InputError: if a forecast is no series of numbers of the right length.
    """
    found = []
    for run, values in zip(runs, shown, strict=True):
        predicted = values.astype(np.float64)
        if has_rest(values):
            rest = forecast(values[:KNOWN], covariates(run))
            if rest.shape != predicted[KNOWN:].shape or not np.isfinite(rest).all():
                raise InputError(f"Expected {len(values) - KNOWN} numbers of a model beside, found others; leave it out.")
            predicted[KNOWN:] = rest
        found.append(predicted)
        if on_run:
            on_run(1)
    return found


def has_rest(shown: np.ndarray) -> bool:
    """Whether something of the first ten minutes is known and there are later ones; `shown` as `rests` takes it."""
    return len(shown) > KNOWN and bool(np.isfinite(shown[:KNOWN]).any())


def covariates(run: Run) -> dict[str, np.ndarray]:
    """Speed and graded speed in m/s, shape `(steps,)`: what makes a run hard, without place, date or altitude above the sea."""
    speed = run.grid.speed.astype(np.float64)
    return {"speed": speed, "graded_speed": graded_speed(speed, run.grid.altitude.astype(np.float64))}
