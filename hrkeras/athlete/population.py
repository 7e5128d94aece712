"""The population: where the filter of a new athlete starts from, and how it drifts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hrkeras.workouts.effort import BASIS
from hrkeras.workouts.grid import STEP

DAY = 86_400.0
COURSE = ("log_steps", "log_climb_per_km", "effort_spread")  # of the whole run; known only if its course is
CALENDAR = ("sin_day", "cos_day", "sin_half_day", "cos_half_day", "sin_year", "cos_year")
STATES = (*BASIS, *CALENDAR, *COURSE)
PERSON = ("usual_effort", "highest_heart_rate")  # m/s, beats/min; no features, but they tell of the weights
SIZE = len(STATES) + len(PERSON)
IN_FILES = {"outlier_threshold": "surprise"}  # its name in model files and athletes' files
EFFORTS = (1.0, 5.0)  # m/s, bounds of what a run tells of how hard a person usually runs
TINY, HUGE = 1e-12, 1e10  # far beyond the numbers of any population or state


@dataclass(frozen=True)
class Population:
    """The filter before it has seen a run of the person, as aggregates over many people's runs.

    Attributes:
        centre: of each of `STATES` over the runs it was fitted on; 0 for the intercept.
        scale: likewise, standard deviation; 1 for the intercept.
        weights: beats/min for one standard deviation of each, a ridge regression over everyone.
        person: mean over people of `PERSON`: their mean effort over their runs, and the highest heart rate of these.
        prior: variance of a person's weights around these: intercept, efforts, facts of the run; (beats/min)^2.
        person_prior: variance of `PERSON` besides the differences.
        differences: the main directions in which people differ besides, each of `STATES` and `PERSON` together, one standard
            deviation long: who runs hard has a lower heart rate at the same effort.
        effort_noise: variance of a run's mean effort around the person's usual one, (m/s)^2.
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
    person: tuple[float, ...] = (2.6, 184.0)
    prior: tuple[float, ...] = (400.0, 30.0, 12.0)
    person_prior: tuple[float, ...] = (0.03, 20.0)
    differences: tuple[tuple[float, ...], ...] = ()
    effort_noise: float = 0.1
    drift: tuple[float, ...] = (3.5, 0.05, 0.012)
    level: float = 45.0
    noise: float = 15_000.0
    outlier_threshold: float = 0.8
    longest: float = 48.0
    source: str = field(default="", compare=False)

    def __post_init__(self):
        for names, wanted in (
            (("centre", "scale", "weights"), len(STATES)),
            (("prior", "drift"), 3),
            (("person", "person_prior"), len(PERSON)),
        ):
            for name in names:
                if len(values := getattr(self, name)) != wanted:
                    raise ValueError(f"expected {wanted} numbers for {name}, found {len(values)}")
        if any(len(direction) != SIZE for direction in self.differences) or len(self.differences) > SIZE:
            raise ValueError(f"expected at most {SIZE} differences of {SIZE} numbers")

    def spread(self, values: Sequence[float]) -> np.ndarray:
        """Repeats the numbers for the intercept, efforts and facts of the run to one for each of `STATES`."""
        return np.repeat(values, (1, len(BASIS) - 1, len(STATES) - len(BASIS)))

    @property
    def mean(self) -> np.ndarray:
        """Of a person's weights and `PERSON` before their first run, shape `(SIZE,)`."""
        return np.array([*self.weights, *self.person])

    @property
    def covariance(self) -> np.ndarray:
        """Of the same, shape `(SIZE, SIZE)`."""
        differences = np.reshape(self.differences, (-1, SIZE))
        return np.diag([*self.spread(self.prior), *self.person_prior]) + differences.T @ differences

    def process_noise(self, pause: float) -> np.ndarray:
        """Variance that the weights of each of `STATES` gain in a pause of so many s, (beats/min)^2."""
        return min(max(pause, 0.0) / DAY, self.longest) * self._drift_a_day

    @cached_property
    def _drift_a_day(self) -> np.ndarray:
        return self.spread(self.drift)

    def features(self, start: float, efforts: np.ndarray) -> np.ndarray:
        """Features of the filter: efforts of each step and facts of the run, standardised.

        Args:
            start: s since 1970-01-01 UTC, when the run begins.
            efforts: of the whole run, shape `(steps, len(BASIS))`, from `effort.basis`.

        Returns:
            Shape `(steps, len(STATES))`, float32.
        """
        raw = np.empty((len(efforts), len(STATES)), np.float32, order="F")
        raw[:, : len(BASIS)] = efforts
        raw[:, len(BASIS) :] = facts(start, efforts)
        centre, scale = self._standard
        raw -= centre
        raw /= scale
        return raw

    @cached_property
    def _standard(self) -> np.ndarray:
        """`centre` and `scale`, float32."""
        return np.array([self.centre, self.scale], np.float32)

    def as_dict(self) -> dict:
        """For JSON; numbers with six digits."""
        flat = {IN_FILES.get(name, name): value for name, value in asdict(self).items() if name != "differences"}
        content = {name: list(rounded(value)) if isinstance(value, tuple) else value for name, value in flat.items()}
        return content | {"differences": [list(rounded(direction)) for direction in self.differences]}


def rounded(values: Iterable[float]) -> tuple[float, ...]:
    """Rounds to six digits as model files do, so that a fitted population is the same when read back."""
    return tuple(float(f"{value:.6g}") for value in values)


def mean_effort(efforts: np.ndarray) -> float:
    """What a run tells of how hard the person usually runs: its mean effort in m/s, within what people keep up.

    Args:
        efforts: of the whole run, shape `(steps, len(BASIS))`, from `effort.basis`.
    """
    low, high = EFFORTS
    return min(max(float(efforts[:, BASIS.index("graded_speed_over_12")].mean(dtype=np.float64)), low), high)


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
    """The population that `as_dict` has written; those written before `PERSON` was known learn nothing from it.

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
        differences = [tuple(map(float, direction)) for direction in values.get("differences", ())]
        arguments["differences"] = tuple(
            (*direction, *(0.0,) * len(PERSON)) if "person" not in values else direction for direction in differences
        )
        population = Population(**arguments, source=str(values.get("source", "")))
        positive = np.array(
            [
                *population.scale,
                *population.prior,
                *population.person_prior,
                population.effort_noise,
                population.level,
                population.noise,
                population.outlier_threshold,
            ]
        )
        non_negative = np.array(
            [
                *population.drift,
                population.longest,
                *np.abs([*population.centre, *population.mean, *np.ravel(population.differences)]),
            ]
        )
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"this is no population ({error})") from None
    if not ((positive > TINY) & (positive < HUGE)).all() or not ((non_negative >= 0) & (non_negative < HUGE)).all():
        raise ValueError("this is no population (its numbers cannot be)")
    return population


PACKAGED = Path(__file__).with_name("population.json")


@cache
def default() -> Population:
    """The population that comes with the package; `source` says of which runs."""
    return from_dict(json.loads(PACKAGED.read_text(encoding="utf-8")))
