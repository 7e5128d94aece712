"""Who and what goes into training, validation and test."""

import numpy as np

from hrkeras.workouts.workout import InputError

SPLITS = ("train", "validation", "test")
SHARES = (0.1, 0.1)  # of validation and test


def by_time(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Each person's earliest 80 % of runs for training, the next 10 % for validation, the last 10 % for test.

    Who has at least three runs has at least one in each; who has fewer has all in training.

    Args:
        users: shape `(runs,)`, whose run it is.
        starts: s, shape `(runs,)`.

    Returns:
        Shape `(runs,)`: index into `SPLITS` of each run.

    Raises:
        InputError: if nobody has three runs.
    """
    found = np.zeros(len(users), np.int64)
    order = np.lexsort((starts, users))
    for rows in np.split(order, np.flatnonzero(np.diff(users[order])) + 1):
        validation, test = (max(round(share * len(rows)), len(rows) >= 3) for share in SHARES)
        found[rows[len(rows) - test - validation : len(rows) - test]] = 1
        found[rows[len(rows) - test :]] = 2
    if not found.any():
        raise InputError(
            f"A split by_time needs at least 3 runs of one person that pass the filters, found {len(users)} of "
            f"{len(np.unique(users))}; bring more runs, or loosen a limit with --limit name=value."
        )
    return found


def by_user(users: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """All runs of a person into one split: about 10 % of the people, one at least, each for validation and test.

    Args:
        users: shape `(runs,)`, whose run it is.
        starts: not looked at; here so that both rules are called alike.

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
    found = np.zeros(len(users), np.int64)
    found[np.isin(users, shuffled[:validation])] = 1
    found[np.isin(users, shuffled[validation : validation + test])] = 2
    return found


RULES = {"by_time": by_time, "by_user": by_user}
