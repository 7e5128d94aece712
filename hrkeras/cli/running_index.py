"""`hrkeras running-index`: pace at a set heart rate and VO2max over the months."""

from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import AthleteFile, Json, NoCache, Person, RunsOfOne, json_line, load_model_and_state, read_timeline


def running_index(
    source: RunsOfOne,
    at_heart_rate: Annotated[
        float | None,
        typer.Option(
            min=60, max=220, help="Heart rate in beats/min, at which pace is read. Default: the usual one of your runs."
        ),
    ] = None,
    athlete: AthleteFile = None,
    plot: Plot = None,
    force: Force = False,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Show a person's pace at a set heart rate on the flat over time, and an estimate of their VO2max with its uncertainty."""
    outputs.check([source, athlete], [(plot, kinds.PNG)], force)
    loaded, known = load_model_and_state(None, athlete, None)
    from hrkeras.athlete import reserve
    from hrkeras.personal import fitness_text, usage
    from hrkeras.personal.index import index_text, running_index
    from hrkeras.utils.errors import InputError

    timeline = read_timeline(source, no_cache, person, None, loaded, known)
    if not timeline.entries:
        hint = usage.without_heart_rate_hint(timeline)
        raise InputError(f"{source}: not one run outdoors has enough heart rate to read the index from{hint}.")
    own = reserve.estimate(timeline.athlete)
    heart_rate = at_heart_rate or running_index.usual_heart_rate(timeline)
    found = running_index.follow(timeline, heart_rate, own)
    if plot:
        from hrkeras.personal.index import index_plot
        from hrkeras.utils import plotting

        plotting.save(index_plot.index(found, heart_rate, running_index.SHARES[-1] * timeline.speed), plot)
    if json:
        print(json_line(index_text.as_dict(found, heart_rate, timeline.speed, own) | usage.as_dict(timeline, False)))
        return
    print("\n".join(index_text.lines(found, heart_rate, timeline.speed, own)))
    print("\n".join([*fitness_text.few(timeline), *usage.of_timeline(timeline, False), fitness_text.zones_text(found)]))
    print(outputs.picture_text(plot, "INDEX.png"))
