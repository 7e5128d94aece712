"""Windows of runs: what models are trained on, scored on and asked to predict."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import Known
from hrkeras.workouts.grid import STEP, Grid

WINDOW = 500  # steps
OVERLAP = 50  # steps of context that a later window of a long run has at least
BATCH = 32  # runs that are predicted at once
WHOLE = 1500  # steps, over four hours; a longer run is predicted in windows
KNOWN_FACTS = ("course", "course_share", "history", "shrinkage")  # of `Known`
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
        expected: predictions of the athlete's state, shape `(windows, steps, len(athlete.EXPECTED))`.
        course: facts of the whole run, shape `(windows, len(athlete.COURSE_FACTS))`.
        course_share: how much of `expected` comes from such facts, shape `(windows, 3)`.
        history: what is known of the person, shape `(windows, len(history.COLUMNS))`; NaN where unknown.
        shrinkage: weight of a network's correction for the person, 0 to 1, shape `(windows,)`.
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
    shrinkage: np.ndarray
    user: np.ndarray
    person: np.ndarray
    start: np.ndarray
    run: np.ndarray
    first_step: np.ndarray
    run_steps: np.ndarray

    def __len__(self) -> int:
        return len(self.run)

    def __getitem__(self, rows) -> "Windows":
        return Windows(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def inputs(
        self,
        steps: int | None = None,
        *,
        heart_rate: np.ndarray | None = None,
        delay: np.ndarray | float = 0.0,
        course: np.ndarray | bool = True,
    ) -> dict[str, np.ndarray]:
        """The inputs of a model, by name.

        Args:
            steps: number to keep; all if not given.
            heart_rate: known heart rate, beats/min, shape `(windows, steps)`, NaN where unknown; unknown everywhere if not
                given.
            delay: s, how long after its measurement it becomes known, a number or shape `(windows,)`; see `KnownHeartRate`.
            course: whether the course of the whole run is known, a boolean or shape `(windows,)`.
        """
        inputs = {name: getattr(self, name)[:, :steps] for name in STEP_FIELDS[:-1]}
        course_known = np.broadcast_to(course, len(self))
        expected, history = self.expected[:, :steps], self.history
        if not course_known.all():
            expected, history = expected.copy(), history.copy()
            expected[~course_known, :, :3] -= self.course_share[~course_known, None]
            history[~course_known, COLUMNS.index("miss_like")] = np.nan
        unknown = np.full(inputs["time"].shape, np.nan, np.float32)
        return inputs | {
            "heart_rate": unknown if heart_rate is None else heart_rate[:, :steps],
            "expected": expected,
            "delay": np.broadcast_to(np.float32(delay), len(self))[:, None],
            "course": np.where(course_known[:, None], self.course, np.float32(np.nan)),
            "history": history,
            "trust": self.shrinkage[:, None],
            "person": self.person[:, None],
        }

    def runs(self) -> Iterator["Run"]:
        """The whole runs, windows put back together, in the order of their numbers."""
        order = np.lexsort((self.first_step, self.run))
        for rows in np.split(order, np.flatnonzero(np.diff(self.run[order])) + 1):
            yield self.whole(rows)

    def whole(self, rows: np.ndarray) -> "Run":
        """One run of its windows."""
        first, steps = rows[0], int(self.run_steps[rows[0]])
        grid = Grid(*(stitch(getattr(self, name)[rows], self.first_step[rows], steps) for name in Grid._fields))
        return Run(int(self.run[first]), int(self.user[first]), float(self.start[first]), grid, rows)


@dataclass
class Run:
    """A whole run: its number, its person, its start (s since 1970-01-01 UTC), its grid, and its windows' rows."""

    number: int
    user: int
    start: float
    grid: Grid
    rows: np.ndarray


def of_runs(
    grids: Sequence[Grid],
    known: Sequence[Known],
    starts: np.ndarray,
    step: float = STEP,
    users: np.ndarray | None = None,
    persons: np.ndarray | None = None,
    numbers: np.ndarray | None = None,
    size: int = WINDOW,
) -> Windows:
    """Windows of whole runs.

    Args:
        grids: the runs.
        known: what was known before each run, from `following.follow`.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        step: s, length of a step.
        users: shape `(runs,)`; all of one person if not given.
        persons: their numbers among all people, shape `(runs,)`; unknown if not given.
        numbers: of the runs, shape `(runs,)`; their order in `grids` if not given.
        size: steps of a window; at most as many as the longest run has.
    """
    whole = EndToEnd.of(
        grids,
        known,
        start=starts,
        user=np.zeros(len(grids), int) if users is None else users,
        person=np.full(len(grids), np.nan, np.float32) if persons is None else persons,
        run=np.arange(len(grids)) if numbers is None else numbers,
    )
    size = min(size, int(whole.steps.max()))
    firsts = [window_starts(steps, size) for steps in whole.steps]
    return whole.windows(np.repeat(np.arange(len(grids)), list(map(len, firsts))), np.concatenate(firsts), size, step=step)


