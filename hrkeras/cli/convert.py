"""`hrkeras convert`: a model from published weights."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Backend, start

app = typer.Typer(help="Create a model from published weights.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Kept a group, whatever the number of its commands."""


@app.command(name="lag-llama")
def lag_llama(
    checkpoint: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file lag-llama.ckpt.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The .keras file to write. Default: lag_llama.keras.", show_default=False)
    ] = None,
    force: Force = False,
    backend: Backend = None,
) -> None:
    """Create a Lag-Llama model: its own layers get the published weights, added layers stay untrained."""
    output = defaults.model_output(output, "lag_llama.keras")
    outputs.check([checkpoint], [(output, kinds.KERAS)], force)
    start(backend)
    import keras

    from hrkeras.models import lag_llama_checkpoint
    from hrkeras.training import fit

    keras.utils.set_random_seed(0)  # of what is untrained
    model = lag_llama_checkpoint.convert(checkpoint)
    fit.save(model, output)
    layers = sum(layer.name.startswith("block_") for layer in model.layers)
    print(
        f"{layers} layers of Lag-Llama in {output}, {model.count_params():,} parameters; it must be trained before it is of use."
    )
