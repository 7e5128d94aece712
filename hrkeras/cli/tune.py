"""`hrkeras tune`: search for what trains best."""

import os
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hrkeras.cli import defaults, kinds, outputs, terminal, tune_processes
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import (
    ARCHITECTURE,
    MAX_SEED,
    TRAINING,
    Backend,
    BuiltData,
    DataDir,
    Json,
    TrainingSeed,
    epoch_bar,
    epoch_line,
    json_line,
    start,
)
from hrkeras.tuning.roles import VARIABLES, is_worker
from hrkeras.tuning.spaces import Space
from hrkeras.utils import small_json
from hrkeras.utils.errors import InputError
from hrkeras.utils.presets import Architecture

if TYPE_CHECKING:
    from hrkeras.tuning.search import Search

SEARCH = "Search"  # a panel of options


def tune(
    context: typer.Context,
    space: Annotated[Space, typer.Option(help="Search space; see docs/how-to/tuning.md.", show_default=False)],
    data: BuiltData = None,
    output: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Folder for the results, and to resume the search from. Default: tuned.", show_default=False
        ),
    ] = None,
    tuner: Annotated[
        Literal["grid", "random", "bayesian", "hyperband"] | None,
        typer.Option(help="Search algorithm. Default: grid for the space batch, else random.", rich_help_panel=SEARCH),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, max=100_000, help="Maximum number of trials. Default: 10; all for grid and hyperband.", rich_help_panel=SEARCH
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, help="Trainings per trial, with a seed each. Default: 3 for grid, else 1.", rich_help_panel=SEARCH
        ),
    ] = None,
    share: Annotated[
        float,
        typer.Option(
            min=0.001,
            max=1.0,
            help="Share of each person's training runs to use, the latest ones, for a shorter search.",
            rich_help_panel=SEARCH,
        ),
    ] = 1.0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of processes that train in parallel.", rich_help_panel=SEARCH)
    ] = None,
    model: Annotated[
        Architecture | None,
        typer.Option(
            help="Architecture. Default: the one that the space is named after, else lstm.", rich_help_panel=ARCHITECTURE
        ),
    ] = None,
    units: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Units per layer, if not searched.", rich_help_panel=ARCHITECTURE),
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, max=100, help="Number of layers, if not searched.", rich_help_panel=ARCHITECTURE)
    ] = None,
    history: Annotated[
        bool | None,
        typer.Option(
            "--history/--no-history",
            help="Use the person's earlier runs as an input. Default: yes.",
            rich_help_panel=ARCHITECTURE,
        ),
    ] = None,
    course: Annotated[
        bool | None,
        typer.Option(
            "--course/--no-course",
            help="Use facts of the whole course as an input. Default: yes.",
            rich_help_panel=ARCHITECTURE,
        ),
    ] = None,
    profile: Annotated[bool | None, typer.Option("--profile/--no-profile", hidden=True)] = None,  # its name in 0.1
    epochs: Annotated[
        int,
        typer.Option(min=1, max=100_000, help="Epochs per training; the maximum for hyperband.", rich_help_panel=TRAINING),
    ] = 30,
    seed: TrainingSeed = 0,
    force: Force = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Search for the hyperparameters with the lowest validation error; an interrupted search resumes where it was."""
    _check_variables(workers)
    output = output or defaults.use("--output", Path("tuned"))
    data = data or _data_of(output, space) or defaults.data(data_dir)
    context.params |= {"data": data, "output": output}
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
    fixed = {"units": units, "num_layers": layers, "history": history, "course": course if profile is None else profile}
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
        Search(plan, output, data_dir, reporters, _say).search()
        _say("The search has no more to try.")
        return
    command = _again(context)
    if workers:
        Search(plan, output, data_dir, reporters, _say)  # which can refuse
        tune_processes.run(command, workers, _say)
    busy = f"{output}: another search is at work in this folder; wait for its end or choose another."
    with files.locked(output, busy, PATIENCE):
        search = Search(plan, output, data_dir, reporters, _say)
        search.search()
        _write(search, output, " ".join(["hrkeras", *map(quote, command)]), data_dir, as_json)


def _data_of(output: Path, space: str) -> str | None:
    """The dataset of the search that a folder holds, if it holds one; refuses one of another space."""
    kept = small_json.read(output / "search.json") or {}
    if kept and kept.get("space") != space:
        raise InputError(
            f"{output} holds a search of the space {kept.get('space')}; give that of {space} a folder of its own: "
            f"--output {output.with_name(f'{output.name}_{space}')}."
        )
    return defaults.use("--data", str(kept["data"]), f"as the search in {output}") if "data" in kept else None


def _write(search: "Search", output: Path, command: str, data_dir: Path | None, as_json: bool) -> None:
    """Writes and prints the results of a search that has ended, and writes its best model."""
    from hrkeras.training import fit, model_card
    from hrkeras.tuning import report

    results = report.write(search, output, command)
    if not as_json:
        print(f"{results.table}\n\n{results.sentence}\n\n{results.setting}\n\n{report.LEGEND}\n")
    if search.trains_again(results.trials[0]):
        epochs = search.plan.epochs
        _say(f"Now the best is trained for {epochs} epochs on all training runs; the results are already in {output}.")
    best, log, settings, description = search.retrain(results.trials[0])
    fit.save(best, output / "best.keras")
    model_card.write(output / "best.md", best, log, settings, description)
    if as_json:
        print(json_line(results.as_dict()))
    else:
        print(f"Written to {output}: {', '.join((*report.FILES, 'best.keras', 'best.md'))}")
        print(f"Next: hrkeras evaluate {output / 'best.keras'} --data {search.plan.data}{defaults.in_folder(data_dir)}")


def _check_variables(workers: int | None) -> None:
    """Checks that KerasTuner's environment variables are all set or none is, and that they fit the options."""
    present = [name for name in VARIABLES if name in os.environ]
    missing = [name for name in VARIABLES if name not in os.environ]
    if present and missing:
        raise typer.BadParameter(f"{' and '.join(present)} is set, {' and '.join(missing)} is not; set all three or none")
    if present and workers:
        raise typer.BadParameter(
            f"{VARIABLES[0]} makes this one of several processes already; leave it out, or unset {' and '.join(VARIABLES)}",
            param_hint="--workers",
        )


def _again(context: typer.Context) -> list[str]:
    """The arguments of this command, for the processes that take part in the search."""
    arguments = ["tune"]
    for param in context.command.params:
        value = context.params.get(param.name or "")
        if value == param.default or param.name in ("workers", "as_json"):
            continue
        if isinstance(value, bool):
            arguments.append((param.opts if value else param.secondary_opts)[0])
        else:
            arguments += [param.opts[0], str(value)]
    return arguments


def _say(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(terminal.plain(line), file=sys.stderr)
