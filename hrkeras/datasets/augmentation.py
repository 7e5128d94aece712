"""Runs as another watch on another day might have recorded them, and windows that begin elsewhere: new ones each epoch.

Augmentation changes the recording, before any history is computed from it. Heart rate is never scaled or shifted:
it may be missing, or sampled at other moments together with speed and altitude.
"""

from collections.abc import Sequence

import numpy as np

from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.simulation.course import wander
from hrkeras.workouts.simulation.synthetic import BAROMETER_ERROR, GPS_ERROR

SHARE = 0.5  # of the training runs that an epoch perturbs
GPS_STEPS = 3  # correlation time of a position error after a receiver's filter
DRIFT_STEPS = 120  # likewise of a barometer, which drifts with the weather
STRETCH = 0.02  # standard deviation of how much longer a run lasts, relative
DROPOUTS = 1.0  # stretches without heart rate in a run, on average...
DROPOUT_STEPS = 12.0  # ... and how long they are
CUT = 0.5  # largest shift of a window, relative to its length


def perturbed(grids: Sequence[Grid], trained: np.ndarray, strength: float, random: np.random.Generator) -> list[Grid]:
    """The runs, with some of the training split perturbed.

    Args:
        grids: the runs.
        trained: which are of the training split, booleans of shape `(runs,)`; only those change.
        strength: of all perturbations; 1 as this module's constants say, 0 none.
        random: generator of the random choices.
    """
    changed = list(grids)
    for row in np.flatnonzero(trained):
        if strength and random.random() < SHARE:
            changed[row] = recorded_otherwise(changed[row], strength, random)
    return changed


def recorded_otherwise(grid: Grid, strength: float, random: np.random.Generator) -> Grid:
    """One run with all of `resampled`, `with_gps_noise`, `with_altitude_drift` and `with_dropouts`."""
    grid = resampled(grid, float(np.exp(random.normal(0, STRETCH * strength))), random.random())
    grid = with_gps_noise(grid, strength, random)
    grid = with_altitude_drift(grid, strength, random)
    return with_dropouts(grid, strength, random)


def resampled(grid: Grid, longer: float, late: float) -> Grid:
    """The same course in more or less time, on a grid that begins later; heart rate and altitude keep their place on it.

    Args:
        grid: the run.
        longer: how many times as long it lasts; speed falls by as much, so that the distance stays.
        late: steps, 0 to 1, by which the grid begins later.
    """
    steps = len(grid.speed)
    count = max(int(steps * longer - late), 1)
    edges = np.minimum((late + np.arange(count + 1)) / longer, steps)
    middle = np.clip((edges[:-1] + edges[1:]) / 2 - 0.5, 0, steps - 1)
    distance = np.concatenate([[0.0], np.cumsum(grid.speed, dtype=np.float64)])
    return Grid(
        np.diff(np.interp(edges, np.arange(steps + 1), distance)).astype(np.float32),
        np.interp(middle, np.arange(steps), grid.altitude).astype(np.float32),
        np.interp(middle, np.arange(steps), grid.heart_rate).astype(np.float32),  # NaN next to unmeasured steps
    )


def with_gps_noise(grid: Grid, strength: float, random: np.random.Generator) -> Grid:
    """Speed from positions that are off along the way by some metres; the distance covered is off by no more."""
    error = wander(random, len(grid.speed) + 1, GPS_STEPS, GPS_ERROR * strength)
    moving = grid.speed > 0  # a watch detects that it stands still
    speed = np.maximum(grid.speed + moving * np.diff(error) / STEP, 0)
    return grid._replace(speed=speed.astype(np.float32))


def with_altitude_drift(grid: Grid, strength: float, random: np.random.Generator) -> Grid:
    """Altitude from a barometer that drifts by some metres in the course of many minutes."""
    drift = wander(random, len(grid.altitude), DRIFT_STEPS, BAROMETER_ERROR * strength)
    return grid._replace(altitude=(grid.altitude + drift).astype(np.float32))


def with_dropouts(grid: Grid, strength: float, random: np.random.Generator) -> Grid:
    """Heart rate from a sensor that loses contact now and then, for some minutes."""
    heart_rate = grid.heart_rate.copy()
    for _ in range(random.poisson(DROPOUTS * strength)):
        begin = int(random.integers(len(heart_rate)))
        heart_rate[begin : begin + 1 + int(random.exponential(DROPOUT_STEPS))] = np.nan
    return grid._replace(heart_rate=heart_rate)


def slid(firsts: np.ndarray, lengths: np.ndarray, steps: int, random: np.random.Generator) -> np.ndarray:
    """Shifted first steps of the windows of a run, all later or all earlier, but inside it.

    Args:
        firsts: first steps of the windows as cut without augmentation, shape `(windows,)`.
        lengths: steps of each that are used, shape `(windows,)`.
        steps: of the run that the windows will be cut from.
        random: generator of the random choices.

    Returns:
        Shape `(windows,)`.
    """
    later = (random.uniform(-CUT, CUT) * lengths).astype(int)
    return np.clip(firsts + later, 0, np.maximum(steps - lengths, 0))
