"""Windows in batches for training, with histories hidden and thinned at random."""

import keras
import numpy as np

from hrkeras.windows import Windows
from hrkeras.workouts import history

LENGTH_STEP = 100  # windows of a batch are of one length, a multiple of this


class Batches(keras.utils.PyDataset):
    """Batches of windows of about one length, in an order that depends on the seed and the epoch alone.

    Args:
        windows: the windows.
        batch_size: windows a batch.
        seed: of all that chance decides; None keeps order and history as they are.
        hidden: share of windows whose history is hidden.
        thinned: share of windows whose history is that of a random half of the person's runs.
        epoch: to begin with.
    """

    def __init__(self, windows: Windows, batch_size: int, *, seed: int | None = None, hidden=0.0, thinned=0.0, epoch: int = 0):
        super().__init__()
        self._windows, self._batch_size, self._seed = windows, batch_size, seed
        self._hidden, self._thinned, self._epoch = hidden, thinned, epoch
        self._runs = list(windows.runs()) if thinned else []
        self._summaries = np.array([history.summarise(run.grid) for run in self._runs])
        longest = windows.valid.shape[1]
        lengths = np.minimum(-(-windows.valid.sum(axis=1).astype(int) // LENGTH_STEP) * LENGTH_STEP, longest)
        self._groups = [(length, np.flatnonzero(lengths == length)) for length in np.unique(lengths)]
        self._shuffle()

    def _shuffle(self):
        random = None if self._seed is None else np.random.default_rng((self._seed, self._epoch))
        self._batches = []
        for length, rows in self._groups:
            rows = rows if random is None else random.permutation(rows)
            self._batches += [(length, rows[begin : begin + self._batch_size]) for begin in range(0, len(rows), self._batch_size)]
        if random is not None:
            self._batches = [self._batches[index] for index in random.permutation(len(self._batches))]
        # Keras learns from the first two batches which sizes vary: show it the two most different
        by_shape = sorted(range(len(self._batches)), key=lambda i: (self._batches[i][0], len(self._batches[i][1])))
        for place, index in enumerate({by_shape[0], by_shape[-1]}):
            self._batches[place], self._batches[index] = self._batches[index], self._batches[place]
        self._history = self._windows.history
        if random is not None:
            chance = random.random(len(self._windows))
            if self._thinned:
                self._history = np.where((chance < self._thinned)[:, None], self._thin(random), self._history)
            self._history = hide(self._history, chance > 1 - self._hidden)

    def _thin(self, random) -> np.ndarray:
        """The history that each window would have if only a random half of the person's runs were known."""
        half = random.integers(0, 2, len(self._runs))
        users = np.array([run.user for run in self._runs])
        found = history.table(2 * users + half, np.array([run.start for run in self._runs]), self._summaries)
        thinned = np.empty_like(self._windows.history)
        for run, row in zip(self._runs, found, strict=True):
            thinned[run.rows] = row
        return thinned

    def __len__(self):
        return len(self._batches)

    def __getitem__(self, index):
        length, rows = self._batches[index]
        part = self._windows[rows]
        return part.inputs(length) | {"history": self._history[rows]}, part.heart_rate[:, :length]

    def on_epoch_end(self):
        self._epoch += 1
        if self._seed is not None:
            self._shuffle()


def hide(known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """History with some rows as before a first run: nothing known, no runs so far."""
    known = known.copy()
    known[rows] = np.nan
    known[rows, -1] = 0.0
    return known
