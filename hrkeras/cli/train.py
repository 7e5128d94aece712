"""`hrkeras train`: train a model on a dataset."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hrkeras.cli.shared import Backend, Data, DataDir, Seed, epoch_bar, epoch_line, start


def train(
    data: Data,
    output: Annotated[Path, typer.Option(dir_okay=False, help="The .keras file to write; the model card is written beside it.")],
    model: Annotated[Literal["gru", "lstm", "attention", "patchtst", "lag_llama"], typer.Option(help="Architecture.")] = "gru",
    units: Annotated[int, typer.Option(min=1, help="Width of each layer.")] = 64,
    layers: Annotated[int, typer.Option(min=1, help="How many layers.")] = 2,
    bidirectional: Annotated[bool, typer.Option("--bidirectional", help="Also read each run backwards.")] = False,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.9, help="Share of each layer's outputs dropped in training.")] = 0.0,
    history: Annotated[bool, typer.Option(help="Use what earlier runs tell of the person.")] = True,
    profile: Annotated[
        bool,
        typer.Option(
            help="Give the network facts of the whole course; what the athlete's state expects holds some unless scored live."
        ),
    ] = True,
    epochs: Annotated[int, typer.Option(min=1, help="At most so many.")] = 9,
    batch_size: Annotated[int, typer.Option(min=1, help="Windows a batch.")] = 32,
    learning_rate: Annotated[float, typer.Option(min=1e-8, max=1.0, help="At its highest.")] = 3e-3,
    patience: Annotated[int, typer.Option(min=1, help="Epochs without improvement after which to stop.")] = 6,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch of a killed run.")] = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Train a model; the epochs are logged in a folder beside the output."""
    if output.suffix != ".keras":
        raise typer.BadParameter(f"expected a file name ending in .keras, found {output}", param_hint="--output")
    start(backend)
    from inspect import signature

    from hrkeras import card, training
    from hrkeras.models import MODELS
    from hrkeras.windows import find, load

    metadata = find(data, data_dir).info.metadata
    runs = load(data, data_dir, ("train", "validation"))
    architecture: dict[str, Any] = {
        "units": units,
        "num_layers": layers,
        "bidirectional": bidirectional,
        "dropout": dropout,
        "history": history,
        "profile": profile,
    }
    architecture = {name: value for name, value in architecture.items() if name in signature(MODELS[model]).parameters}
    settings = training.Settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, patience=patience, seed=seed)
    description = {"model": model, "architecture": architecture, "data": data, "runs": metadata["runs"]}
    folder = output.with_suffix(".training")

    best, log = training.train(
        lambda statistics: MODELS[model](**architecture, statistics=statistics),
        runs,
        folder,
        settings,
        description=description,
        resume=resume,
        callbacks=[epoch_bar(epochs), epoch_line(print)],
    )
    training.save(best, output)
    card.write(output.with_suffix(".md"), best, log, settings, description, metadata)
    print(f"Best epoch {training.best_epoch(log)} of {len(log)}. Model: {output}; card: {output.with_suffix('.md')}")
    print(f"Log, curves and TensorBoard files: {folder}")
    print(f"Next: hrkeras evaluate {output} --data {data}")
