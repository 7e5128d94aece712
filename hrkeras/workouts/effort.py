"""How hard a run is at each step, as numbers that heart rate depends on nearly linearly."""

from functools import cache

import numpy as np

from hrkeras.workouts.grid import STEP, Grid

COST_ON_THE_FLAT = 3.6  # J/kg/m
COST_BY_GRADE = (155.4, -30.4, -43.3, 46.3, 19.5, COST_ON_THE_FLAT)  # J/kg/m, Minetti's polynomial, highest power first
GRADE_SECONDS = 50.0
MAX_GRADE = 0.3
SPANS = (3, 12, 30, 90, 180)  # steps of 10 s
BLOCK = 256

BASIS = (
    "one",
    *(f"graded_speed_over_{span}" for span in SPANS),
    "speed_over_30",
    "climbing_over_30",
    "descending_over_30",
    "hours",
    "log_minutes",
    "decay_60_s",
    "decay_200_s",
    "mean_graded_speed",
    "share_standing",
    "above_3_m_s",
    "effort_by_hours",
    "effort_by_decay",
    "effort_squared",
)


def cost_of_running(grade: np.ndarray) -> np.ndarray:
    """Energy cost of running in J/kg/m at a grade (rise over run).

    Minetti et al., "Energy cost of walking and running at extreme uphill and downhill slopes",
    J Appl Physiol 93, 2002; the polynomial holds for grades within 0.45.
    """
    return np.polyval(COST_BY_GRADE, grade)


def vertical_speed(altitude: np.ndarray, step: float = STEP) -> np.ndarray:
    """Vertical speed in m/s over the past 50 s; altitude in m, shape `(steps,)`."""
    lag = max(1, round(GRADE_SECONDS / step))
    before = np.concatenate([np.repeat(altitude[:1], lag), altitude])[: len(altitude)]
    return (altitude - before) / (lag * step)


def graded_speed(speed: np.ndarray, altitude: np.ndarray, step: float = STEP) -> np.ndarray:
    """The speed in m/s on the flat that would cost as much, shape `(steps,)`."""
    lag = max(1, round(GRADE_SECONDS / step))
    total = np.cumsum(np.concatenate([np.repeat(speed[:1], lag), speed]), dtype=np.float64)
    mean = (total[lag:] - total[:-lag]) / lag
    grade = vertical_speed(altitude, step) / np.maximum(mean, 0.5)
    return speed * cost_of_running(np.clip(grade, -MAX_GRADE, MAX_GRADE)) / COST_ON_THE_FLAT


@cache
def _kernels(spans: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    keep = 1 - 2 / (np.array(spans) + 1.0)
    age = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
    weights = np.where(age >= 0, (1 - keep)[:, None, None] * keep[:, None, None] ** np.maximum(age, 0), 0.0)
    return weights, keep[:, None] ** (1 + np.arange(BLOCK))


def exponential_averages(values: np.ndarray, spans: tuple[int, ...] = SPANS) -> np.ndarray:
    """Exponential averages that start from rest (0).

    Args:
        values: shape `(steps,)`.
        spans: steps; an average of span s keeps 1 - 2 / (s + 1) of itself at each step.

    Returns:
        Shape `(len(spans), steps)`.
    """
    weights, carry = _kernels(spans)
    state = np.zeros(len(spans))
    parts = []
    for begin in range(0, len(values), BLOCK):
        block = values[begin : begin + BLOCK]
        size = len(block)
        parts.append(weights[:, :size, :size] @ block + carry[:, :size] * state[:, None])
        state = parts[-1][:, -1]
    return np.concatenate(parts, axis=1)


def basis(grid: Grid, step: float = STEP) -> np.ndarray:
    """The features of effort that the linear models take.

    Args:
        grid: the run; its heart rate is not looked at.
        step: s, length of a step.

    Returns:
        Shape `(steps, len(BASIS))`, float64, columns as named by `BASIS`; each step sees only the past.
    """
    speed, altitude = grid.speed.astype(np.float64), grid.altitude.astype(np.float64)
    effort, climb = graded_speed(speed, altitude, step), vertical_speed(altitude, step)
    time = step * np.arange(len(speed))
    averages = exponential_averages(effort)
    slow = averages[2]
    count = 1 + np.arange(len(speed))
    decay = np.exp(-time / 200)
    columns = [
        np.ones(len(speed)),
        *averages,
        *(exponential_averages(x, (30,))[0] for x in (speed, np.maximum(climb, 0), np.maximum(-climb, 0))),
        time / 3600,
        np.log1p(time / 60),
        np.exp(-time / 60),
        decay,
        np.cumsum(effort) / count,
        np.cumsum(speed < 0.5) / count,
        np.maximum(averages[1] - 3, 0),
        slow * time / 3600,
        slow * decay,
        slow**2,
    ]
    return np.stack(columns, axis=1)
