"""The runs of a built dataset, from its windows to a temporary file, so that memory does not grow with them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from hrkeras.datasets.builders import find
from hrkeras.datasets.windows import WINDOW
from hrkeras.utils.errors import InputError
from hrkeras.utils.sequences import Selected
from hrkeras.workouts import duplicates
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.tables import StoredGrids, Tables


def runs(name: str, data_dir: Path | None) -> tuple[np.ndarray, np.ndarray, Sequence[Grid]]:
    """Person, start and grid of each run of a built dataset, one recording of each.

    The windows are read twice: which there are, then their steps, which go into a temporary file, a person's runs beside each
    other.
    """
    builder = find(name, data_dir)
    scalars = ("user", "start", "run", "first_step", "run_steps")
    parts = list(_batches(name, builder, scalars))
    columns = {key: np.concatenate([part[key] for part in parts]) for key in scalars}
    order = np.lexsort((columns["first_step"], columns["run"]))
    begins = np.append(True, np.diff(columns["run"][order]) > 0)
    first = order[begins]  # window of each run
    users, starts, steps = columns["user"][first], columns["start"][first].astype(np.float64), columns["run_steps"][first]
    tables, numbers = Tables(), np.empty(len(first), np.int64)
    for number, row in enumerate(np.lexsort((starts, users))):
        numbers[row] = number
        tables.reserve(int(steps[row]))
    keys, row_of = _key(columns)[order], np.cumsum(begins) - 1
    before = np.append(0, columns["first_step"][order][:-1] + WINDOW)
    since = np.where(begins, 0, before)  # a window adds what the one before has not covered
    measured = np.zeros(len(first), np.int64)
    for part in _batches(name, builder, ("run", "first_step", "speed", "altitude", "heart_rate", "measured")):
        part["heart_rate"] = np.where(part["measured"], part["heart_rate"], np.float32(np.nan))
        for place, window in enumerate(np.searchsorted(keys, _key(part))):
            row, begin = row_of[window], part["first_step"][place]
            new = slice(since[window] - begin, steps[row] - begin)
            added = Grid(*(part[name][place, new] for name in Grid._fields))
            tables.write(int(numbers[row]), int(since[window]), added)
            measured[row] += np.isfinite(added.heart_rate).sum()
    kept = np.flatnonzero(duplicates.kept(users, starts, starts + STEP * steps, list(zip(measured, steps, strict=True))))
    return users[kept], starts[kept], Selected(StoredGrids(tables), numbers[kept])


def _key(columns: dict[str, np.ndarray]) -> np.ndarray:
    """A number for each window, in the order of runs and of their steps."""
    return (columns["run"] << 32) + columns["first_step"]


def _batches(name: str, builder, wanted: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    """The windows of a dataset in batches, with some of their features."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    for split in builder.info.splits:
        decoders = tfds.decode.PartialDecoding(dict.fromkeys(wanted, True))
        try:
            yield from builder.as_dataset(split=split, decoders=decoders).batch(256).as_numpy_iterator()
        except tf.errors.OpError as error:
            reason = str(error.message).splitlines()[0][:200]
            raise InputError(f"The dataset {name} at {builder.data_dir} is damaged ({reason}); build it again.") from None
