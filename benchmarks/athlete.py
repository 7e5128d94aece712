"""Speed of the athlete's state: milliseconds a run, beside the textbook form of the same filter in the same run.

    python benchmarks/athlete.py [--data endomondo --data-dir DIR]

The peer does the same correction with the full covariance of a run's steps, one step's noise and the run's level in it. Without
a dataset 300 simulated runs are used.
"""

import time

import numpy as np
import typer

from hrkeras.cli.shared import DataDir, start

PEER_RUNS = 60


def main(data: str | None = None, data_dir: DataDir = None) -> None:
    from hrkeras.athlete import following, kalman, population
    from hrkeras.workouts import effort

    starts, grids = _loaded(data, data_dir) if data else _simulated()
    began = time.perf_counter()
    efforts = [effort.basis(grid) for grid in grids]
    basis = time.perf_counter() - began
    began = time.perf_counter()
    for _ in following.follow(starts, grids):
        pass
    ours = time.perf_counter() - began
    start_ = population.default()
    few = [place for place, grid in enumerate(grids) if np.isfinite(grid.heart_rate).sum() > 50][:PEER_RUNS]
    began = time.perf_counter()
    for place in few:
        for _ in kalman.PACES:
            _textbook(start_, start_.features(starts[place], efforts[place]), grids[place].heart_rate)
    peer = time.perf_counter() - began
    began = time.perf_counter()
    for place in few:
        kalman.AthleteState().update(starts[place], grids[place], efforts[place])
    same = time.perf_counter() - began
    steps = np.mean([len(grid.speed) for grid in grids])
    print(f"{len(grids)} runs of {steps:.0f} steps on average")
    print(f"basis of effort: {1000 * basis / len(grids):.2f} ms a run")
    print(f"predict and update: {1000 * (ours - basis) / len(grids):.2f} ms a run; all features {ours:.1f} s")
    each, theirs = 1000 * same / len(few), 1000 * peer / len(few)
    print(f"update alone: {each:.2f} ms; textbook peer {theirs:.2f} ms; ratio {theirs / each:.1f}")


def _textbook(start_, features, heart_rate):
    """One correction by a run with the full covariance of its steps."""
    measured = np.isfinite(heart_rate)
    rows = features[measured].astype(np.float64)
    weights, prior = np.array(start_.weights), np.diag(start_.standard_deviation(start_.prior))
    noise = start_.noise * np.eye(len(rows)) + start_.level
    gain = prior @ rows.T @ np.linalg.inv(rows @ prior @ rows.T + noise)
    return weights + gain @ (heart_rate[measured] - rows @ weights), prior - gain @ rows @ prior


def _simulated():
    from hrkeras.workouts import quality
    from hrkeras.workouts.prepare import PreparedRun, examine
    from hrkeras.workouts.simulation import synthetic

    found = [examine(workout, quality.Limits()) for workout in synthetic.read(athletes=1, runs=300)]
    kept = [each for each in found if isinstance(each, PreparedRun)]
    return np.array([each.start for each in kept]), [each.grid for each in kept]


def _loaded(data, data_dir):
    start()
    from hrkeras.datasets.runs import load

    runs = load(data, data_dir)
    return runs.starts, runs.grids


if __name__ == "__main__":
    typer.run(main)
