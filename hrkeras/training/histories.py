"""What is known before each run of some people, dealt anew in each epoch: the work of the processes that feed a training.

Nothing here may import Keras, so that such a process starts at once and needs little memory.
"""

from typing import NamedTuple

import numpy as np

from hrkeras.athlete.following import follow_all
from hrkeras.athlete.kalman import Known
from hrkeras.athlete.population import Population
from hrkeras.datasets import augmentation
from hrkeras.workouts import splits
from hrkeras.workouts.grid import Grid

# share of a person's runs that each of two others gets, that is cut to pieces, and that is a first run each
DEALT = (0.35, 0.35, 0.2, 0.1)
FEWEST, MOST = 1, 64  # runs of a piece


class Hand(NamedTuple):
    """The runs of some people, and what is to be done with them.

    Attributes:
        population: where the athletes' states start.
        users: the person of each run, shape `(runs,)`.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        grids: the runs.
        trained: which are of the training split, booleans of shape `(runs,)`.
        history_dropout: share of the runs that know less of their person.
        augment: strength of `augmentation`.
        seed: random seed.
    """

    population: Population
    users: np.ndarray
    starts: np.ndarray
    grids: list[Grid]
    trained: np.ndarray
    history_dropout: float
    augment: float
    seed: tuple[int, ...]


def deal(hand: Hand) -> tuple[list[Grid] | None, dict[int, Known]]:
    """Perturbs runs, and follows people who were split into several, of whom some are chosen.

    Returns:
        The perturbed runs of the training split, or None if none is perturbed; and by the number of a run among those of the
        training split what is known before it, where that has changed.
    """
    random = np.random.default_rng(hand.seed)
    grids, known = hand.grids, {}
    if hand.augment:
        grids = augmentation.perturbed(grids, hand.trained, hand.augment, random)
        known = dict(follow_all(hand.users, hand.starts, grids, hand.population))
    if hand.history_dropout:
        people = split_people(hand.users, hand.starts, random)
        chosen = random.random(people.max() + 1) < hand.history_dropout
        rows = np.flatnonzero(chosen[people] & until_trained(people, hand.starts, hand.trained))
        if len(rows):
            less = follow_all(people[rows], hand.starts[rows], [grids[row] for row in rows], hand.population)
            known |= {int(rows[place]): state for place, state in less}
    number = np.cumsum(hand.trained) - 1
    changed = {int(number[row]): state for row, state in known.items() if hand.trained[row]}
    return [grids[row] for row in np.flatnonzero(hand.trained)] if hand.augment else None, changed


def until_trained(people: np.ndarray, starts: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Which runs tell something of a run of the training split: those that did not begin after the person's last such run.

    Args:
        people: numbers of the person of each run, shape `(runs,)`.
        starts: s, shape `(runs,)`.
        trained: which are of the training split, booleans of shape `(runs,)`.

    Returns:
        Booleans, shape `(runs,)`.
    """
    last = np.full(people.max() + 1, -np.inf)
    np.maximum.at(last, people[trained], starts[trained])
    return starts <= last[people]


def split_people(users: np.ndarray, starts: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Splits each person into several, so that a model copes with short histories and memorises nobody.

    Some runs of a person are dealt at random to two new people, some each become the first run of a new person, and the rest
    is cut into pieces of 1 to 64 consecutive runs, each of which is a new person.

    Args:
        users: the person of each run, shape `(runs,)`.
        starts: s, shape `(runs,)`.
        random: random generator.

    Returns:
        Numbers of the people made, shape `(runs,)`.
    """
    people = np.zeros(len(users), np.int64)
    number = 0
    for rows in splits.by_person(users, starts):
        dealt = random.choice(len(DEALT), len(rows), p=DEALT)
        first = dealt == 3
        people[rows] = number + dealt
        people[rows[first]] = number + 2 + np.arange(first.sum())
        number += 2 + int(first.sum())
        rest = rows[dealt == 2]
        while len(rest):
            size = int(np.exp(random.uniform(np.log(FEWEST), np.log(MOST + 1))))
            people[rest[:size]] = number
            rest, number = rest[size:], number + 1
    return people
