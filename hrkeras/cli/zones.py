"""`hrkeras zones`: a person's heart rate zones, and the time in them."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Json, NoCache, Person, RunsOfOne, json_line, read_timeline


def zones(
    source: RunsOfOne,
    athlete: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The person's file from `hrkeras update`, if it knows more runs than SOURCE."),
    ] = None,
    age: Annotated[
        float | None, typer.Option(help="Age in years; makes the maximum more certain where there are few runs.")
    ] = None,
    maximum: Annotated[float | None, typer.Option(help="Maximum heart rate in beats/min, if known from a test.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Threshold heart rate in beats/min, if known from a test.")] = None,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help="A PNG to draw the time in zones to.")] = None,
    force: Force = False,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Estimate maximum and threshold heart rate from a person's runs, and the time in the five zones. No medical advice."""
    outputs.check([source, athlete], [(plot, kinds.PNG)], force)
    from dataclasses import replace

    from hrkeras.athlete import athlete_file, facts
    from hrkeras.athlete import zones as own
    from hrkeras.athlete.kalman import AthleteState
    from hrkeras.personal import estimation, fitness_text, time_in_zones

    state = athlete_file.load(athlete) if athlete else None
    own.estimate(state or AthleteState(), age, maximum, threshold)  # before anything is read: what is given may be impossible
    timeline = read_timeline(source, no_cache, person)
    count = len(timeline.entries)
    if state and state.count >= timeline.athlete.count:
        count = state.count
        timeline = replace(timeline, unheard=[estimation.anew(run, state) for run in timeline.unheard])
    else:  # the runs of the source tell more
        state = replace(timeline.athlete, told=state.told if state else {})
    limits, told = own.estimate(state, age, maximum, threshold), facts.told(state)
    recent, everything = time_in_zones.times(timeline, limits, time_in_zones.WEEKS), time_in_zones.times(timeline, limits)
    if plot:
        from hrkeras.personal import person_plots
        from hrkeras.utils import plotting

        plotting.save(person_plots.zones(limits, recent, everything), plot)
    if json:
        print(json_line(time_in_zones.as_dict(limits, recent, everything)))
        return
    print("\n".join(time_in_zones.lines(limits, recent, everything)))
    if count:
        runs = fitness_text.count(count)
        print(f"Read from {runs} with heart rate, not from a test; give what a test said with --maximum or --threshold.")
    else:
        is_known = (age, maximum, told.age, told.max_heart_rate) != (None,) * 4
        whom, advice = ("adults of this maximum or age", "") if is_known else ("adults", "--age or ")
        print(f"No run with heart rate is known, so the rest is what {whom} have in general; give {advice}runs with heart rate.")
    if doubted := facts.doubt(state):
        print(f"{doubted}.")
    if maximum is None and told.max_heart_rate:
        print(f"The maximum is what {athlete} was told; give another with --maximum.")
    if why := timeline.report.taken:
        from hrkeras.personal import update_text

        print(f"Not used: {update_text.taken_text(why)}.")
    print(time_in_zones.ADVICE)
    if plot:
        print(f"Picture: {plot}")
