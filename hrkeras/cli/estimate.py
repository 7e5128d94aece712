"""`hrkeras estimate`: the heart rate of runs that have none."""

from math import isnan
from pathlib import Path
from typing import Annotated, Any

import typer

from hrkeras.cli import kinds, outputs
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
    if plot and not output:
        raise typer.BadParameter("pictures lie beside the copies; give a folder with --output", param_hint="--plot")
    inputs = (*runs, *(history or []), athlete, model)
    outputs.check(inputs, [(output, None)], force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal import estimated_copies, estimation, estimation_text
    from hrkeras.workouts.readers.source import ReadLog

    histories = history or []
    with (
        reading((*runs, *histories)) as bar,
        progress(None, "Estimating", "run") as estimating,
    ):
        result = estimation.estimate(
            runs, state if athlete else None, histories, loaded, everything, bar.update, estimating.update, reader(no_cache)
        )
    written, uncopied = list[Path](), ReadLog()
    pictures = _pictures(result.estimates, output) if plot and output else {}
    outputs.check(inputs, [(path, kinds.PNG) for path in pictures], force)
    if output and result.estimates:
        with progress(None, "Writing", "file") as bar:
            written = estimated_copies.write(result.estimates, output, everything, force, bar.update, uncopied)
    if pictures:
        from hrkeras.personal import person_plots
        from hrkeras.utils import plotting
        from hrkeras.workouts.clock import moment

        with progress(len(pictures), "Drawing", "run") as bar:
            for path, estimated in pictures.items():
                title = f"Run of {moment(estimated.run.start, estimated.run.utc_offset)}, heart rate estimated"
                written.append(plotting.save(person_plots.run(estimated.prediction, title), path))
                bar.update()
    if json:
        about = {"written": [str(path) for path in written], "not_copied": dict(uncopied.skipped)}
        print(json_line(estimation_text.as_dict(result) | about))
        return
    print("\n".join(estimation_text.lines(result)))
    for reason, number in uncopied.skipped.items():
        places = uncopied.examples[reason]
        print(f"Not copied: {number:,} x {reason} ({', '.join(places)}{', ...' if number > len(places) else ''})")
    if written:
        print(f"Written: {len(written):,} files in {output}" if len(written) > 1 else f"Written: {written[0]}")


def _pictures(estimates, output: Path) -> dict[Path, Any]:
    """The estimates, by the path of their picture."""
    from hrkeras.workouts import clock
    from hrkeras.workouts.readers import tracks

    def name(run) -> str:
        return Path(run.where).name if isnan(run.start) else clock.date(run.start, run.utc_offset)

    folder = output.parent if tracks.is_track(output) else output
    return {folder / f"{name(estimate.run).replace(' ', '_').replace(':', '')}.png": estimate for estimate in estimates}
