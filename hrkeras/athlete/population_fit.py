"""Fit a population: what people have in common and how they differ, by expectation and maximisation over their runs.

Each person's weights are taken to be drawn, together with how hard they usually run and how high their heart rate gets, from
one normal distribution (Laird and Ware, "Random-effects models for longitudinal data", Biometrics 38, 1982). Between people,
who runs faster is fitter: heart rate rises far less with effort than within a person's runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from hrkeras.athlete.population import CALENDAR, SIZE, STATES, Population, mean_effort, rounded
from hrkeras.utils.processes import ordered_map
from hrkeras.workouts import splits
from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import Grid

EVERY = 5  # one in so many steps is used for means and variances
CIRCLE = 0.4  # least scale of the calendar; the sine of evenly spread hours has a standard deviation of 0.7
PENALTY = 1e3
RUNS = 100  # of a person that tell of them at first; later they change
PEOPLE = 100.0  # that the assumed covariance counts for
ROUNDS = 8
AT_ONCE = 256  # people whose covariances are in memory
DIRECTIONS = 3  # in which people differ; more do not help with new people
# assumed between people: variance of usual effort and of the highest heart rate, and what the intercept gains with each
EFFORT, LEVEL_BY_EFFORT = 0.15, -20.0  # (m/s)^2, beats/min for 1 m/s
HIGHEST, LEVEL_BY_HIGHEST = 100.0, 0.7  # (beats/min)^2, beats/min for one
OWN_SHARE = 0.2  # of these two variances that does not go with the intercept
HIGHEST_NOISE = 16.0  # variance of the highest heart rate as runs tell it, (beats/min)^2


class _Person(NamedTuple):
    """What runs tell of a person: information on their weights and moment, number of runs, efforts, highest heart rate."""

    gram: np.ndarray
    moment: np.ndarray
    information: np.ndarray
    informed: np.ndarray
    runs: int
    efforts: np.ndarray
    highest: float


def fit(users: np.ndarray, starts: np.ndarray, grids: Sequence[Grid], source: str = "", processes: int = 1) -> Population:
    """The population of some runs; give it training runs only.

    Args:
        users: the person of each run, shape `(runs,)`.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        grids: the runs; each is fetched twice, none is kept.
        source: description of the runs.
        processes: that share the work.
    """
    neutral = Population((0.0,) * len(STATES), (1.0,) * len(STATES), (0.0,) * len(STATES))
    people = splits.by_person(np.asarray(users), np.asarray(starts))

    def runs() -> Iterator[list[tuple[float, Grid]]]:
        return ([(float(starts[row]), grids[row]) for row in rows] for rows in people)

    count, total, squares = 0, np.zeros(len(STATES)), np.zeros(len(STATES))
    for size, sums, products in ordered_map(partial(_sums, neutral), runs(), processes):
        count, total, squares = count + size, total + sums, squares + products
    centre = total / count
    scale = np.sqrt(np.maximum(squares / count - centre**2, 0))
    scale = np.where(scale > 1e-6, scale, 1.0)
    hours = slice(len(BASIS), len(BASIS) + len(CALENDAR))
    scale[hours] = np.maximum(scale[hours], CIRCLE)  # runs at one hour say nothing about the others
    centre[0], scale[0] = 0.0, 1.0
    scaled = replace(neutral, centre=rounded(centre), scale=rounded(scale), source=source)
    return _joint(scaled, ordered_map(partial(_person, scaled), runs(), processes))


def _sums(population: Population, runs: list[tuple[float, Grid]]) -> tuple[int, np.ndarray, np.ndarray]:
    """Number, sum and sum of squares of the features of some runs' steps."""
    parts = [population.features(start, basis(grid))[::EVERY].astype(np.float64) for start, grid in runs]
    return sum(map(len, parts)), sum(part.sum(axis=0) for part in parts), sum(np.square(part).sum(axis=0) for part in parts)


def _person(population: Population, runs: list[tuple[float, Grid]]) -> _Person:
    """What the runs of one person, in order, tell of them."""
    size = len(STATES)
    gram, information = np.zeros((size, size)), np.zeros((size, size))
    moment, informed, highest, usual = np.zeros(size), np.zeros(size), [], []
    for place, (start, grid) in enumerate(runs):
        efforts = basis(grid)
        usual.append(mean_effort(efforts))
        measured = np.isfinite(grid.heart_rate)
        if not measured.any():
            continue
        rows, heart_rate = population.features(start, efforts)[measured], grid.heart_rate[measured]
        product, weighted, sums = rows.T @ rows, rows.T @ heart_rate, rows.sum(axis=0, dtype=np.float64)
        gram, moment = gram + product, moment + weighted
        highest.append(np.quantile(heart_rate, 0.99))
        if place < RUNS:  # a run's level is random, as in the filter
            shared = population.level / (population.noise + len(rows) * population.level)
            information = information + (product - shared * np.outer(sums, sums)) / population.noise
            informed = informed + (weighted - shared * sums * heart_rate.sum(dtype=np.float64)) / population.noise
    top = float(np.quantile(highest, 0.95)) if highest else np.nan
    return _Person(gram, moment, information, informed, min(len(runs), RUNS), np.array(usual), top)


