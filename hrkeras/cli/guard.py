"""`hrkeras guard`: how likely heart rate goes above a limit in the next minutes of a run."""

from typing import Annotated

import typer

from hrkeras.cli import outputs
from hrkeras.cli.one_run import History, Run, Workout, follow
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import AthleteFile, Json, NoCache, Person, json_line, progress


def guard(
    run: Run,
    limit: Annotated[float, typer.Option(min=60, max=220, help="Heart rate in beats/min.", show_default=False)],
    athlete: AthleteFile = None,
    history: History = None,
    workout: Workout = None,
    person: Person = None,
    plot: Plot = None,
    force: Force = False,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Tell minute by minute of a run how likely heart rate goes above a limit in the next 1, 3 and 5 minutes."""
    one = follow(run, workout, person, athlete, history, plot, force, no_cache)
    from hrkeras.personal.today import today_text

    with progress(round(one.workout.duration / 60), "Following the run", "min") as bar:
        watched = today_text.watch(one.live, one.grid, limit, bar.update)
    if plot:
        from hrkeras.personal.today import today_plot
        from hrkeras.utils import plotting

        plotting.save(today_plot.guard(one.live, one.grid, watched, limit), plot)
    if json:
        print(json_line(today_text.watch_dict(watched, limit, one.live.athlete.count) | one.about))
        return
    print("\n".join([*today_text.watch_lines(watched, limit), *one.lines, outputs.picture_text(plot, "GUARD.png")]))
