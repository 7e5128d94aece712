"""Windows in batches for training: history dropout, and what is known of each run decided at random."""

import keras
import numpy as np

from hrkeras.athlete.population import Population
from hrkeras.datasets import augmentation
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import Windows
from hrkeras.models.frame import CONDITIONED, UNCONDITIONED
from hrkeras.workouts import splits
from hrkeras.workouts.grid import STEP

LENGTH_STEP = 100  # windows of a batch are of one length, a multiple of this
# share of windows whose heart rate is not known; known up to a while ago; at the beginning; but for gaps
SHARES = {"nothing": 0.3, "forecast": 0.35, "beginning": 0.2, "imputation": 0.15}
LIVE = 0.15  # share of windows of which the past alone is known, not the course of the whole run
LONGEST_DELAY = 90  # steps
# share of a person's runs that each of two others gets, that is cut to pieces, and that is a first run each
DEALT = (0.35, 0.35, 0.2, 0.1)
FEWEST, MOST = 1, 64  # runs of a piece
# beats/min, standard deviation of a random shift of a window's heart rate, where some of it is known: on training runs a model
# is less wrong about the level than on new ones, and would not learn to follow the known heart rate
MOVED = 4.0


class Batches(keras.utils.PyDataset):
    """Batches of windows of about one length, in an order that depends on the seed and the epoch alone.

    Args:
        windows: the windows.
        batch_size: windows a batch.
        seed: random seed; with None the order is kept, and of each run only the course is known.
        runs: the runs of the windows; needed to thin and to augment.
        population: where the athletes' states start; needed to thin and to augment.
        history_dropout: share of windows that know a random part of the person's earlier runs only.
        weights: how often each window comes in an epoch, on average, shape `(windows,)`; once if not given.
        augment: strength of `augmentation`.
        epoch: to begin with.
    """

    def __init__(
        self,
        windows: Windows,
        batch_size: int,
        *,
        seed: int | None = None,
        runs: Runs | None = None,
        population: Population | None = None,
        history_dropout: float = 0.0,
        weights: np.ndarray | None = None,
        augment: float = 0.0,
        epoch: int = 0,
    ):
        super().__init__()
        self._windows, self._batch_size, self._seed = windows, batch_size, seed
        self._weights, self._augment = weights, augment
        self._runs, self._population, self._history_dropout, self._epoch = runs, population, history_dropout, epoch
        longest = windows.valid.shape[1]
        self._lengths = np.minimum(-(-windows.valid.sum(axis=1).astype(int) // LENGTH_STEP) * LENGTH_STEP, longest)
        self._groups = [(length, np.flatnonzero(self._lengths == length)) for length in np.unique(self._lengths)]
        self._shuffle()

    def _shuffle(self):
        random = None if self._seed is None else np.random.default_rng((self._seed, self._epoch))
        self._batches = []
        for length, rows in self._groups:
            if random is not None:
                rows = random.permutation(rows) if self._weights is None else rows[drawn(self._weights[rows], random)]
            self._batches += [(length, rows[begin : begin + self._batch_size]) for begin in range(0, len(rows), self._batch_size)]
        if random is not None:
            self._batches = [self._batches[index] for index in random.permutation(len(self._batches))]
        # Keras learns from the first two batches which sizes vary: show it the two most different
        by_shape = sorted(range(len(self._batches)), key=lambda i: (self._batches[i][0], len(self._batches[i][1])))
        for place, index in enumerate(sorted({by_shape[0], by_shape[-1]})):
            self._batches[place], self._batches[index] = self._batches[index], self._batches[place]
        self._now, self._less_known = self._windows, None
        if random is None or not self._runs or not self._population:
            return
        runs, cut = self._runs, {}
        if self._augment:
            runs, cut = augmentation.perturbed(runs, self._augment, random), {"size": self._windows.valid.shape[1]}
            cut["firsts"] = augmentation.slid(self._windows, self._lengths, runs, random)
            self._now = runs.windows(runs.known(self._population), "train", **cut)
        if self._history_dropout:
            people = split_people(runs.users, runs.starts, random)
            self._less_known = runs.windows(runs.known(self._population, people), "train", **cut)
            self._is_dropped = random.random(len(self._windows)) < self._history_dropout

    def __len__(self):
        return len(self._batches)

    def __getitem__(self, index):
        length, rows = self._batches[index]
        part = self._now[rows]
        if self._less_known is not None:
            for name in ("expected", "course_share", "history"):
                chosen = self._is_dropped[rows].reshape(-1, *[1] * (getattr(part, name).ndim - 1))
                setattr(part, name, np.where(chosen, getattr(self._less_known, name)[rows], getattr(part, name)))
        wanted = part.heart_rate[:, :length]
        if self._seed is None:
            return part.inputs(length), {UNCONDITIONED: wanted, CONDITIONED: wanted}
        random = np.random.default_rng((self._seed, self._epoch, index))
        moved = wanted + random.normal(0, MOVED, (len(part), 1)).astype(np.float32)
        known, delay, conditioned = mask_heart_rate(moved, random)
        course = random.random(len(part)) >= LIVE
        return part.inputs(length, heart_rate=known, delay=delay, course=course), {
            UNCONDITIONED: wanted,
            CONDITIONED: conditioned,
        }

    def on_epoch_end(self):
        self._epoch += 1
        if self._seed is not None:
            self._shuffle()


def drawn(weights: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws indices in random order, each as often as its weight says, rounded up or down at random.

    Args:
        weights: shape `(things,)`.
        random: random generator.

    Returns:
        Indices, possibly repeated; their number is the rounded sum of the weights, and at least one.
    """
    order = random.permutation(len(weights))
    ends = np.cumsum(weights[order])
    count = max(round(float(ends[-1])), 1)
    places = (random.random() + np.arange(count)) * (ends[-1] / count)
    return random.permutation(order[np.minimum(np.searchsorted(ends, places, side="right"), len(weights) - 1)])


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


def split_people(users: np.ndarray, starts: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Splits each person into several, so that a model copes with short histories and memorises nobody.

    Some runs of a person are dealt at random to two new people, some each become the first run of a new person, and the rest
    is cut into pieces of 1 to 64 consecutive runs, each of which is a new person.

    Args:
        users: the person of each run, shape `(runs,)`.
        starts: s, shape `(runs,)`.
        random: random generator.

    Returns:
        Numbers of the people made, shape `(runs,)`.
    """
    people = np.zeros(len(users), np.int64)
    number = 0
    for rows in splits.by_person(users, starts):
        dealt = random.choice(len(DEALT), len(rows), p=DEALT)
        first = dealt == 3
        people[rows] = number + dealt
        people[rows[first]] = number + 2 + np.arange(first.sum())
        number += 2 + int(first.sum())
        rest = rows[dealt == 2]
        while len(rest):
            size = int(np.exp(random.uniform(np.log(FEWEST), np.log(MOST + 1))))
            people[rest[:size]] = number
            rest, number = rest[size:], number + 1
    return people
