"""`hrkeras report`: one page of HTML that tells a person what their runs say."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import (
    AthleteFile,
    Backend,
    Model,
    NoCache,
    Pace,
    Person,
    RunsOfOne,
    load_model_and_state,
    read_timeline,
)


def report(
    source: RunsOfOne,
    output: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="The HTML file to write, complete in itself. Default: report.html.", show_default=False
        ),
    ] = None,
    at: Pace = None,
    athlete: AthleteFile = None,
    model: Model = None,
    person: Person = None,
    force: Force = False,
    no_cache: NoCache = False,
    backend: Backend = None,
) -> None:
    """Write one page about a person's runs: fitness, zones, predictions. It holds no position or name and loads nothing."""
    output = output or defaults.use("--output", Path("report.html"))
    outputs.check([source, model, athlete], [(output, kinds.PAGE)], force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal import usage
    from hrkeras.personal.report import page

    runs = read_timeline(source, no_cache, person, at, loaded, state)
    page.write(runs, output)
    print("\n".join(f"- {headline}" for headline in page.headlines(runs)))
    print("\n".join(usage.of_timeline(runs)))
    print(f"Written: {output}; open it in a browser.")
