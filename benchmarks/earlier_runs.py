"""Error against the number of earlier runs that are known of a person: a table, and a picture of it.

    python benchmarks/earlier_runs.py MODEL --data endomondo --without NO_HISTORY_MODEL --picture earlier_runs.png
    python benchmarks/earlier_runs.py left_out --data endomondo --without left_out_bare

Each run of the split is predicted anew with nothing known but the person's last 0, 1, 2, 5, ... runs before it. With folders
each person is predicted by the models `without_PERSON.keras` in them, which were trained on the others, as for
`benchmarks/left_out.py`.
"""

from collections import defaultdict
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
    without: Annotated[Path | None, typer.Option(help="Model or models trained with --no-history, to compare with.")] = None,
    picture: Path | None = None,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.evaluation import evaluation_plots, predict, scores
    from hrkeras.evaluation.audit.scrambling import alone
    from hrkeras.models import saving

    runs = load(data, data_dir)
    those: list = []
    found: dict = defaultdict(list)  # predictions by what is asked, in the order of those
    for path, bare_path, person in _asked(model, without):
        whose = runs.users == person if person is not None else True
        chosen, loaded = np.flatnonzero((runs.split == split) & whose), saving.load(path)
        for count in COUNTS:
            some, _ = alone(runs, chosen, count)
            with progress(None, f"{path.stem}, {count} earlier runs", "run") as bar:
                known = predict.known(loaded, some, saving.population(loaded), on_batch=bar.update)
            windows = some.windows(known, "test", predict.WHOLE)
            found["model", count] += predict.predict(loaded, windows)
            found["state", count] += predict.by_run(windows.expected[:, :, 0], windows)
        those += windows.runs()
        if bare_path:
            found["bare"] += predict.predict(saving.load(bare_path), windows)
    rows = [(count, *(scores.score("", those, found[who, count]) for who in ("model", "state"))) for count in COUNTS]
    print(f"{len(those):,} runs. Mean absolute error / median run, beats/min:")
    print(f"{'earlier runs':>12}  {'model':>15}  {'state alone':>15}")
    for count, *both in rows:
        print(f"{count:12}  " + "  ".join(f"{each.mae:7.2f} /{each.median_run_mae:6.2f}" for each in both))
    bare = None
    if found["bare"]:
        bare = scores.score("", those, found["bare"])
        print(f"{'no history':>12}  {bare.mae:7.2f} /{bare.median_run_mae:6.2f}")
    if picture:
        evaluation_plots.earlier_runs(rows, bare, picture)


def _asked(model: Path, without: Path | None):
    """The models, those without history beside them if there are any, and whom they predict; None for everyone."""
    if not model.is_dir():
        yield model, without, None
        return
    for path in sorted(model.glob("without_*.keras")):
        bare = without and without / path.name
        if not bare or bare.exists():
            yield path, bare, int(path.stem.removeprefix("without_"))


if __name__ == "__main__":
    typer.run(main)
