"""What the athlete's state says of runs that nobody ran: a steady pace on the flat, for longer, uphill, in another season."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.athlete import Athlete
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.population import COURSE, DAY, STATES, Population

MINUTES = 40  # of the run that fitness is read from
READ = (15, 25)  # min, the part of it that counts: warm, and not yet drifting
SLOPE, LATER, FASTER = 0.03, (55, 65), 1 / 3.6  # grade; min; m/s
YEAR = 365.25 * DAY


class Told(NamedTuple):
    """A heart rate or a difference of two, beats/min, and the limits below and above which it is as likely as not a tenth."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether 0 lies outside of the limits."""
        return self.low > 0 or self.high < 0


def steady(speed: float, minutes: int = MINUTES, grade: float = 0.0) -> Grid:
    """A run at one speed in m/s and one grade (rise over run)."""
    steps = round(60 * minutes / STEP)
    level = np.full(steps, speed, np.float32)
    climb = (speed * grade * STEP * np.arange(steps)).astype(np.float32)
    return Grid(level, climb, np.full(steps, np.nan, np.float32))


class View(NamedTuple):
    """What the filter holds at a time.

    Attributes:
        population: where it started.
        weights: of `STATES`, beats/min, shape `(len(STATES),)`.
        covariance: of these, shape `(len(STATES), len(STATES))`.
        reach: how many standard deviations lie between the middle of the band of the person's runs and its limits.
    """

    population: Population
    weights: np.ndarray
    covariance: np.ndarray
    reach: float

    def tell(self, what: np.ndarray) -> Told:
        """What the filter says of features, or of the difference of two.

        How sure it is, its own variance says, and the band how much of that was needed for the person's runs.
        """
        value, away = float(what @ self.weights), self.reach * float(np.sqrt(what @ self.covariance @ what))
        return Told(value, value - away, value + away)

    def at_pace(self, start: float, speed: float) -> Told:
        """Heart rate after about 20 minutes at a steady speed in m/s on the flat, on an average day of the season of `start`."""
        return self.tell(features(self.population, start, steady(speed)))


def view(athlete: Athlete) -> View:
    """What the filter of a person holds after the last run."""
    band = athlete.band.limits
    return View(athlete.population, athlete.weights[0].copy(), athlete.covariance[0].copy(), float(band[1] - band[0]) / 2)


def with_hindsight(views: Sequence[View], starts: Sequence[float]) -> list[View]:
    """What the filter would have held after each run, had it known the later ones too.

    H. E. Rauch, F. Tung and C. T. Striebel, "Maximum likelihood estimates of linear dynamic systems", AIAA Journal 3, 1965.

    Args:
        views: after each run.
        starts: of the runs, s since 1970-01-01 UTC.
    """
    found = list(views[-1:])
    for now, pause in zip(reversed(views[:-1]), reversed(np.diff(starts)), strict=True):
        ahead = now.covariance + np.diag(now.population.gained(pause))
        gain = np.linalg.solve(ahead, now.covariance).T
        weights = now.weights + gain @ (found[-1].weights - now.weights)
        covariance = now.covariance + gain @ (found[-1].covariance - ahead) @ gain.T
        found.append(now._replace(weights=weights, covariance=covariance))
    return found[::-1]


def features(population: Population, start: float, grid: Grid, read: tuple[int, int] = READ) -> np.ndarray:
    """What the filter is linear in, mean over some minutes of a run, shape `(len(STATES),)`."""
    first, last = (round(60 * minute / STEP) for minute in read)
    found = population.features(start, basis(grid))[first:last].mean(axis=0, dtype=np.float64)
    found[len(STATES) - len(COURSE) :] = 0.0  # the course is otherwise as usual
    return found


def effects(now: View, start: float, speed: float) -> tuple[dict[str, Told], float]:
    """What changes the heart rate at a speed in m/s on the flat, and by how many beats/min.

    Args:
        now: what is known of the person.
        start: s since 1970-01-01 UTC, when it is asked.
        speed: m/s.

    Returns:
        `uphill` by 3 %; `faster` by 1 km/h; `later`, after an hour instead of 20 minutes; `season`, in the month in which
        it is highest over half a year later; and a time in that month, s since 1970-01-01 UTC.
    """

    def of(grid: Grid, read: tuple[int, int] = READ, when: float = start) -> np.ndarray:
        return features(now.population, when, grid, read)

    flat, hour = steady(speed), steady(speed, LATER[1] + 5)
    months = np.array([of(flat, when=start + month * YEAR / 12) for month in range(12)])
    high = int(np.argmax(months @ now.weights))
    changes = {
        "uphill": of(steady(speed, grade=SLOPE)) - of(flat),
        "faster": of(steady(speed + FASTER)) - of(flat),
        "later": of(hour, LATER) - of(hour),
        "season": months[high] - months[high - 6],
    }
    return {name: now.tell(change) for name, change in changes.items()}, start + high * YEAR / 12
