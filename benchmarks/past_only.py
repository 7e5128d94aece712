"""What to assume of speed and altitude after a forecast origin, for the protocol past_only; chosen on validation runs.

python benchmarks/past_only.py --data endomondo --people 10
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from hrkeras.datasets.runs import Runs, load
from hrkeras.datasets.selection import part
from hrkeras.evaluation import baselines, origins
from hrkeras.evaluation.predict import by_run
from hrkeras.evaluation.protocols import PROTOCOLS

MEANS = (1, 6, 12, 30, 60, 100_000)  # steps, whose mean speed is held; the last is the whole run so far
FADES = (0.01, 18.0)  # steps; the first is flat at once


def errors(runs: Runs, known, population) -> dict[str, list[float]]:
    """Mean absolute error on the validation runs at each horizon, of what knows heart rate and needs no network."""
    windows, _ = origins.cut(runs, known, population, "validation")
    whole = [run for each in windows for run in each.runs()]
    expected = [values for each in windows for values in by_run(each.inputs(course=False)["expected"][:, :, 0], each)]
    found: dict[str, list[float]] = {}
    for case in PROTOCOLS["past_only"].cases:
        shown = [values for each in windows for values in by_run(case.known(each)["heart_rate"], each)]
        counted = [values for each in windows for values in by_run(case.scored(each), each)]
        given = baselines.Partly(whole, shown, counted, expected, expected, expected)
        for name, values in baselines.with_heart_rate(case, given, given, "state").items():
            found.setdefault(name, []).append(given.error(values) / sum(map(np.sum, counted)))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="endomondo")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--people", type=int, help="the first so many people alone")
    options = parser.parse_args()
    runs = load(options.data, options.data_dir)
    if options.people:
        rows = np.flatnonzero(np.isin(runs.users, np.unique(runs.users)[: options.people]))
        runs = part(runs, rows, runs.users[rows], runs.split[rows])
    population = runs.population()
    known = runs.known(population)
    print(f"{runs}\n\nmean speed over (steps), climb fades over (steps): state shifted by its residuals, 1, 3, 5 min ahead")
    for mean, fade in product(MEANS, FADES):
        origins.RECENT, origins.FADE = mean, fade
        found = errors(runs, known, population)
        print(
            f"{mean:7} {fade:6.2f}  " + "  ".join(f"{error:.2f}" for error in found["state, shifted by its residuals"]),
            flush=True,
        )
    for name in ("persistence", "recent mean heart rate"):
        print(f"{name:23} " + "  ".join(f"{error:.2f}" for error in found[name]))


if __name__ == "__main__":
    main()
