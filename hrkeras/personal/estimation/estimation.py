"""Estimate the heart rate of runs that have none, and write copies of their files with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hrkeras.athlete import facts, zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.zones import Zones
from hrkeras.evaluation import predictor
from hrkeras.personal import athlete_update, people, time_in_zones, update_text
from hrkeras.personal.athlete_update import Report
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.silent import LIMITS, SPORTS, follow, sort
from hrkeras.utils.errors import InputError
from hrkeras.workouts import duplicates, prepare, quality
from hrkeras.workouts.readers import apple_health, detect, tracks
from hrkeras.workouts.readers.source import ReadLog, read_log_text
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model


@dataclass(frozen=True)
class Estimate:
    """One run that was estimated.

    Attributes:
        run: as it was read.
        source: the given path that it was read from.
        prediction: its heart rate, with the prediction interval.
        seconds: in each zone, shape `(5,)`.
        within: the least and the most of these in the prediction interval, shape `(2, 5)`.
        anew: whether its copy gets this heart rate also where one was measured.
    """

    run: Workout
    source: Path
    prediction: Prediction
    seconds: np.ndarray
    within: np.ndarray
    anew: bool
    clocks = ()  # of repaired stretches: all of it is estimated

    def at(self, clock: float) -> int:
        """Whole beats/min where the clock of the recording shows `clock` s; 0 where the run is not."""
        time = clock - first_clock(self.run)
        if not 0 <= time <= self.run.duration:
            return 0
        middle = time / self.prediction.step - 0.5
        rates = self.prediction.heart_rate
        before = min(max(int(middle), 0), len(rates) - 1)
        after = min(before + 1, len(rates) - 1)
        part = min(max(middle - before, 0.0), 1.0)
        return round(float(rates[before] + part * (rates[after] - rates[before])))


@dataclass(frozen=True)
class Estimation:
    """The estimates for some sources.

    Attributes:
        estimates: in the order of their starts.
        zones: of the person.
        athlete: their state after all runs.
        measured: number of runs with a heart rate, which were not estimated.
        copies: how many of these are copies of an earlier estimate.
        skipped: number of workouts that cannot be estimated, by reason.
        log: what the readers skipped.
        exported: what became of the facts that an export tells of the person.
        history: what was learnt from the histories, with what was not and the log of their readers; None without.
        estimable: if there are no estimates, how many runs with a heart rate could be estimated.
        partly: number of estimated runs with a heart rate at some points; 0 if it is to be replaced.
    """

    estimates: list[Estimate]
    zones: Zones
    athlete: AthleteState
    measured: int
    copies: int
    skipped: Counter[str]
    log: ReadLog = field(default_factory=ReadLog)
    exported: dict[str, facts.Outcome] = field(default_factory=dict)
    history: Report | None = None
    estimable: int = 0
    partly: int = 0


def estimate(
    sources: Sequence[Path],
    athlete: AthleteState | None = None,
    histories: Sequence[Path] = (),
    model: Model | None = None,
    everything: bool = False,
    on_bytes: Callable[[int], object] | None = None,
    on_run: Callable[[], object] | None = None,
    read: detect.Read = detect.read,
) -> Estimation:
    """Estimates the heart rate of the runs of one person that have none.

    A run is estimated from the person's earlier runs; if these are fewer than ten, from the first ten. A run of unknown date
    is estimated from all runs. The quality filters apply, except those on heart rate and positions.

    Args:
        sources: tracks, folders of them and Apple Health exports.
        athlete: the person's state; if not given, it is learnt from `histories`.
        histories: sources with the person's other runs; if not given, the measured ones of `sources`.
        model: corrects the predictions of the state; the state alone predicts if not given.
        everything: whether to estimate runs with a heart rate too, each from earlier runs alone.
        on_bytes: called with the number of bytes read since the last call.
        on_run: called after each run.
        read: reads a source.

    Raises:
        InputError: if a source cannot be read or holds several people's runs, or if no run can be estimated.
    """
    log, origins = ReadLog(on_bytes), dict[int, Path]()
    workouts = read_copyable(sources, read, log, origins)
    given, look = update_text.named(sources), update_text.look_at(*sources)
    if not workouts:
        why = read_log_text(log) or "there is none"
        raise InputError(f"{given}: found no workout to estimate: {why}; {look}.")
    silent, measured, copies, skipped = _sorted(workouts, everything)
    if not silent and not measured:
        why = update_text.taken_text(skipped)
        needs = f"a run needs speed or positions, and may last {LIMITS.max_duration / 3600:.0f} h; "
        is_run = any(workout.sport in SPORTS for workout in workouts)
        raise InputError(f"{given}: found no run that can be estimated: {why}; {needs if is_run else ''}{look}.")
    heard, taken, history_log = list[prepare.PreparedRun](), Counter[str](), ReadLog(on_bytes)
    if athlete is None:
        others = [run for source in histories for run in people.one_person(list(read(source, history_log)), source)]
        heard = athlete_update.usable(others if histories else workouts, taken)
    state = athlete or AthleteState(predictor.population(model))
    exported = facts.tell_source(state, log.person | history_log.person)
    report, predictions = follow(state, heard, silent, model, everything, on_run=on_run)
    own = zones.estimate(state)
    estimates = []
    for run, predicted in zip(silent, predictions, strict=True):
        anew = everything or not _is_likely(predicted)
        estimates.append(Estimate(run, origins[id(run)], predicted, *time_in_zones.of_estimate(own, predicted), anew))
    report.taken, report.log = taken, history_log
    partly = 0 if everything else sum(bool(np.isfinite(run.heart_rate).any()) for run in silent)
    history = report if histories else None
    estimable = 0 if estimates else len(sort(workouts, everything=True).silent)
    return Estimation(estimates, own, state, measured, copies, skipped, log, exported, history, estimable, partly)


def read_copyable(
    sources: Sequence[Path], read: detect.Read, log: ReadLog, origins: dict[int, Path], kinds=(apple_health, tracks)
) -> list[Workout]:
    """One person's workouts in sources whose files can be copied.

    Args:
        sources: see `estimate`.
        read: reads a source.
        log: of the reading.
        origins: receives the source of each workout by its `id`.
        kinds: readers of the sources that are accepted.

    Raises:
        InputError: if a source cannot be read or copied, or holds several people's runs.
    """
    workouts = list[Workout]()
    for source in sources:
        if (kind := detect.reader(source)) not in kinds:
            found = "an Apple Health export" if kind is apple_health else "an Endomondo file"
            expected = " or an Apple Health export" if apple_health in kinds else ""
            raise InputError(
                f"{source}: expected GPX, TCX or FIT files{expected}, found {found}, of which this command writes no copies: "
                "give the files that the watch or its app exports; `hrkeras inspect` shows what is in this one, and where the "
                "sensor looks wrong."
            )
        here = people.one_person(list(read(source, log)), source)
        workouts += here
        origins |= {id(workout): source for workout in here}
    return workouts


def _is_likely(predicted: Prediction) -> bool:
    """Whether the few heart rates that were measured may be right: on average they lie in the prediction interval."""
    measured = predicted.grid.heart_rate
    known = np.isfinite(measured)
    if not known.any():
        return True
    return bool(predicted.low[known].mean() <= measured[known].mean() <= predicted.high[known].mean())


def first_clock(run: Workout) -> float:
    """What the recording's clock showed at the first point, s since 1970-01-01 UTC."""
    return run.first_clock if isnan(run.start) else run.start


def _sorted(workouts: Sequence[Workout], everything: bool) -> tuple[list[Workout], int, int, Counter[str]]:
    """Runs to estimate, how many have a heart rate, how many of these only an earlier estimate, and why the others cannot be."""
    copies = [] if everything else [run for run in workouts if run.estimated]  # of an earlier estimate
    runs = sort([run for run in workouts if everything or not run.estimated], everything)
    skipped = Counter(reason for _, reason in runs.left_out)
    skipped += Counter(quality.reason("sport", run) for run in runs.heard if run.sport not in SPORTS)
    recorded = [run for run in [*runs.heard, *runs.indoors, *copies] if run.sport in SPORTS]
    kept = duplicates.distinct(recorded, map(duplicates.content, recorded))
    skipped[quality.REASONS[quality.DUPLICATE]] += len(recorded) - len(kept)
    return runs.silent, len(kept), sum(run.estimated for run in kept), +skipped
