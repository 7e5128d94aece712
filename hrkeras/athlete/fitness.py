"""Heart rates that the athlete's state predicts at a steady pace: on the flat, after an hour, uphill, in another season."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from hrkeras.athlete.kalman import COURSE_FACTS, AthleteState, Known
from hrkeras.athlete.population import COURSE, DAY, STATES, Population, calendar
from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import STEP, Grid

MINUTES = 40  # of the run that fitness is read from
READ = (15, 25)  # min, the part that is averaged: warmed up, and before cardiac drift
SLOPE, LATER, FASTER = 0.03, (55, 65), 1 / 3.6  # grade; min; m/s
YEAR = 365.25 * DAY


class WithLimits(NamedTuple):
    """A heart rate or a difference of two, beats/min, and the limits below and above which it lies one time in ten each."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether 0 lies outside the limits, in whole beats/min as they are shown."""
        return round(self.low) > 0 or round(self.high) < 0

    def as_dict(self) -> dict[str, float]:
        """For JSON, to a tenth."""
        return {name: round(value, 1) for name, value in self._asdict().items()}

    def widened(self, factor: float) -> "WithLimits":
        """The same with limits so many times as far away."""
        return WithLimits(self.value, *(self.value + factor * (limit - self.value) for limit in (self.low, self.high)))


def steady(speed: float, minutes: int = MINUTES, grade: float = 0.0) -> Grid:
    """A run at one speed in m/s and one grade (rise over run)."""
    steps = round(60 * minutes / STEP)
    level = np.full(steps, speed, np.float32)
    climb = (speed * grade * STEP * np.arange(steps)).astype(np.float32)
    return Grid(level, climb, np.full(steps, np.nan, np.float32))


@lru_cache(64)
def _efforts_at(speed: float) -> np.ndarray:
    """Of a steady run on the flat; the same after every run of a timeline."""
    return basis(steady(speed))


class View(NamedTuple):
    """The filter's state at one point in time.

    Attributes:
        population: where it started from.
        weights: of `STATES`, beats/min, shape `(len(STATES),)`.
        covariance: of these, shape `(len(STATES), len(STATES))`.
        reach: half the width of the prediction interval of the person's runs, in standard deviations.
        usual: facts of their typical course, standardised, as named by `population.COURSE`, shape `(len(COURSE),)`.
    """

    population: Population
    weights: np.ndarray
    covariance: np.ndarray
    reach: float
    usual: np.ndarray

    def estimate(self, features: np.ndarray) -> WithLimits:
        """The filter's estimate for features, or for the difference of two.

        The limits are `reach` of its standard deviations away, as calibrated on the person's runs.
        """
        value, margin = float(features @ self.weights), self.reach * float(np.sqrt(features @ self.covariance @ features))
        return WithLimits(value, value - margin, value + margin)

    def at_pace(self, start: float, speed: float) -> WithLimits:
        """Heart rate after about 20 minutes at a steady speed in m/s on the flat, on an average day of the season of `start`."""
        return self.estimate(self._features(start, _efforts_at(speed), READ))

    def features(self, start: float, grid: Grid, read: tuple[int, int] = READ) -> np.ndarray:
        """Features of the filter, averaged over some minutes of a run, shape `(len(STATES),)`."""
        return self._features(start, basis(grid), read)

    def _features(self, start: float, efforts: np.ndarray, read: tuple[int, int]) -> np.ndarray:
        first, last = (round(60 * minute / STEP) for minute in read)
        mean = self.population.features(start, efforts)[first:last].mean(axis=0, dtype=np.float64)
        mean[-len(COURSE) :] = self.usual
        return mean


def view(athlete: AthleteState, usual: np.ndarray | None = None) -> View:
    """The view of a person's filter after the last run; without `usual`, the average course of the population is assumed."""
    interval, usual = athlete.interval.limits, np.zeros(len(COURSE)) if usual is None else usual
    states = slice(len(STATES))
    weights, covariance = athlete.weights[0, states].copy(), athlete.covariance[0, states, states].copy()
    return View(athlete.population, weights, covariance, float(np.ptp(interval)) / 2, usual)


