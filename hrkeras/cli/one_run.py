"""What the commands on one run share: which it is, and the person as known before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.shared import check_one_known, reader, reading, warn

if TYPE_CHECKING:
    from hrkeras.athlete.kalman import AthleteState
    from hrkeras.evaluation.predictor import Model
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
    """A run and what was read with it.

    Attributes:
        workout: as it was read.
        lines: what is known of the person and not of the run, and what was used, in sentences.
        about: the same for JSON.
    """

    workout: Recorded
    lines: list[str]
    about: dict[str, Any]


def open_run(
    run: Path,
    workout: str | None,
    person: str | None,
    athlete: Path | None,
    history: list[Path] | None,
    no_cache: bool,
    state: AthleteState,
    model: Model | None = None,
) -> OneRun:
    """The run that the options name. The state learns from the person's earlier runs, unless a file of theirs is given."""
    from hrkeras.personal import athlete_update, prediction_text, run_choice, update_text, usage

    wanted, histories = workout or "latest", history or []
    with reading((run, *histories)) as bar:
        chosen, others, log = run_choice.load_run(run, wanted, histories, bar.update, reader(no_cache), person)
    if not workout and (log.skipped[run_choice.OTHER] or (others and not histories)):
        defaults.use("--workout", wanted)
    learnt = athlete_update.learn_from(state, [] if athlete else others, chosen.start, model, log.person)
    left_out = len(others) if athlete else 0
    lines = [update_text.known_text(state, learnt.exported), *prediction_text.remarks(chosen, state.count)]
    if others or log.skipped or log.passed_over or learnt.exported:
        lines += usage.of_update(learnt, log, 1, left_out)
    return OneRun(chosen, lines, usage.update_dict(learnt, log, 1, left_out))


class Followed(NamedTuple):
    """A run that is followed minute by minute.

    Attributes:
        live: the person before the run.
        workout: as it was read.
        grid: the run on the grid.
        lines, about: see `OneRun`.
    """

    live: LiveRun
    workout: Recorded
    grid: Grid
    lines: list[str]
    about: dict[str, Any]


def follow(
    run: Path,
    workout: str | None,
    person: str | None,
    athlete: Path | None,
    history: list[Path] | None,
    plot: Path | None,
    force: bool,
    no_cache: bool,
    looked_at: int | None = None,
) -> Followed:
    """The run that the options name, and the person as known before it; warns of what is wrong in the steps looked at, or all.

    Raises:
        typer.BadParameter: if the options contradict each other, or the picture would destroy something.
        InputError: if the run cannot be read or chosen, or its heart rate was estimated.
    """
    check_one_known(athlete, history)
    outputs.check((run, athlete, *(history or [])), [(plot, kinds.PNG)], force)
    from hrkeras.personal import prediction, prediction_warnings
    from hrkeras.personal.today import live_run
    from hrkeras.utils.errors import InputError
    from hrkeras.workouts.grid import Grid

    state = prediction.opened(athlete)
    one = open_run(run, workout, person, athlete, history, no_cache, state)
    if one.workout.estimated:
        raise InputError(f"{run}: its heart rate was estimated by hrkeras, not measured; give a run whose heart rate was.")
    begin, grid = prediction.begin_after(one.workout, state), prediction.gridded(one.workout)
    days = prediction_warnings.days_since(state.assumed_start(begin), state.ends)
    seen = Grid(*(column[:looked_at] for column in grid))
    warnings = [*prediction_warnings.of_run(one.workout, seen, state), *prediction_warnings.of_age(days)]
    warn(warnings)
    about = {"has_altitude": prediction.has_altitude(one.workout), "warnings": warnings} | one.about
    return Followed(live_run.LiveRun(state, begin), one.workout, grid, one.lines, about)
