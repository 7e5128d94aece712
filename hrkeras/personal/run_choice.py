"""Choose the run to predict from a source, and read the person's other workouts."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from pathlib import Path

import numpy as np

from hrkeras.personal.people import of_person, one_person
from hrkeras.personal.update_text import look_at
from hrkeras.utils.errors import InputError
from hrkeras.workouts import duplicates, quality
from hrkeras.workouts.clock import date, in_future, iso, local, moment
from hrkeras.workouts.readers import detect
from hrkeras.workouts.readers.source import ReadLog, read_log_text
from hrkeras.workouts.workout import Workout

OTHER = "not asked for"  # of the source of the run to predict
SHOWN = 8  # runs of which a message names the dates


def choose(workouts: Iterable[Workout], wanted: str | None, path: Path, log: ReadLog | None = None) -> Workout:
    """Picks one run of a source.

    Args:
        workouts: what the source holds.
        wanted: the run's date or date and time, as commands show it and as far as it is unambiguous, such as "2025-06-16",
            local where the source tells it; or "latest", of those that are not dated in the future; or None where the source
            holds one run.
        path: of the source, for messages.
        log: what its reader skipped, for the message if there is no run.

    Raises:
        InputError: if there is no such run or more than one.
    """
    workouts = list(workouts)
    recorded = [workout for workout in workouts if workout.sport == "running"]
    if not recorded:
        raise InputError(f"{path}: expected a run outdoors, {_instead(workouts, path, log)}.")
    runs = _distinct(recorded)
    if wanted == "latest":
        return ([run for run in runs if not in_future(run.start)] or runs)[-1]
    fitting = _distinct([run for run in recorded if not wanted or any(name.startswith(wanted) for name in _names(run))])
    if not fitting and wanted:
        fitting = _distinct([run for run in recorded if (iso(run.start) or "").startswith(wanted)])  # in UTC
    if len(fitting) == 1:
        return fitting[0]
    of_day = [run for run in runs if (wanted or "").startswith(_days(run))]
    others = [workout for workout in workouts if wanted and any(name.startswith(wanted) for name in _names(workout))]
    near = f"{len(of_day)} of that day" if of_day else f"{len(runs)} runs{f', but {_sports(others)}' if others else ''}"
    count = f"{len(fitting)} runs" if fitting else f"none such among {near}"
    expected = f"expected one run{f' of {wanted}' if wanted else ''}"
    raise InputError(f"{path}: {expected}, found {count}; {_offer(fitting or of_day or runs)}.", "workout")


def _instead(workouts: Sequence[Workout], path: Path, log: ReadLog | None) -> str:
    """What there is in a source without a run, and how to go on."""
    content = "; ".join(filter(None, [_sports(workouts), read_log_text(log) if log else ""])) or "no workout"
    is_indoors = any(workout.sport == "indoor running" for workout in workouts)
    indoors = "; `hrkeras estimate --all` takes runs indoors" if is_indoors else ""
    return f"found {content}{indoors}; {look_at(path)}"


def _sports(workouts: Sequence[Workout]) -> str:
    """How many workouts of which sports these are; empty if there is none."""
    sports = Counter(workout.sport or "unnamed" for workout in workouts)
    names = ", ".join(f"{count} {sport}" for sport, count in sports.most_common(5))
    return f"{names} workout{'s' if len(workouts) > 1 else ''}" if names else ""


def _offer(runs: Sequence[Workout]) -> str:
    """Which of several runs can be chosen by name: those whose minute no other one shares."""
    counts = Counter(map(_name, runs))
    names = [name for name, count in counts.items() if count == 1]
    shown = [*(["..."] if len(names) > SHOWN else []), *names[-SHOWN:]]
    offer = f"choose one of {', '.join(shown)}, or latest" if shown else "choose latest"
    return offer if len(names) == len(runs) else f"{offer}, or give the file of one run alone"


def _name(run: Workout) -> str:
    """Its date and time by which it is offered."""
    return date(run.start, run.utc_offset)


def _names(run: Workout) -> tuple[str, ...]:
    """All that it can be chosen by: its date and time as commands show them, in sentences, in tables and for programs."""
    start, offset = run.start, run.utc_offset
    if np.isnan(start):
        return (_name(run),)
    return moment(start, offset), str(iso(start, offset)), *_days(run)


def _days(run: Workout) -> tuple[str, ...]:
    """Its local day as numbers and in words; nothing of a run of unknown date."""
    if np.isnan(run.start):
        return ()
    when = local(run.start, run.utc_offset)
    return f"{when:%Y-%m-%d}", f"{when.day} {when:%B} {when:%Y}", f"{when.day} {when:%b} {when:%Y}"


def _distinct(recorded: list[Workout]) -> list[Workout]:
    """Of each run one recording: those of unknown date, then the earliest first."""
    return sorted(
        duplicates.distinct(recorded, map(duplicates.content, recorded)), key=lambda run: (not np.isnan(run.start), run.start)
    )


def load_run(
    path: Path,
    wanted: str | None = None,
    histories: Sequence[Path] = (),
    on_bytes: Callable[[int], object] | None = None,
    read: detect.Read = detect.read,
    person: str | None = None,
) -> tuple[Workout, list[Workout], ReadLog]:
    """Reads the run to predict and the person's other workouts.

    Args:
        path: a track, an Apple Health export or a folder; of several runs `wanted` picks one.
        wanted: see `choose`.
        histories: folders or exports with the person's earlier runs; if not given, the other runs of `path`.
        on_bytes: called with the number of bytes read since the last call.
        read: reads a source.
        person: whose run it is, where `path` has those of several.

    Returns:
        The run, the person's workouts, and what was skipped.

    Raises:
        InputError: if something cannot be read, or a history or, where no date is wanted, `path` holds several people's runs,
            or none of the person named.
    """
    log = ReadLog(on_bytes)
    workouts = of_person(read(path, log), person)
    if wanted in (None, "latest"):
        one_person([workout for workout in workouts if workout.sport == "running"], path)
    run = choose(workouts, wanted, path, log)
    if histories:
        by_place = {(workout.where, workout.start): workout for workout in load_history(histories, log, run.user, read)}
        by_place.pop((run.where, run.start), None)
        left_out = [workout for workout in workouts if workout is not run and (workout.where, workout.start) not in by_place]
        others = [*by_place.values()]
    else:
        left_out = [workout for workout in workouts if workout.user != run.user]
        others = [workout for workout in workouts if workout.user == run.user and workout is not run]
    again = [workout.sport == run.sport and _overlap(workout, run) for workout in others]
    for workout in left_out:
        log.skip(OTHER, workout.where)
    for workout in compress(others, again):
        log.skip(quality.REASONS[quality.DUPLICATE], workout.where)
    return run, [workout for workout, is_run in zip(others, again, strict=True) if not is_run], log


def latest_offset(workouts: Sequence[Workout]) -> float:
    """How many s local time was ahead of UTC at the latest run of known date; NaN where that is not told."""
    dated = [workout for workout in workouts if workout.sport == "running" and not np.isnan(workout.start)]
    return max(dated, key=lambda run: run.start).utc_offset if dated else np.nan


def _overlap(one: Workout, other: Workout) -> bool:
    return bool(duplicates.overlap(one.start, one.end, other.start, other.end))


def load_history(
    histories: Sequence[Path], log: ReadLog, user: str | None = None, read: detect.Read = detect.read
) -> list[Workout]:
    """Reads a person's workouts.

    Args:
        histories: folders or exports.
        log: counts the bytes read and collects what was skipped.
        user: the person to choose if a source has several.
        read: reads a source.

    Raises:
        InputError: if something cannot be read, or a history holds several people's runs and none of them is `user`.
    """
    workouts: list[Workout] = []
    for history in histories:
        recorded = list(read(history, log))
        workouts += one_person([workout for workout in recorded if workout.sport == "running"], history, user, option=None)
        workouts += [workout for workout in recorded if workout.sport != "running"]  # the filters remove and count these
    return workouts
