"""`hrkeras audit`: does anything leak?"""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import defaults
from hrkeras.cli.shared import Backend, Data, DataDir, Json, ProtocolName, fitting, json_line, start


def audit(
    model: Annotated[
        Path | None,
        typer.Argument(help="A .keras model, or base. Default: none; the dataset alone is audited.", show_default=False),
    ] = None,
    data: Data = None,
    protocol: Annotated[
        ProtocolName | None,
        typer.Option(help="Audit the model under this protocol. Default: under all.", show_default=False),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Look for leaks that make scores too good; exits with status 1 if there are any.

    In a model: heart rate that a protocol hides is scrambled, and no prediction may change. In a dataset: the same run in two
    splits, later runs in the history of earlier ones, the same person in two splits, inputs derived from heart rate.
    """
    if model:
        defaults.check_model(model)
    else:  # before Keras is imported, which takes seconds
        data = data or defaults.data(data_dir)
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.evaluation.audit import everything
    from hrkeras.models.load import load as load_model

    loaded = load_model(model) if model else None
    data = data or (defaults.data_of(model, loaded, data_dir) if model else defaults.data(data_dir))
    data = fitting(data, protocol) if protocol else data
    runs = load(data, data_dir)
    results = []
    for check in everything.checks(runs, data, loaded, protocol):
        results.append(check)
        if not as_json:
            print(check, flush=True)
    if as_json:
        print(json_line([check.as_dict() for check in results]))
    failed = sum(check.passed is False for check in results)
    if failed:
        typer.secho(f"{failed} of {len(results)} checks failed.", err=True, fg="red")
        raise typer.Exit(1)
    if not as_json:
        print(f"None of {len(results)} checks failed.")
