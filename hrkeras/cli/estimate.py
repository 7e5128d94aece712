"""`hrkeras estimate`: the heart rate of runs that have none."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import filled
from hrkeras.cli.filled import Written
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import (
    AthleteFile,
    Backend,
    Json,
    Model,
    NoCache,
    check_one_known,
    json_line,
    load_model_and_state,
    progress,
    reader,
    reading,
)


def estimate(
    runs: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            help="One person's runs: tracks, folders and zips of tracks, Apple Health exports.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for copies of the files with the heart rate added, or the file for a single copy; of an export the "
            "routes are copied. Default: nothing is written."
        ),
    ] = None,
    athlete: AthleteFile = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            help="Folder or export with the person's other runs. Repeatable. Default: the runs in RUNS with a heart rate.",
        ),
    ] = None,
    model: Model = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also estimate runs with a heart rate, and replace it in the copies.")
    ] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Also draw a PNG of each run, beside the copies.")] = False,
    force: Force = False,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Estimate the heart rate of runs without one, and write copies of their files with it."""
    check_one_known(athlete, history)
    inputs = (*runs, *(history or []), athlete, model)
    filled.check(inputs, output, plot, force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal.estimation import estimation, estimation_text

    histories = history or []
    with (
        reading((*runs, *histories)) as bar,
        progress(None, "Estimating", "run") as estimating,
    ):
        result = estimation.estimate(
            runs, state if athlete else None, histories, loaded, everything, bar.update, estimating.update, reader(no_cache)
        )
    written = Written(result.estimates, output, inputs, _drawn if plot else None, force)
    if json:
        print(json_line(estimation_text.as_dict(result) | written.as_dict()))
    else:
        print("\n".join(estimation_text.lines(result) + written.lines()))


def _drawn(estimated):
    from hrkeras.personal import person_plots
    from hrkeras.workouts.clock import moment

    title = f"Run of {moment(estimated.run.start, estimated.run.utc_offset)}, heart rate estimated"
    return person_plots.run(estimated.prediction, title)
