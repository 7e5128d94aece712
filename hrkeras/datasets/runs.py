"""Whole runs of a dataset in memory, each with the split that it is in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hrkeras.athlete import population
from hrkeras.athlete.kalman import Known, follow
from hrkeras.athlete.population import Population
from hrkeras.datasets.builders import find
from hrkeras.datasets.windows import WINDOW, Windows, of_runs, whole_grid
from hrkeras.utils.errors import InputError
from hrkeras.workouts import duplicates, splits
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid


@dataclass
class Runs:
    """Whole runs of a dataset, the earliest first, with what split each is in.

    Attributes:
        users: shape `(runs,)`, number of the person.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        grids: the runs.
        split: name of each one's split, shape `(runs,)`.
        efforts: of each run, from `effort.basis`.
    """

    users: np.ndarray
    starts: np.ndarray
    grids: list[Grid]
    split: np.ndarray
    efforts: list[np.ndarray]

    @property
    def ends(self) -> np.ndarray:
        """s since 1970-01-01 UTC, shape `(runs,)`."""
        return self.starts + np.array([len(each.speed) * STEP for each in self.grids])

    @property
    def counts(self) -> dict:
        """Of how many `people` they are, and how many `runs` of each split there are, of those that have any."""
        runs = {name: int((self.split == name).sum()) for name in splits.SPLITS}
        return {"people": len(np.unique(self.users)), "runs": {name: count for name, count in runs.items() if count}}

    def population(self, source: str = "") -> Population:
        """The population of the training split."""
        chosen = np.flatnonzero(self.split == splits.SPLITS[0])
        return population.fit([(self.users[run], self.starts[run], self.grids[run], self.efforts[run]) for run in chosen], source)

    def known(
        self,
        start: Population,
        people: np.ndarray | None = None,
        learnt: np.ndarray | None = None,
        on_run: Callable[[], object] | None = None,
    ) -> list[Known]:
        """What was known before each run, from the same person's runs that were over.

        Args:
            start: where each person's state begins.
            people: whose each run is, shape `(runs,)`; as in the dataset if not given.
            learnt: which runs are learnt from, booleans of shape `(runs,)`; all if not given.
            on_run: called after each run.
        """
        people = self.users if people is None else people
        found: list[Known] = [None] * len(self.grids)  # type: ignore[list-item]
        for user in np.unique(people):
            rows = np.flatnonzero(people == user)
            grids, efforts = [self.grids[row] for row in rows], [self.efforts[row] for row in rows]
            mine = follow(self.starts[rows], grids, efforts, start, None if learnt is None else learnt[rows])
            for place, each in mine:
                found[rows[place]] = each
                if on_run:
                    on_run()
        return found

    def windows(self, known: Sequence[Known], split: str, size: int = WINDOW, firsts: Sequence | None = None) -> Windows:
        """Windows of the runs of one split, see `of_runs` for `size` and `firsts`; `known` is of all runs."""
        rows = np.flatnonzero(self.split == split)
        parts = [self.grids[row] for row in rows], [known[int(row)] for row in rows], self.starts[rows]
        persons = splits.person_numbers(self.users, self.starts)[rows]
        return of_runs(*parts, users=self.users[rows], persons=persons, numbers=rows, size=size, firsts=firsts)


def load(name: str, data_dir: Path | None = None, wanted: Sequence[str] = splits.SPLITS) -> Runs:
    """Loads the runs of a built dataset; where an old one holds several recordings of a run, one of them, see `duplicates`.

    Args:
        name: "endomondo", "apple_watch", "tracks" or "synthetic"; behind a slash how it is split, see `splits.rule`,
            by_time if not given.
        data_dir: TFDS's folder of datasets; where TFDS looks by itself if not given.
        wanted: the splits to load; runs of others are left out, also of what is known of a person.

    Raises:
        InputError: if there is no such dataset, it is damaged, or a wanted split is empty.
    """
    import tensorflow as tf

    builder = find(name, data_dir)
    parts = []
    for split in builder.info.splits:
        try:
            parts += list(builder.as_dataset(split=split).batch(1024).as_numpy_iterator())
        except tf.errors.OpError as error:
            reason = str(error.message).splitlines()[0][:200]
            raise InputError(f"The dataset {name} at {builder.data_dir} is damaged ({reason}); build it again.") from None
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    columns["heart_rate"] = np.where(columns.pop("measured"), columns["heart_rate"], np.float32(np.nan))
    order = np.lexsort((columns["first_step"], columns["run"]))
    rows = np.split(order, np.flatnonzero(np.diff(columns["run"][order])) + 1)
    first = np.array([each[0] for each in rows])
    grids = [whole_grid(columns, each) for each in rows]
    users, starts = columns["user"][first], columns["start"][first].astype(np.float64)
    contents = [(int(np.isfinite(each.heart_rate).sum()), len(each.speed)) for each in grids]
    kept = duplicates.kept(users, starts, starts + STEP * columns["run_steps"][first], contents)
    users, starts, grids = users[kept], starts[kept], [grids[row] for row in np.flatnonzero(kept)]
    numbers = splits.rule(name)(users, starts)
    split = np.array(splits.SPLITS)[numbers]
    for each in wanted:
        if not (split == each).any():
            raise InputError(
                f"The dataset {name} has no runs in its {each} split; build it from more runs or split it otherwise."
            )
    chosen = np.flatnonzero(np.isin(split, wanted))
    grids = [grids[row] for row in chosen]
    return Runs(users[chosen], starts[chosen], grids, split[chosen], [basis(each) for each in grids])
