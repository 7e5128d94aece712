"""Runs of people who never were, quickly made: heart rate follows speed, at a level of the person's own."""

import numpy as np

from hrkeras.datasets.runs import Runs
from hrkeras.workouts import effort
from hrkeras.workouts.grid import Grid

DAY = 86_400.0


def made_up_run(random, level: float, steps: int) -> Grid:
    speed = np.clip(random.normal(2.8, 0.3) + random.normal(0, 0.1, steps).cumsum(), 0, 5)
    altitude = random.normal(0, 0.5, steps).cumsum()
    heart_rate = level + 15 * effort.exponential_averages(speed, (12,))[0] + random.normal(0, 2, steps)
    heart_rate[random.random(steps) < 0.1] = np.nan
    return Grid(*(np.float32(each) for each in (speed, altitude, heart_rate)))


def made_up(people=3, runs=10, steps=(60, 100), seed=0) -> Runs:
    """Runs of a few people every other day; of each the last is for test, the two before for validation."""
    random = np.random.default_rng(seed)
    users = np.repeat(np.arange(people), runs)
    levels = random.uniform(95, 125, people)
    grids = [made_up_run(random, levels[user], int(random.integers(*steps))) for user in users]
    split = np.tile(["train"] * (runs - 3) + ["validation"] * 2 + ["test"], people)
    starts = np.tile(1.5e9 + 2 * DAY * np.arange(runs), people) + 3600.0 * users
    order = np.argsort(starts)
    grids = [grids[run] for run in order]
    return Runs(users[order], starts[order], grids, split[order])
