"""`hrkeras train`: train a model on a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Augment, Backend, DataDir, Seed, epoch_bar, epoch_line, start
from hrkeras.utils.presets import Preset


def train(
    data: Annotated[
        list[str],
        typer.Option(
            metavar="NAME[=WEIGHT]",
            help="Dataset: endomondo, apple_watch, tracks or synthetic; /by_user behind for that split. May be repeated to mix "
            "several; runs of apple_watch=2 come twice in an epoch.",
        ),
    ],
    output: Annotated[Path, typer.Option(dir_okay=False, help="The .keras file to write; the model card is written beside it.")],
    model: Annotated[Preset, typer.Option(help="Architecture and size; docs/reference/models.md says what each is.")] = "lstm",
    units: Annotated[int | None, typer.Option(min=1, max=4096, help="Width of each layer; as MODEL has it if not given.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, max=100, help="How many layers; as MODEL has it if not given.")] = None,
    bidirectional: Annotated[bool, typer.Option("--bidirectional", help="Also read each run backwards.")] = False,
    dropout: Annotated[
        float | None, typer.Option(min=0.0, max=0.9, help="Share of each layer's outputs dropped in training; none if not given.")
    ] = None,
    history: Annotated[bool, typer.Option(help="Use what earlier runs tell of the person.")] = True,
    profile: Annotated[
        bool,
        typer.Option(
            help="Give the network facts of the whole course; what the athlete's state expects holds some unless scored live."
        ),
    ] = True,
    epochs: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 9,
    batch_size: Annotated[int, typer.Option(min=1, max=100_000, help="Windows a batch.")] = 32,
    learning_rate: Annotated[
        float | None,
        typer.Option(min=1e-8, max=1.0, help="At its highest; if not given 0.003, of large recurrent models 0.001."),
    ] = None,
    patience: Annotated[int, typer.Option(min=1, help="Epochs without improvement after which to stop.")] = 6,
    augment: Augment = 0.0,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch of a killed run.")] = False,
    force: Force = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Train a model; the epochs are logged in a folder beside the output."""
    if output.suffix != ".keras":
        raise typer.BadParameter(f"expected a file name ending in .keras, found {output}", param_hint="--output")
    folder = output.with_suffix(".training")
    outputs.check([data_dir], [(output, kinds.KERAS), (output.with_suffix(".md"), kinds.CARD), (folder, None)], force)
    sources = _weights(data)
    start(backend)
    from inspect import signature

    from hrkeras import models
    from hrkeras.datasets import selection
    from hrkeras.training import fit, model_card
    from hrkeras.utils import presets

    given = {"units": units, "num_layers": layers, "bidirectional": bidirectional or None, "dropout": dropout}
    given = {name: value for name, value in given.items() if value is not None}
    if foreign := given.keys() - signature(models.preset(model)).parameters.keys():
        raise typer.BadParameter(f"{model} has no such argument; leave it out", param_hint=f"--{foreign.pop()}")
    build = models.preset(model, **given, history=history, profile=profile)
    architecture = {name: each.default for name, each in signature(build).parameters.items() if name != "statistics"}
    runs, weights = selection.mixed(sources, data_dir, ("train", "validation"))
    settings = fit.Settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate or presets.learning_rate(model),
        patience=patience,
        augment=augment,
        seed=seed,
    )
    description = {"model": model, "architecture": architecture, "data": " + ".join(data), **runs.counts}

    best, log = fit.train(
        lambda statistics: build(statistics=statistics),
        runs,
        folder,
        settings,
        weights=weights,
        description=description,
        resume=resume,
        callbacks=[epoch_bar(epochs), epoch_line(print)],
        on_moved=lambda earlier: print(f"Until this training has ended, the earlier one of {folder} is in {earlier}."),
    )
    fit.save(best, output)
    model_card.write(output.with_suffix(".md"), best, log, settings, description)
    print(f"Best epoch {fit.best_epoch(log)} of {len(log)}. Model: {output}; card: {output.with_suffix('.md')}")
    print(f"Log, curves and TensorBoard files: {folder}")
    print(f"Next: hrkeras evaluate {output} --data {next(iter(sources))}")


def _weights(data: list[str]) -> dict[str, float]:
    """By name of the dataset, how often each of its runs comes in an epoch."""
    found = {}
    for each in data:
        name, _, given = each.partition("=")
        try:
            found[name] = float(given or 1)
        except ValueError:
            found[name] = 0.0
        if not 0 < found[name] <= 1000:
            raise typer.BadParameter(f"expected NAME or NAME=WEIGHT with a weight above 0, up to 1000, found {each}")
    if len(found) < len(data):
        raise typer.BadParameter(f"expected each dataset once, found {' '.join(data)}; NAME=2 has its runs twice")
    return found
