"""Windows in batches for training: what is known of each run decided at random."""

import time
from threading import Lock

import keras
import numpy as np

from hrkeras.datasets.followed import FollowedRuns
from hrkeras.datasets.windows import Windows
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED
from hrkeras.training.data_parallel import shared
from hrkeras.training.feed import Block, Feed
from hrkeras.utils.ahead import Ahead
from hrkeras.workouts.grid import STEP

# share of windows whose heart rate is not known; known up to a while ago; at the beginning; but for gaps
SHARES = {"nothing": 0.3, "forecast": 0.35, "beginning": 0.2, "imputation": 0.15}
LIVE = 0.15  # share of windows of which the past alone is known, not the course of the whole run
LONGEST_DELAY = 90  # steps
# beats/min, standard deviation of a random shift of a window's heart rate, where some of it is known: on training runs a model
# is less wrong about the level than on new ones, and would not learn to follow the known heart rate
MOVED = 4.0

Batch = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]


class Batches(keras.utils.PyDataset):
    """Batches of windows of about one length, epoch after epoch, in an order that depends on the seed and the epoch alone.

    A thread prepares the next windows, those of the next epoch too, while these are used; how many are prepared at a time does
    not grow with the runs. Keras' own workers do not: its processes are forked, which JAX and TensorFlow do not survive, and its
    threads would share one processor core.

    Args:
        runs: the runs and what was known before each.
        split: whose windows.
        batch_size: windows a batch.
        seed: random seed; with None the order is kept, and of each run only the course is known.
        epoch: see below.
        devices: that share each batch.
        **how: see `Feed`.

    Attributes:
        epoch: whose batches these are; to be set when another begins.
        waited: s that batches had to be waited for, in all.
    """

    def __init__(
        self,
        runs: FollowedRuns,
        split: str,
        batch_size: int,
        *,
        seed: int | None = None,
        epoch: int = 0,
        devices: int = 1,
        **how,
    ):
        super().__init__()
        self._devices = devices
        self._feed, self._seed, self.epoch = Feed(runs, split, batch_size, seed=seed, **how), seed, epoch
        self._blocks: Ahead[Block] | None = None
        self._block: Block | None = None
        self._lock, self.waited = Lock(), 0.0

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return len(self._feed)

    def __getitem__(self, index: int) -> Batch:
        """Inputs, and what is to be predicted; quick if the batches are asked for in their order."""
        with self._lock:
            block = self._block_of(index)
        length, rows = block.batches[index - block.first]
        return shared(*self._batch(block.windows(rows, length), block.epoch, index), self._devices)

    def _block_of(self, index: int) -> Block:
        epoch = self.epoch
        if self._block and self._seed is None:  # every epoch is the same: from the last block on to the first
            epoch = self._block.epoch + (index < self._block.first)
        elif self._block and (epoch, index) < (self._block.epoch, self._block.first):
            self.close()
        self._blocks = self._blocks or Ahead(self._feed.blocks(epoch))
        while not self._block or (epoch, index) >= (self._block.epoch, self._block.first + len(self._block.batches)):
            self._block = None  # its memory is free before there is another
            begin = time.perf_counter()
            self._block = next(self._blocks)
            self.waited += time.perf_counter() - begin
        return self._block

    def _batch(self, windows: Windows, epoch: int, index: int) -> Batch:
        wanted = windows.heart_rate
        if self._seed is None:
            return windows.inputs(), {UNCONDITIONED: wanted, CONDITIONED: wanted}
        random = np.random.default_rng((self._seed, epoch, index))
        moved = wanted + random.normal(0, MOVED, (len(windows), 1)).astype(np.float32)
        known, delay, conditioned = mask_heart_rate(moved, random)
        course = random.random(len(windows)) >= LIVE
        return windows.inputs(heart_rate=known, delay=delay, course=course), {UNCONDITIONED: wanted, CONDITIONED: conditioned}

    def close(self) -> None:
        """Ends the preparation of further batches."""
        if self._blocks:
            self._blocks.close()
        self._blocks = self._block = None


def mask_heart_rate(heart_rate: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decides at random what a model may know of each window's heart rate, in the shares of `SHARES`.

    Args:
        heart_rate: beats/min, shape `(windows, steps)`; NaN where it was not measured.
        random: random generator.

    Returns:
        The heart rate that is known, same shape, NaN where it is not; how much later a step knows it, s, shape
        `(windows,)`; and the heart rate to predict with its help, same shape, NaN where that is for nothing.
    """
    size, steps = heart_rate.shape
    case = random.choice(list(SHARES), size, p=list(SHARES.values()))
    later = np.exp(random.uniform(0, np.log(LONGEST_DELAY), size)).round()
    shown = np.zeros(heart_rate.shape, bool)
    shown[case == "forecast"] = True
    begun = np.exp(random.uniform(np.log(6), np.log(max(steps / 2, 7)), size))
    shown |= (case == "beginning")[:, None] & (np.arange(steps) < begun[:, None])
    for row in np.flatnonzero(case == "imputation"):
        shown[row] = True
        for _ in range(random.integers(1, 5)):
            gap = int(np.exp(random.uniform(np.log(3), np.log(60))))
            begin = random.integers(-gap // 2, steps)
            shown[row, max(begin, 0) : begin + gap] = False
    hidden = np.float32(np.nan)
    wanted = np.where(((case == "nothing")[:, None]) | (shown & (case != "forecast")[:, None]), hidden, heart_rate)
    delay = np.where(case == "forecast", later * STEP, 0.0).astype(np.float32)
    return np.where(shown, heart_rate, hidden), delay, wanted
