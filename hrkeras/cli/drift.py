"""`hrkeras drift`: how much heart rate rose within each run beyond what pace, hills and length explain."""

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import AthleteFile, Json, NoCache, Pace, Person, RunsOfOne, json_line, read_timeline

SHOWN = 12  # runs in the table


def drift(
    source: RunsOfOne,
    at: Pace = None,
    athlete: AthleteFile = None,
    plot: Plot = None,
    force: Force = False,
    person: Person = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Show how much heart rate rose within each run beyond what pace, hills and length explain, and what heat does."""
    outputs.check([source, athlete], [(plot, kinds.PNG)], force)
    from hrkeras.personal import fitness_text, prediction, usage
    from hrkeras.personal.drift import drift as drifts_of
    from hrkeras.personal.drift import drift_text
    from hrkeras.utils.text import table

    runs = read_timeline(source, no_cache, person, at, None, prediction.opened(athlete))
    drifts = drifts_of.of_timeline(runs)
    drifts_of.expect(drifts, source)
    if plot:
        from hrkeras.personal.drift import drift_plot
        from hrkeras.utils import plotting

        plotting.save(drift_plot.drifts(drifts), plot)
    if json:
        print(json_line(drifts_of.as_dict(drifts) | usage.as_dict(runs, False)))
        return
    shown = drifts.runs[-SHOWN:][::-1]
    print("\n".join([drift_text.usual(drifts), *fitness_text.few(runs)]))
    print(drift_text.last(drifts))
    print("\n".join(filter(None, [drift_text.clear(drifts), *drift_text.warmth(drifts), drift_text.SURE])))
    print(f"\n{drift_text.CAPTION}, the latest first:")
    print("\n".join([table(*drift_text.table(shown)), *drift_text.shown(drifts, SHOWN)]))
    left_out, whose = drift_text.left_out(drifts), fitness_text.zones_text(runs.entries)
    print("\n".join(["", *filter(None, [left_out]), *usage.of_timeline(runs, estimated=False), whose]))
    print(outputs.picture_text(plot, "DRIFT.png"))
