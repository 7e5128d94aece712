"""How fast an Endomondo file is read, from gzip to the grid: on one core and on two, beside a plain reader.

python benchmarks/endomondo.py [endomondoHR.json.gz]

Without a file it simulates one. The plain reader is what one would write first: gzip, ast.literal_eval and NumPy.
Readers take turns, and each is scored by its best turn, so that whatever else the machine does hits all alike.
"""

import argparse
import ast
import gzip
import itertools
import multiprocessing
import resource
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from hrkeras.workouts import prepare, quality
from hrkeras.workouts.readers import endomondo
from hrkeras.workouts.simulation import formats, synthetic

ATHLETES, RUNS = 8, 50  # simulated, and then repeated
REPEATS = 50
TURNS = 3
STEP = 10.0  # s
EARTH_RADIUS = 6_371_008.8  # m


def simulate(path: Path) -> None:
    """Writes a file of 20,000 workouts: a gzip file put behind itself is one as well."""
    once = path.with_name("once.gz")
    formats.write_endomondo(synthetic.simulate(ATHLETES, RUNS), once)
    path.write_bytes(once.read_bytes() * REPEATS)


def ours(path: Path, lines: int | None, processes: int = 1) -> int:
    """Reads, filters and grids; how many runs are left."""
    then = partial(prepare.examine, limits=quality.Limits())
    outcomes = endomondo.read(path, processes=processes, then=then)
    return sum(isinstance(outcome, prepare.PreparedRun) for outcome in itertools.islice(outcomes, lines))


def on_two(path: Path, lines: int | None) -> int:
    return ours(path, lines, processes=2)


def plain(path: Path, lines: int | None) -> int:
    """Reads and grids each run that has a heart rate; how many there were."""
    count = 0
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in itertools.islice(stream, lines):
            workout = ast.literal_eval(line)
            if workout["sport"] != "run" or not {"heart_rate", "latitude", "altitude"} <= workout.keys():
                continue
            clock = np.array(workout["timestamp"], float)
            latitude, longitude = np.radians(workout["latitude"]), np.radians(workout["longitude"])
            half = np.sin(np.diff(latitude) / 2) ** 2
            half += np.cos(latitude[:-1]) * np.cos(latitude[1:]) * np.sin(np.diff(longitude) / 2) ** 2
            distance = np.concatenate([[0.0], np.cumsum(2 * EARTH_RADIUS * np.arcsin(np.sqrt(half)))])
            grid = np.arange(clock[0], min(clock[-1], clock[0] + 6 * 3600), STEP)
            if len(grid) > 1:
                np.diff(np.interp(grid, clock, distance)) / STEP
                np.interp(grid, clock, workout["altitude"])
                np.interp(grid, clock, workout["heart_rate"])
                count += 1
    return count


def measure(reader, path: Path, lines: int | None, results) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    runs = reader(path, lines)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    cpu += sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    results.put((wall, cpu, peak, worker, runs))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path, nargs="?", help="endomondoHR.json.gz; simulated if not given")
    options.add_argument("--turns", type=int, default=TURNS)
    options.add_argument("--plain-lines", type=int, default=1000, help="lines that the plain reader is timed on")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file
        if path is None:  # in a process of its own: a process starts with its parent's peak memory
            path = Path(folder) / "endomondoHR.json.gz"
            simulation = multiprocessing.get_context("spawn").Process(target=simulate, args=(path,))
            simulation.start()
            simulation.join()
        sizes = [len(line) for line in gzip.open(path)]  # noqa: SIM115 (closed with the generator)
        shares = {ours: None, on_two: None, plain: min(arguments.plain_lines, len(sizes))}
        print(f"{len(sizes):,} lines, {sum(sizes) / 1e6:.0f} MB, {path.stat().st_size / 1e6:.0f} MB packed")
        best = compare(path, shares, arguments.turns)
    rates, work = {}, {}
    for reader, (wall, cpu, peak, worker, runs) in best.items():
        lines, size = len(sizes[: shares[reader]]), sum(sizes[: shares[reader]]) / 1e6
        rates[reader], work[reader] = lines / wall, lines / cpu
        memory = f"{peak:.0f} MB" + (f" and {worker:.0f} MB each worker" if worker else "")
        print(f"{reader.__name__:8}{rates[reader]:7,.0f} lines/s ({work[reader]:,.0f} per CPU second)", end=", ")
        print(f"{size / wall:.1f} MB/s, {runs:,} runs, peak memory {memory}")
    for one, other in ((ours, plain), (on_two, ours)):
        ratio, by_work = rates[one] / rates[other], work[one] / work[other]
        print(f"{one.__name__} / {other.__name__}: {ratio:.2f} by the clock, {by_work:.2f} by CPU time")


def compare(path: Path, shares: dict, turns: int) -> dict:
    """The fastest turn of each reader, every turn in a process of its own so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    best: dict = {}
    for reader in list(shares) * turns:
        results = context.Queue()
        process = context.Process(target=measure, args=(reader, path, shares[reader], results))
        process.start()
        found = results.get()
        process.join()
        best[reader] = min(found, best.get(reader, found))
    return best


if __name__ == "__main__":
    main()
