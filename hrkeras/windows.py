"""Windows of runs in memory: what models are trained on, scored on and asked to predict."""

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from hrkeras.workouts import grid, history
from hrkeras.workouts.workout import InputError

DATASETS = ("endomondo", "apple_watch", "tracks", "synthetic")
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
        history: what is known of the person, shape `(windows, len(history.COLUMNS))`; NaN where unknown.
        user: number of the person, shape `(windows,)`.
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
    history: np.ndarray
    user: np.ndarray
    start: np.ndarray
    run: np.ndarray
    first_step: np.ndarray
    run_steps: np.ndarray

    def __len__(self) -> int:
        return len(self.run)

    def __getitem__(self, rows) -> "Windows":
        return Windows(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    def inputs(self, steps: int | None = None) -> dict[str, np.ndarray]:
        """What a model takes, cut after so many steps."""
        found = {name: getattr(self, name)[:, :steps] for name in STEP_FIELDS[:-1]}
        return found | {"run_seconds": self.run_seconds[:, None], "history": self.history}

    @property
    def run_seconds(self) -> np.ndarray:
        """How long each window's whole run is, s, shape `(windows,)`."""
        step = self.time[:, 1] - self.time[:, 0]
        return (self.run_steps * step).astype(np.float32)

    def runs(self) -> Iterator["Run"]:
        """The whole runs, windows put back together, in the order of their numbers."""
        order = np.lexsort((self.first_step, self.run))
        for rows in np.split(order, np.flatnonzero(np.diff(self.run[order])) + 1):
            yield self.whole(rows)

    def whole(self, rows: np.ndarray) -> "Run":
        """One run of its windows."""
        steps, starts = int(self.run_steps[rows[0]]), self.first_step[rows]
        columns = {name: grid.stitch(getattr(self, name)[rows], starts, steps) for name in grid.Grid._fields}
        first = rows[0]
        return Run(int(self.run[first]), int(self.user[first]), float(self.start[first]), grid.Grid(**columns), rows)


@dataclass
class Run:
    """A whole run: its number, its person, its start (s since 1970-01-01 UTC), its grid, and its windows' rows."""

    number: int
    user: int
    start: float
    grid: grid.Grid
    rows: np.ndarray


def of_runs(grids: list[grid.Grid], histories: np.ndarray, starts: np.ndarray, step: float = grid.STEP) -> Windows:
    """Windows of runs that come from no dataset.

    Args:
        grids: the runs.
        histories: shape `(runs, len(history.COLUMNS))`.
        starts: s since 1970-01-01 UTC, shape `(runs,)`.
        step: s, length of a step.
    """
    rows = [
        {
            **part,
            "history": histories[run],
            "user": 0,
            "start": starts[run],
            "run": run,
        }
        for run, whole in enumerate(grids)
        for part in grid.windows(whole, step)
    ]
    return _windows({name: np.stack([row[name] for row in rows]) for name in rows[0]})


def load(name: str, split: str, data_dir: Path | None = None) -> Windows:
    """Loads one split of a built dataset.

    Args:
        name: "endomondo", "apple_watch", "tracks" or "synthetic", with "/by_user" behind for that split;
            by_time otherwise.
        split: "train", "validation" or "test".
        data_dir: TFDS's folder of datasets; where TFDS looks by itself if not given.

    Raises:
        InputError: if there is no such dataset, it is damaged, or it was built with other history columns.
    """
    import tensorflow as tf

    builder = find(name, data_dir)
    if builder.info.metadata["history"] != list(history.COLUMNS):
        raise InputError(f"The dataset {name} was built by another version of hrkeras; build it again.")
    if not builder.info.splits[split].num_examples:
        raise InputError(f"The dataset {name} has no runs in its {split} split; build it from more runs.")
    try:
        batches = list(builder.as_dataset(split=split).batch(1024).as_numpy_iterator())
    except tf.errors.OpError as error:
        reason = str(error.message).splitlines()[0][:200]
        raise InputError(f"The dataset {name} at {builder.data_dir} is damaged ({reason}); build it again.") from None
    return _windows({key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]})


def find(name: str, data_dir: Path | None = None):
    """The TFDS builder of a dataset that is there.

    Raises:
        InputError: if the name is unknown or the dataset was not built.
    """
    import tensorflow_datasets as tfds

    kind, _, config = name.partition("/")
    if kind not in DATASETS or config not in ("", "by_time", "by_user"):
        raise InputError(
            f"Dataset {name!r}: expected one of {', '.join(DATASETS)}, with /by_time or /by_user behind if you like."
        )
    importlib.import_module(f"hrkeras.datasets.{kind}")
    builder = tfds.builder(f"{kind}/{config or 'by_time'}", data_dir=data_dir and os.fspath(data_dir))
    if not builder.is_prepared():
        raise InputError(
            f"The dataset {builder.info.full_name} is not at {Path(builder.data_dir)}; build it with `hrkeras build "
            f"{kind} SOURCE` or say with --data-dir where it is."
        )
    return builder


def _windows(columns: dict[str, np.ndarray]) -> Windows:
    measured = columns.pop("measured")
    columns["heart_rate"] = np.where(measured, columns["heart_rate"], np.float32(np.nan))
    columns["valid"] = columns["valid"].astype(np.float32)
    return Windows(**columns)
