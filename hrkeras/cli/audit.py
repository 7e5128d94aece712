"""`hrkeras audit`: does anything leak?"""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli.shared import Backend, Data, DataDir, Json, ProtocolName, fitting, json_line, start


def audit(
    data: Data,
    model: Annotated[
        Path | None, typer.Argument(help="A .keras file from `hrkeras train`; the data alone if not given.", show_default=False)
    ] = None,
    protocol: Annotated[
        ProtocolName | None,
        typer.Option(help="Look at a model under this protocol only; under all if not given."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Look for what makes a score too good; exits with 1 if something does.

    Heart rate that a protocol hides is scrambled, and no prediction may move. Of the data: one run on both sides of the split,
    later runs in the history of earlier ones, people on both sides, inputs made from heart rate.
    """
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.evaluation.audit import everything
    from hrkeras.models import saving

    loaded = saving.load(model) if model else None
    data = fitting(data, protocol) if protocol else data
    runs = load(data, data_dir)
    found = []
    for check in everything.checks(runs, data, loaded, protocol):
        found.append(check)
        if not as_json:
            print(check, flush=True)
    if as_json:
        print(json_line([each.as_dict() for each in found]))
    failed = sum(each.passed is False for each in found)
    if failed:
        typer.secho(f"{failed} of {len(found)} checks failed.", err=True, fg="red")
        raise typer.Exit(1)
    if not as_json:
        print(f"None of {len(found)} checks failed.")
