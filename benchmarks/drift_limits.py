"""The two numbers that the limits of the drift within a run rest on: how residuals hang together, and how wrong the state is.

    python benchmarks/drift_limits.py
    python benchmarks/drift_limits.py --source endomondoHR.json.gz --most 150

Memory: if the residuals' autocorrelation is right, the curvature that chance makes of them (their share of a parabola, and of a
cubic) lies within its limits four times in five. State: of simulated athletes the true heart rate on an average day is known, and
with it by how much the slope that the state explains is wrong, over the state's standard deviation of it.
"""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

MEMORIES = (1.5, 2.5, 4.0, 6.0, 10.0)  # min
LEAST = 5  # earlier runs


def main(
    source: Annotated[Path | None, typer.Option(exists=True, help="Real runs; simulated ones if not given.")] = None,
    athletes: int = 20,
    runs: int = 80,
    most: Annotated[int, typer.Option(help="Workouts of each person.")] = 150,
    seed: int = 77,
) -> None:
    from hrkeras.athlete import drift
    from hrkeras.personal import timeline
    from hrkeras.workouts.readers import detect
    from hrkeras.workouts.simulation import synthetic

    truths, people = {}, defaultdict(list)
    if source is None:
        for track in synthetic.simulate(athletes, runs, seed):
            truths[track.user, track.clock[0]] = track
            people[track.user].append(synthetic.recorded(track))
    else:
        for workout in detect.read(source):
            if len(people[workout.user]) < most:
                people[workout.user].append(workout)
    inside, ratios = defaultdict(list), []
    for user, workouts in people.items():
        written = timeline.write(workouts)
        report = written.report
        for run, known, view in list(zip(report.added, report.before, written.before, strict=True))[LEAST:]:
            used = drift.used(run.grid)
            if not used.any():
                continue
            minute, place = np.unique(np.flatnonzero(used) // drift.PER_MINUTE, return_inverse=True)
            size = np.bincount(place)
            residual = np.bincount(place, (run.grid.heart_rate - known.expected[:, 0])[used]) / size
            for memory in MEMORIES:
                inside[memory].append(_curved_by_chance(minute, residual, memory))
            if track := truths.get((user, run.start)):
                ratios.append(_wrong(track, run, known, view, used, minute[place], size[place]))
    print(f"{len(inside[MEMORIES[0]])} runs of {len(people)} people")
    for memory, rows in inside.items():
        parabola, cubic = 100 * np.mean(rows, axis=0)
        print(f"memory {memory} min: {parabola:.0f} % of parabolas and {cubic:.0f} % of cubics within the limits of four in five")
    if ratios:
        print(f"error of the explained slope over the state's: {np.quantile(np.abs(ratios), 0.8) / drift.NORMAL:.2f}")


def _curved_by_chance(minute, residual, memory) -> tuple[bool, bool]:
    """Whether the shares of a parabola and of a cubic in a run's residuals lie within the limits of four in five."""
    from hrkeras.athlete import drift

    autocorrelation = np.exp(-np.abs(np.subtract.outer(minute, minute)) / memory)
    powers, _ = np.linalg.qr(np.vander((minute - minute.mean()) / np.ptp(minute), 4, increasing=True))
    remainder = np.eye(len(minute)) - powers[:, :2] @ powers[:, :2].T
    variance = np.sum((remainder @ residual) ** 2) / np.trace(remainder @ autocorrelation)
    limits = (drift.NORMAL * np.sqrt(variance * (power @ autocorrelation @ power)) for power in powers.T[2:])
    parabola, cubic = (abs(power @ residual) <= limit for power, limit in zip(powers.T[2:], limits, strict=True))
    return parabola, cubic


def _wrong(track, run, known, view, used, minute, size) -> float:
    """By how many of its standard deviations the slope that the state explains of a simulated run is wrong."""
    from hrkeras.workouts.effort import basis
    from hrkeras.workouts.grid import STEP

    truth = np.interp(STEP * (np.flatnonzero(used) + 0.5), track.clock - track.clock[0], track.expected)
    hours = (minute - minute.mean()) / 60 / size
    slope = hours / np.sum(hours * (minute - minute.mean()) / 60)
    contrast = slope @ view.population.features(run.start, basis(run.grid))[used]
    return slope @ (truth - known.expected[used, 0]) / np.sqrt(contrast @ view.covariance @ contrast)


if __name__ == "__main__":
    typer.run(main)
