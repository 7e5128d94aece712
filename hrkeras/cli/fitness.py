"""`hrkeras fitness`: heart rate at a set pace over the months."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import (
    AthleteFile,
    Backend,
    Json,
    Model,
    NoCache,
    Pace,
    Person,
    RunsOfOne,
    json_line,
    load_model_and_state,
    read_timeline,
)

SHOWN = 8  # runs that stand out


def fitness(
    source: RunsOfOne,
    at: Pace = None,
    athlete: AthleteFile = None,
    model: Model = None,
    plot: Plot = None,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="A CSV to write, one row per run.")] = None,
    force: Force = False,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Show how a person's heart rate at a set pace on the flat has changed over time, and which runs stand out."""
    outputs.check([source, athlete, model], [(output, kinds.FITNESS), (plot, kinds.PNG)], force)
    loaded, state = load_model_and_state(model, athlete, backend)
    from hrkeras.personal import fitness_text, timeline, usage
    from hrkeras.utils.errors import InputError
    from hrkeras.utils.files import atomic_write

    runs = read_timeline(source, no_cache, person, at, loaded, state)
    if not runs.entries:
        hint = usage.without_heart_rate_hint(runs)
        raise InputError(f"{source}: not one run outdoors has enough heart rate to read fitness from{hint}.")
    if output:
        with atomic_write(output) as part:
            timeline.frame(runs).to_csv(part, index=False)
    if plot:
        from hrkeras.personal import person_plots
        from hrkeras.utils import plotting

        plotting.save(person_plots.fitness(runs), plot)
    if json:
        print(
            json_line(fitness_text.as_dict(runs) | {"runs": timeline.frame(runs).to_dict("records")} | usage.as_dict(runs, False))
        )
        return
    print(f"{fitness_text.count(len(runs.entries))} with heart rate, {fitness_text.days(runs.entries)}.")
    print("\n".join([*fitness_text.summary(runs), *fitness_text.few(runs)]))
    if effects := fitness_text.effects(runs):
        print(
            "What changes it (in brackets where it lies four times in five):\n" + "\n".join(f"- {effect}" for effect in effects)
        )
    if outliers := fitness_text.standing_out(runs):
        latest = "" if len(outliers) == 1 else f" (the latest {SHOWN})" if len(outliers) > SHOWN else " (the latest first)"
        print(f"{fitness_text.standing_out_of(runs)}{latest}; heat, illness, a tired day or a sensor can be why:")
        print(
            "\n".join(
                f"- {fitness_text.day(entry.start, entry.utc_offset)}: {fitness_text.residual(entry)}"
                for entry in outliers[:SHOWN]
            )
        )
    print("\n".join([*usage.of_timeline(runs, estimated=False), fitness_text.zones_text(runs.entries)]))
    print(outputs.picture_text(plot, "FITNESS.png"))
