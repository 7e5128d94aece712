"""What a training is fed with: some people's runs at a time, and which windows of them come in which batch."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np

from hrkeras.athlete.kalman import Known
from hrkeras.datasets import augmentation
from hrkeras.datasets.followed import FollowedRuns
from hrkeras.datasets.windows import KNOWN_FACTS, WINDOW, EndToEnd, Windows, window_starts
from hrkeras.training.histories import Hand, deal
from hrkeras.utils.processes import cores, ordered_map
from hrkeras.workouts.grid import Grid

LENGTH_STEP = 100  # windows of a batch are of one length, a multiple of this
MANY = 20_000  # runs, from which on several processes prepare them
BLOCK = 8192  # runs whose windows are mixed, about; that are used, and the next


@dataclass
class Block:
    """Batches that follow each other in an epoch, and the runs that their windows are cut of.

    Attributes:
        epoch: the epoch.
        first: number of the first batch in the epoch.
        batches: of each its length in steps and the numbers of its windows.
        runs: the runs.
        of_window: by the number of a window its run.
        firsts: likewise its first step.
        lengths: likewise its steps, at most.
    """

    epoch: int
    first: int
    batches: list[tuple[int, np.ndarray]]
    runs: EndToEnd
    of_window: np.ndarray
    firsts: np.ndarray
    lengths: np.ndarray

    def __post_init__(self):
        self._places = np.zeros(self.of_window.max() + 1, np.int64)
        self._places[self.runs.facts["run"]] = np.arange(len(self.runs.steps))

    def windows(self, numbers: np.ndarray, length: int) -> Windows:
        """Some windows, of so many steps."""
        places = self._places[self.of_window[numbers]]
        return self.runs.windows(places, self.firsts[numbers], length, self.lengths[numbers])

    def some(self, numbers: np.ndarray) -> EndToEnd:
        """The runs of some windows."""
        return self.runs.some(self._places[np.unique(self.of_window[numbers])])


def usual_processes(runs: int) -> int:
    """How many processes prepare so many runs: one for few, whose work is done beside the steps, else all cores but one."""
    return 1 if runs < MANY else max(cores() - 1, 1)


class _Planned(NamedTuple):
    """What a block will be: its shards, its batches, and the windows of its runs that come in a later one."""

    shards: np.ndarray
    batches: list[tuple[int, np.ndarray]]
    later: np.ndarray


class Feed:
    """The windows of a split in blocks, epoch after epoch.

    In each epoch the shards come in a new order, those of a block are mixed, and what fills no batch is passed on to the next
    block. All that is random depends on the seed and the epoch alone.

    Args:
        runs: the runs and what was known before each.
        split: whose windows.
        batch_size: windows a batch.
        seed: random seed; with None the order is kept and nothing is dealt anew.
        history_dropout: share of windows that know a random part of the person's earlier runs only.
        weights: how often the windows of each run come in an epoch, on average, shape `(runs,)`; once if not given.
        augment: strength of `augmentation`.
        epochs: after which there are no more; without end if not given.
        processes: that deal anew; with one, the thread does that asks for blocks.
        block: runs of a block, about.
    """

    def __init__(
        self,
        runs: FollowedRuns,
        split: str,
        batch_size: int,
        *,
        seed: int | None = None,
        history_dropout: float = 0.0,
        weights: np.ndarray | None = None,
        augment: float = 0.0,
        epochs: int | None = None,
        processes: int = 1,
        block: int = BLOCK,
    ):
        self._runs, self._trained, self._batch_size, self._seed = runs, runs.runs.split == split, batch_size, seed
        self._history_dropout, self._augment, self._processes = history_dropout, augment, processes
        self._shards = [rows for rows in runs.shards if self._trained[rows].any()]
        self._home = np.zeros(len(runs.runs), np.int64)  # shard of each run
        for number, rows in enumerate(self._shards):
            self._home[rows] = number
        steps = runs.runs.steps
        rows, longest = np.flatnonzero(self._trained), min(WINDOW, int(steps[self._trained].max()))
        firsts = [window_starts(each, longest) for each in steps[rows]]
        self._run, self._firsts = np.repeat(rows, [len(each) for each in firsts]), np.concatenate(firsts)
        used = np.minimum(steps[self._run] - self._firsts, longest)
        self._lengths = np.minimum(-(-used // LENGTH_STEP) * LENGTH_STEP, longest)
        self._weights = None if weights is None else weights[self._run]
        self._block, self._epochs = block, epochs

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return sum(-(-len(rows) // self._batch_size) for _, rows in self._drawn(np.random.default_rng(0)))

    def parts(self) -> Iterator[Windows]:
        """All windows, a shard at a time."""
        for number, rows in enumerate(self._shards):
            runs = self._runs.end_to_end(rows[self._trained[rows]])
            mine = np.flatnonzero(self._home[self._run] == number)
            yield Block(0, 0, [], runs, self._run, self._firsts, self._lengths).windows(mine, int(self._lengths.max()))

    def blocks(self, epoch: int) -> Generator[Block, None, None]:
        """The blocks from the beginning of an epoch on, to the end of the last one."""
        with closing(self._dealt(epoch)) as dealt:
            for number in self._numbers(epoch):
                first, firsts, left = 0, self._firsts, list[EndToEnd]()
                for plan in self._plan(number):
                    runs, firsts = list(left), firsts.copy() if self._augment else firsts
                    for shard in plan.shards:
                        runs.append(self._shard(self._shards[shard], *next(dealt)))
                        if self._augment:
                            self._slide(firsts, shard, runs[-1], number)
                    block = Block(number, first, plan.batches, EndToEnd.joined(runs), self._run, firsts, self._lengths)
                    del runs
                    left = [block.some(plan.later)] if len(plan.later) else []
                    first += len(plan.batches)
                    if plan.batches:
                        yield block
                    del block

    def _numbers(self, epoch: int) -> Iterable[int]:
        return count(epoch) if self._epochs is None else range(epoch, self._epochs)

    def _plan(self, epoch: int) -> list[_Planned]:
        """The blocks of an epoch."""
        random = None if self._seed is None else np.random.default_rng((self._seed, epoch))
        order = np.arange(len(self._shards)) if random is None else random.permutation(len(self._shards))
        ends = np.cumsum([self._trained[self._shards[shard]].sum() for shard in order])
        block_of = np.empty(len(order), np.int64)
        block_of[order] = np.unique(np.append(0, ends[:-1]) // self._block, return_inverse=True)[1]
        home = block_of[self._home[self._run]]
        batches: list[list] = [[] for _ in range(home.max() + 1)]
        later: list[list] = [[np.empty(0, np.int64)] for _ in batches]
        for length, rows in self._drawn(random):
            rows = rows[np.argsort(home[rows], kind="stable")]
            for begin in range(0, len(rows), self._batch_size):
                part = rows[begin : begin + self._batch_size]
                batches[home[part[-1]]].append((length, part))
                for block in range(home[part[0]], home[part[-1]]):
                    later[block].append(part[home[part] <= block])
        if random is not None:
            batches = [[mine[index] for index in random.permutation(len(mine))] for mine in batches]
        _show_different_sizes([mine for mine in batches if mine], np.unique(self._lengths))
        return [
            _Planned(order[block_of[order] == block], mine, np.concatenate(later[block])) for block, mine in enumerate(batches)
        ]

    def _drawn(self, random: np.random.Generator | None) -> Iterator[tuple[int, np.ndarray]]:
        """For each length, the numbers of the windows that come in an epoch, in the order they come in."""
        for length in np.unique(self._lengths):
            rows = np.flatnonzero(self._lengths == length)
            if random is not None:
                rows = random.permutation(rows) if self._weights is None else rows[drawn(self._weights[rows], random)]
            yield int(length), rows

    def _dealt(self, epoch: int) -> Generator[tuple[list[Grid] | None, dict[int, Known]], None, None]:
        """What `deal` gives for each shard in the order of the blocks, without end."""
        if self._seed is None or not (self._history_dropout or self._augment):
            return ((None, {}) for _ in count())
        return ordered_map(deal, self._hands(epoch), self._processes)

    def _hands(self, epoch: int) -> Iterator[Hand]:
        runs = self._runs.runs
        for number in self._numbers(epoch):
            for shard in (shard for plan in self._plan(number) for shard in plan.shards):
                rows = self._shards[shard]
                yield Hand(
                    self._runs.population,
                    runs.users[rows],
                    runs.starts[rows],
                    [runs.grids[row] for row in rows],
                    self._trained[rows],
                    self._history_dropout,
                    self._augment,
                    (self._seed or 0, number, int(shard), 1),
                )

    def _shard(self, rows: np.ndarray, grids: list[Grid] | None, known: dict[int, Known]) -> EndToEnd:
        rows = rows[self._trained[rows]]
        if grids is not None:
            return EndToEnd.of(grids, [known[place] for place in range(len(rows))], **self._runs.facts(rows))
        runs = self._runs.end_to_end(rows)
        begins = runs.begins
        for place, state in known.items():
            runs.expected[begins[place] : begins[place] + runs.steps[place]] = state.expected
            for name in KNOWN_FACTS:
                runs.facts[name][place] = getattr(state, name)
        return runs

    def _slide(self, firsts: np.ndarray, shard: int, runs: EndToEnd, epoch: int) -> None:
        """Shifts the first steps of a shard's windows."""
        random = np.random.default_rng((self._seed or 0, epoch, int(shard), 2))
        mine = np.flatnonzero(self._home[self._run] == shard)
        steps = dict(zip(runs.facts["run"].tolist(), runs.steps.tolist(), strict=True))
        for windows in np.split(mine, np.flatnonzero(np.diff(self._run[mine])) + 1):
            run = int(self._run[windows[0]])
            firsts[windows] = augmentation.slid(self._firsts[windows], self._lengths[windows], steps[run], random)


def _show_different_sizes(blocks: list[list[tuple[int, np.ndarray]]], lengths: np.ndarray) -> None:
    """Puts the two most different batches of the first block first: Keras learns from the first two which sizes vary."""
    batches = blocks[0]
    by_shape = sorted(range(len(batches)), key=lambda i: (batches[i][0], len(batches[i][1])))
    for place, index in enumerate(sorted({by_shape[0], by_shape[-1]})):
        batches[place], batches[index] = batches[index], batches[place]
    first = [length for block in blocks for length, _ in block[:2]][:2]
    if len(lengths) > 1 and len(set(first)) == 1:  # those of other lengths are in later blocks
        batches[0] = first[0] + LENGTH_STEP, batches[0][1]


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
