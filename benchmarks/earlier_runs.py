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
    from hrkeras import inference, plots, saving, scores
    from hrkeras.audit.scrambling import alone
    from hrkeras.windows import load

    loaded = saving.load(model)
    population = saving.population(loaded)
    runs = load(data, data_dir)
    chosen, rows = np.flatnonzero(runs.split == split), []
    for count in COUNTS:
        some, _ = alone(runs, chosen, count)
        with progress(None, f"{count} earlier runs", "run") as bar:
            known = inference.known(loaded, some, population, on_batch=bar.update)
        windows = some.windows(known, "test", inference.WHOLE)
        those = list(windows.runs())
        found = inference.predict(loaded, windows), inference.by_run(windows.expected[:, :, 0], windows)
        rows.append((count, *(scores.score("", those, each) for each in found)))
    print(f"{'earlier runs':>12}  {'model':>15}  {'state alone':>15}   (mean absolute error / median run, beats/min)")
    for count, *found in rows:
        print(f"{count:12}  " + "  ".join(f"{each.mae:7.2f} /{each.median_run_mae:6.2f}" for each in found))
    bare = None
    if without:
        bare = scores.score("", those, inference.predict(saving.load(without), windows))
        print(f"{'no history':>12}  {bare.mae:7.2f} /{bare.median_run_mae:6.2f}")
    if picture:
        plots.earlier_runs(rows, bare, picture)


if __name__ == "__main__":
    typer.run(main)
