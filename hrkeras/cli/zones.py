"""`hrkeras zones`: a person's heart rate zones, and the time in them."""

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
    Person,
    RunsOfOne,
    json_line,
    load_model_and_state,
    read_timeline,
)


def zones(
    source: RunsOfOne,
    athlete: AthleteFile = None,
    model: Model = None,
    age: Annotated[
        float | None, typer.Option(help="Age in years; makes the maximum more certain where there are few runs.")
    ] = None,
    maximum: Annotated[float | None, typer.Option(help="Maximum heart rate in beats/min, if known from a test.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Threshold heart rate in beats/min, if known from a test.")] = None,
    plot: Plot = None,
    force: Force = False,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Estimate maximum and threshold heart rate from a person's runs, and the time in the five zones. No medical advice."""
    outputs.check([source, athlete, model], [(plot, kinds.PNG)], force)
    loaded, known = load_model_and_state(model, athlete, backend)
    from hrkeras.athlete import facts
    from hrkeras.athlete import zones as own
    from hrkeras.personal import time_in_zones, usage

    own.estimate(known, age, maximum, threshold)  # before anything is read: what is given may be impossible
    timeline = read_timeline(source, no_cache, person, None, loaded, known)
    state = timeline.athlete
    limits, told = own.estimate(state, age, maximum, threshold), facts.told(state)
    recent, everything = time_in_zones.times(timeline, limits, time_in_zones.WEEKS), time_in_zones.times(timeline, limits)
    if plot:
        from hrkeras.personal import person_plots
        from hrkeras.utils import plotting

        plotting.save(person_plots.zones(limits, recent, everything), plot)
    if json:
        print(json_line(time_in_zones.as_dict(limits, recent, everything) | usage.as_dict(timeline)))
        return
    print("\n".join(time_in_zones.lines(limits, recent, everything)))
    from_runs, names = time_in_zones.estimated_from(limits, state)
    if from_runs:
        print(f"{from_runs} Give what a test said with {' or '.join(f'--{name}' for name in names)}.")
    elif names:
        is_known = (age, maximum, told.age, told.max_heart_rate) != (None,) * 4
        whom, advice = ("adults of this maximum or age", "") if is_known else ("adults", "--age or ")
        known_of = f"No run outdoors with enough heart rate is known, so all that was not told is what {whom} have in general"
        print(f"{known_of}; give {advice}runs with heart rate.")
    if doubted := facts.doubt(state):
        print(f"{doubted}.")
    if maximum is None and told.max_heart_rate:
        print(f"The maximum is the self-reported one in {athlete}; give another with --maximum.")
    print("\n".join(usage.of_timeline(timeline)))
    print(time_in_zones.ADVICE)
    if plot:
        print(f"Picture: {plot}")
