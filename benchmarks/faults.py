"""Faults of the heart rate sensor, found in simulated runs where the truth is known.

    python benchmarks/faults.py
    python benchmarks/faults.py --alone

Locks on the cadence are looked for a second time in the same runs without the cadence that the watch recorded.
The thresholds of `hrkeras.workouts.sensor.detection` were chosen on seeds 100 to 102; report other seeds. A run with several
faults is left out, since they hide one another. A fault counts if it lasts 15 s or more (but for spikes) and the heart rate is
off by 10 beats/min or more on average (but for flat lines).
"""

import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, NamedTuple

import numpy as np
import typer

LARGE, SHORTEST = 10.0, 15.0  # beats/min, s
BY_SIZE = (10, 15, 20, 30, 100)  # beats/min, classes of the locks
LOCK = "cadence lock"
UNCOUNTED = f"{LOCK}, cadence not recorded"
ONCE = ("flat line", "slow start", LOCK)  # kinds that a run has once, from the first wrong heart rate to the last


class Truth(NamedTuple):
    """A fault as it was simulated: s since the start of the run, and beats/min off on average."""

    begin: float
    end: float
    size: float


def main(
    athletes: int = 100,
    runs: Annotated[int, typer.Option(help="Of each athlete.")] = 40,
    seed: int = 200,
    alone: Annotated[bool, typer.Option("--alone", help="Without what the athletes' states expect.")] = False,
) -> None:
    from hrkeras.cli.shared import progress
    from hrkeras.datasets.inspection.sensor_faults import SensorFaults
    from hrkeras.workouts import prepare, quality
    from hrkeras.workouts.sensor.sensor_fault import KINDS
    from hrkeras.workouts.simulation import synthetic

    events, found, flags, right = (Counter[str]() for _ in range(4))
    shared, joint, false, sizes = Counter[str](), Counter[str](), Counter[str](), []
    followed, uncounted, clean, several, seconds = SensorFaults(), SensorFaults(), 0, 0, 0.0
    with progress(athletes * runs, "Simulating", "run") as bar:
        for track in synthetic.simulate(athletes, runs, seed, flawed=0):
            workout = synthetic.recorded(track)
            outcome = prepare.examine(workout, quality.Limits())
            began = time.perf_counter()
            grid = None if alone or isinstance(outcome, str) else outcome.grid
            told = _flags(followed, workout, grid)
            seconds += time.perf_counter() - began
            told += [
                fault._replace(kind=UNCOUNTED)
                for fault in _flags(uncounted, replace(workout, cadence=None), grid)
                if fault.kind == LOCK
            ]
            bar.update()
            if len(track.faults) > 1:
                several += 1
                continue
            clean += not track.faults
            kind = track.faults[0] if track.faults else ""
            everywhere = wrong(track, kind)
            real = [each for each in everywhere if counts(each, kind)]
            for fault in told:
                flags[fault.kind] += 1
                hit = fault.kind in _names(kind) and any(overlap(fault, each) >= 0 for each in everywhere)
                right[fault.kind] += hit
                false[fault.kind] += not kind
            for name in _names(kind):
                mine = [fault for fault in told if fault.kind == name]
                for true in real:
                    is_found = any(overlap(fault, true) >= 0 for fault in mine)
                    events[name] += 1
                    found[name] += is_found
                    sizes.append((name, true.size, is_found))
                both = sum(max(overlap(fault, true), 0.0) for fault in mine for true in real)
                shared[name] += both
                joint[name] += sum(each.end - each.begin for each in (*mine, *real)) - both
    total = athletes * runs
    print(f"{total:,} runs, seed {seed}: {clean:,} without a fault, {several:,} with several left out")
    print(f"{1000 * seconds / total:.1f} ms a run")
    print(
        "| kind | faults | found | flags | right | shared time | false alarms in 100 clean runs |\n|---|---|---|---|---|---|---|"
    )
    for kind in (*KINDS, UNCOUNTED):
        recall, precision = found[kind] / max(events[kind], 1), right[kind] / max(flags[kind], 1)
        times, alarms = shared[kind] / max(joint[kind], 1e-9), 100 * false[kind] / clean
        print(f"| {kind} | {events[kind]} | {recall:.2f} | {flags[kind]} | {precision:.2f} | {times:.2f} | {alarms:.2f} |")
    for name in (LOCK, UNCOUNTED):
        for low, high in pairwise(BY_SIZE):
            among = [is_found for kind, size, is_found in sizes if kind == name and low <= size < high]
            print(f"{name}, off by {low} to {high} beats/min: {sum(among)} of {len(among)} found")


def _flags(followed, workout, grid) -> list:
    before = len(followed.flags)
    followed.add(workout, grid)
    return [fault for flag in followed.flags[before:] for fault in flag.faults]


def _names(kind: str) -> tuple[str, ...]:
    """The rows that a fault of a kind counts in."""
    return (LOCK, UNCOUNTED) if kind == LOCK else (kind,)


def wrong(track, kind: str) -> list[Truth]:
    """Where the heart rate of a run with one fault is not the true one."""
    if not kind:
        return []
    at, off = track.clock - track.clock[0], np.abs(track.heart_rate - track.truth)
    edges = np.flatnonzero(np.diff(off > 1, prepend=False, append=False)).reshape(-1, 2)
    if kind in ONCE and len(edges):
        edges = np.array([[edges[0, 0], edges[-1, 1]]])
    return [Truth(at[a], at[min(b, len(at) - 1)], float(off[a:b].mean())) for a, b in edges]


def counts(fault: Truth, kind: str) -> bool:
    """Whether a simulated fault is one that should be found."""
    return (kind == "flat line" or fault.size >= LARGE) and (kind == "spikes" or fault.end - fault.begin >= SHORTEST)


def overlap(one, other) -> float:
    """Seconds that two stretches share; below 0 if there is time between them."""
    return min(one.end, other.end) - max(one.begin, other.begin)


if __name__ == "__main__":
    typer.run(main)
