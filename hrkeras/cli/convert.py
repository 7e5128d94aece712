"""`hrkeras convert`: from weights that others have published to a model."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Backend, start

app = typer.Typer(help="Make a model of weights that others have published.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Kept a group, whatever the number of its commands."""


@app.command(name="lag-llama")
def lag_llama(
    checkpoint: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file lag-llama.ckpt.", show_default=False)],
    output: Annotated[Path, typer.Option(dir_okay=False, help="The .keras file to write.")],
    force: Force = False,
    backend: Backend = None,
) -> None:
    """Of Lag-Llama: its layers get the published weights, what is added to it is untrained."""
    if output.suffix != ".keras":
        raise typer.BadParameter(f"expected a file name ending in .keras, found {output}", param_hint="--output")
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
