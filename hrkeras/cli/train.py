"""`hrkeras train`: train a model on a dataset."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import (
    ARCHITECTURE,
    NAMES,
    TRAINING,
    Augment,
    Backend,
    DataDir,
    TrainingSeed,
    epoch_bar,
    epoch_line,
    start,
)
from hrkeras.utils.presets import Precision, Preset


def train(
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=WEIGHT]",
            help=f"Dataset: {NAMES}. Repeat to mix datasets; runs of apple_watch=2 count twice. Default: the one that is built.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="The .keras file to write, with its model card beside it. Default: DATA.keras.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Preset, typer.Option(help="Architecture and size; see docs/reference/models.md.", rich_help_panel=ARCHITECTURE)
    ] = "lstm",
    units: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Units per layer. Default: those of the model.", rich_help_panel=ARCHITECTURE),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Number of layers. Default: that of the model.", rich_help_panel=ARCHITECTURE),
    ] = None,
    bidirectional: Annotated[
        bool, typer.Option("--bidirectional", help="Also read each run backwards.", rich_help_panel=ARCHITECTURE)
    ] = False,
    dropout: Annotated[
        float | None, typer.Option(min=0.0, max=0.9, help="Dropout rate. Default: no dropout.", rich_help_panel=ARCHITECTURE)
    ] = None,
    history: Annotated[
        bool, typer.Option(help="Use the person's earlier runs as an input.", rich_help_panel=ARCHITECTURE)
    ] = True,
    course: Annotated[
        bool,
        typer.Option(
            help="Use facts of the whole course, such as its length and climb, as an input.", rich_help_panel=ARCHITECTURE
        ),
    ] = True,
    profile: Annotated[bool | None, typer.Option("--profile/--no-profile", hidden=True)] = None,  # its name in 0.1
    epochs: Annotated[int, typer.Option(min=1, max=100_000, help="Maximum number of epochs.", rich_help_panel=TRAINING)] = 9,
    batch_size: Annotated[int, typer.Option(min=1, max=100_000, help="Windows per batch.", rich_help_panel=TRAINING)] = 32,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            min=1e-8,
            max=1.0,
            help="Peak learning rate. Default: 0.003, for large recurrent models 0.001.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    patience: Annotated[
        int, typer.Option(min=1, help="Stop after this many epochs without improvement.", rich_help_panel=TRAINING)
    ] = 6,
    augment: Augment = 0.0,
    seed: TrainingSeed = 0,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Resume an interrupted run from its last finished epoch.", rich_help_panel=TRAINING),
    ] = False,
    devices: Annotated[
        int,
        typer.Option(
            min=1, help="Devices that share each batch, with --backend jax; on several hosts, all do.", rich_help_panel=TRAINING
        ),
    ] = 1,
    precision: Annotated[
        Precision,
        typer.Option(
            help="Arithmetic of the layers in training; mixed_bfloat16 is quicker on GPUs that have it.",
            rich_help_panel=TRAINING,
        ),
    ] = "float32",
    force: Force = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Train a model on a dataset; logs and learning curves go to a folder beside it."""
    data = data or [defaults.data(data_dir)]
    sources = _weights(data)
    output = defaults.model_output(output, f"{'+'.join(sources).replace('/', '_')}.keras")
    folder = output.with_suffix(".training")
    outputs.check([data_dir], [(output, kinds.KERAS), (output.with_suffix(".md"), kinds.CARD), (folder, None)], force)
    start(backend)
    from inspect import signature

    from hrkeras import models
    from hrkeras.datasets import selection
    from hrkeras.training import feed, fit, hosts, model_card
    from hrkeras.utils import presets

    hosts.join()
    given = {"units": units, "num_layers": layers, "bidirectional": bidirectional or None, "dropout": dropout}
    given = {name: value for name, value in given.items() if value is not None}
    if foreign := given.keys() - signature(models.preset(model)).parameters.keys():
        raise typer.BadParameter(f"{model} has no such argument; leave it out", param_hint=f"--{foreign.pop()}")
    build = models.preset(model, **given, history=history, course=course if profile is None else profile)
    architecture = {name: parameter.default for name, parameter in signature(build).parameters.items() if name != "statistics"}
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
        processes=feed.usual_processes(len(runs)),
        devices=devices,
        precision=precision,
        on_moved=lambda earlier: print(f"Until this training has ended, the earlier one of {folder} is in {earlier}."),
    )
    if hosts.number():
        print(f"Model: {output}, written by the first host.")
        return
    fit.save(best, output)
    model_card.write(output.with_suffix(".md"), best, log, settings, description)
    print(f"Best epoch {fit.best_epoch(log)} of {len(log)}. Model: {output}; card: {output.with_suffix('.md')}")
    print(f"Log, curves and TensorBoard files: {folder}")
    print(f"Next: hrkeras evaluate {quote(str(output))} --data {next(iter(sources))}{defaults.in_folder(data_dir)}")


def _weights(data: list[str]) -> dict[str, float]:
    """How often the runs of each dataset come in an epoch, by its name."""
    weights = {}
    for option in data:
        name, _, given = option.partition("=")
        try:
            weights[name] = float(given or 1)
        except ValueError:
            weights[name] = 0.0
        if not 0 < weights[name] <= 1000:
            raise typer.BadParameter(f"expected NAME or NAME=WEIGHT with a weight above 0, up to 1000, found {option}")
    if len(weights) < len(data):
        raise typer.BadParameter(f"expected each dataset once, found {' '.join(data)}; NAME=2 has its runs twice")
    return weights
