"""`hrkeras fitness`: heart rate at a set pace over the months."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Json, Pace, Person, RunsOfOne, json_line, read_timeline

SHOWN = 8  # days that stand out


def fitness(
    source: RunsOfOne,
    at: Pace = None,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help="A PNG to draw fitness over time to.")] = None,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="A CSV to write, one row per run.")] = None,
    force: Force = False,
    person: Person = None,
    json: Json = False,
) -> None:
    """Show how a person's heart rate at a set pace on the flat has changed over time, and which days stand out."""
    outputs.check([source], [(output, kinds.FITNESS), (plot, kinds.PNG)], force)
    from hrkeras.personal import fitness_text, pace, person_plots, timeline, update_text
    from hrkeras.utils import plotting
    from hrkeras.utils.errors import InputError
    from hrkeras.utils.files import atomic_write

    found = read_timeline(source, person, at)
    if not found.entries:
        raise InputError(
            f"{source}: not one run has a heart rate that fitness could be read from; `hrkeras report` estimates it."
        )
    if output:
        with atomic_write(output) as part:
            timeline.frame(found).to_csv(part, index=False)
    if plot:
        plotting.save(person_plots.fitness(found), plot)
    if json:
        print(json_line({"pace": pace.text(found.speed), "runs": timeline.frame(found).to_dict("records")}))
        return
    days = fitness_text.days(found.entries[0].start, found.entries[-1].start)
    print(f"{fitness_text.count(len(found.entries))}, {days}.")
    print("\n".join(fitness_text.told(found)))
    if told := fitness_text.effects(found):
        print("What changes it (in brackets where it lies four times in five):\n" + "\n".join(f"- {each}" for each in told))
    if odd := fitness_text.standing_out(found):
        latest = "" if len(odd) == 1 else f" (the latest {SHOWN})" if len(odd) > SHOWN else " (the latest first)"
        print(f"{fitness_text.days_standing_out(len(odd))}{latest}; heat, illness, a tired day or a sensor can be why:")
        print("\n".join(f"- {fitness_text.day(each.start)}: {fitness_text.residual(each)}" for each in odd[:SHOWN]))
    if taken := update_text.taken_text(found.report.taken):
        print(f"Not used: {taken}.")
    print(f"Picture: {plot}" if plot else "Picture: give a PNG with --plot FITNESS.png.")
