"""Forecasts from the past alone: runs cut at forecast origins, after which speed and altitude are assumed too.

The origins are those of Pang and Min, "Leakage-Controlled Exercise Heart-Rate Forecasting", 2026,
https://doi.org/10.5281/zenodo.21649896: every five minutes, where heart rate was recorded before and after.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hrkeras.athlete.following import follow
from hrkeras.athlete.kalman import Known
from hrkeras.athlete.population import Population
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import Run, Windows, of_runs
from hrkeras.evaluation.protocols import TAIL
from hrkeras.workouts import splits
from hrkeras.workouts.effort import GRADE_SECONDS
from hrkeras.workouts.grid import STEP, Grid

EVERY = 30  # steps between two origins, and before the first
# how the past is assumed to go on, chosen on validation runs, see docs/reference/protocols.md
RECENT = 30  # steps, whose mean speed is held
CLIMB = round(GRADE_SECONDS / STEP)  # steps, whose mean vertical speed fades
FADE = 18.0  # steps, after which a third of it is left


def assumed(grid: Grid, origin: int) -> Grid:
    """A run until the furthest forecast of an origin, with speed and altitude after the origin guessed from those before.

    Args:
        grid: the whole run.
        origin: its first step that is not known yet.

    Returns:
        `origin + TAIL` steps. Speed is held at its recent mean, and the recent vertical speed fades. Heart rate is the
        measured one, to be hidden from the model and to score by.
    """
    steps = np.arange(1, TAIL + 1)
    before, speed = grid.altitude[: origin + 1][max(origin - 1 - CLIMB, 0)], grid.speed[max(origin - RECENT, 0) : origin].mean()
    climb = (grid.altitude[origin - 1] - before) / CLIMB
    altitude = grid.altitude[origin - 1] + climb * np.exp(-steps / FADE).cumsum()
    return Grid(
        np.concatenate([grid.speed[:origin], np.full(len(steps), speed, np.float32)]),
        np.concatenate([grid.altitude[:origin], altitude.astype(np.float32)]),
        grid.heart_rate[: origin + len(steps)],
    )


def cut(
    runs: Runs, known: Sequence[Known], population: Population, split: str, every: int = EVERY
) -> tuple[list[Windows], np.ndarray]:
    """The runs of a split, each cut at its origins.

    Args:
        runs: all splits.
        known: what is known before each whole run; only shrinkage and interval are used.
        population: where the athletes' states start.
        split: whose runs are cut.
        every: steps between two origins.

    Returns:
        Windows of the cut runs, one object a person, numbered from 0 on; and of each cut run the row of its whole run.
    """
    persons, parts, parents = splits.person_numbers(runs.users, runs.starts), [], np.empty(0, np.int64)
    for user in np.unique(runs.users[runs.split == split]):
        mine = np.flatnonzero(runs.users == user)
        places = [
            (row, origin)
            for row in mine[runs.split[mine] == split]
            for origin in range(EVERY, len(runs.grids[row].speed) - TAIL + 1, every)
        ]
        if not places:
            continue
        rows = np.array([row for row, _ in places])
        grids = [assumed(runs.grids[row], origin) for row, origin in places]
        states: list[Known] = [None] * len(rows)  # type: ignore[list-item]
        everything = np.concatenate([mine, rows])
        learnt = np.arange(len(everything)) < len(mine)
        whole = [runs.grids[int(row)] for row in mine]
        for place, state in follow(runs.starts[everything], [*whole, *grids], population, learnt):
            if not learnt[place]:
                row = everything[place]
                kept = known[row].shrinkage, known[row].interval
                states[place - len(mine)] = replace(state, shrinkage=kept[0], interval=kept[1])
        numbers = len(parents) + np.arange(len(rows))
        users = np.full(len(rows), user)
        longest = max(len(grid.speed) for grid in grids)  # one window each
        parts.append(of_runs(grids, states, runs.starts[rows], users=users, persons=persons[rows], numbers=numbers, size=longest))
        parents = np.concatenate([parents, rows])
    return parts, parents


def whole(values: list[np.ndarray], counted: list[np.ndarray], parents: np.ndarray, runs: list[Run]) -> list[np.ndarray]:
    """Values of cut runs, at the steps that count, put into their whole runs; NaN elsewhere.

    Args:
        values: of each cut run, shape `(its steps,)`.
        counted: likewise, booleans.
        parents: of each cut run the number of its whole run.
        runs: the whole runs.
    """
    found = {run.number: np.full(len(run.grid.speed), np.nan) for run in runs}
    for each, steps, parent in zip(values, counted, parents, strict=True):
        found[int(parent)][: len(each)][steps] = each[steps]
    return list(found.values())