def at_paces(views: Sequence[View], starts: Sequence[float], speeds: np.ndarray) -> np.ndarray:
    """`View.at_pace` of several views, each at the start of its own run, at several speeds.

    Args:
        views: of one person.
        starts: s since 1970-01-01 UTC.
        speeds: m/s, shape `(speeds,)`.

    Returns:
        Heart rate and its limits, beats/min, shape `(views, speeds, 3)`.
    """
    first, days = views[0], slice(len(BASIS), -len(COURSE))
    rows = np.array([first._features(starts[0], _efforts_at(float(speed)), READ) for speed in speeds])
    centre, scale = (np.array(values)[days] for values in (first.population.centre, first.population.scale))
    told = []
    for view, start in zip(views, starts, strict=True):
        rows[:, days] = (np.array(calendar(start)) - centre) / scale
        value, variance = rows @ view.weights, ((rows @ view.covariance) * rows).sum(axis=1)
        margin = view.reach * np.sqrt(variance)
        told.append(np.stack([value, value - margin, value + margin], axis=1))
    return np.array(told)


def usual_course(population: Population, before: Sequence[Known]) -> np.ndarray:
    """The median course of some runs, as in `View.usual`; `before` is what was known before each run."""
    facts = np.array([known.course for known in before])[:, [COURSE_FACTS.index(name) for name in ("run_seconds", *COURSE[1:])]]
    facts[:, 0] = np.log(facts[:, 0] / STEP)
    centre, scale = (np.array(values)[-len(COURSE) :] for values in (population.centre, population.scale))
    return np.median((facts - centre) / scale, axis=0)


def with_hindsight(views: Sequence[View], starts: Sequence[float]) -> list[View]:
    """Smoothed views: the filter's state after each run, given the later runs too.

    H. E. Rauch, F. Tung and C. T. Striebel, "Maximum likelihood estimates of linear dynamic systems", AIAA Journal 3, 1965.

    Args:
        views: after each run.
        starts: of the runs, s since 1970-01-01 UTC.
    """
    smoothed = list(views[-1:])
    for now, pause in zip(reversed(views[:-1]), reversed(np.diff(starts)), strict=True):
        ahead = now.covariance + np.diag(now.population.process_noise(pause))
        gain = np.linalg.solve(ahead, now.covariance).T
        weights = now.weights + gain @ (smoothed[-1].weights - now.weights)
        covariance = now.covariance + gain @ (smoothed[-1].covariance - ahead) @ gain.T
        smoothed.append(now._replace(weights=weights, covariance=covariance))
    return smoothed[::-1]


def later(now: View, start: float, speed: float) -> np.ndarray:
    """What an hour into a steady run on the flat is in features, less 20 minutes into it, shape `(len(STATES),)`."""
    hour = steady(speed, LATER[1] + 5)
    return now.features(start, hour, LATER) - now.features(start, hour)


def effects(now: View, start: float, speed: float) -> tuple[dict[str, WithLimits], float]:
    """What changes the heart rate at a speed in m/s on the flat, and by how many beats/min.

    Args:
        now: the person's current view.
        start: s since 1970-01-01 UTC, the date of the estimate.
        speed: m/s.

    Returns:
        `uphill` by 3 %; `faster` by 1 km/h; `later`, after an hour instead of 20 minutes; `season`, in the month in which
        it is highest over half a year later; and a time in that month, s since 1970-01-01 UTC.
    """
    months = []
    for month in range(12):
        months.append(now.features(start + month * YEAR / 12, steady(speed)))
    high = int(np.argmax(np.array(months) @ now.weights))
    changes = {
        "uphill": now.features(start, steady(speed, grade=SLOPE)) - months[0],
        "faster": now.features(start, steady(speed + FASTER)) - months[0],
        "later": later(now, start, speed),
        "season": months[high] - months[high - 6],
    }
    return {name: now.estimate(change) for name, change in changes.items()}, start + high * YEAR / 12
