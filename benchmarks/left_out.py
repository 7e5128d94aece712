"""The athlete's state on people whose runs the population was not made of, each left out in turn.

    python benchmarks/left_out.py --data endomondo

The person's own earlier runs are known; a network is scored the same way by training on endomondo/without_PERSON and
`hrkeras evaluate --protocol by_user --data endomondo/without_PERSON`.
"""

import numpy as np
import typer

from hrkeras.cli.shared import DataDir, progress, start


def main(data: str = "endomondo", data_dir: DataDir = None) -> None:
    start()
    from dataclasses import replace

    from hrkeras.evaluation import WHOLE
    from hrkeras.scores import score
    from hrkeras.windows import load
    from hrkeras.workouts import splits

    runs = load(data, data_dir)
    everything: list = [[], []]
    print(f"{'person':>6}  {'runs':>5}  {'MAE':>6}  {'95 % interval':>14}  {'median run':>10}")
    people = np.unique(runs.users)
    with progress(len(people), "Leaving out", "person") as bar:
        for person in people:
            rule = splits.without(int(person))
            split = replace(runs, split=np.array(splits.SPLITS)[rule(runs.users, runs.starts)])
            known = split.known(split.population())
            windows = split.windows(known, "test", WHOLE)
            those = list(windows.runs())
            found = [known[run.number].expected[:, 0] for run in those]
            _print(str(person), score("", those, found))
            everything[0] += those
            everything[1] += found
            bar.update()
    _print("all", score("", *everything))


def _print(name: str, row) -> None:
    interval = "{:.2f} - {:.2f}".format(*row.mae_interval)
    print(f"{name:>6}  {row.runs:5}  {row.mae:6.2f}  {interval:>14}  {row.median_run_mae:10.2f}")


if __name__ == "__main__":
    typer.run(main)
