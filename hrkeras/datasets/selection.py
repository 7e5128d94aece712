"""Runs of one person out of many, and of several datasets as one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hrkeras.datasets.runs import Runs, load
from hrkeras.utils.errors import InputError
from hrkeras.workouts import splits

FEWEST = 10  # training runs of a person that a model can be adapted to


def of_person(runs: Runs, user: int) -> np.ndarray:
    """Rows of a person's runs, the earliest first."""
    rows = np.flatnonzero(runs.users == user)
    return rows[np.argsort(runs.starts[rows], kind="stable")]


def part(runs: Runs, rows: np.ndarray, users: np.ndarray | None = None, split: np.ndarray | None = None) -> Runs:
    """Some of the runs, if you like as runs of other people or of other splits."""
    return Runs(
        runs.users[rows] if users is None else users,
        runs.starts[rows],
        [runs.grids[row] for row in rows],
        runs.split[rows] if split is None else split,
        [runs.efforts[row] for row in rows],
        source=runs.source,
    )


def latest(runs: Runs, share: float) -> Runs:
    """The runs with only the latest of each person's training runs, as if the person had begun to record later.

    Args:
        runs: of all splits that are wanted.
        share: of each person's training runs that stays, rounded up.
    """
    keep = runs.split != "train"
    for rows in splits.by_person(runs.users, runs.starts):
        mine = rows[runs.split[rows] == "train"]
        keep[mine[len(mine) - int(np.ceil(share * len(mine))) :]] = True
    return part(runs, np.flatnonzero(keep))


def one_person(runs: Runs, data: str, person: int | None = None) -> Runs:
    """The runs of one person, enough of them to learn from.

    Args:
        runs: of all splits.
        data: name of the dataset, for messages.
        person: whose; if not given there must be one alone.

    Raises:
        InputError: if there are several people or not this one, or if some split has too few runs.
    """
    people = np.unique(runs.users)
    if person is None and len(people) > 1:
        raise InputError(
            f"{data}: expected the runs of one person, found those of {len(people)}; choose one, 0 to {people.max()}.",
            "person",
        )
    if person is not None and person not in people:
        raise InputError(f"{data}: there is no person {person}; the people are numbered from 0 to {people.max()}.")
    rows = of_person(runs, int(people[0]) if person is None else person)
    for split, fewest in zip(splits.SPLITS, (FEWEST, 1, 1), strict=True):
        if (found := int((runs.split[rows] == split).sum())) < fewest:
            raise InputError(
                f"{data}: expected at least {fewest} runs of the person in the {split} split, found {found}; bring more runs. "
                "With few, a model that is told of them does best as it is: `hrkeras predict RUN --model MODEL --history RUNS`."
            )
    return part(runs, rows)


def together(sources: Sequence[Runs]) -> tuple[Runs, np.ndarray]:
    """The runs of several datasets as one, the earliest first; nobody of one is anybody of another.

    Args:
        sources: each with people of its own, numbered from 0.

    Returns:
        The runs, and of each the number of its source, shape `(runs,)`.
    """
    source = np.concatenate([np.full(len(each.users), number) for number, each in enumerate(sources)])
    people = np.cumsum([0, *[int(each.users.max()) + 1 for each in sources[:-1]]])
    users = np.concatenate([each.users + first for each, first in zip(sources, people, strict=True)])
    found = Runs(
        users,
        np.concatenate([each.starts for each in sources]),
        [grid for each in sources for grid in each.grids],
        np.concatenate([each.split for each in sources]),
        [efforts for each in sources for efforts in each.efforts],
    )
    order = np.argsort(found.starts, kind="stable")
    return part(found, order), source[order]


def mixed(sources: Mapping[str, float], data_dir: Path | None, wanted: Sequence[str]) -> tuple[Runs, np.ndarray | None]:
    """Loads datasets to learn from together.

    Args:
        sources: by name of the dataset, how often each of its runs shall come in an epoch.
        data_dir: see `windows.load`, as `wanted`.

    Returns:
        The runs, and of each how often it shall come, shape `(runs,)`; None where each comes once.
    """
    runs, source = together([load(name, data_dir, wanted) for name in sources])
    weights = np.array(list(sources.values()))[source]
    return runs, None if (weights == 1).all() else weights
