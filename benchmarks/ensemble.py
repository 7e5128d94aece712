"""Several models of one dataset side by side, and their mean: what a seed does, and what an ensemble gains.

    python benchmarks/ensemble.py a.keras b.keras c.keras --data endomondo

All are scored under the protocol `profile`, over all steps and over each run's first 500 (83 minutes) alone.
"""

from pathlib import Path

import numpy as np
import typer

from hrkeras.cli.shared import Backend, DataDir, start

FIRST = 500  # steps


def main(
    paths: list[Path], data: str = "endomondo", split: str = "test", data_dir: DataDir = None, backend: Backend = None
) -> None:
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.evaluation import predict
    from hrkeras.evaluation.scores import score
    from hrkeras.models import saving

    loaded = {path.stem: saving.load(path) for path in paths}
    runs = load(data, data_dir)
    populations = {name: saving.population(model) for name, model in loaded.items()}
    first = next(iter(populations.values()))
    if any(each != first for each in populations.values()):
        raise typer.BadParameter("the models start from different populations: train them on the same data")
    windows = runs.windows(runs.known(first), split, predict.WHOLE)
    those = list(windows.runs())
    found = {}
    for name, model in loaded.items():
        found[name] = predict.predict(model, runs.windows(predict.known(model, runs, first), split, predict.WHOLE))
    found["mean of all"] = [np.mean(each, axis=0) for each in zip(*found.values(), strict=True)]
    found["athlete's state alone"] = predict.by_run(windows.expected[:, :, 0], windows)
    for title, last in (("all steps", None), (f"first {FIRST} steps of each run", FIRST)):
        counted = [np.isfinite(run.grid.heart_rate) & (np.arange(len(run.grid.speed)) < (last or np.inf)) for run in those]
        print(f"\n{title}\n{'':24}  {'MAE':>6}  {'95 % interval':>14}  {'median run':>10}")
        for name, predicted in found.items():
            row = score(name, those, predicted, counted)
            interval = "{:.2f} - {:.2f}".format(*row.mae_interval)
            print(f"{name:24}  {row.mae:6.2f}  {interval:>14}  {row.median_run_mae:10.2f}")


if __name__ == "__main__":
    typer.run(main)
