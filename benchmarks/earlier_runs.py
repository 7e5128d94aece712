"""Error against the number of earlier runs that are known of a person: a table, and a picture of it.

    python benchmarks/earlier_runs.py MODEL --data endomondo --without NO_HISTORY_MODEL --picture earlier_runs.png

Each run of the split is predicted anew with nothing known but the person's last 0, 1, 2, 5, ... runs before it.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from hrkeras.cli.shared import Backend, DataDir, progress, start

COUNTS = (0, 1, 2, 5, 10, 20, 60)


def main(
    model: Path,
    data: str = "endomondo",
    split: str = "test",
    without: Annotated[Path | None, typer.Option(help="A model trained with --no-history, to compare with.")] = None,
    picture: Path | None = None,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    start(backend)
    from hrkeras import evaluation, plots, saving, scores
    from hrkeras.windows import load, of_runs

    loaded = saving.load(model)
    population = saving.population(loaded)
    runs = load(data, data_dir)
    chosen = np.flatnonzero(runs.split == split)
    ends, rows = runs.ends, []
    for count in COUNTS:
        with progress(len(chosen), f"{count} earlier runs", "run") as bar:
            known = []
            for run in chosen:
                known.append(_known(runs, ends, run, count, population))
                bar.update()
        windows = of_runs(
            [runs.grids[run] for run in chosen], known, runs.starts[chosen], numbers=np.arange(len(chosen)), size=evaluation.WHOLE
        )
        those = list(windows.runs())
        alone = [each.expected[:, 0] for each in known]
        rows.append((count, *(scores.score("", those, each) for each in (evaluation.predict(loaded, windows), alone))))
    print(f"{'earlier runs':>12}  {'model':>15}  {'state alone':>15}   (mean absolute error / median run, beats/min)")
    for count, *found in rows:
        print(f"{count:12}  " + "  ".join(f"{each.mae:7.2f} /{each.median_run_mae:6.2f}" for each in found))
    bare = None
    if without:
        bare = scores.score("", those, evaluation.predict(saving.load(without), windows))
        print(f"{'no history':>12}  {bare.mae:7.2f} /{bare.median_run_mae:6.2f}")
    if picture:
        plots.earlier_runs(rows, bare, picture)


def _known(runs, ends: np.ndarray, run: int, count: int, population):
    """What is known before a run from the person's last so many runs that were over."""
    from hrkeras.workouts.athlete import Athlete

    over = np.flatnonzero((runs.users == runs.users[run]) & (ends <= runs.starts[run]))
    athlete = Athlete(population)
    for each in over[np.argsort(ends[over], kind="stable")][len(over) - min(count, len(over)) :]:
        athlete.update(runs.starts[each], runs.grids[each], runs.efforts[each])
    return athlete.predict(runs.starts[run], runs.grids[run], runs.efforts[run])


if __name__ == "__main__":
    typer.run(main)
