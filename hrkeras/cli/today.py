"""`hrkeras today`: how the heart rate of a run differs from what was expected, after its first minutes."""

from typing import Annotated

import typer

from hrkeras.cli import outputs
from hrkeras.cli.one_run import History, Run, Workout, follow
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import AthleteFile, Json, NoCache, Person, json_line


def today(
    run: Run,
    after: Annotated[int, typer.Option(min=6, max=20, help="Minutes of the run that are known.")] = 10,
    athlete: AthleteFile = None,
    history: History = None,
    workout: Workout = None,
    person: Person = None,
    plot: Plot = None,
    force: Force = False,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Compare the heart rate of a run's first minutes with what was expected, in beats/min and seconds per kilometre."""
    from hrkeras.personal.today import today_text

    one = follow(run, workout, person, athlete, history, plot, force, no_cache, today_text.looked_at(after))
    from hrkeras.workouts import clock

    judged = today_text.judge(one.live, clock.date_or_nan(one.workout.start), one.workout.utc_offset, one.grid, after)
    if plot:
        from hrkeras.personal.today import today_plot
        from hrkeras.utils import plotting

        plotting.save(today_plot.today(one.live, one.grid, judged), plot)
    if json:
        print(json_line(today_text.as_dict(judged) | one.about))
        return
    print("\n".join([*today_text.lines(judged), *one.lines, outputs.picture_text(plot, "TODAY.png")]))
