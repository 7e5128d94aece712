"""Repair the heart rate in one person's files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import run_choice, update_text
from hrkeras.personal.estimation import estimation
from hrkeras.personal.repair import repair
from hrkeras.personal.repair.repair import Repairs
from hrkeras.utils.errors import InputError
from hrkeras.workouts.readers import detect, tracks
from hrkeras.workouts.readers.source import ReadLog, read_log_text

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

ONE = "one person"  # whose all runs are


def repair_files(
    sources: Sequence[Path],
    athlete: AthleteState | None = None,
    histories: Sequence[Path] = (),
    model: Model | None = None,
    on_bytes: Callable[[int], object] | None = None,
    on_run: Callable[[], object] | None = None,
    read: detect.Read = detect.read,
) -> Repairs:
    """Repairs the runs in some sources, see `repair.repair`.

    Args:
        sources: tracks, and folders and zips of them.
        athlete: the person's state; if not given, it is learnt from `sources` and `histories`.
        histories: sources with the person's other runs.
        model: predicts; the state alone does if not given.
        on_bytes: called with the number of bytes read since the last call.
        on_run: called after each run that is repaired.
        read: reads a source.

    Raises:
        InputError: if a source cannot be read or holds several people's runs, or if there is no run with a heart rate in
            which faults can be seen.
    """
    log, history_log, origins = ReadLog(on_bytes), ReadLog(on_bytes), dict[int, Path]()
    workouts = estimation.read_copyable(sources, read, log, origins, (tracks,))
    own = [replace(run, user=ONE) for run in workouts]  # each of several folders is called by its own name
    origins = {id(mine): origins[id(run)] for mine, run in zip(own, workouts, strict=True)}
    others = [replace(run, user=ONE) for run in run_choice.load_history(histories, history_log, read=read)]
    person = log.person | history_log.person
    repairs = repair.repair(own, model, others=others, athlete=athlete, person=person, on_run=on_run)
    if not repairs.runs and not repairs.faultless:
        why = "; ".join(filter(None, [update_text.taken_text(repairs.skipped), read_log_text(log)])) or "there is none"
        raise InputError(
            f"{update_text.named(sources)}: found no run whose heart rate can be repaired: {why}; "
            f"{update_text.look_at(*sources)}."
        )
    runs = [replace(each, source=origins[id(each.run)]) for each in repairs.runs]
    history = repairs.history and replace(repairs.history, log=history_log)
    return replace(repairs, runs=runs, log=log, history=history)
