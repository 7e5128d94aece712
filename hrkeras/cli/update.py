"""`hrkeras update`: learn from a person's new runs."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import outputs, terminal
from hrkeras.cli.shared import Backend, load_model, load_model_and_state, reading


def update(
    athlete: Annotated[
        Path,
        typer.Argument(dir_okay=False, help="The .json file of one person; created if it does not exist.", show_default=False),
    ],
    runs: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            help="The person's runs: tracks, folders and zips of tracks, Apple Health exports.",
            show_default=False,
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="The model that the file is meant for, as in predict: a new file starts from its population, and keeps how far "
            "it helps with the person's runs. Default: base.",
            show_default=False,
        ),
    ] = None,
    backend: Backend = None,
) -> None:
    """Keep a person's file up to date with their new runs; runs that it has already are left out."""
    if athlete.suffix != ".json":
        raise typer.BadParameter(f"expected a file name ending in .json, found {athlete}", param_hint="ATHLETE")
    outputs.check([*runs, model], [(athlete, None)])
    loaded = load_model(model, backend) if model or not athlete.exists() else _base(athlete)
    from hrkeras.personal import athlete_update, update_text
    from hrkeras.personal.fitness_text import count
    from hrkeras.workouts.clock import date
    from hrkeras.workouts.readers import source

    with reading(runs) as bar:
        report = athlete_update.update(
            athlete, runs, loaded, bar.update, lambda: terminal.note(f"Waiting for another update of {athlete} ...")
        )
    state = report.athlete
    if report.is_new:
        print(
            f"New: nothing was known of the person; starting from people in general ({athlete_update.about(state.population)})."
        )
    if report.added:
        days = dict.fromkeys(date(run.start) for run in (report.added[0], report.added[-1]))
        print(f"Added {count(len(report.added))}: {' to '.join(days)} UTC.")
    else:
        print("Added no run.")
    if report.known:
        print(f"Known already, or another recording of a known run: {report.known:,}; no change.")
    if report.older:
        print(
            f"Too late: {report.older:,}, over before the last known run began. Runs are learnt from in order; to add them, "
            "start a new file from all runs: hrkeras update NEW.json ALL_RUNS"
        )
    if report.forgotten:
        print(
            f"Before {date(state.starts[0])} UTC: {report.forgotten:,}. So far back the file keeps no dates; they are known "
            "already or else too late."
        )
    if taken := update_text.taken_text(report.taken):
        print(f"Removed by the filters: {taken}.")
    for line in source.read_log_lines(report.log):
        print(line)
    last_known = f", the last of {date(state.starts[-1])} UTC" if state.count else ""
    print(f"{'Written' if report.added else 'Unchanged'}: {athlete}; {count(state.count)} known{last_known}.")
    if report.is_new:
        print(f"Next: hrkeras predict NEXT_RUN --athlete {athlete}{f' --model {model}' if model else ''} --output run.csv")


def _base(athlete: Path):
    """The base model, if a file that exists can keep how far it helps; else None."""
    base, state = load_model_and_state(None, athlete, None)
    if base and state.network.name not in ("", base.fingerprint):
        terminal.note(
            f"{athlete} keeps how far another model helps, which stays as it is; give that model with --model, or --model base "
            "to keep from now on how far the base model does."
        )
        return None
    return base
