"""How hard a run is at each step, as features on which heart rate depends nearly linearly."""

from collections.abc import Sequence

import numpy as np

from hrkeras.workouts.grid import STANDING, STEP, Grid

COST_ON_THE_FLAT = 3.6  # J/kg/m
COST_BY_GRADE = (155.4, -30.4, -43.3, 46.3, 19.5, COST_ON_THE_FLAT)  # J/kg/m, Minetti's polynomial, highest power first
GRADE_SECONDS = 50.0
MAX_GRADE = 0.3
SLOPE_FACTORS = (0.4, 1.25)  # of the speed on the flat
SPANS = (3, 12, 30, 90, 180)  # steps of 10 s
NOTHING = 1e-20  # what is kept of a value that no longer counts
WALKING = 2.0  # m/s, about the transition from walking to running

AVERAGES = {  # over which spans
    "graded_speed": SPANS,
    "speed": (3, 12, 30, 90),
    "climbing": (3, 12, 30, 90),
    "descending": (3, 12, 30, 90),
    "standing": (3, 12, 60),
    "walking": (3, 12),
    "grade": (12,),
}
BASIS = (
    "one",
    *(f"{name}_over_{span}" for name, spans in AVERAGES.items() for span in spans),
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
_SPANS = (*(span for spans in AVERAGES.values() for span in spans), 30, 90)  # and of the squared speed
_AVERAGED = np.repeat(np.arange(len(AVERAGES) + 1), [*map(len, AVERAGES.values()), 2])


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


def exponential_averages(values: np.ndarray, spans: Sequence[float] = SPANS) -> np.ndarray:
    """Exponential moving averages that start from rest (0).

    Args:
        values: shape `(steps,)`, or `(len(spans), steps)` if each span is of others.
        spans: steps; an average of span s keeps 1 - 2 / (s + 1) of itself at each step.

    Returns:
        Shape `(len(spans), steps)`.
    """
    keep = 1 - 2 / (np.array(spans)[:, None] + 1.0)
    averages, lag = values * (1 - keep), 1
    while lag < values.shape[-1] and keep.max() > NOTHING:  # they are of `lag` steps, and become those of twice as many
        averages[:, lag:] += keep * averages[:, :-lag]
        keep, lag = keep**2, 2 * lag
    return averages


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
    up, down, standing = np.maximum(climb, 0), np.maximum(-climb, 0), (speed < STANDING).astype(np.float64)
    slope, walking = climb / np.maximum(speed, 0.7), np.minimum(speed, WALKING)
    averaged = np.stack([effort, speed, up, down, standing, walking, slope, speed**2])
    averages = exponential_averages(averaged[_AVERAGED], _SPANS)
    efforts, speeds, spread = averages[:5], averages[5:9], averages[-2:] - averages[7:9] ** 2
    grade = averages[-3].clip(-0.5, 0.5)
    time = step * np.arange(len(speed))
    count = 1 + np.arange(len(speed))
    decay = {seconds: np.exp(-time / seconds) for seconds in (30, 60, 200, 600, 1800)}
    hard = np.maximum(efforts[1] - 3, 0)
    columns = [
        np.ones(len(speed)),
        *averages[:-3],
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
    return np.array(columns, np.float32).T
