"""People whose runs nothing was learnt from, each left out in turn: the athlete's state, and a network that corrects it.

    python benchmarks/left_out.py --data endomondo
    for person in 0 1 2; do hrkeras train --data endomondo/without_$person --output left_out/without_$person.keras; done
    python benchmarks/left_out.py --data endomondo --models left_out

The person's own earlier runs are known. All their runs are scored, from the first on.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from hrkeras.cli.shared import Backend, DataDir, progress, start


def main(
    data: str = "endomondo",
    models: Annotated[
        Path | None, typer.Option(help="Folder of without_PERSON.keras; who has none is left to the state.")
    ] = None,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    start(backend)
    from dataclasses import replace

    from hrkeras.datasets.runs import load
    from hrkeras.evaluation import predict
    from hrkeras.evaluation.scores import score
    from hrkeras.models import saving
    from hrkeras.workouts import splits

    runs = load(data, data_dir)
    names = ("state", "model") if models else ("state",)
    everyone: dict[str, list] = {"runs": [], **{name: [] for name in names}}
    print(
        f"{'person':>6}  {'runs':>5}"
        + "".join(f"  {name + ' MAE':>9}  {'95 % interval':>14}  {'median run':>10}" for name in names)
    )
    people = np.unique(runs.users)
    with progress(len(people), "Leaving out", "person") as bar:
        for person in people:
            rule = splits.without(int(person))
            split = replace(runs, split=np.array(splits.SPLITS)[rule(runs.users, runs.starts)])
            population = split.population()
            known = split.known(population)
            windows = split.windows(known, "test", predict.WHOLE)
            those = list(windows.runs())
            found = {"state": [known[run.number].expected[:, 0] for run in those]}
            path = (models or Path()) / f"without_{person}.keras"
            if models and path.exists():
                model = saving.load(path)
                if saving.population(model) != population:
                    raise typer.BadParameter(f"{path} was not trained on {data}/without_{person}")
                trusted = split.windows(predict.known(model, split, population), "test", predict.WHOLE)
                found["model"] = predict.predict(model, trusted)
            _print(str(person), [score("", those, each) for each in found.values()])
            if len(found) == len(names):
                for name, each in [("runs", those), *found.items()]:
                    everyone[name] += each
            bar.update()
    if everyone["runs"]:
        _print("all", [score("", everyone["runs"], everyone[name], None, everyone["state"]) for name in names])
        if models:
            worse = score("", everyone["runs"], everyone["model"], None, everyone["state"]).worse_by
            print("model worse than state by {:+.2f} ({:+.2f} to {:+.2f})".format(*worse))


def _print(name: str, rows) -> None:
    cells = "".join(
        f"  {row.mae:9.2f}  {'{:.2f} - {:.2f}'.format(*row.mae_interval):>14}  {row.median_run_mae:10.2f}" for row in rows
    )
    print(f"{name:>6}  {rows[0].runs:5}{cells}", flush=True)


if __name__ == "__main__":
    typer.run(main)
