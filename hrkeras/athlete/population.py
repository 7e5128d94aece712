"""The population: where the filter of a new athlete starts from, and how it drifts."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import STEP, Grid

DAY = 86_400.0
COURSE = ("log_steps", "log_climb_per_km", "effort_spread")  # of the whole run; known only if its course is
CALENDAR = ("sin_day", "cos_day", "sin_half_day", "cos_half_day", "sin_year", "cos_year")
STATES = (*BASIS, *CALENDAR, *COURSE)
EVERY = 5  # one in so many steps is used for means and variances
PENALTY = 1e3
DIRECTIONS = 2  # in which people differ; more do not help with new people
IN_FILES = {"outlier_threshold": "surprise"}  # its name in model files and athletes' files
CIRCLE = 0.4  # least scale of these; the sine of evenly spread hours has a standard deviation of 0.7
TINY, HUGE = 1e-12, 1e12  # far beyond the numbers of any population


@dataclass(frozen=True)
class Population:
    """The filter before it has seen a run of the person, as aggregates over many people's runs.

    Attributes:
        centre: of each of `STATES` over the runs it was fitted on; 0 for the intercept.
        scale: likewise, standard deviation; 1 for the intercept.
        weights: beats/min for one standard deviation of each, a ridge regression over everyone.
        prior: variance of a person's weights around these: intercept, efforts, facts of the run; (beats/min)^2.
        differences: how people differ besides, each as long as `weights`, beats/min: the first principal directions of
            people's own weights around these, one standard deviation long.
        drift: variance that a person's weights gain in a day, likewise.
        level: variance of one run's level, (beats/min)^2.
        noise: effective variance of a step, (beats/min)^2; far above the true one, since steps are correlated.
        outlier_threshold: ratio of a run's squared residual to its variance above which the run counts for less.
        longest: days of pause after which the weights drift no further.
        source: what it was fitted on.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    prior: tuple[float, float, float] = (600.0, 20.0, 9.0)
    differences: tuple[tuple[float, ...], ...] = ()
    drift: tuple[float, float, float] = (2.0, 0.05, 0.012)
    level: float = 45.0
    noise: float = 25_500.0
    outlier_threshold: float = 0.8
    longest: float = 48.0
    source: str = field(default="", compare=False)

    def __post_init__(self):
        if {len(values) for values in (self.centre, self.scale, self.weights, *self.differences)} != {len(STATES)}:
            raise ValueError(f"expected {len(STATES)} numbers for the states, found {len(self.weights)}")
        if len(self.differences) > len(STATES):
            raise ValueError(f"expected at most {len(STATES)} differences, found {len(self.differences)}")
        if {len(self.prior), len(self.drift)} != {3}:
            raise ValueError(f"expected 3 numbers for prior and drift, found {len(self.prior)} and {len(self.drift)}")

    def spread(self, values: tuple[float, float, float]) -> np.ndarray:
        """Repeats the numbers for the intercept, efforts and facts of the run to one for each of `STATES`."""
        return np.repeat(values, (1, len(BASIS) - 1, len(STATES) - len(BASIS)))

    @property
    def covariance(self) -> np.ndarray:
        """Of a person's weights before their first run, shape `(len(STATES), len(STATES))`, (beats/min)^2."""
        differences = np.reshape(self.differences, (-1, len(STATES)))
        return np.diag(self.spread(self.prior)) + differences.T @ differences

    def process_noise(self, pause: float) -> np.ndarray:
        """Variance that the weights of each of `STATES` gain in a pause of so many s, (beats/min)^2."""
        return min(max(pause, 0.0) / DAY, self.longest) * self.spread(self.drift)

    def features(self, start: float, efforts: np.ndarray) -> np.ndarray:
        """Features of the filter: efforts of each step and facts of the run, standardised.

        Args:
            start: s since 1970-01-01 UTC, when the run begins.
            efforts: of the whole run, shape `(steps, len(BASIS))`, from `effort.basis`.

        Returns:
            Shape `(steps, len(STATES))`, float32.
        """
        raw = np.empty((len(efforts), len(STATES)), np.float32)
        raw[:, : len(BASIS)] = efforts
        raw[:, len(BASIS) :] = facts(start, efforts)
        return (raw - np.asarray(self.centre, np.float32)) / np.asarray(self.scale, np.float32)

    def as_dict(self) -> dict:
        """For JSON; numbers with six digits."""
        flat = {IN_FILES.get(name, name): value for name, value in asdict(self).items() if name != "differences"}
        content = {name: list(_rounded(value)) if isinstance(value, tuple) else value for name, value in flat.items()}
        return content | {"differences": [list(_rounded(direction)) for direction in self.differences]}


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    """Rounds to six digits as model files do, so that a fitted population is the same when read back."""
    return tuple(float(f"{value:.6g}") for value in values)


