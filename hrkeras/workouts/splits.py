"""Split runs into training, validation and test."""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from hrkeras.utils.errors import InputError

SPLITS = ("train", "validation", "test")
SHARES = (0.1, 0.1)  # of validation and test
MANY = 1 << 24  # up to which single precision represents all whole numbers


def by_person(users: np.ndarray, starts: np.ndarray) -> list[np.ndarray]:
    """Rows of each person's runs, the earliest first; the people in the order of their numbers or names."""
    order = np.lexsort((starts, users))
    return np.split(order, np.flatnonzero(users[order][1:] != users[order][:-1]) + 1)


def person_numbers(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Numbers that identify people across datasets, unlike their numbers in one dataset: a hash of the first run's start.

    The same person has another number in a second dataset if an earlier run was added or left out.

    Args:
        users: shape `(runs,)`, the person of each run.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.

    Returns:
        Shape `(runs,)`, float32, whole numbers from 1 on.
    """
    numbers = np.zeros(len(users), np.float32)
    for rows in by_person(users, starts):
        numbers[rows] = 1 + zlib.crc32(f"{starts[rows[0]]:.0f}".encode()) % (MANY - 1)
    return numbers


def by_time(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Each person's earliest 80 % of runs for training, the next 10 % for validation, the last 10 % for test.

    People with at least three runs have at least one in each split; people with fewer have all in training.

    Args:
        users: shape `(runs,)`, the person of each run.
        starts: s, shape `(runs,)`.

    Returns:
        Shape `(runs,)`: index into `SPLITS` of each run.

    Raises:
        InputError: if nobody has three runs.
    """
    split = np.zeros(len(users), np.int64)
    for rows in by_person(users, starts):
        validation, test = (max(round(share * len(rows)), len(rows) >= 3) for share in SHARES)
        split[rows[len(rows) - test - validation : len(rows) - test]] = 1
        split[rows[len(rows) - test :]] = 2
    if not split.any():
        raise InputError(
            "A split by_time needs at least 3 runs of one person that pass the filters; people found: "
            f"{len(np.unique(users))}, runs: {len(users)}. Bring more runs, or loosen a limit.",
            "limit",
        )
    return split


def by_user(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """All runs of a person in one split: about 10 % of the people, at least one, each for validation and test.

    Args:
        users: shape `(runs,)`, the person of each run.
        starts: not used; present so that all rules have the same signature.

    Returns:
        Shape `(runs,)`: index into `SPLITS` of each run.

    Raises:
        InputError: if there are fewer than three people.
    """
    people = np.unique(users)
    if len(people) < 3:
        raise InputError(
            f"A split by_user needs runs of at least 3 people, found {len(people)}; use by_time, which splits each "
            "person's runs by date."
        )
    shuffled = np.random.default_rng(0).permutation(people)
    validation, test = (max(1, round(share * len(people))) for share in SHARES)
    split = np.zeros(len(users), np.int64)
    split[np.isin(users, shuffled[:validation])] = 1
    split[np.isin(users, shuffled[validation : validation + test])] = 2
    return split


RULES = {"by_time": by_time, "by_user": by_user}
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


def without(person: int) -> Rule:
    """A rule that tests on all runs of one person; of the others the earliest 90 % train, the rest validates."""

    def rule(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
        if person not in users or (users == person).all():
            raise InputError(f"There is no person {person} beside others; the people are numbered from 0 to {max(users)}.")
        return _before_and_after(users, starts, users == person)

    return rule


def until(date: str) -> Rule:
    """A rule that tests on all runs from a date on (UTC, such as 2023-01-01); of a person's runs before it the earliest
    90 % train, the rest validates."""
    try:
        begin = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InputError(f"until_{date}: expected a date such as until_2023-01-01.") from None

    def rule(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
        return _before_and_after(users, starts, starts >= begin)

    return rule


def _before_and_after(users: np.ndarray, starts: np.ndarray, tested: np.ndarray) -> np.ndarray:
    split = np.where(tested, 2, 0)
    for rows in by_person(users, starts):
        remaining = rows[~tested[rows]]
        split[remaining[len(remaining) - max(round(SHARES[0] * len(remaining)), len(remaining) >= 3) :]] = 1
    return split


def rule(data: str) -> Rule:
    """The rule by which a dataset is split, from the part of its name after the slash.

    Args:
        data: such as "endomondo" (by_time), "endomondo/by_user", "endomondo/without_3" (test on person 3, train on the
            others) or "endomondo/until_2023-01-01" (test on what came later).

    Raises:
        InputError: if there is no such rule.
    """
    return named(data.partition("/")[2] or "by_time")


def named(config: str) -> Rule:
    """The rule with a given name: by_time, by_user, or the likes of without_3, see `rule`.

    Raises:
        InputError: if there is no such rule.
    """
    if config in RULES:
        return RULES[config]
    name, _, value = config.partition("_")
    if name == "without" and value.isdecimal() and len(value) < 10:
        return without(int(value))
    if name == "until":
        return until(value)
    raise InputError(f"Split {config!r}: expected by_time, by_user, without_PERSON or until_YYYY-MM-DD.")
