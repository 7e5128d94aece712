"""`hrkeras plan`: what heart rate to expect on a course, and which pace keeps it where it should be."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force, Plot
from hrkeras.cli.shared import (
    AthleteFile,
    Backend,
    Json,
    Model,
    NoCache,
    check_one_known,
    json_line,
    load_model_and_state,
    progress,
    reader,
    reading,
    warn,
)


def plan(
    course: Annotated[
        Path,
        typer.Argument(
            exists=True,
            help="The course: a GPX track or route, with or without times, a TCX file or a recorded FIT file.",
            show_default=False,
        ),
    ],
    pace: Annotated[
        str | None, typer.Option(metavar="M:SS", help="Predict the heart rate at this mean pace per kilometre, such as 5:30.")
    ] = None,
    heart_rate: Annotated[
        float | None,
        typer.Option(min=60, max=220, help="Instead find the pace with this mean heart rate after the first five minutes."),
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(
            min=60, max=220, help="Find the pace that keeps the heart rate below this; alone or with one of the others."
        ),
    ] = None,
    even: Annotated[
        Literal["pace", "effort"],
        typer.Option(help="Keep the pace even, or the effort: then slower uphill and faster downhill."),
    ] = "pace",
    athlete: AthleteFile = None,
    history: Annotated[
        list[Path] | None, typer.Option(exists=True, help="Folder or export with the person's earlier runs. Repeatable.")
    ] = None,
    model: Model = None,
    start_at: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="TIME",
            help="Start of the run (2026-12-01T09:00): local as at the last known run, else UTC; or with an offset. "
            "Default: the hour of the last known run, next.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="A CSV to write, one row per kilometre.")] = None,
    plot: Plot = None,
    force: Force = False,
    no_cache: NoCache = False,
    json: Json = False,
    backend: Backend = None,
) -> None:
    """Plan a run on a course: the expected heart rate at a pace, or the pace for a heart rate."""
    check_one_known(athlete, history)
    if (pace and heart_rate) or not (pace or heart_rate or limit):
        raise typer.BadParameter("give one of --pace and --heart-rate, or --limit alone", param_hint="--pace")
    outputs.check((course, model, athlete, *(history or [])), [(output, kinds.PLAN), (plot, kinds.PNG)], force)
    loaded, state = load_model_and_state(model, athlete, backend)
    import time

    from hrkeras.personal import athlete_update, run_choice, update_text, usage
    from hrkeras.personal import pace as paces
    from hrkeras.personal.planning import planner, planning_plots, planning_text
    from hrkeras.utils import plotting
    from hrkeras.utils.files import atomic_write
    from hrkeras.workouts.readers import route
    from hrkeras.workouts.readers.source import ReadLog

    speed, begin = paces.parse(pace) if pace else None, _moment(start_at, state.utc_offset)
    way, log, learnt = route.read(course), ReadLog(), None
    if history:
        with reading(history) as bar:
            log = ReadLog(bar.update)
            workouts = run_choice.load_history(history, log, read=reader(no_cache))
        begin = _moment(start_at, run_choice.latest_offset(workouts))
        learnt = athlete_update.learn_from(state, workouts, begin or float("inf"), loaded, log.person)
    with progress(None, "Trying paces", "pace") as bar:
        begin = begin or planner.usual_start(state, time.time())
        answer = planner.Planner(way, state, begin, even, loaded, bar.update, state.utc_offset).answer(speed, heart_rate, limit)
    planned = answer.plan
    if output:
        with atomic_write(output) as part:
            planned.frame().to_csv(part, index=False)
    if plot:
        line, label = (limit, "limit") if limit else (heart_rate, "target after 5 min:")
        plotting.save(planning_plots.plan(planned, line, label), plot)
    if json:
        print(json_line(answer.as_dict() | (usage.update_dict(learnt, log) if learnt else {})))
        return
    print(planning_text.course(planned, start_at is None))
    said = [*planning_text.beyond(answer, state), *planning_text.limit(answer, state)]
    print("\n".join([planning_text.expected(planned, heart_rate), *said]))
    print(f"Predicted by {planned.prediction.by}.")
    warn(planned.warnings)
    print(update_text.known_text(state, learnt.exported if learnt else None))
    if learnt:
        print("\n".join(usage.of_update(learnt, log)))
    print(f"\n{planning_text.table(planned)}\n")
    if output:
        print(f"Written: {output}")
    print(outputs.picture_text(plot, "PLAN.png"))


def _moment(text: str | None, utc_offset: float) -> float | None:
    """Seconds since 1970-01-01 UTC of a given time; without an offset of its own it is local, this many s ahead of UTC."""
    from hrkeras.workouts.clock import is_date
    from hrkeras.workouts.readers.xml_points import seconds

    if text is None:
        return None
    if not is_date(moment := seconds(text, utc_offset)):
        raise typer.BadParameter(
            f"expected a time from 1990 to 2100 such as 2026-12-01T09:00, found {text!r}", param_hint="--start"
        )
    return moment
