"""Windows of runs in memory: what models are trained on, scored on and asked to predict."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from hrkeras.builders import find
from hrkeras.workouts import duplicates, grid, population, splits
from hrkeras.workouts.athlete import Known, follow
from hrkeras.workouts.effort import basis
from hrkeras.workouts.history import COLUMNS
from hrkeras.workouts.population import Population
from hrkeras.workouts.workout import InputError

STEP_FIELDS = ("time", "speed", "altitude", "valid", "heart_rate")


@dataclass
class Windows:
    """Windows of runs, as arrays with one row a window.

    Attributes:
        time: s since the run began, shape `(windows, steps)`.
        speed: m/s, shape `(windows, steps)`.
        altitude: m, shape `(windows, steps)`.
        valid: 1 where the step lies in the run, 0 in padding, shape `(windows, steps)`.
        heart_rate: beats/min, shape `(windows, steps)`; NaN where it was not measured and in padding.
        expected: what the athlete's state says, shape `(windows, steps, len(athlete.EXPECTED))`.
        course: facts of the whole run, shape `(windows, len(athlete.COURSE_FACTS))`.
        course_share: how much of `expected` comes from such facts, shape `(windows, 3)`.
        history: what is known of the person, shape `(windows, len(history.COLUMNS))`; NaN where unknown.
        trust: how far a network is trusted with the person, 0 to 1, shape `(windows,)`.
        user: number of the person in the dataset, shape `(windows,)`.
        person: their number among all people, see `splits.person_numbers`, shape `(windows,)`; NaN where unknown.
        start: s since 1970-01-01 UTC, shape `(windows,)`.
        run: number of the run, shape `(windows,)`.
        first_step: the run's step that the window begins at, shape `(windows,)`.
        run_steps: steps of the whole run, shape `(windows,)`.
    """

    time: np.ndarray
    speed: np.ndarray
    altitude: np.ndarray
    valid: np.ndarray
    heart_rate: np.ndarray
    expected: np.ndarray
    course: np.ndarray
    course_share: np.ndarray
    history: np.ndarray
    trust: np.ndarray
    user: np.ndarray
    person: np.ndarray
    start: np.ndarray
    run: np.ndarray
    first_step: np.ndarray
    run_steps: np.ndarray

    def __len__(self) -> int:
        return len(self.run)

    def __getitem__(self, rows) -> "Windows":
        return Windows(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    def inputs(
        self,
        steps: int | None = None,
        *,
        heart_rate: np.ndarray | None = None,
        delay: np.ndarray | float = 0.0,
        course: np.ndarray | bool = True,
    ) -> dict[str, np.ndarray]:
        """What a model takes.

        Args:
            steps: after which to cut.
            heart_rate: what is known of it, beats/min, shape `(windows, steps)`, NaN where it is not; nothing if not
                given.
            delay: s, how much later a step gets to know it, a number or shape `(windows,)`; see `KnownHeartRate`.
            course: where the course of the whole run is known, a boolean or shape `(windows,)`.
        """
        found = {name: getattr(self, name)[:, :steps] for name in STEP_FIELDS[:-1]}
        known = np.broadcast_to(course, len(self))
        expected, history = self.expected[:, :steps], self.history
        if not known.all():
            expected, history = expected.copy(), history.copy()
            expected[~known, :, :3] -= self.course_share[~known, None]
            history[~known, COLUMNS.index("miss_like")] = np.nan
        nothing = np.full(found["time"].shape, np.nan, np.float32)
        return found | {
            "heart_rate": nothing if heart_rate is None else heart_rate[:, :steps],
            "expected": expected,
            "delay": np.broadcast_to(np.float32(delay), len(self))[:, None],
            "course": np.where(known[:, None], self.course, np.float32(np.nan)),
            "history": history,
            "trust": self.trust[:, None],
            "person": self.person[:, None],
        }

    def runs(self) -> Iterator["Run"]:
        """The whole runs, windows put back together, in the order of their numbers."""
        order = np.lexsort((self.first_step, self.run))
        for rows in np.split(order, np.flatnonzero(np.diff(self.run[order])) + 1):
            yield self.whole(rows)

    def whole(self, rows: np.ndarray) -> "Run":
        """One run of its windows."""
        first = rows[0]
        return Run(int(self.run[first]), int(self.user[first]), float(self.start[first]), _whole(vars(self), rows), rows)


@dataclass
class Run:
    """A whole run: its number, its person, its start (s since 1970-01-01 UTC), its grid, and its windows' rows."""

    number: int
    user: int
    start: float
    grid: grid.Grid
    rows: np.ndarray


def of_runs(
    grids: Sequence[grid.Grid],
    known: Sequence[Known],
    starts: np.ndarray,
    step: float = grid.STEP,
    users: np.ndarray | None = None,
    persons: np.ndarray | None = None,
    numbers: np.ndarray | None = None,
    size: int = grid.WINDOW,
    firsts: Sequence[np.ndarray] | None = None,
) -> Windows:
    """Windows of whole runs.

    Args:
        grids: the runs.
        known: of each what was known before it, from `athlete.follow`.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        step: s, length of a step.
        users: shape `(runs,)`; all of one person if not given.
        persons: their numbers among all people, shape `(runs,)`; unknown if not given.
        numbers: of the runs, shape `(runs,)`; as they come if not given.
        size: steps of a window; if `firsts` is not given at most, for it is no more than the longest run needs.
        firsts: of each run, the steps that its windows begin at; as `grid.window_starts` says if not given.
    """
    size = size if firsts else min(size, max(len(whole.speed) for whole in grids))
    rows = [
        part
        | {
            "expected": _cut(known[run].expected, part["first_step"], size),
            "course": known[run].course,
            "course_share": known[run].course_share,
            "history": known[run].history,
            "trust": np.float32(known[run].trust),
            "user": 0 if users is None else users[run],
            "person": np.float32(np.nan) if persons is None else persons[run],
            "start": starts[run],
            "run": run if numbers is None else numbers[run],
        }
        for run, whole in enumerate(grids)
        for part in grid.windows(whole, step, size, None if firsts is None else firsts[run])
    ]
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    measured = columns.pop("measured")
    columns["heart_rate"] = np.where(measured, columns["heart_rate"], np.float32(np.nan))
    columns["valid"] = columns["valid"].astype(np.float32)
    return Windows(**columns)


def _cut(values: np.ndarray, first: int, size: int) -> np.ndarray:
    part = values[first : first + size]
    return np.pad(part, ((0, size - len(part)), (0, 0)), mode="edge")


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
    grids: list[grid.Grid]
    split: np.ndarray
    efforts: list[np.ndarray]

    @property
    def ends(self) -> np.ndarray:
        """s since 1970-01-01 UTC, shape `(runs,)`."""
        return self.starts + np.array([len(each.speed) * grid.STEP for each in self.grids])

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

    def windows(self, known: Sequence[Known], split: str, size: int = grid.WINDOW, firsts: Sequence | None = None) -> Windows:
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
    grids = [_whole(columns, each) for each in rows]
    users, starts = columns["user"][first], columns["start"][first].astype(np.float64)
    contents = [(int(np.isfinite(each.heart_rate).sum()), len(each.speed)) for each in grids]
    kept = duplicates.kept(users, starts, starts + grid.STEP * columns["run_steps"][first], contents)
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


def _whole(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> grid.Grid:
    """The grid of a run from those rows of columns that are its windows."""
    steps, starts = int(columns["run_steps"][rows[0]]), columns["first_step"][rows]
    return grid.Grid(*(grid.stitch(columns[name][rows], starts, steps) for name in grid.Grid._fields))
