"""A run followed step by step: what its first minutes tell of the day, and what comes if it goes on like this."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hrkeras.athlete import facts, fitness, interval, zones
from hrkeras.athlete.kalman import AthleteState, Known
from hrkeras.athlete.population import DAY
from hrkeras.evaluation import origins
from hrkeras.personal.today.residual_process import BY_CHANGE, CHANGE, ResidualProcess, change_of_effort
from hrkeras.utils.errors import InputError
from hrkeras.workouts.grid import STANDING, STEP, Grid

LONGEST = DAY / STEP  # steps
AHEAD = 180  # steps after now that today's difference is the mean over
FEWEST = 18  # measured steps before the day can be judged
FLATTEST = 4.0  # beats/min for 1 m/s; below, a heart rate says nothing of a pace
MOST_MINUTES = 5  # ahead that a crossing is foreseen
PATHS = 2000
SLOWEST_CHANGE = 0.5  # of the speed, to which it can be taken to fall
WARM, RECENT = 12, 60  # steps at the start that say nothing of how much effort changes, and the latest that do
USUAL_CHANGE = 0.5  # beats/min a step, before they do
# Shares of paths are too sure, since chance is no normal distribution, and too high, since many slow down when it gets hard.
# Logistic regression of whether a limit was crossed on their log odds, in runs of 31 people, after J. Platt, "Probabilistic
# outputs for support vector machines", Advances in Large Margin Classifiers, 1999
SHIFT, SLOPE, RAREST = -0.53, 0.65, 0.002
_STEPS = round(60 * MOST_MINUTES / STEP)
_CHANCE, _CHANGES = np.random.default_rng(0).standard_normal((2, _STEPS, PATHS))
_CHANGES = change_of_effort(_STEPS) @ _CHANGES


class Today(NamedTuple):
    """How far the heart rate of the next half an hour will lie above what was expected, at the same pace and hills.

    Attributes:
        minutes: into the run, when this is said.
        beats: beats/min, and its limits (10 and 90 %), shape `(3,)`.
        seconds: by how many s a kilometre another pace makes the same difference on a usual day, likewise; above 0 where that
            is a faster one; NaN where heart rate says nothing of pace.
    """

    minutes: float
    beats: np.ndarray
    seconds: np.ndarray

    @property
    def is_certain(self) -> bool:
        """Whether the limits lie on one side of 0: in one case of ten or fewer it is the other way round."""
        return bool(self.beats[1] > 0 or self.beats[2] < 0)


class LiveRun:
    """A run while it goes on. Give it every 10 s what was measured, and ask what you want to know.

    Args:
        athlete: the person's state before it.
        start: s since 1970-01-01 UTC, when it began; a day after the last known run if not given.

    Example:
        >>> from hrkeras.athlete.kalman import AthleteState
        >>> run = LiveRun(AthleteState())
        >>> for _ in range(60):
        ...     run.step(speed=2.8, altitude=12.0, heart_rate=150.0)
        >>> run.today().minutes, [round(chance, 2) for chance in run.crossings(220)]
        (10.0, [0.01, 0.01, 0.01])
    """

    def __init__(self, athlete: AthleteState, start: float = float("nan")) -> None:
        self.athlete, self.start = athlete, athlete.assumed_start(start)
        self.process, self.measured_steps = ResidualProcess(), 0
        self.expected, self.deviation = list[float](), 1.0  # beats/min, of each step and of the last one
        self._columns = array("d"), array("d"), array("d")  # which NumPy copies at once, unlike lists

    @property
    def minutes(self) -> float:
        """How long it has lasted."""
        return len(self._columns[0]) * STEP / 60

    @property
    def grid(self) -> Grid:
        """What was measured so far."""
        return Grid(*(np.array(column, np.float32) for column in self._columns))

    def step(self, speed: float, altitude: float = 0.0, heart_rate: float = float("nan")) -> None:
        """Goes on by 10 s.

        Args:
            speed: mean over them, m/s.
            altitude: m; always the same where it is not measured.
            heart_rate: beats/min; NaN where it was not measured.

        Raises:
            InputError: if speed or altitude is not finite, or the run lasts longer than a day.
        """
        if not np.isfinite([speed, altitude]).all() or len(self._columns[0]) >= LONGEST:
            raise InputError(
                "Expected a speed in m/s and an altitude in m, for a day at most; hold the last value where it is lost."
            )
        self.append(speed, altitude, heart_rate)
        expected, deviation = unconditioned(self.athlete, self.athlete.predict(self.start, self.grid))
        self.measure(float(expected[-1]), float(deviation[-1]))

    def append(self, speed: float, altitude: float, heart_rate: float) -> None:
        """The first half of `step`, to which `measure` belongs."""
        for column, value in zip(self._columns, (speed, altitude, heart_rate), strict=True):
            column.append(value)

    def measure(self, expected: float, deviation: float) -> None:
        """The second half of `step`: compares the last heart rate with what was expected, and how far off that usually is."""
        self.expected.append(expected)
        self.deviation, heart_rate = deviation, self._columns[2][-1]
        self.measured_steps += bool(np.isfinite(heart_rate))
        self.process.step((heart_rate - expected) / deviation)

    def today(self) -> Today:
        """How the heart rate of the next half an hour differs from what was expected.

        Raises:
            InputError: if heart rate was measured for less than three minutes.
        """
        if self.measured_steps < FEWEST:
            found = f"{self.measured_steps * STEP / 60:.1f}" if self.measured_steps else "none"
            raise InputError(
                f"Expected a measured heart rate in {FEWEST * STEP / 60:.0f} minutes or more before the day can be judged, found "
                f"{found} in {round(self.minutes, 1):g}; look for the sensor, or judge later in the run.",
                "after",
            )
        means, covariance = self.process.ahead(AHEAD)
        middle, reach = self.deviation * means.mean(), self.deviation * zones.NORMAL * np.sqrt(covariance.mean())
        beats = np.array([middle, middle - reach, middle + reach])
        return Today(self.minutes, beats, self._seconds(beats))

    def _seconds(self, beats: np.ndarray) -> np.ndarray:
        """The change of pace, s/km, that makes these differences in heart rate, beats/min, on a usual day on the flat."""
        speed = max(moving_speed(np.array(self._columns[0])), 1.0)
        view = fitness.view(self.athlete)
        slower, faster = (view.at_pace(self.start, speed + change).value for change in (-fitness.FASTER, fitness.FASTER))
        slope = (faster - slower) / (2 * fitness.FASTER)
        if slope < FLATTEST:
            return np.full(3, np.nan)
        return 1000 / speed - 1000 / np.maximum(speed + beats / slope, SLOWEST_CHANGE * speed)

    def crossings(self, limit: float, minutes: Sequence[float] = (1, 3, MOST_MINUTES)) -> tuple[float, ...]:
        """The probabilities that heart rate is above a limit at some time in the next minutes if the run goes on as before.

        Speed goes on at its mean over the last five minutes, and the recent climb fades, as in `origins.assumed`; both change by
        chance as much as effort has changed in the last ten minutes.

        Args:
            limit: beats/min.
            minutes: each at most 5.

        Raises:
            InputError: if the run has not begun, or the minutes are too few or too many.
        """
        if not self._columns[0] or not all(STEP <= 60 * each <= 60 * MOST_MINUTES for each in minutes):
            raise InputError(f"Expected a run that has begun, and up to {MOST_MINUTES} minutes ahead, found {minutes}.")
        return probabilities(self.ahead(), limit, minutes)

    def ahead(self) -> np.ndarray:
        """What heart rate may be in the next five minutes, in beats/min: one path a column, shape `(30, PATHS)`."""
        origin = len(self._columns[0])
        grid = origins.assumed(self.grid, origin)
        expected, deviation = unconditioned(self.athlete, self.athlete.predict(self.start, grid))
        means, covariance = self.process.ahead(_STEPS)
        paths = means[:, None] + np.linalg.cholesky(covariance + 1e-9 * np.eye(_STEPS)) @ _CHANCE
        recent = np.diff(self.expected[max(origin - RECENT, WARM) :])
        change = CHANGE + BY_CHANGE * (float(np.abs(recent).mean()) if len(recent) else USUAL_CHANGE)
        rows, most = slice(origin, origin + _STEPS), facts.told(self.athlete).max_heart_rate or interval.POSSIBLE[1]
        return np.minimum(expected[rows, None] + deviation[rows, None] * paths + change * _CHANGES, most)


def moving_speed(speed: np.ndarray) -> float:
    """The mean speed over the steps in which a run moves, m/s; 0 if it never does."""
    moving = speed[speed >= STANDING]
    return float(moving.mean()) if len(moving) else 0.0


def probabilities(paths: np.ndarray, limit: float, minutes: Sequence[float]) -> tuple[float, ...]:
    """The shares of paths from `LiveRun.ahead` above a limit in beats/min within some minutes, calibrated, 0.01 to 0.97."""
    above = np.maximum.accumulate(paths, axis=0) > limit
    shares = [np.clip(above[round(60 * each / STEP) - 1].mean(), RAREST, 1 - RAREST) for each in minutes]
    return tuple(float(1 / (1 + np.exp(-SHIFT - SLOPE * np.log(share / (1 - share))))) for share in shares)


def unconditioned(athlete: AthleteState, known: Known) -> tuple[np.ndarray, np.ndarray]:
    """What a state expects of each step of a run from the past of its speed and altitude alone, and how far off it usually is.

    Returns:
        Heart rate and a standard deviation that the person's interval has calibrated, beats/min, both of shape `(steps,)`.
    """
    reach = float(np.ptp(athlete.interval.limits)) / 2 / zones.NORMAL
    so_far = np.cumsum(known.standard_deviation, dtype=np.float64) / np.arange(1, 1 + len(known.expected))
    factor = np.minimum(1.0, (interval.SURE + interval.BEYOND * (so_far - interval.SURE)) / so_far)
    return known.expected[:, 0] - known.course_share[0], known.standard_deviation * factor * reach


def followed(run: LiveRun, grid: Grid, every: int = 1) -> Iterator[LiveRun]:
    """Follows a recorded run as `LiveRun.step` does, but faster; yields this `run` after each `every` steps and at its end."""
    expected, deviation = unconditioned(run.athlete, run.athlete.predict(run.start, grid))
    rows = zip(*(column.astype(np.float64) for column in (*grid, expected, deviation)), strict=True)
    for step, (speed, altitude, heart_rate, middle, usual) in enumerate(rows, 1):
        run.append(speed, altitude, heart_rate)
        run.measure(middle, usual)
        if step % every == 0 or step == len(expected):
            yield run
