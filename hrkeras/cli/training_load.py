"""`hrkeras training-load`: how much a person's runs and weeks were, by heart rate and time."""

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import AthleteFile, Json, NoCache, Person, RunsOfOne, json_line, load_model_and_state, read_timeline


def training_load(
    source: RunsOfOne,
    athlete: AthleteFile = None,
    plot: Plot = None,
    force: Force = False,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Sum up a person's training load (TRIMP) by run and week, with estimates for runs without heart rate."""
    outputs.check([source, athlete], [(plot, kinds.PNG)], force)
    loaded, known = load_model_and_state(None, athlete, None)
    from hrkeras.athlete import reserve
    from hrkeras.personal import fitness_text, usage
    from hrkeras.personal.load import load_text, training_load

    timeline = read_timeline(source, no_cache, person, None, loaded, known)
    own = reserve.estimate(timeline.athlete)
    loads = training_load.of_timeline(timeline, own)
    if plot:
        from hrkeras.personal.load import load_plot
        from hrkeras.utils import plotting

        plotting.save(load_plot.weeks(loads), plot)
    if json:
        print(json_line(load_text.as_dict(loads, own) | usage.as_dict(timeline)))
        return
    print("\n".join(load_text.lines(loads, own)))
    print("\n".join([*usage.of_timeline(timeline), fitness_text.zones_text(loads)]))
    print(outputs.picture_text(plot, "LOAD.png"))
