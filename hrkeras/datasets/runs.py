"""Whole runs, of a dataset, of workouts or of arrays, each with its split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from hrkeras.athlete import population_fit
from hrkeras.athlete.following import follow_all
from hrkeras.athlete.kalman import USUAL_START, Known
from hrkeras.athlete.population import DAY, Population
from hrkeras.datasets import stored
from hrkeras.datasets.windows import WINDOW, Windows, of_runs
from hrkeras.utils.errors import InputError, expect
from hrkeras.utils.sequences import Selected
from hrkeras.workouts import prepare, quality, splits
from hrkeras.workouts.funnel import Funnel
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.workout import Workout

Split = str | Sequence[str]


@dataclass(repr=False, eq=False)
class Runs:
    """Whole runs on a grid of 10 s, the earliest first, each with its split: what models are trained and scored on.

    `from_workouts`, `from_arrays` and `load` make them.

    Attributes:
        users: shape `(runs,)`, number of the person.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        grids: the runs; those of a built dataset lie in a temporary file and are read when they are asked for.
        split: name of each run's split, shape `(runs,)`.
        funnel: how many workouts the filters took and why; None for a built dataset, whose folder holds it.
        source: what they are, for messages and the model card.
        names: of the people, by their number; empty for a built dataset, which keeps none.

    Example:
        >>> import numpy as np
        >>> import hrkeras
        >>> time = [np.arange(0, 1200, 5.0)] * 10
        >>> speed = [np.full(240, 2.5 + 0.1 * run) for run in range(10)]
        >>> heart_rate = [100 + 20 * values for values in speed]
        >>> runs = hrkeras.Runs.from_arrays(time=time, speed=speed, heart_rate=heart_rate)
        >>> runs
        10 runs of 1 person: 8 train, 1 validation, 1 test
        >>> runs.funnel.left
        10
    """

    users: np.ndarray
    starts: np.ndarray
    grids: Sequence[Grid]
    split: np.ndarray
    funnel: Funnel | None = None
    source: str = ""
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.grids)

    def __repr__(self) -> str:
        people, runs = self.counts["people"], self.counts["runs"]
        parts = ", ".join(f"{count:,} {name}" for name, count in runs.items())
        of = f"{'run' if len(self) == 1 else 'runs'} of {people:,} {'person' if people == 1 else 'people'}"
        return f"{len(self):,} {of}: {parts}"

    @classmethod
    def from_workouts(
        cls, workouts: Iterable[Workout], split: Split = "by_time", limits: quality.Limits | None = None, source: str = "workouts"
    ) -> Runs:
        """The workouts that pass the filters, one recording of each run, on the grid.

        Args:
            workouts: from `read`, or made of arrays.
            split: "by_time", of each person the earliest 80 % for training, the next 10 % for validation, the last 10 % for
                test; "by_user", 80, 10 and 10 % of the people; "until_2023-01-01", test on what came later; "without_3", test
                on person 3; or the names of the workouts' own splits, "train", "validation" or "test", one a workout.
            limits: of the filters; the defaults if not given. If no workout names a person, all belong to one person.
            source: what they are, for the model card.

        Raises:
            InputError: if no workout passes or a split has none; the funnel in the message says which filter took how many.
        """
        log = getattr(workouts, "log", ReadLog())
        if isinstance(workouts, str | PathLike):
            raise TypeError(f"workouts: expected a list of Workout, found a path; read it with hrkeras.read({str(workouts)!r})")
        workouts = list(workouts)
        for workout in workouts:
            expect(workout, Workout, "workouts")
        limits = limits or quality.Limits()
        expect(limits, quality.Limits, "limits")
        if not any(workout.user for workout in workouts):
            limits = replace(limits, require_user=False)
        outcomes = (prepare.examine(workout, limits) for workout in workouts)
        prepared = prepare.Prepared(outcomes, log)
        try:
            users, starts, grids = prepared.users, prepared.starts, list(prepared.grids())
            parts = _split(split, users, starts, prepared.numbers, len(workouts))
            _check_splits(parts, splits.SPLITS, "The data")
        except InputError as error:
            raise InputError(f"{error}\n{prepared.funnel}") from None
        finally:
            prepared.close()
        people = {user: workouts[number].user for user, number in zip(users.tolist(), prepared.numbers.tolist(), strict=True)}
        return cls(users, starts, grids, parts, prepared.funnel, source, [people[user] for user in sorted(people)])

    @classmethod
    def from_arrays(
        cls,
        *,
        time: Sequence[ArrayLike],
        speed: Sequence[ArrayLike],
        altitude: Sequence[ArrayLike | None] | None = None,
        heart_rate: Sequence[ArrayLike | None] | None = None,
        person: Sequence[object] | None = None,
        start: Sequence[float] | None = None,
        split: Split = "by_time",
        limits: quality.Limits | None = None,
    ) -> Runs:
        """Runs of arrays, one a run each; see `Workout` for their units. They need no positions and no altitude.

        Args:
            time: s since each run began.
            speed: m/s.
            altitude: m; all flat if not given, as a run whose altitude is None.
            heart_rate: beats/min; NaN where it was not measured.
            person: who ran each; all are one person's if not given.
            start: s since 1970-01-01 UTC, when each began. If not given, a person's runs are assumed to be
                in order, a day apart; hour and season then carry no information.
            split: see `from_workouts`.
            limits: see `from_workouts`.

        Raises:
            InputError: if the numbers of arrays differ, or as for `from_workouts`.
        """
        columns: dict[str, Sequence | None] = {
            "time": time,
            "speed": speed,
            "altitude": altitude,
            "heart_rate": heart_rate,
            "person": person,
            "start": start,
        }
        for name, values in columns.items():
            if not isinstance(values, Sized) and (values is not None or name in ("time", "speed")):
                raise TypeError(f"{name}: expected a list with an entry for each run, found {type(values).__name__}")
            if values is not None and len(values) != len(time):
                raise InputError(f"Expected the {name} of each of the {len(time):,} runs that time has, found {len(values):,}.")
        count = len(time)
        people = [""] * count if person is None else list(map(str, person))
        if person is not None and any(name is None or name != name or name == "" for name in person):
            raise InputError("person: expected who ran each run, found a run without a person; name it, or leave it out.")
        if start is None:
            before: Counter[str] = Counter()
            start = []
            for name in people:
                start.append(USUAL_START + DAY * before[name])
                before[name] += 1
        workouts = []
        for run in range(count):
            altitudes, rates = (None if values is None else values[run] for values in (altitude, heart_rate))
            try:
                workouts.append(Workout(time[run], speed[run], altitudes, rates, people[run], start=start[run]))
            except (TypeError, ValueError) as error:
                raise InputError(f"Run {run}, counted from 0: {error}.") from None
        return cls.from_workouts(workouts, split, limits, "arrays")

    @classmethod
    def load(cls, name: str, data_dir: str | PathLike[str] | None = None) -> Runs:
        """The runs of a dataset that `hrkeras build` has built.

        Args:
            name: "endomondo", "apple_watch", "tracks" or "synthetic"; a slash and the split may follow, by_time if not given.
            data_dir: TFDS's folder of datasets; TFDS's default if not given.

        Raises:
            InputError: if there is no such dataset, it is damaged, or a split is empty.
        """
        return load(name, None if data_dir is None else Path(data_dir))

    @cached_property
    def steps(self) -> np.ndarray:
        """Number of steps of each run, shape `(runs,)`."""
        return np.array([len(grid.speed) for grid in self.grids])

    @property
    def ends(self) -> np.ndarray:
        """s since 1970-01-01 UTC, shape `(runs,)`."""
        return self.starts + STEP * self.steps

    @property
    def counts(self) -> dict:
        """The number of `people`, and of `runs` in each split that has any."""
        runs = {name: int((self.split == name).sum()) for name in splits.SPLITS}
        return {"people": len(np.unique(self.users)), "runs": {name: count for name, count in runs.items() if count}}

    def population(self, source: str = "", processes: int = 1) -> Population:
        """The population of the training split."""
        chosen = np.flatnonzero(self.split == splits.SPLITS[0])
        return population_fit.fit(self.users[chosen], self.starts[chosen], Selected(self.grids, chosen), source, processes)

    def known(
        self,
        start: Population,
        people: np.ndarray | None = None,
        learnt: np.ndarray | None = None,
        on_run: Callable[[], object] | None = None,
    ) -> list[Known]:
        """What was known before each run, from the same person's finished runs.

        Args:
            start: where each person's state begins.
            people: the person of each run, shape `(runs,)`; as in the dataset if not given.
            learnt: which runs are learnt from, booleans of shape `(runs,)`; all if not given.
            on_run: called after each run.
        """
        states: list[Known] = [None] * len(self.grids)  # type: ignore[list-item]
        for row, state in follow_all(self.users if people is None else people, self.starts, self.grids, start, learnt):
            states[row] = state
            if on_run:
                on_run()
        return states

    def windows(self, known: Sequence[Known], split: str, size: int = WINDOW) -> Windows:
        """Windows of the runs of one split, see `of_runs` for `size`; `known` is of all runs."""
        rows = np.flatnonzero(self.split == split)
        parts = [self.grids[int(row)] for row in rows], [known[int(row)] for row in rows], self.starts[rows]
        persons = splits.person_numbers(self.users, self.starts)[rows]
        return of_runs(*parts, users=self.users[rows], persons=persons, numbers=rows, size=size)


def load(name: str, data_dir: Path | None = None, wanted: Sequence[str] = splits.SPLITS) -> Runs:
    """Loads the runs of a built dataset; of several recordings of one run, as old datasets hold, one is kept, see `duplicates`.

    Args:
        name: "endomondo", "apple_watch", "tracks" or "synthetic"; a slash and the split may follow, see `splits.rule`,
            by_time if not given.
        data_dir: TFDS's folder of datasets; TFDS's default if not given.
        wanted: the splits to load; runs of other splits are left out, of histories too.

    Raises:
        InputError: if there is no such dataset, it is damaged, or a wanted split is empty.
    """
    users, starts, grids = stored.runs(name, data_dir)
    split = np.array(splits.SPLITS)[splits.rule(name)(users, starts)]
    _check_splits(split, wanted, f"The dataset {name}")
    chosen = np.flatnonzero(np.isin(split, wanted))
    return Runs(users[chosen], starts[chosen], Selected(grids, chosen), split[chosen], source=name)


def _split(split: Split, users: np.ndarray, starts: np.ndarray, numbers: np.ndarray, count: int) -> np.ndarray:
    """The name of each run's split, shape `(runs,)`; `numbers` says which of `count` workouts a run is of."""
    if isinstance(split, str):
        return np.array(splits.SPLITS)[splits.named(split)(users, starts)]
    if len(split) != count or not set(split) <= set(splits.SPLITS):
        raise InputError(f"Split: expected the name of a rule, or {', '.join(splits.SPLITS)} for each of {count:,} runs.")
    return np.asarray(split)[numbers]


def _check_splits(split: np.ndarray, wanted: Sequence[str], which: str) -> None:
    for name in wanted:
        if not (split == name).any():
            raise InputError(f"{which} has no runs in its {name} split; add more runs or split them differently.")
