"""`hrkeras train`: train a model on a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli.shared import Backend, Data, DataDir, Seed, progress, start
from hrkeras.presets import Preset


def train(
    data: Data,
    output: Annotated[Path, typer.Option(dir_okay=False, help="The .keras file to write; the model card is written beside it.")],
    model: Annotated[Preset, typer.Option(help="Architecture and size; docs/model.md says what each is.")] = "gru",
    units: Annotated[int | None, typer.Option(min=1, help="Width of each layer; as MODEL has it if not given.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="How many layers; as MODEL has it if not given.")] = None,
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

    import keras

    from hrkeras import card, models, training
    from hrkeras.windows import find, load

    given = {"units": units, "num_layers": layers, "bidirectional": bidirectional or None, "dropout": dropout}
    given = {name: value for name, value in given.items() if value is not None}
    if foreign := given.keys() - signature(models.preset(model)).parameters.keys():
        raise typer.BadParameter(f"{model} has no such argument; leave it out", param_hint=f"--{foreign.pop()}")
    build = models.preset(model, **given, history=history, profile=profile)
    architecture = {name: each.default for name, each in signature(build).parameters.items() if name != "statistics"}
    metadata = find(data, data_dir).info.metadata
    runs = load(data, data_dir, ("train", "validation"))
    settings = training.Settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, patience=patience, seed=seed)
    description = {"model": model, "architecture": architecture, "data": data, "runs": metadata["runs"]}
    folder = output.with_suffix(".training")

    class Bar(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.bar = progress(self.params["steps"], f"Epoch {epoch + 1} of at most {epochs}", "batch")

        def on_train_batch_end(self, batch, logs=None):
            self.bar.set_postfix(mae=f"{float((logs or {})['unaided_mae']):.2f}", refresh=False)
            self.bar.update()

        def on_epoch_end(self, epoch, logs=None):
            self.bar.close()
            errors = f"training MAE {logs['unaided_mae']:.2f}, validation MAE {logs['val_unaided_mae']:.2f}"
            print(f"epoch {epoch + 1}: {errors} beats/min")

    best, log = training.train(
        lambda statistics: build(statistics=statistics),
        runs,
        folder,
        settings,
        description=description,
        resume=resume,
        callbacks=[Bar()],
    )
    training.save(best, output)
    card.write(output.with_suffix(".md"), best, log, settings, description, metadata)
    print(f"Best epoch {training.best_epoch(log)} of {len(log)}. Model: {output}; card: {output.with_suffix('.md')}")
    print(f"Log, curves and TensorBoard files: {folder}")
    print(f"Next: hrkeras evaluate {output} --data {data}")
