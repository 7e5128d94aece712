"""`hrkeras tune`: search for what trains best."""

import os
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hrkeras.cli import kinds, outputs, terminal, tune_processes
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import MAX_SEED, Backend, Data, DataDir, Json, Seed, epoch_bar, epoch_line, json_line, start
from hrkeras.tuning.roles import VARIABLES, is_worker
from hrkeras.utils.presets import Architecture

if TYPE_CHECKING:
    from hrkeras.tuning.search import Search


def tune(
    context: typer.Context,
    data: Data,
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder for the results, and for what is needed to go on.")],
    space: Annotated[
        Literal["batch", "lstm", "gru", "attention", "patchtst", "learning_rate", "augmentation", "history"],
        typer.Option(help="What is searched; docs/how-to/tuning.md says what each holds."),
    ],
    model: Annotated[
        Architecture | None,
        typer.Option(help="Architecture; if not given the one the space is named after, else lstm."),
    ] = None,
    units: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Width of each layer, if the space does not search it.")
    ] = None,
    layers: Annotated[int | None, typer.Option(min=1, max=100, help="How many layers, if the space does not search it.")] = None,
    history: Annotated[
        bool | None, typer.Option("--history/--no-history", help="Use what earlier runs tell of the person, as is usual.")
    ] = None,
    profile: Annotated[
        bool | None, typer.Option("--profile/--no-profile", help="Give the network facts of the whole course, as is usual.")
    ] = None,
    tuner: Annotated[
        Literal["grid", "random", "bayesian", "hyperband"] | None,
        typer.Option(help="How values are chosen; if not given all of them (grid) for batch, else random."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="At most so many; if not given 10, of a grid and of hyperband all.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=100_000, help="Of each training; of hyperband's longest.")] = 30,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Trainings of each trial, each with its own seed; if not given 3 for a grid, else 1."),
    ] = None,
    seed: Seed = 0,
    share: Annotated[
        float,
        typer.Option(min=0.001, max=1.0, help="Of each person's training runs, the latest; for searches that must be short."),
    ] = 1.0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that train at the same time.")] = None,
    force: Force = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Search for what trains best on the validation split, going on where a killed search was."""
    _check_variables(workers)
    outputs.check([data_dir], [(output, kinds.SEARCH)], force)
    start(backend)
    from hrkeras.models import MODELS
    from hrkeras.training.training_folder import PATIENCE
    from hrkeras.tuning.plan import Plan
    from hrkeras.tuning.search import Search
    from hrkeras.utils import files

    tuner = tuner or ("grid" if space == "batch" else "random")
    seeds = seeds or (3 if tuner == "grid" else 1)
    if seed + seeds - 1 > MAX_SEED:
        raise typer.BadParameter(f"expected {seeds} seeds from it on up to {MAX_SEED}, found {seed}", param_hint="--seed")
    fixed = {"units": units, "num_layers": layers, "history": history, "profile": profile}
    plan = Plan(
        space=space,
        tuner=tuner,
        model=model or (space if space in MODELS else "lstm"),
        data=data,
        fixed={name: value for name, value in fixed.items() if value is not None},
        epochs=epochs,
        seeds=tuple(range(seed, seed + seeds)),
        share=share,
        trials=trials,
    )

    def reporters(what: str, epochs: int):
        bars = [] if is_worker() else [epoch_bar(epochs, what)]  # of several processes they would overwrite each other
        return [*bars, epoch_line(_say, what)]

    if is_worker():
        Search(plan, output, data_dir, reporters).search()
        _say("The search has no more to try.")
        return
    command = _again(context)
    if workers:
        Search(plan, output, data_dir, reporters)  # which can refuse
        tune_processes.run(command, workers)
    busy = f"{output}: another search is at work in this folder; wait for its end or choose another."
    with files.locked(output, busy, PATIENCE):
        search = Search(plan, output, data_dir, reporters)
        search.search()
        _write(search, output, " ".join(["hrkeras", *map(quote, command)]), as_json)


def _write(search: "Search", output: Path, command: str, as_json: bool) -> None:
    """Writes and prints what a search that has ended has found, and the best model."""
    from hrkeras.training import fit, model_card
    from hrkeras.tuning import report

    found = report.write(search, output, command)
    if not as_json:
        print(f"{found.table}\n\n{found.sentence}\n\n{found.setting}\n\n{report.LEGEND}\n")
    if search.trains_again(found.trials[0]):
        epochs = search.plan.epochs
        _say(f"Now the best is trained for {epochs} epochs on all training runs; the results stand already in {output}.")
    best, log, settings, description = search.retrain(found.trials[0])
    fit.save(best, output / "best.keras")
    model_card.write(output / "best.md", best, log, settings, description)
    if as_json:
        print(json_line(found.as_dict()))
    else:
        print(f"Written to {output}: {', '.join((*report.FILES, 'best.keras', 'best.md'))}")
        print(f"Next: hrkeras evaluate {output / 'best.keras'} --data {search.plan.data}")


def _check_variables(workers: int | None) -> None:
    """Whether KerasTuner's environment variables, if there are any, are all there and go with the rest."""
    there = [name for name in VARIABLES if name in os.environ]
    missing = [name for name in VARIABLES if name not in os.environ]
    if there and missing:
        raise typer.BadParameter(f"{' and '.join(there)} is set, {' and '.join(missing)} is not; set all three or none")
    if there and workers:
        raise typer.BadParameter(
            f"{VARIABLES[0]} makes this one of several processes already; leave it out, or unset {' and '.join(VARIABLES)}",
            param_hint="--workers",
        )


def _again(context: typer.Context) -> list[str]:
    """The arguments of this command once more, for processes that take part in it."""
    found = ["tune"]
    for param in context.command.params:
        value = context.params.get(param.name or "")
        if value == param.default or param.name in ("workers", "as_json"):
            continue
        if isinstance(value, bool):
            found.append((param.opts if value else param.secondary_opts)[0])
        else:
            found += [param.opts[0], str(value)]
    return found


def _say(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(terminal.plain(line), file=sys.stderr)
