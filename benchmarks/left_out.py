"""People whose runs nothing was learnt from, in folds: the athlete's state alone, and a network that corrects it.

    python benchmarks/left_out.py --data endomondo                         (the state alone, minutes)
    python benchmarks/left_out.py --data endomondo --models left_out       (trains a network a fold; hours)
    python benchmarks/left_out.py --data endomondo --models left_out --past-only

In each fold every so many people are left out of the population, of the statistics and of training, and the network's best
epoch is chosen on later runs of the others. Then all runs of the people left out are predicted, each from their own earlier
ones. Errors are averaged over a person's runs, then over people; intervals resample people. With `--past-only` the last runs
of the people of each fold are scored under that protocol instead.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from hrkeras.cli.shared import Backend, DataDir, epoch_bar, epoch_line, progress, start
from hrkeras.utils.presets import BASE, BASE_EPOCHS

EARLIER = (0, 1, 2, 5, 20, 60)  # runs that are known, at least; up to the next
FEWEST = 25  # runs of a person who counts in the averages over people
RESAMPLES = 2000
LAST, LAST_VALIDATION = 60, 12  # runs of a person that are scored under past_only, and by which its baselines are chosen
COLUMNS = ("state", "network", "state_inside", "network_inside")


def main(
    data: str = "endomondo",
    models: Annotated[
        Path | None, typer.Option(help="Folder of the networks, one a fold; those that are there are used.")
    ] = None,
    folds: int = 4,
    past_only: Annotated[bool, typer.Option("--past-only", help="Score under the protocol past_only; needs --models.")] = False,
    seed: int = 0,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.datasets.selection import part

    runs = load(data, data_dir)
    people = np.unique(runs.users)
    errors: dict[int, np.ndarray] = {}
    for fold in range(folds):
        outside = np.isin(runs.users, people[fold::folds])
        others, those = part(runs, np.flatnonzero(~outside & (runs.split != "test"))), part(runs, np.flatnonzero(outside))
        model = None
        if models:
            model = _network(models / f"fold-{fold}-of-{folds}-seed-{seed}.keras", others, seed)
            if past_only:
                print(_past_only(runs, outside, model), flush=True)
                continue
        with progress(len(those), f"Fold {fold + 1} of {folds}", "run") as bar:
            errors |= _errors(those, others, model, bar.update)
        _print(errors, f"after fold {fold + 1}", bool(models))
    for person, rows in errors.items():
        network = f"  network {rows[:, 1].mean():5.2f}, inside {100 * rows[:, 3].mean():3.0f} %" if models else ""
        inside = f"inside {100 * rows[:, 2].mean():3.0f} %"
        print(f"person {person:3}: {len(rows):5,} runs  state {rows[:, 0].mean():5.2f}, {inside}{network}")


def _network(path: Path, others, seed: int):
    """The network of a fold, trained on the other people if it is not there; a training that was interrupted goes on."""
    from hrkeras import models
    from hrkeras.models import saving
    from hrkeras.training import fit

    if path.exists():
        return saving.load(path)
    settings = fit.Settings(seed=seed, epochs=BASE_EPOCHS)
    model, _ = fit.train(
        lambda statistics: models.lstm(**BASE, statistics=statistics),
        others,
        path.with_suffix(".training"),
        settings,
        description={"data": path.stem},
        resume=True,
        callbacks=[epoch_bar(settings.epochs, f"{path.stem}, "), epoch_line(print, f"{path.stem}, ")],
    )
    fit.save(model, path)
    return model


def _past_only(runs, outside: np.ndarray, model):
    """The scores of the last runs of the people outside; all that are scored know the person's earlier runs."""
    from hrkeras.datasets.selection import part
    from hrkeras.evaluation.evaluate import evaluate

    last = np.empty(len(runs), int)  # how many runs of the same person and split come after each
    split = np.where(outside, "", runs.split)
    for person in np.unique(runs.users):
        for name in np.unique(split):
            mine = np.flatnonzero((runs.users == person) & (split == name))
            last[mine[np.argsort(-runs.starts[mine], kind="stable")]] = np.arange(len(mine))
    split = np.where(outside & (last < LAST), "test", split)
    split = np.where(~outside & ((split == "test") | (split == "validation") & (last >= LAST_VALIDATION)), "left out", split)
    chosen = np.flatnonzero(split != "left out")
    return evaluate(model, replace(part(runs, chosen), split=split[chosen]), "past_only", name="network")


def _errors(those, others, model, on_run) -> dict[int, np.ndarray]:
    """For each person, by run in their order: mean absolute errors and shares inside the intervals, as named by `COLUMNS`."""
    from hrkeras.athlete.interval import limits
    from hrkeras.evaluation import predict
    from hrkeras.models import saving

    population = saving.population(model) if model else others.population()
    alone = those.known(population, on_run=on_run)
    predicted, known = [state.expected[:, 0] for state in alone], alone
    if model:
        known = predict.known(model, those, population, alone=alone)
        for begin in range(0, len(those), predict.TOGETHER):
            rows = slice(begin, begin + predict.TOGETHER)
            predicted[rows] = predict.whole_runs(model, those.grids[rows], known[rows], those.starts[rows])
    found: dict[int, list] = {}
    for row in np.argsort(those.starts, kind="stable"):
        heart_rate, both = those.grids[row].heart_rate, ((alone[row].expected[:, 0], alone[row]), (predicted[row], known[row]))
        if not np.isfinite(heart_rate).any():
            continue
        measured, inside = np.isfinite(heart_rate), []
        for values, state in both:
            low, high = limits(values, alone[row].standard_deviation, state.interval)
            inside.append(((low <= heart_rate) & (heart_rate <= high))[measured].mean())
        misses = [np.abs(values - heart_rate)[measured].mean() for values, _ in both]
        found.setdefault(int(those.users[row]), []).append([*misses, *inside])
    return {person: np.array(rows) for person, rows in found.items()}


def _print(errors: dict[int, np.ndarray], when: str, with_network: bool) -> None:
    """A table by the number of earlier runs."""
    random = np.random.default_rng(0)
    runs = np.concatenate(list(errors.values()))
    print(f"\n{when}: {len(errors)} people, {len(runs):,} runs. Mean over people (95 % interval over people), beats/min:")
    bounds = [f"{low}-{high - 1}" if high - low > 1 else str(low) for low, high in zip(EARLIER, EARLIER[1:], strict=False)]
    print(f"{'earlier runs':>14}" + "".join(f"{name:>20}" for name in [*bounds, f"{EARLIER[-1]}+"]))
    for column, name in enumerate(COLUMNS):
        if "network" in name and not with_network:
            continue
        scale, digits = (100, 0) if "inside" in name else (1, 2)
        cells = []
        for low, high in zip(EARLIER, [*EARLIER[1:], None], strict=True):
            means = [rows[low:high, column].mean() for rows in errors.values() if len(rows) > max(low, FEWEST - 1)]
            if not means:
                cells.append("-")
                continue
            drawn = scale * random.choice(means, (RESAMPLES, len(means))).mean(axis=1)
            below, above = np.quantile(drawn, (0.025, 0.975))
            cells.append(f"{scale * np.mean(means):.{digits}f} ({below:.{digits}f}-{above:.{digits}f})")
        whole = runs[:, column]
        total = f"  all runs {scale * whole.mean():.{digits}f}" + (f", median {np.median(whole):.2f}" if scale == 1 else "")
        print(f"{name:>14}" + "".join(f"{cell:>20}" for cell in cells) + total, flush=True)


if __name__ == "__main__":
    typer.run(main)