@dataclass
class EndToEnd:
    """Whole runs laid end to end, of which windows are cut.

    Attributes:
        grid: speed, altitude and heart rate, as of a `Grid`, of shape `(3, steps of all runs)`.
        expected: as in `Known`, shape `(steps of all runs, len(athlete.EXPECTED))`.
        steps: of each run, shape `(runs,)`.
        facts: those fields of `Windows` that are the same throughout a run, by their names, with a row a run.
    """

    grid: np.ndarray
    expected: np.ndarray
    steps: np.ndarray
    facts: dict[str, np.ndarray]

    @classmethod
    def of(cls, grids: Sequence[Grid], known: Sequence[Known], **facts: np.ndarray) -> "EndToEnd":
        """Of grids and what was known before each; `facts` are the others of each run."""
        facts |= {name: np.stack([getattr(state, name) for state in known]).astype(np.float32) for name in KNOWN_FACTS}
        steps = np.array([len(grid.speed) for grid in grids])
        expected = np.concatenate([state.expected for state in known])
        return cls(np.concatenate([np.stack(grid) for grid in grids], axis=1), expected, steps, facts)

    @classmethod
    def joined(cls, parts: Sequence["EndToEnd"]) -> "EndToEnd":
        """Several, one after the other."""
        return cls(
            np.concatenate([part.grid for part in parts], axis=1),
            np.concatenate([part.expected for part in parts]),
            np.concatenate([part.steps for part in parts]),
            {name: np.concatenate([part.facts[name] for part in parts]) for name in parts[0].facts},
        )

    @property
    def begins(self) -> np.ndarray:
        """Where each run begins, shape `(runs,)`."""
        return np.cumsum(self.steps) - self.steps

    def some(self, places: np.ndarray) -> "EndToEnd":
        """Some of the runs, by their places."""
        steps = self.steps[places]
        index = np.arange(steps.sum()) + np.repeat(self.begins[places] - (np.cumsum(steps) - steps), steps)
        facts = {name: values[places] for name, values in self.facts.items()}
        return EndToEnd(self.grid[:, index], self.expected[index], steps, facts)

    def windows(
        self, places: np.ndarray, firsts: np.ndarray, size: int, longest: np.ndarray | None = None, step: float = STEP
    ) -> Windows:
        """Windows of some runs; those steps of a window that are not of its run are padding.

        Args:
            places: of the run of each window, shape `(windows,)`.
            firsts: first step of each, shape `(windows,)`.
            size: steps of a window.
            longest: steps of each after which all is padding, shape `(windows,)`; `size` if not given.
            step: s, length of a step.
        """
        used = np.minimum(self.steps[places] - firsts, size if longest is None else longest)[:, None]
        ahead = np.arange(size)
        valid = ahead < used
        index = (self.begins[places] + firsts)[:, None] + np.minimum(ahead, used - 1)
        speed, altitude, heart_rate = (values[index] for values in self.grid)
        return Windows(
            time=(step * (firsts[:, None] + ahead)).astype(np.float32),
            speed=np.where(valid, speed, np.float32(0)),
            altitude=altitude,
            valid=valid.astype(np.float32),
            heart_rate=np.where(valid, heart_rate, np.float32(np.nan)),
            expected=self.expected[index],
            first_step=firsts,
            run_steps=self.steps[places],
            **{name: values[places] for name, values in self.facts.items()},
        )


def window_starts(steps: int, window: int = WINDOW, overlap: int = OVERLAP) -> np.ndarray:
    """First steps of the windows that cover a run.

    A run of at most `window` steps is one window. A longer one is covered by full windows, evenly spread,
    each sharing at least `overlap` steps with the one before, so that a model has some context.
    """
    if steps <= window:
        return np.zeros(1, np.int64)
    count = -(-(steps - overlap) // (window - overlap))
    return np.linspace(0, steps - window, count).astype(np.int64)


def window(whole: Grid, first: int, step: float, size: int = WINDOW) -> dict[str, np.ndarray]:
    """One window of a run as the arrays that a model takes and is scored by.

    Args:
        whole: the run.
        first: step at which the window begins.
        step: s, length of a step.
        size: steps of the window; those after the end of the run are padding.

    Returns:
        time, speed, altitude, heart_rate (float32), measured and valid (bool), each of shape `(size,)`.
    """
    part = Grid(*(values[first : first + size] for values in whole))
    steps = len(part.speed)
    pad = (0, size - steps)
    measured = np.isfinite(part.heart_rate)
    return {
        "time": (step * (first + np.arange(size))).astype(np.float32),
        "speed": np.pad(part.speed, pad),
        "altitude": np.pad(part.altitude, pad, mode="edge"),
        "heart_rate": np.pad(np.where(measured, part.heart_rate, np.float32(0)), pad),
        "measured": np.pad(measured, pad),
        "valid": np.arange(size) < steps,
    }


def windows(whole: Grid, step: float, size: int = WINDOW, firsts: Iterable[int] | None = None) -> Iterator[dict[str, Any]]:
    """The windows of a run: for each the arrays of `window`, its `first_step` and the run's `run_steps`.

    They begin at `firsts`, or at `window_starts` if not given.
    """
    for first in window_starts(len(whole.speed), size) if firsts is None else firsts:
        yield {**window(whole, first, step, size), "first_step": first, "run_steps": len(whole.speed)}


def stitch(windows: np.ndarray, starts: np.ndarray, steps: int) -> np.ndarray:
    """Puts values of windows back together: each step takes the value of the earliest window that covers it.

    Args:
        windows: shape `(windows, window)`.
        starts: shape `(windows,)`, increasing, as from `window_starts`.
        steps: length of the run.

    Returns:
        Shape `(steps,)`.
    """
    whole = np.empty(steps, windows.dtype)
    for start, values in zip(starts[::-1], windows[::-1], strict=True):
        part = whole[start : start + len(values)]
        part[:] = values[: len(part)]
    return whole
