"""`hrkeras update`: learn from a person's new runs."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

import typer

from hrkeras.cli import outputs, terminal
from hrkeras.cli.shared import Backend, Json, NoCache, Person, json_line, load_model, load_model_and_state, reader, reading

FACTS = "Self-reported facts"


def update(
    athlete: Annotated[
        Path,
        typer.Argument(dir_okay=False, help="The .json file of one person; created if it does not exist.", show_default=False),
    ],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True,
            help="The person's runs: tracks, folders and zips of tracks, Apple Health exports.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="The model that the file is meant for, as in predict: a new file starts from its population, and keeps how far "
            "it helps with the person's runs. Default: base.",
            show_default=False,
        ),
    ] = None,
    max_heart_rate: Annotated[
        float | None, typer.Option(help="Maximum heart rate in beats/min, if known.", rich_help_panel=FACTS)
    ] = None,
    resting_heart_rate: Annotated[
        float | None, typer.Option(help="Resting heart rate in beats/min, if known.", rich_help_panel=FACTS)
    ] = None,
    age: Annotated[float | None, typer.Option(help="Age in years.", rich_help_panel=FACTS)] = None,
    sex: Annotated[
        Literal["female", "male"] | None,
        typer.Option(help="Sex, for the maximum heart rate at this age and for training load.", rich_help_panel=FACTS),
    ] = None,
    easy: Annotated[
        str | None,
        typer.Option(
            metavar="M:SS@HEART_RATE",
            help="Pace of an easy run per kilometre on the flat and heart rate then, such as 6:00@145.",
            rich_help_panel=FACTS,
        ),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FACT",
            help="Take a fact back that was given before, such as max-heart-rate. Repeatable.",
            rich_help_panel=FACTS,
        ),
    ] = None,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Keep a person's file up to date with their new runs and self-reported facts; what it has already is left out."""
    if athlete.suffix != ".json":
        raise typer.BadParameter(f"expected a file name ending in .json, found {athlete}", param_hint="ATHLETE")
    runs = runs or []
    outputs.check([*runs, model], [(athlete, None)])
    from hrkeras.athlete.facts import Facts
    from hrkeras.personal import facts_text

    told = Facts(max_heart_rate, age, sex, resting_heart_rate, facts_text.parse_easy(easy) if easy else None)
    if both := [name for name in forget or [] if name.replace("-", "_") in dict(told.items())]:
        raise typer.BadParameter(f"{both[0]} is given and taken back at once; leave one out", param_hint="--forget")
    if not (runs or told.items() or forget):
        raise typer.BadParameter("give the person's runs, or a fact, such as --age, or --forget", param_hint="RUNS")
    loaded = load_model(model, backend) if model or not athlete.exists() else _base(athlete)
    from hrkeras.personal import athlete_update, usage
    from hrkeras.personal.fitness_text import count
    from hrkeras.workouts.clock import moment

    with reading(runs) as bar:
        report = athlete_update.update(
            athlete,
            runs,
            loaded,
            bar.update,
            lambda: terminal.note(f"Waiting for another update of {athlete} ..."),
            told,
            reader(no_cache),
            [name.replace("-", "_") for name in forget or []],
            person,
        )
    if json:
        print(json_line({"athlete": str(athlete)} | report.as_dict() | usage.update_dict(report, report.log)))
        return
    state = report.athlete
    if report.is_new:
        people = athlete_update.about(state.population).partition(", ")[0]
        print(f"New: nothing was known of the person; starting from people in general ({people}).")
    for line in facts_text.lines(report.told, state, told):
        print(line)
    if report.added:
        days = dict.fromkeys(moment(run.start, run.utc_offset) for run in (report.added[0], report.added[-1]))
        print(f"Added {count(len(report.added))}: {' to '.join(days)}.")
    elif runs:
        print("Added no run.")
    if runs:
        print("\n".join(usage.of_update(report, report.log)))
    if report.older:
        print(
            "Runs are learnt from in the order in which they were run. To add the earlier ones, start a new file from all runs: "
            "hrkeras update NEW.json ALL_RUNS"
        )
    last_known = f", the last of {moment(state.starts[-1], state.utc_offset)}" if state.count else ""
    print(f"{'Written' if report.is_changed else 'Unchanged'}: {athlete}; {count(state.count)} known{last_known}.")
    if report.is_new:
        by = f" --model {quote(str(model))}" if model else ""
        print(f"Next: hrkeras predict NEXT_RUN --athlete {quote(str(athlete))}{by} --output run.csv")


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