def calendar(start: float) -> tuple[float, ...]:
    """Time of the day (UTC) and of the year of a start in s since 1970-01-01 UTC, as named by `CALENDAR`."""
    day, year = 2 * np.pi * (start / DAY % 1), 2 * np.pi * (start / DAY / 365.25 % 1)
    return np.sin(day), np.cos(day), np.sin(2 * day), np.cos(2 * day), np.sin(year), np.cos(year)


def facts(start: float, efforts: np.ndarray) -> np.ndarray:
    """Facts of a run, as named by `CALENDAR` and `COURSE`: time of the day and of the year, length, climb, spread."""
    climbed = 500 * float(efforts[-1, BASIS.index("climbed")])
    kilometres = float(efforts[:, BASIS.index("speed_over_3")].sum(dtype=np.float64)) * STEP / 1000
    return np.array(
        [
            *calendar(start),
            np.log(len(efforts)),
            np.log1p(climbed / (kilometres + 0.1)),
            efforts[:, BASIS.index("graded_speed_over_12")].std(dtype=np.float64),
        ]
    )


def from_dict(values: dict) -> Population:
    """The population that `as_dict` has written.

    Raises:
        ValueError: if the values are not those of a population.
    """
    names = {in_file: name for name, in_file in IN_FILES.items()}
    try:
        arguments: dict[str, Any] = {
            names.get(name, name): tuple(map(float, value)) if isinstance(value, list | tuple) else float(value)
            for name, value in values.items()
            if name not in ("source", "differences")
        }
        arguments["differences"] = tuple(tuple(map(float, direction)) for direction in values.get("differences", ()))
        population = Population(**arguments, source=str(values.get("source", "")))
        positive = np.array(
            [*population.scale, *population.prior, population.level, population.noise, population.outlier_threshold]
        )
        non_negative = np.array(
            [
                *population.drift,
                population.longest,
                *np.abs([*population.centre, *population.weights, *np.ravel(population.differences)]),
            ]
        )
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"this is no population ({error})") from None
    if not ((positive > TINY) & (positive < HUGE)).all() or not ((non_negative >= 0) & (non_negative < HUGE)).all():
        raise ValueError("this is no population (its numbers cannot be)")
    return population


def fit(given: Iterable[tuple[int, float, Grid, np.ndarray | None]], source: str = "") -> Population:
    """The population of some runs; give it training runs only.

    Args:
        given: of each run its person, its start in s since 1970-01-01 UTC, its grid, and its efforts from
            `effort.basis`, if already computed.
        source: description of the runs.
    """
    runs = [(user, start, grid, basis(grid) if efforts is None else efforts) for user, start, grid, efforts in given]
    neutral = Population((0.0,) * len(STATES), (1.0,) * len(STATES), (0.0,) * len(STATES))
    count, total, squares = 0, np.zeros(len(STATES)), np.zeros(len(STATES))
    for _, start, _, efforts in runs:
        rows = neutral.features(start, efforts)[::EVERY].astype(np.float64)
        count, total, squares = count + len(rows), total + rows.sum(axis=0), squares + np.square(rows).sum(axis=0)
    centre = total / count
    scale = np.sqrt(np.maximum(squares / count - centre**2, 0))
    scale = np.where(scale > 1e-6, scale, 1.0)
    hours = slice(len(BASIS), len(BASIS) + len(CALENDAR))
    scale[hours] = np.maximum(scale[hours], CIRCLE)  # runs at one hour say nothing about the others
    centre[0], scale[0] = 0.0, 1.0
    scaled = Population(_rounded(centre), _rounded(scale), neutral.weights, source=source)
    people, person_of_run = np.unique([user for user, *_ in runs], return_inverse=True)
    grams, moments = np.zeros((len(people), len(STATES), len(STATES))), np.zeros((len(people), len(STATES)))
    for person, (_, start, grid, efforts) in zip(person_of_run, runs, strict=True):
        measured = np.isfinite(grid.heart_rate)
        rows = scaled.features(start, efforts)[measured]
        grams[person] += rows.T @ rows
        moments[person] += rows.T @ grid.heart_rate[measured]
    pull = np.diag([1e-6, *[PENALTY] * (len(STATES) - 1)])
    weights = _rounded(np.linalg.solve(pull + grams.sum(axis=0), moments.sum(axis=0)))
    own = [np.linalg.solve(pull + gram, moment - gram @ weights) for gram, moment in zip(grams, moments, strict=True)]
    return replace(scaled, weights=weights, differences=_directions(np.array(own)))


def _directions(differences: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """The first principal directions of people's differences, one standard deviation long; shape of these `(people, states)`."""
    _, size, directions = np.linalg.svd(differences / np.sqrt(len(differences)), full_matrices=False)
    scaled = (size[:, None] * directions)[: min(DIRECTIONS, len(differences) - 1)]
    return tuple(_rounded(direction * np.sign(direction[np.abs(direction).argmax()])) for direction in scaled)


@cache
def default() -> Population:
    """The population that comes with the package; `source` says of which runs."""
    return from_dict(json.loads((files("hrkeras.athlete") / "population.json").read_text(encoding="utf-8")))
