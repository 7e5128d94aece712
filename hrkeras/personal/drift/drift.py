"""The drift within each of a person's runs, what is usual for them, and whether heat goes with it."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from hrkeras.athlete import drift, heat
from hrkeras.athlete.drift import Drift
from hrkeras.athlete.fitness import WithLimits
from hrkeras.personal import kept, pace, weather
from hrkeras.personal.timeline import Entry, Timeline
from hrkeras.utils.errors import InputError
from hrkeras.workouts.clock import iso
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import STEP, Grid
from hrkeras.workouts.sensor.sensor_fault import Fault

RUN = f"a run with heart rate for {drift.LEAST:.0f} minutes after the first {drift.WARM_UP:.0f}"


class DriftingRun(NamedTuple):
    """One run.

    Attributes:
        entry: of the timeline.
        drift: beats/min per hour.
        usual: what was usual for the person then at the timeline's pace, see `drift.usual`; all limits here hold their value
            nineteen times in twenty, as those of `Drifts.level` do.
        left_over: measured less explained; its limits contain 0 unless it is clear.
    """

    entry: Entry
    drift: Drift
    usual: WithLimits
    left_over: WithLimits


class _Followed(NamedTuple):
    """One run, what the state expected of it, and the covariance of its weights then; and the steps to leave out."""

    start: float
    grid: Grid
    expected: np.ndarray
    covariance: np.ndarray
    left_out: np.ndarray


class Drifts(NamedTuple):
    """A person's runs.

    Attributes:
        runs: those that are long enough, in order.
        runs_with_heart_rate: how many there are, long enough or not.
        speed: m/s on the flat that `usual` is told for.
        level: how the day's mean heart rate changes with temperature, beats/min; None if that cannot be said.
        slope: likewise the drift, beats/min per hour.
    """

    runs: list[DriftingRun]
    runs_with_heart_rate: int
    speed: float
    level: heat.Relation | None
    slope: heat.Relation | None


def of_timeline(timeline: Timeline) -> Drifts:
    """The drift of all runs that are long enough, each by what the state knew before it, whatever model predicts the runs."""
    report = timeline.report
    population = report.athlete.population
    followed, levels, last = [], [], np.inf
    for entry, run, known, view in zip(timeline.entries, report.added, report.before, timeline.before, strict=True):
        covariance = view.covariance + np.diag(population.process_noise(run.start - last))
        last = run.start
        expected = known.expected[:, 0]
        residual = run.grid.heart_rate - expected
        levels.append(residual[np.isfinite(residual)].mean() if np.isfinite(residual).any() else np.nan)
        left_out = _faulty(run.grid, timeline.faults[entry.start] or ())
        followed.append(_Followed(run.start, run.grid, expected, covariance, left_out))

    def drift_of(run: _Followed) -> Drift | None:
        used = drift.used(run.grid, run.left_out)
        if not used.any():
            return None
        features = population.features(run.start, basis(run.grid))
        return drift.of_run(run.grid, run.expected, features, run.covariance, used)

    rows = kept.rows(["drift", population], followed, lambda run: (run.start, *run.grid, *run[2:]), drift_of)
    usual = drift.usual(timeline.hindsight, report.added[0].start, timeline.speed) if report.added else []
    warmer = heat.warmer(np.array([weather.temperature(entry.workout) for entry in timeline.entries]))
    runs, warmths = [], []
    for entry, row, told, warmth in zip(timeline.entries, rows, usual, warmer, strict=True):
        if row:
            left_over, *others = row
            found = Drift(WithLimits(*left_over), *others)
            runs.append(DriftingRun(entry, found, *(each.widened(drift.WIDER) for each in (told, found.left_over))))
            warmths.append(warmth)
    slopes = np.array([(run.drift.left_over.value, run.drift.left_over.high) for run in runs]).reshape(-1, 2)
    return Drifts(
        runs,
        len(timeline.entries),
        timeline.speed,
        heat.relation(warmer, np.array(levels)),
        heat.relation(np.array(warmths), slopes[:, 0], np.diff(slopes)[:, 0] ** 2),
    )


def expect(drifts: Drifts, source) -> None:
    """Checks that there is a run to say something of.

    Raises:
        InputError: if there is none.
    """
    if not drifts.runs:
        number = drifts.runs_with_heart_rate
        which = (
            f"{'the one run is' if number == 1 else f'all {number:,} runs are'} too short, or measured for too little of it"
            if number
            else "not one run outdoors has enough heart rate"
        )
        raise InputError(f"{source}: {which}; the drift within a run takes {RUN}.")


def _faulty(grid: Grid, faults: Iterable[Fault]) -> np.ndarray:
    """Steps in which the sensor was wrong, shape `(steps,)`."""
    begin = STEP * np.arange(len(grid.heart_rate))
    faulty = np.zeros(len(begin), bool)
    for fault in faults:
        faulty |= (begin < fault.end) & (begin + STEP > fault.begin)
    return faulty


def as_dict(drifts: Drifts) -> dict:
    """For JSON: temperatures in degrees Celsius, humidity and decoupling (Pa:HR) in %, the rest in beats/min per hour."""
    last = drifts.runs[-1].usual
    return {
        "pace": pace.text(drifts.speed),
        "usual": _told(last),
        "level_by_10_degrees": _told(drifts.level and drifts.level.slope),
        "drift_by_10_degrees": _told(drifts.slope and drifts.slope.slope),
        "runs": [
            {
                "start": iso(run.entry.start, run.entry.utc_offset),
                "minutes": run.drift.minutes,
                "measured": round(run.drift.measured, 1),
                "explained": round(run.drift.explained, 1),
                "left_over": run.left_over.as_dict(),
                "certain": run.drift.is_clear,
                "decoupling": round(run.drift.decoupling, 1),
                "temperature": round(weather.temperature(run.entry.workout), 1),
                "humidity": round(run.entry.workout.humidity, 1),
            }
            for run in drifts.runs
        ],
    }


def _told(told: WithLimits | None) -> dict | None:
    return told and told.as_dict() | {"certain": told.certain}
