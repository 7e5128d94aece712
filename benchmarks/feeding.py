"""Memory and time of a training on many runs, and how many windows a core prepares beside how many it trains.

    python benchmarks/feeding.py --runs 5000 50000 270707 --backend jax

The runs are simulated: a few hundred of the simulator's, varied, so that a quarter of a million are made in a minute. A training
takes a fixed number of steps, after all that comes before: the population, what is known before each run, the statistics. With
`--plain` nothing is filtered, which takes most of that time; memory stays as it is, since the numbers are as many. Times are of
the processors, which other work on the machine disturbs less than the clock's; memory is that of all processes together.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

PEOPLE = 138 / 5000  # a run
TEMPLATES = {"athletes": 6, "runs": 20, "flawed": 0.0}
DAY = 86_400.0
STEPS, BATCH = 12, 32


class EnoughError(Exception):
    """The training has taken its steps."""


class Memory(threading.Thread):
    """Watches how much memory this process and its children use together, their shared pages once; `peak` in bytes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.now = 0, 0

    def run(self):
        while True:
            self.now = sum(_memory(process) for process in [os.getpid(), *_children(os.getpid())])
            self.peak = max(self.peak, self.now)
            time.sleep(0.2)


def _children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task")
    mine = [int(child) for task in path.glob("*/children") for child in task.read_text().split()]
    return mine + [other for child in mine for other in _children(child)]


def _memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def simulated(count: int, seed: int = 0):
    """So many runs of people, in a temporary file; of each person the latest fifth is for validation."""
    from hrkeras.datasets.runs import Runs
    from hrkeras.workouts import grid, splits
    from hrkeras.workouts.simulation import synthetic
    from hrkeras.workouts.tables import StoredGrids, Tables

    random = np.random.default_rng(seed)
    templates = [grid.resample(workout) for workout in synthetic.read(**TEMPLATES)]
    users = np.sort(random.integers(0, max(int(PEOPLE * count), 3), count))
    starts = 1.4e9 + DAY * (np.arange(count) % 2000) + 3600.0 * users
    levels, tables = random.normal(0, 12, users.max() + 1), Tables()
    for user in users:
        given = templates[random.integers(len(templates))]
        faster, size = random.normal(1, 0.05), len(given.speed)
        heart_rate = given.heart_rate + 40 * (faster - 1) + levels[user] + random.normal(0, 2, size)
        tables.append([given.speed * faster, given.altitude + random.normal(0, 0.3, size).cumsum(), heart_rate])
    split = np.array(splits.SPLITS)[np.minimum(splits.by_time(users, starts), 1)]
    return Runs(users, starts, StoredGrids(tables), split, source="simulated")


def plainly() -> None:
    """Lets the filters' work away."""
    from hrkeras.athlete import population_fit
    from hrkeras.athlete.history import COLUMNS
    from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED, Known
    from hrkeras.athlete.population import default
    from hrkeras.datasets import followed
    from hrkeras.training import feed

    def known(grid):
        facts = [np.ones(size, np.float32) for size in (len(COURSE_FACTS), 3, len(COLUMNS))]
        return Known(np.full((len(grid.speed), len(EXPECTED)), 140, np.float32), *facts)

    population_fit.fit = lambda *args, **kwargs: default()
    followed._follow = lambda population, task: [known(grid) for grid in task[2]]
    feed.deal = lambda hand: (None, {})


def alone(runs) -> dict[str, float]:
    """Windows that a core prepares in a second, with histories dealt anew, and that it trains."""
    import keras

    from hrkeras import models
    from hrkeras.datasets.followed import FollowedRuns
    from hrkeras.models.frame import trained_with_both
    from hrkeras.training import fit
    from hrkeras.training.batches import Batches

    begin = time.process_time()
    followed = FollowedRuns(runs, runs.population())
    found = {"CPU seconds before the first epoch": time.process_time() - begin}
    batches = Batches(followed, "train", BATCH, seed=0, history_dropout=0.4, epochs=1)
    begin = time.process_time()
    windows = sum(len(batches[index][0]["valid"]) for index in range(len(batches)))
    found["windows prepared a CPU second"] = windows / (time.process_time() - begin)
    batches.close()
    model = trained_with_both(models.lstm(units=64, num_layers=2))
    fit._compile(model, fit.Settings(batch_size=BATCH), 100, None)
    batches = Batches(followed, "train", BATCH, seed=0)
    given = (batches[index] for index in range(len(batches)))
    ready = [each for each in given if each[0]["valid"].shape == (BATCH, 500)][:6]
    batches.close()
    model.train_on_batch(*ready[0])
    begin = time.process_time()
    for given in ready[1:]:
        model.train_on_batch(*given)
    found["windows of 500 steps trained a CPU second"] = BATCH * len(ready[1:]) / (time.process_time() - begin)
    keras.backend.clear_session()
    return found


def trained(runs, processes: int) -> dict[str, float]:
    """What a training of `STEPS` steps takes."""
    import keras

    from hrkeras import models
    from hrkeras.training import batches, fit

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 0:
                self.begin, self.waited = time.perf_counter(), feeds[0].waited
            if batch == STEPS:
                found["seconds of the steps"] = time.perf_counter() - self.begin
                found["of which waited for data"] = feeds[0].waited - self.waited
                raise EnoughError

    found, feeds, kept = {}, [], batches.Batches.__init__
    batches.Batches.__init__ = lambda self, *args, **how: (feeds.append(self), kept(self, *args, **how))[1]
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            build = lambda statistics: models.lstm(units=64, num_layers=2, statistics=statistics)  # noqa: E731
            settings = fit.Settings(batch_size=BATCH, epochs=2)
            fit.train(build, runs, Path(folder) / "training", settings, callbacks=[Stop()], processes=processes)
        except EnoughError:
            pass
    return found | {"seconds in all": time.perf_counter() - begin}


def measure(count: int, processes: int, plain: bool) -> dict:
    memory = Memory()
    memory.start()
    runs = simulated(count)
    found = {"runs": count, "people": len(np.unique(runs.users)), "steps a run": float(runs.steps.mean())}
    if plain:
        plainly()
    else:
        found |= alone(runs)
    return found | trained(runs, processes) | {"peak memory, GB": memory.peak / 1e9}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[5000, 50_000, 270_707])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--backend", default="jax")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.runs[0], arguments.processes, arguments.plain)))
        return
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    flags = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "KERAS_BACKEND": arguments.backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    for count in arguments.runs:
        command = [sys.executable, __file__, "--child", "--runs", str(count), "--processes", str(arguments.processes)]
        command += ["--plain"] * arguments.plain
        child = subprocess.run(command, env=os.environ | one_thread | flags, stdout=subprocess.PIPE, text=True, check=True)
        for name, value in json.loads(child.stdout.splitlines()[-1]).items():
            print(f"{name}: {value:,.2f}" if isinstance(value, float) else f"{name}: {value:,}", flush=True)
        print()


if __name__ == "__main__":
    main()
