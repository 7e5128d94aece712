"""Which window of which run stands in which file of a dataset, and at which place."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tensorflow_datasets.core import hashing
from tensorflow_datasets.core.utils import shard_utils

from hrkeras.datasets import records, windows
from hrkeras.utils.processes import ordered_map
from hrkeras.workouts import splits
from hrkeras.workouts.prepare import Prepared

WINDOW_BYTES = 18 * windows.WINDOW + 219  # about what a window takes in a file
TOGETHER = 64  # windows that a process makes at once


class File(NamedTuple):
    """One of the `total` files of a split, the one with a `number` from 0 on."""

    split: str
    number: int
    total: int

    def path(self, folder: Path, dataset: str) -> Path:
        """Where TFDS looks for it, in its default format."""
        return folder / f"{dataset}-{self.split}.tfrecord-{self.number:05}-of-{self.total:05}"


class Shard(NamedTuple):
    """What stands in a file.

    Attributes:
        file: which one.
        runs: numbers of the runs that its windows are of, in the order of the file, shape `(windows,)`.
        first_steps: the step of the run that each begins at, shape `(windows,)`.
    """

    file: File
    runs: np.ndarray
    first_steps: np.ndarray


class Written(NamedTuple):
    """A file that was written, how many windows it has and their bytes."""

    file: File
    windows: int
    size: int


def plan(split: np.ndarray, steps: np.ndarray, config: shard_utils.ShardConfig, most: int | None = None) -> Iterator[Shard]:
    """The files of a dataset. As TFDS does, it shuffles the windows of a split by a hash, so equal runs give equal files.

    Args:
        split: index into `splits.SPLITS` of each run, shape `(runs,)`.
        steps: of each run, shape `(runs,)`.
        config: TFDS's rule for the number of files.
        most: how many windows of a split are written; all if not given.
    """
    for index, name in enumerate(splits.SPLITS):
        hasher = hashing.Hasher(name)
        chosen = np.flatnonzero(split == index)
        starts = [windows.window_starts(count) for count in steps[chosen].tolist()]
        runs, first_steps = np.repeat(chosen, [len(each) for each in starts])[:most], np.concatenate(starts)[:most]
        keys = (hasher.hash_key(f"{run}_{first}") for run, first in zip(runs.tolist(), first_steps.tolist(), strict=True))
        order = np.argsort(np.array([key.to_bytes(16) for key in keys], "S16"))
        count = config.get_number_shards(len(order) * WINDOW_BYTES, len(order))
        ends = shard_utils.get_shard_boundaries(len(order), count)
        for number, rows in enumerate(np.split(order, ends[:-1])):
            yield Shard(File(name, number, count), runs[rows], first_steps[rows])


def write(
    shards: list[Shard],
    prepared: Prepared,
    grids: Path,
    paths: Callable[[File], Path],
    processes: int = 1,
    on_windows: Callable[[int], object] = lambda count: None,
) -> list[Written]:
    """Writes the files of a dataset, in constant memory.

    Args:
        shards: from `plan`.
        prepared: the runs.
        grids: their temporary file.
        paths: where each file goes.
        processes: number of worker processes that make records; with 1 this process does.
        on_windows: called with the number of windows written since the last call.
    """
    made: Any = ordered_map(partial(records.of_windows, path=grids), _rows(shards, prepared), processes)
    written = []
    with closing(made):
        for shard in shards:
            with records.writing(paths(shard.file)) as writer:
                while writer.count < len(shard.runs):
                    together = next(made)
                    for record in together:
                        writer.write(*record)
                    on_windows(len(together))
            written.append(Written(shard.file, writer.count, writer.size))
    return written


def _rows(shards: list[Shard], prepared: Prepared) -> Iterator[np.ndarray]:
    """The first argument of `records.of_windows` for some windows after the other, none of two shards."""
    begins = np.array([prepared.begin(run) for run in range(len(prepared))])
    table = np.stack([begins, prepared.steps, begins, prepared.users, np.rint(prepared.starts), np.arange(len(begins))], 1)
    for shard in shards:
        rows = table[shard.runs].astype(np.int64)
        rows[:, 2] = shard.first_steps
        yield from np.split(rows, range(TOGETHER, len(rows), TOGETHER))
