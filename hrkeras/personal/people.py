"""Whose runs a source holds: one person's, or those of the person who is named."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from hrkeras.utils.errors import InputError
from hrkeras.workouts.prepare import PreparedRun
from hrkeras.workouts.workout import Workout

SHOWN = 5  # people whom a message names
Owned = TypeVar("Owned", Workout, PreparedRun, Workout | PreparedRun)


def of_person(workouts: Iterable[Workout], person: str | None) -> list[Workout]:
    """The workouts of the person of this name; all of them without a name.

    Raises:
        InputError: if there are workouts, and none of them is of somebody of this name.
    """
    workouts = list(workouts)
    mine = [workout for workout in workouts if person in (None, workout.user)]
    if person is not None and workouts and not mine:
        raise InputError(
            f"Found nobody called {person[:40]!r}; name one of {_names({workout.user for workout in workouts})}.", "person"
        )
    return mine


def one_person(
    runs: list[Owned], source: Path | str | None = None, user: str | None = None, option: str | None = "person"
) -> list[Owned]:
    """The runs of one person in a source.

    Args:
        runs: of the source.
        source: its path or name, for messages.
        user: the person to choose if the source has several.
        option: of commands, that chooses one.

    Raises:
        InputError: if they belong to several people and none of them is `user`.
    """
    people = {run.user for run in runs}
    if len(people) < 2:
        return runs
    if user in people:
        return [run for run in runs if run.user == user]
    expected = f"{source}: expected" if source else "Expected"
    folders = "in a folder each sub-folder is a person: if all are the same, give each sub-folder by itself, else "
    if source and Path(source).is_file():
        folders = "give "
    raise InputError(
        f"{expected} the runs of one person, found those of {len(people)} ({_names(people)}); {folders}one person's alone.",
        option,
    )


def _names(people: Iterable[str]) -> str:
    first = sorted(people)
    return ", ".join(first[:SHOWN]) + (f" and {len(first) - SHOWN:,} more" if len(first) > SHOWN else "")
