"""`hrkeras repair`: heart rate in place of what a failing sensor recorded."""

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


def repair(
    runs: Annotated[
        list[Path],
        typer.Argument(
            exists=True, help="One person's runs: GPX, TCX and FIT files, folders and zips of them.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for copies of the files with a fault, repaired, or the file for a single copy. Default: nothing is "
            "written."
        ),
    ] = None,
    athlete: AthleteFile = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="Folder or export with the person's other runs, to learn from. Repeatable."),
    ] = None,
    model: Model = None,
    plot: Annotated[bool, typer.Option("--plot", help="Also draw a PNG of each repaired run, beside the copies.")] = False,
    force: Force = False,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Replace spikes, dropouts, flat lines, slow starts and cadence locks of the heart rate sensor, in copies of the files."""
    check_one_known(athlete, history)
    inputs = (*runs, *(history or []), athlete, model)
    filled.check(inputs, output, plot, force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal.repair import repair_text
    from hrkeras.personal.repair.repair_files import repair_files

    histories = history or []
    with reading((*runs, *histories)) as bar, progress(None, "Repairing", "run") as repairing:
        known = state if athlete else None
        result = repair_files(runs, known, histories, loaded, bar.update, repairing.update, reader(no_cache))
    written = Written(result.runs, output, inputs, _drawn if plot else None, force)
    if json:
        print(json_line(repair_text.as_dict(result) | written.as_dict()))
    else:
        print("\n".join(repair_text.lines(result) + written.lines()))


def _drawn(repaired):
    from hrkeras.personal.repair import repair_plots
    from hrkeras.workouts.clock import moment

    return repair_plots.run(repaired, f"Run of {moment(repaired.run.start, repaired.run.utc_offset)}, heart rate repaired")
