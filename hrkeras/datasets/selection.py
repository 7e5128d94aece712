"""Selections of runs, such as one person's, and several datasets as one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hrkeras.datasets.runs import Runs, load
from hrkeras.utils.errors import InputError
from hrkeras.utils.sequences import Chained, Selected
from hrkeras.workouts import splits

FEWEST = 10  # training runs of a person that a model can be adapted to


def of_person(runs: Runs, user: int) -> np.ndarray:
    """Rows of a person's runs, the earliest first."""
    rows = np.flatnonzero(runs.users == user)
    return rows[np.argsort(runs.starts[rows], kind="stable")]


def part(runs: Runs, rows: np.ndarray, users: np.ndarray | None = None, split: np.ndarray | None = None) -> Runs:
    """Some of the runs, optionally assigned to other people or splits."""
    return Runs(
        runs.users[rows] if users is None else users,
        runs.starts[rows],
        Selected(runs.grids, rows),
        runs.split[rows] if split is None else split,
        source=runs.source,
    )


def latest(runs: Runs, share: float) -> Runs:
    """The runs with only the latest of each person's training runs, as if the person had begun to record later.

    Args:
        runs: of all splits to keep.
        share: of each person's training runs to keep, rounded up.
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
        person: its number; may be left out if there is only one person.

    Raises:
        InputError: if there are several people to choose from, no such person, or too few runs in a split.
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
        if (count := int((runs.split[rows] == split).sum())) < fewest:
            raise InputError(
                f"{data}: expected at least {fewest} runs of the person in the {split} split, found {count}; add more runs. "
                "With few, do not adapt a model, but give them as history: `hrkeras predict RUN --model MODEL --history RUNS`."
            )
    return part(runs, rows)


def together(sources: Sequence[Runs]) -> tuple[Runs, np.ndarray]:
    """The runs of several datasets as one, the earliest first; their people are kept apart.

    Args:
        sources: each with people of its own, numbered from 0.

    Returns:
        The runs, and of each the number of its source, shape `(runs,)`.
    """
    source = np.concatenate([np.full(len(runs.users), number) for number, runs in enumerate(sources)])
    people = np.cumsum([0, *[int(runs.users.max()) + 1 for runs in sources[:-1]]])
    users = np.concatenate([runs.users + first for runs, first in zip(sources, people, strict=True)])
    merged = Runs(
        users,
        np.concatenate([runs.starts for runs in sources]),
        Chained([runs.grids for runs in sources]),
        np.concatenate([runs.split for runs in sources]),
    )
    order = np.argsort(merged.starts, kind="stable")
    return part(merged, order), source[order]


def mixed(sources: Mapping[str, float], data_dir: Path | None, wanted: Sequence[str]) -> tuple[Runs, np.ndarray | None]:
    """Loads datasets to learn from together.

    Args:
        sources: by name of the dataset, how often each of its runs appears in an epoch.
        data_dir: see `runs.load`.
        wanted: likewise.

    Returns:
        The runs, and how often each appears in an epoch, shape `(runs,)`; None if each appears once.
    """
    runs, source = together([load(name, data_dir, wanted) for name in sources])
    weights = np.array(list(sources.values()))[source]
    return runs, None if (weights == 1).all() else weights
