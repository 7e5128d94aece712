"""How hard a run is at each step, as features on which heart rate depends nearly linearly."""

from functools import cache

import numpy as np

from hrkeras.workouts.grid import STEP, Grid

COST_ON_THE_FLAT = 3.6  # J/kg/m
COST_BY_GRADE = (155.4, -30.4, -43.3, 46.3, 19.5, COST_ON_THE_FLAT)  # J/kg/m, Minetti's polynomial, highest power first
GRADE_SECONDS = 50.0
MAX_GRADE = 0.3
SLOPE_FACTORS = (0.4, 1.25)  # of the speed on the flat
SPANS = (3, 12, 30, 90, 180)  # steps of 10 s
BLOCK = 64  # few enough that the weights stay in the cache
WALKING = 2.0  # m/s, about the transition from walking to running

BASIS = (
    "one",
    *(f"graded_speed_over_{span}" for span in SPANS),
    *(f"{name}_over_{span}" for name in ("speed", "climbing", "descending") for span in (3, 12, 30, 90)),
    *(f"standing_over_{span}" for span in (3, 12, 60)),
    *(f"walking_over_{span}" for span in (3, 12)),
    "grade_over_12",
    "steepness_over_12",
    "speed_spread_over_30",
    "speed_spread_over_90",
    "mean_graded_speed",
    "highest_graded_speed",
    "share_standing",
    "above_3_m_s",
    "above_3_m_s_so_far",
    "climbed",
    "descended",
    "hours",
    "log_minutes",
    *(f"decay_{seconds}_s" for seconds in (30, 60, 200, 600, 1800)),
    "effort_by_hours",
    *(f"effort_by_decay_{seconds}_s" for seconds in (60, 200, 600)),
    "speed_by_hours",
    "effort_squared",
    "speed_squared",
)


def cost_of_running(grade: np.ndarray) -> np.ndarray:
    """Energy cost of running in J/kg/m at a grade (rise over run).

    Minetti et al., "Energy cost of walking and running at extreme uphill and downhill slopes",
    J Appl Physiol 93, 2002; the polynomial holds for grades within 0.45.
    """
    return np.polyval(COST_BY_GRADE, grade)


def speed_on_slope(grade: np.ndarray, yielding: float = 1.0) -> np.ndarray:
    """Speed at a grade (rise over run) as a factor of the speed on the flat.

    Args:
        grade: any shape.
        yielding: 1 if effort is held constant, 0 if speed is.

    Returns:
        Same shape, within limits: nobody runs downhill twice as fast as on the flat, though it would not cost more.
    """
    return np.clip((cost_of_running(grade) / COST_ON_THE_FLAT) ** -yielding, *SLOPE_FACTORS)


def vertical_speed(altitude: np.ndarray, step: float = STEP) -> np.ndarray:
    """Vertical speed in m/s over the past 50 s; altitude in m, shape `(steps,)`."""
    lag = max(1, round(GRADE_SECONDS / step))
    before = np.concatenate([np.repeat(altitude[:1], lag), altitude])[: len(altitude)]
    return (altitude - before) / (lag * step)


def graded_speed(speed: np.ndarray, altitude: np.ndarray, step: float = STEP) -> np.ndarray:
    """Grade-adjusted speed: the speed in m/s on the flat of the same energy cost, shape `(steps,)`."""
    lag = max(1, round(GRADE_SECONDS / step))
    total = np.cumsum(np.concatenate([np.repeat(speed[:1], lag), speed]), dtype=np.float64)
    mean = (total[lag:] - total[:-lag]) / lag
    grade = vertical_speed(altitude, step) / np.maximum(mean, 0.5)
    return speed * cost_of_running(np.clip(grade, -MAX_GRADE, MAX_GRADE)) / COST_ON_THE_FLAT


@cache
def _kernels(spans: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    keep = 1 - 2 / (np.array(spans) + 1.0)
    age = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
    weights = np.where(age >= 0, (1 - keep)[:, None, None] * keep[:, None, None] ** np.maximum(age, 0), 0.0)
    return weights, keep[:, None] ** (1 + np.arange(BLOCK))


def exponential_averages(values: np.ndarray, spans: tuple[float, ...] = SPANS) -> np.ndarray:
    """Exponential moving averages that start from rest (0).

    Args:
        values: shape `(steps,)`.
        spans: steps; an average of span s keeps 1 - 2 / (s + 1) of itself at each step.

    Returns:
        Shape `(len(spans), steps)`.
    """
    weights, carry = _kernels(spans)
    blocks = np.zeros((-(-len(values) // BLOCK), BLOCK))
    blocks.reshape(-1)[: len(values)] = values
    averages = (weights.reshape(-1, BLOCK) @ blocks.T).reshape(len(spans), BLOCK, -1)  # of each block by itself
    for block in range(1, len(blocks)):
        averages[:, :, block] += carry * averages[:, -1:, block - 1]
    return averages.transpose(0, 2, 1).reshape(len(spans), -1)[:, : len(values)]


def basis(grid: Grid, step: float = STEP) -> np.ndarray:
    """The features of effort that heart rate is taken to be linear in.

    Args:
        grid: the run; its heart rate is not used.
        step: s, length of a step.

    Returns:
        Shape `(steps, len(BASIS))`, float32, columns as named by `BASIS`; each step sees only the past.
    """
    speed, altitude = grid.speed.astype(np.float64), grid.altitude.astype(np.float64)
    effort, climb = graded_speed(speed, altitude, step), vertical_speed(altitude, step)
    up, down, standing = np.maximum(climb, 0), np.maximum(-climb, 0), (speed < 0.5).astype(np.float64)
    efforts = exponential_averages(effort)
    speeds = exponential_averages(speed, (3, 12, 30, 90))
    grade = np.clip(exponential_averages(climb / np.maximum(speed, 0.7), (12,))[0], -0.5, 0.5)
    spread = exponential_averages(speed**2, (30, 90)) - speeds[2:] ** 2
    time = step * np.arange(len(speed))
    count = 1 + np.arange(len(speed))
    decay = {seconds: np.exp(-time / seconds) for seconds in (30, 60, 200, 600, 1800)}
    hard = np.maximum(efforts[1] - 3, 0)
    columns = [
        np.ones(len(speed)),
        *efforts,
        *speeds,
        *exponential_averages(up, (3, 12, 30, 90)),
        *exponential_averages(down, (3, 12, 30, 90)),
        *exponential_averages(standing, (3, 12, 60)),
        *exponential_averages(np.minimum(speed, WALKING), (3, 12)),
        grade,
        np.abs(grade),
        *np.sqrt(np.maximum(spread, 0)),
        np.cumsum(effort) / count,
        np.maximum.accumulate(efforts[1]),
        np.cumsum(standing) / count,
        hard,
        np.cumsum(hard) * step / 3600,
        np.cumsum(up) * step / 500,
        np.cumsum(down) * step / 500,
        time / 3600,
        np.log1p(time / 60),
        *decay.values(),
        efforts[2] * time / 3600,
        *(efforts[lag] * decay[seconds] for lag, seconds in ((1, 60), (2, 200), (1, 600))),
        speeds[1] * time / 3600,
        efforts[2] ** 2,
        speeds[1] ** 2,
    ]
    return np.stack(columns, axis=1).astype(np.float32)
