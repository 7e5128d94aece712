"""Runs and what was known before each, in temporary files, so that memory does not grow with them."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from hrkeras.athlete.following import follow_all
from hrkeras.athlete.kalman import EXPECTED, Known
from hrkeras.athlete.population import Population
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import KNOWN_FACTS, EndToEnd
from hrkeras.utils.processes import ordered_map
from hrkeras.workouts import splits
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.tables import Tables

SHARD = 256  # runs that are read together, about; whole people


class FollowedRuns:
    """Runs and what was known before each, from the same person's finished runs.

    Args:
        runs: the runs.
        population: where the athletes' states start.
        directory: of the temporary file; the system's if not given.
        processes: that share the work.

    Attributes:
        shards: rows of the runs of some people each, together all.
    """

    def __init__(self, runs: Runs, population: Population, directory: Path | None = None, processes: int = 1):
        self.runs, self.population = runs, population
        self.shards = shards(runs.users, runs.starts)
        self._persons = splits.person_numbers(runs.users, runs.starts)
        self._expected, self._numbers = Tables(directory=directory, columns=len(EXPECTED)), np.empty(len(runs), np.int64)
        self._facts: dict[str, np.ndarray] = {}
        tasks = ((runs.users[rows], runs.starts[rows], [runs.grids[row] for row in rows]) for rows in self.shards)
        for rows, states in zip(self.shards, ordered_map(partial(_follow, population), tasks, processes), strict=True):
            for row, state in zip(rows, states, strict=True):
                self._numbers[row] = len(self._expected)
                self._expected.append(state.expected.T)
                for name in KNOWN_FACTS:
                    value = np.float32(getattr(state, name))
                    self._facts.setdefault(name, np.empty((len(runs), *value.shape), np.float32))[row] = value

    def end_to_end(self, rows: np.ndarray) -> EndToEnd:
        """Some of the runs, laid end to end."""
        tables = [self._expected.table(int(self._numbers[row])) for row in rows]
        return EndToEnd(
            np.concatenate([np.stack(self.runs.grids[row]) for row in rows], axis=1),
            np.ascontiguousarray(np.concatenate(tables, axis=1).T),
            np.array([table.shape[1] for table in tables]),
            self.facts(rows) | {name: values[rows] for name, values in self._facts.items()},
        )

    def facts(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Of some of the runs, what `EndToEnd` holds of them besides what was known before."""
        runs = self.runs
        return {"user": runs.users[rows], "person": self._persons[rows], "start": runs.starts[rows], "run": rows}

    def close(self) -> None:
        """Removes the temporary file."""
        self._expected.close()


def shards(users: np.ndarray, starts: np.ndarray) -> list[np.ndarray]:
    """Rows of the runs of some people each, about `SHARD`; together all."""
    people = splits.by_person(users, starts)
    ends = np.cumsum([len(rows) for rows in people])
    number = np.append(0, ends[:-1]) // SHARD
    return [np.concatenate([people[place] for place in np.flatnonzero(number == each)]) for each in np.unique(number)]


def _follow(population: Population, task: tuple[np.ndarray, np.ndarray, Sequence[Grid]]) -> list[Known]:
    states = dict(follow_all(*task, population))
    return [states[row] for row in range(len(states))]
