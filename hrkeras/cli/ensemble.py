"""`hrkeras ensemble`: several models as one."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Backend, Data, DataDir, progress, start


def ensemble(
    members: Annotated[
        list[Path],
        typer.Argument(metavar="MODEL...", help="Two or more .keras models, trained on the same dataset.", show_default=False),
    ],
    data: Data = None,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The .keras file to write. Default: ensemble.keras.", show_default=False)
    ] = None,
    force: Force = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Average several models into one, with weights fitted on the validation split."""
    if len(members) < 2:
        raise typer.BadParameter(f"expected two models or more, found {len(members)}", param_hint="MODEL")
    output = defaults.model_output(output, "ensemble.keras")
    for path in members:
        defaults.check_model(path)
    outputs.check(members, [(output, kinds.KERAS)], force)
    start(backend)
    from hrkeras import models
    from hrkeras.datasets.runs import load
    from hrkeras.models.load import load as load_model
    from hrkeras.training import ensembles, fit

    loaded = [load_model(path) for path in members]
    data = data or defaults.data_of(members[0], loaded[0], data_dir)
    runs = load(data, data_dir, ("train", "validation"))
    with progress(None, "Predicting", "run") as bar:
        fitted = ensembles.fit(loaded, runs, on_batch=bar.update)
    fit.save(models.ensemble(loaded, fitted.weights), output)
    width = max(len("weighted mean"), *(len(path.name) for path in members))
    print(f"{'':{width}}  weight  validation MAE, beats/min")
    for path, weight, error in zip(members, fitted.weights, fitted.members, strict=True):
        print(f"{path.name:{width}}  {weight:6.3f}  {error:.2f}")
    for name, error in (("plain mean", fitted.mean), ("weighted mean", fitted.weighted)):
        print(f"{name:{width}}  {'':6}  {error:.2f}")
    print(f"The weights were fitted on these very runs. Written: {output}")
    print(f"Next: hrkeras evaluate {quote(str(output))} --data {data}{defaults.in_folder(data_dir)}")
