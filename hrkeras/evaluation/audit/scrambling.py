"""The same runs with other heart rate: who does not know it must not notice."""

from collections.abc import Mapping

import numpy as np

from hrkeras.datasets.runs import Runs
from hrkeras.datasets.selection import of_person, part

EVERYTHING = slice(None)


def pick(runs: Runs, rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Some of the rows at random, in order; of runs with measured heart rate if there are any."""
    measured = [row for row in rows if np.isfinite(runs.grids[row].heart_rate).any()]
    rows = np.array(measured) if measured else rows
    return np.sort(random.choice(rows, min(count, len(rows)), replace=False))


def alone(runs: Runs, chosen: np.ndarray, before: int) -> tuple[Runs, np.ndarray]:
    """Each chosen run as the last one of a person of its own, after some of the real person's earlier runs.

    Args:
        runs: the runs.
        chosen: rows of some of them.
        before: how many earlier runs each gets.

    Returns:
        The runs, the chosen ones in the test split and the others in the training split; and the rows of the chosen.
    """
    rows: list[int] = []
    users: list[int] = []
    for number, run in enumerate(chosen):
        mine = of_person(runs, runs.users[run])
        place = int(np.flatnonzero(mine == run)[0])
        rows += [*mine[max(0, place - before) : place], run]
        users += [number] * (len(rows) - len(users))
    order = np.argsort(runs.starts[rows], kind="stable")
    split = np.where(np.append(np.diff(users) > 0, True), "test", "train")[order]
    return part(runs, np.array(rows)[order], np.array(users)[order], split), np.flatnonzero(split == "test")


def scrambled(runs: Runs, hidden: Mapping[int, slice | np.ndarray], random: np.random.Generator) -> Runs:
    """The same runs with any heart rate, or none, in some steps of some of them.

    Args:
        runs: the runs.
        hidden: by row, the steps that change.
        random: generator of the random choices.
    """
    grids = list(runs.grids)
    for row, steps in hidden.items():
        heart_rate = grids[row].heart_rate.copy()
        replacement = np.where(random.random(len(heart_rate)) < 0.2, np.nan, random.uniform(60, 200, len(heart_rate)))
        heart_rate[steps] = replacement[steps]
        grids[row] = grids[row]._replace(heart_rate=heart_rate)
    return Runs(runs.users, runs.starts, grids, runs.split)
