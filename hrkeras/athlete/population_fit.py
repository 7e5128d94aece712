"""Fit a population: what people have in common and how they differ, by expectation and maximisation over their runs.

Each person's weights are taken to be drawn, together with how hard they usually run and how high their heart rate gets, from
one normal distribution (Laird and Ware, "Random-effects models for longitudinal data", Biometrics 38, 1982). Between people,
who runs faster is fitter: heart rate rises far less with effort than within a person's runs.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hrkeras.athlete.population import CALENDAR, SIZE, STATES, Population, mean_effort, rounded
from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import Grid

EVERY = 5  # one in so many steps is used for means and variances
CIRCLE = 0.4  # least scale of the calendar; the sine of evenly spread hours has a standard deviation of 0.7
PENALTY = 1e3
RUNS = 100  # of a person that tell of them at first; later they change
PEOPLE = 100.0  # that the assumed covariance counts for
ROUNDS = 8
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
    scaled = replace(neutral, centre=rounded(centre), scale=rounded(scale), source=source)
    order = sorted(range(len(runs)), key=lambda run: runs[run][:2])
    starts = np.unique([runs[run][0] for run in order], return_index=True)[1]
    return _joint(scaled, [_person(scaled, [runs[run] for run in rows]) for rows in np.split(order, starts[1:])])


def _person(population: Population, runs: list[tuple[int, float, Grid, np.ndarray]]) -> _Person:
    """What the runs of one person, in order, tell of them."""
    size = len(STATES)
    gram, information = np.zeros((size, size)), np.zeros((size, size))
    moment, informed, highest = np.zeros(size), np.zeros(size), []
    for place, (_, start, grid, efforts) in enumerate(runs):
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
    usual = np.array([mean_effort(efforts) for *_, efforts in runs])
    top = float(np.quantile(highest, 0.95)) if highest else np.nan
    return _Person(gram, moment, information, informed, min(len(runs), RUNS), usual, top)


def _joint(population: Population, people: list[_Person]) -> Population:
    """The population with the distribution of people's weights and of `PERSON`."""
    effort, top = len(STATES), len(STATES) + 1
    noise = float(np.mean([person.efforts.var() for person in people])) or population.effort_noise
    usual, highest = np.array([person.efforts.mean() for person in people]), np.array([person.highest for person in people])
    assumed = np.diag([*population.spread(population.prior), 0.0, 0.0])
    for place, variance, gain in ((effort, EFFORT, LEVEL_BY_EFFORT), (top, HIGHEST, LEVEL_BY_HIGHEST)):
        direction = np.zeros(SIZE)
        direction[[0, place]] = gain, 1.0
        assumed += variance * np.outer(direction, direction)
    mean = np.array([*_common(people), usual.mean(), np.nanmean(highest) if np.isfinite(highest).any() else population.person[1]])
    covariance = assumed
    information, informed = np.zeros((len(people), SIZE, SIZE)), np.zeros((len(people), SIZE))
    for place, person in enumerate(people):
        information[place, :effort, :effort], informed[place, :effort] = person.information, person.informed
        information[place, effort, effort], informed[place, effort] = person.runs / noise, person.runs * usual[place] / noise
        if np.isfinite(person.highest):
            information[place, top, top], informed[place, top] = 1 / HIGHEST_NOISE, person.highest / HIGHEST_NOISE
    for _ in range(ROUNDS):
        precision = np.linalg.inv(covariance)
        remaining = np.linalg.inv(precision + information)
        means = np.einsum("pij,pj->pi", remaining, informed + precision @ mean)
        mean, apart = means.mean(axis=0), means - means.mean(axis=0)
        covariance = (PEOPLE * assumed + apart.T @ apart + remaining.sum(axis=0)) / (PEOPLE + len(people))
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


def _common(people: list[_Person]) -> np.ndarray:
    """A ridge regression within people, whose intercept is the mean over people; shape `(len(STATES),)`."""
    known = [person for person in people if person.gram[0, 0]]
    sums = np.array([person.gram[0] for person in known]).reshape(-1, len(STATES))  # the first feature is 1 everywhere
    total = np.array([person.moment[0] for person in known])
    gram = sum(person.gram for person in known) - (sums / sums[:, :1]).T @ sums
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
