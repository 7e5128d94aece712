"""`hrkeras predict`: the heart rate of one run."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli.shared import Backend, progress, start


def predict(
    model: Annotated[Path, typer.Argument(help="A .keras file from `hrkeras train`.", show_default=False)],
    run: Annotated[
        Path, typer.Argument(exists=True, help="A GPX, TCX or FIT file, or an Apple Health export.", show_default=False)
    ],
    output: Annotated[Path, typer.Option(dir_okay=False, help="The CSV to write: a row every 10 s.")],
    workout: Annotated[
        str | None, typer.Option(help="Which run of an export or folder: its date in UTC (2025-06-16), or latest.")
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Folder or export with the person's earlier runs; if not given, the other runs of RUN.",
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help="A PNG to draw as well.")] = None,
    backend: Backend = None,
) -> None:
    """Predict the heart rate of a run from its speed and altitude, and from earlier runs if there are any."""
    start(backend)
    from hrkeras import plots, prediction, saving
    from hrkeras.workouts import detect
    from hrkeras.workouts.beside import beside

    loaded = saving.load(model)
    total = sum(detect.reader(path).size(path) for path in (run, history) if path)
    with progress(total, "Reading", "B") as bar:
        chosen, others, log = prediction.load_run(run, workout, history, bar.update)
    found = prediction.predict(loaded, chosen, others)
    with beside(output) as part:
        found.frame().to_csv(part, index=False)
    print(
        f"Run of {prediction.date(found.start)} UTC, {len(found.heart_rate) * found.step / 60:.0f} min: "
        f"predicted mean {found.heart_rate.mean():.0f}, highest {found.heart_rate.max():.0f} beats/min."
    )
    if found.error is not None:
        print(f"Beside what its sensor measured: mean absolute error {found.error:.1f} beats/min.")
    if found.earlier_runs:
        print(f"Known of the person: {found.earlier_runs} earlier runs.")
    else:
        print("Nothing is known of the person: expect 10 to 20 beats/min of error. Give earlier runs with --history.")
    if not found.has_altitude:
        print("The run has no altitude: it was taken as flat.")
    if log.skipped:
        print(f"Skipped while reading: {prediction.read_log_text(log)}")
    print(f"Written: {output}")
    if plot:
        plots.prediction(found.grid, found.heart_rate, found.step, f"Run of {prediction.date(found.start)} UTC", plot)
        print(f"Picture: {plot}")
