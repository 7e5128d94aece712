"""Correlations of what was measured in many runs, from running sums: memory does not grow with the points."""

import numpy as np

from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.grid import STEP, Grid

VARIABLES = ("speed", "altitude", "heart rate")
SPEEDS = ("speed", "grade-adjusted speed")
LAGS = STEP * np.arange(31)  # s, by which heart rate may follow
SLOWEST = 120.0  # s; a heart responds within it; a later best lag is chance or slow change


class Moments:
    """Correlations of `size` variables, over all runs together and within runs.

    A pair of variables is compared at the points where both are measured.
    """

    def __init__(self, size: int = len(VARIABLES)):
        self._pooled = np.zeros((4, size, size))
        self._within = np.zeros((2, size, size))

    def add(self, values: np.ndarray) -> np.ndarray:
        """Adds a run.

        Args:
            values: shape `(size, n)`; NaN where unmeasured.

        Returns:
            The run's own correlations, shape `(size, size)`.
        """
        measured = np.isfinite(values).astype(np.float64)
        x = np.where(measured, values, 0.0)
        sums = np.stack([measured @ measured.T, x @ measured.T, x**2 @ measured.T, x @ x.T])
        self._pooled += sums
        scatter = _scatter(sums)
        self._within += scatter
        return _correlation(scatter)

    @property
    def pooled(self) -> np.ndarray:
        """Correlations over all points of all runs, shape `(size, size)`; NaN where there are none."""
        return _correlation(_scatter(self._pooled))

    @property
    def within(self) -> np.ndarray:
        """Correlations over all points, each run's mean subtracted first, shape `(size, size)`."""
        return _correlation(self._within)


def _scatter(sums: np.ndarray) -> np.ndarray:
    """Of sums of ones, x, x squared and xy for each pair: those of squares and products of deviations from the mean."""
    count, total, squares, products = sums
    count = np.maximum(count, 1)
    square = squares - total**2 / count
    square[square < 1e-9 * squares] = 0  # a constant, but for rounding
    return np.stack([square, products - total * total.T / count])


def _correlation(scatter: np.ndarray) -> np.ndarray:
    square, product = scatter
    scale = np.sqrt(square * square.T)
    return np.clip(np.divide(product, scale, out=np.full(scale.shape, np.nan), where=scale > 0), -1, 1)


class LagCurve:
    """Correlation of heart rate with each of `SPEEDS` some seconds earlier, within runs.

    Every lag is judged by the same heart rates, those from `LAGS[-1]` into the run on; otherwise the rise at the start
    of a run, which is left out at long lags only, would make them look better.
    """

    def __init__(self) -> None:
        self._squares = np.zeros((len(SPEEDS), len(LAGS)))
        self._products = np.zeros((len(SPEEDS), len(LAGS)))
        self._heart_rate_squares = 0.0

    def add(self, grid: Grid) -> None:
        """Adds a run."""
        longest = len(LAGS) - 1
        measured = np.flatnonzero(np.isfinite(grid.heart_rate[longest:]))
        if len(measured) < 2:
            return
        speed, altitude = grid.speed.astype(np.float64), grid.altitude.astype(np.float64)
        heart_rate = grid.heart_rate[longest:][measured].astype(np.float64)
        heart_rate -= heart_rate.mean()
        self._heart_rate_squares += float(heart_rate @ heart_rate)
        for row, values in enumerate((speed, graded_speed(speed, altitude))):
            earlier = np.lib.stride_tricks.sliding_window_view(values, len(LAGS))[measured, ::-1]
            earlier = earlier - earlier.mean(axis=0)
            self._squares[row] += (earlier**2).sum(axis=0)
            self._products[row] += heart_rate @ earlier

    @property
    def correlation(self) -> np.ndarray:
        """Shape `(len(SPEEDS), len(LAGS))`; NaN where no run was long enough."""
        scale = np.sqrt(self._squares * self._heart_rate_squares)
        return np.divide(self._products, scale, out=np.full(scale.shape, np.nan), where=scale > 0)

    @property
    def is_clear(self) -> bool:
        """Whether heart rate follows speed best at a lag within which a heart responds."""
        return self._clear(0)

    @property
    def is_clear_with_grade(self) -> bool:
        """The same of grade-adjusted speed."""
        return self._clear(1)

    def _clear(self, of: int) -> bool:
        best = self.best[of]
        return best is not None and best <= SLOWEST and float(np.nanmax(self.correlation[of])) >= 0.1

    @property
    def best(self) -> list[float | None]:
        """Of each of `SPEEDS`, the lag in s with the highest correlation; None where there is none."""
        return [None if np.isnan(row).all() else float(LAGS[np.nanargmax(row)]) for row in self.correlation]
