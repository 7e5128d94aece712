"""What the commands share that follow one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.shared import check_one_known, reader, reading

if TYPE_CHECKING:
    from hrkeras.personal.today.live_run import LiveRun
    from hrkeras.workouts.grid import Grid
    from hrkeras.workouts.workout import Workout as Recorded

Run = Annotated[
    Path,
    typer.Argument(exists=True, help="A GPX, TCX or FIT file, a folder or zip, or an Apple Health export.", show_default=False),
]
History = Annotated[
    list[Path] | None,
    typer.Option(
        exists=True, help="Folder or export with the person's earlier runs. Repeatable. Default: the other runs of RUN."
    ),
]
Workout = Annotated[
    str | None,
    typer.Option(
        help="The run, where RUN has several: its local date (2025-06-16), or latest. Default: latest.", show_default=False
    ),
]


class OneRun(NamedTuple):
    """A run that is followed minute by minute.

    Attributes:
        live: the person before the run.
        workout: as it was read.
        grid: the run on the grid.
        lines: what was read, and what is known of the person, in sentences.
        about: the same for JSON.
    """

    live: LiveRun
    workout: Recorded
    grid: Grid
    lines: list[str]
    about: dict[str, Any]


def read_run(
    run: Path,
    workout: str | None,
    athlete: Path | None,
    history: list[Path] | None,
    plot: Path | None,
    force: bool,
    no_cache: bool,
) -> OneRun:
    """The run that the options name, and the person as known before it.

    Raises:
        typer.BadParameter: if the options contradict each other, or the picture would destroy something.
    """
    check_one_known(athlete, history)
    outputs.check((run, athlete, *(history or [])), [(plot, kinds.PNG)], force)
    from hrkeras.personal import athlete_update, prediction, run_choice, update_text, usage
    from hrkeras.personal.today import live_run
    from hrkeras.workouts.readers import tracks

    state, histories = prediction.opened(athlete), history or []
    default = None if workout or tracks.is_track(run) else "latest"
    with reading((run, *histories)) as bar:
        chosen, others, log = run_choice.load_run(run, workout or default, histories, bar.update, reader(no_cache))
    if default:
        defaults.use("--workout", default)
    learnt = athlete_update.learn_from(state, [] if athlete else others, until=chosen.start, person=log.person)
    lines = [update_text.known_text(state, learnt.exported)]
    if not chosen.has_altitude:
        lines.append("The run has no altitude: it was taken as flat.")
    left_out = len(others) if athlete else 0
    lines += usage.in_the_future([chosen.start])
    if others or log.skipped or log.passed_over or learnt.exported:
        lines += usage.of_update(learnt, log, 1, left_out)
    live = live_run.LiveRun(state, prediction.begin_after(chosen, state))
    about = {"has_altitude": chosen.has_altitude} | usage.update_dict(learnt, log, 1, left_out)
    return OneRun(live, chosen, prediction.gridded(chosen), lines, about)