def _joint(population: Population, found: Iterable[_Person]) -> Population:
    """The population with the distribution of people's weights and of `PERSON`."""
    people, gram = [], np.zeros((len(STATES), len(STATES)))
    for each in found:
        gram += each.gram
        people.append(each._replace(gram=each.gram[:1].copy()))  # of each person alone no more is needed
    effort, top = len(STATES), len(STATES) + 1
    noise = float(np.mean([person.efforts.var() for person in people])) or population.effort_noise
    usual, highest = np.array([person.efforts.mean() for person in people]), np.array([person.highest for person in people])
    assumed = np.diag([*population.spread(population.prior), 0.0, 0.0])
    for place, variance, gain in ((effort, EFFORT, LEVEL_BY_EFFORT), (top, HIGHEST, LEVEL_BY_HIGHEST)):
        direction = np.zeros(SIZE)
        direction[[0, place]] = gain, 1.0
        assumed += variance * np.outer(direction, direction)
    mean = np.array(
        [*_common(people, gram), usual.mean(), np.nanmean(highest) if np.isfinite(highest).any() else population.person[1]]
    )
    covariance = assumed
    information, informed = np.zeros((len(people), SIZE, SIZE)), np.zeros((len(people), SIZE))
    for place, person in enumerate(people):
        information[place, :effort, :effort], informed[place, :effort] = person.information, person.informed
        information[place, effort, effort], informed[place, effort] = person.runs / noise, person.runs * usual[place] / noise
        if np.isfinite(person.highest):
            information[place, top, top], informed[place, top] = 1 / HIGHEST_NOISE, person.highest / HIGHEST_NOISE
    for _ in range(ROUNDS):
        precision, remaining, means = np.linalg.inv(covariance), np.zeros((SIZE, SIZE)), np.empty((len(people), SIZE))
        for begin in range(0, len(people), AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            left = np.linalg.inv(precision + information[some])
            means[some] = np.einsum("pij,pj->pi", left, informed[some] + precision @ mean)
            remaining += left.sum(axis=0)
        mean, apart = means.mean(axis=0), means - means.mean(axis=0)
        covariance = (PEOPLE * assumed + apart.T @ apart + remaining) / (PEOPLE + len(people))
    share = PEOPLE / (PEOPLE + len(people))
    prior = [share * value for value in population.prior]
    own = [OWN_SHARE * share * value for value in (EFFORT, HIGHEST)]
    return replace(
        population,
        weights=rounded(mean[: len(STATES)]),
        person=rounded(mean[len(STATES) :]),
        prior=rounded(prior),
        person_prior=rounded(own),
        differences=_directions(covariance, np.array([*population.spread(prior), *own])),
        effort_noise=rounded([noise])[0],
    )


def _common(people: list[_Person], gram: np.ndarray) -> np.ndarray:
    """A ridge regression within people, whose intercept is the mean over people; shape `(len(STATES),)`. `gram` is of all."""
    known = [person for person in people if person.gram[0, 0]]
    sums = np.array([person.gram[0] for person in known]).reshape(-1, len(STATES))  # the first feature is 1 everywhere
    total = np.array([person.moment[0] for person in known])
    gram = gram - (sums / sums[:, :1]).T @ sums
    moment = sum(person.moment for person in known) - (sums / sums[:, :1]).T @ total
    weights = np.linalg.solve(gram + PENALTY * np.eye(len(STATES)), moment)
    weights[0] = np.mean((total - sums[:, 1:] @ weights[1:]) / sums[:, 0])
    return weights


def _directions(covariance: np.ndarray, own: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """The main directions of a covariance besides the variances `own`, one standard deviation long."""
    scale = np.sqrt(own)
    sizes, directions = np.linalg.eigh((covariance - np.diag(own)) / np.outer(scale, scale))
    main = [np.sqrt(size) * direction * scale for size, direction in zip(sizes, directions.T, strict=True) if size > 0]
    return tuple(rounded(direction * np.sign(direction[0])) for direction in main[::-1][:DIRECTIONS])
