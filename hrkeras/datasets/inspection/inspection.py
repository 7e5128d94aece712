"""What a source holds, whether its runs can be used, and how their heart rate correlates with speed and altitude."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from hrkeras.datasets.inspection.correlations import LAGS, SPEEDS, VARIABLES, LagCurve, Moments
from hrkeras.datasets.inspection.inspection_years import Tally, Year
from hrkeras.datasets.inspection.recordings import Recordings
from hrkeras.datasets.inspection.sensor_faults import SensorFaults
from hrkeras.utils.errors import InputError, InvalidWorkoutError
from hrkeras.workouts import duplicates, prepare, quality
from hrkeras.workouts.clock import date, local
from hrkeras.workouts.funnel import UNNAMED, Funnel
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.tables import Tables
from hrkeras.workouts.workout import Workout

SAMPLE = 200  # runs from which a typical one is chosen
SPARSE = 3.0  # heart rates a minute; fewer cannot show a response that takes about a minute
LOOSER = {
    "heart_rate": "min_heart_rate_share=0.25",
    "points": "min_points=25",
    "range": "max_outside_share=0.15",
    "gps": "min_gps_share=0.6",
    "altitude": "min_altitude_share=0",
    "duration": "min_duration=120",
    "metadata": "require_user=no",
}  # by filter, a looser setting whose additional workouts may still be of use


class Shown(NamedTuple):
    """A run to draw: its grid, the correlation of speed and heart rate in it, its start in s since 1970 UTC, and its day."""

    grid: Grid
    correlation: float
    start: float
    day: str


class Usable(NamedTuple):
    """What is kept of a workout that passes the filters until all are read, so that recordings of one run can be matched.

    Attributes:
        user: the person.
        start: s since 1970-01-01 UTC.
        end: likewise.
        content: see `duplicates.content`.
        day: of its start, local where the source tells that.
        tally: what it adds to its year.
    """

    user: str
    start: float
    end: float
    content: duplicates.Content
    day: str
    tally: Tally


class Inspection:
    """Inspects workouts one by one; only a few numbers of each are kept, and the grids of usable ones in a temporary file.
    Recordings of one run can only be matched when all are there: `finish` completes the counts of runs.

    Args:
        limits: of the quality filters; a workout of one of their sports is a run here.
        log: of what the reader skips.

    Attributes:
        funnel: the `Funnel`.
        regained: by filter, how many of the workouts that it drops would pass with its setting in `LOOSER`.
        sports: workouts by sport.
        people: workouts by person.
        usable_by_person: usable runs by person.
        hours: of all workouts.
        first, last: s since 1970-01-01 UTC, starts of the first and the last workout, and how many s local time was ahead of UTC
            there, NaN where the source does not tell; None if no date is known.
        undated: workouts of unknown date.
        estimated: workouts whose heart rate hrkeras has estimated, which counts as none.
        years: `Year` by number, local time where the source tells it; a run counts once, however many recordings there are of it.
        dateless: the same of the runs of unknown date.
        raw: correlations of all recordings of runs, values out of their valid ranges left out.
        processed: correlations of the usable runs on the grid.
        lags: of the usable runs.
        sensor: faults of the heart rate sensor, `SensorFaults`, in the usable runs, or in the only one.
        run_correlations: of each usable run, that of speed and heart rate.
        latest: the latest usable run.
        only: the workout, if there is only one and it can be put onto the grid, usable or not.
    """

    def __init__(self, limits: quality.Limits | None = None, log: ReadLog | None = None):
        self.limits, log = limits or quality.Limits(), log or ReadLog()
        self.funnel = Funnel(log.skipped, log.passed_over, log.examples)
        self._looser = _looser(self.limits)
        self.regained: Counter[str] = Counter()
        self.sports: Counter[str] = Counter()
        self.people: Counter[str] = Counter()
        self.usable_by_person: Counter[str] = Counter()
        self.hours = 0.0
        self.first: tuple[float, float] | None = None
        self.last: tuple[float, float] | None = None
        self.undated, self.estimated = 0, 0
        self.years: dict[int, Year] = defaultdict(Year)
        self.dateless = Year()
        self.raw, self.processed, self.lags = Moments(), Moments(), LagCurve()
        self.sensor = SensorFaults()
        self.run_correlations: list[float] = []
        self.latest: Shown | None = None
        self.only: Shown | None = None
        self._usable: list[Usable] = []
        self._grids, self._recordings = Tables(), Recordings()
        self._unusable: Workout | None = None  # the last
        self._sample: list[Shown] = []
        self._rng = np.random.default_rng(0)

    def add(self, workout: Workout) -> None:
        """Adds a workout."""
        outcome = prepare.examine(workout, self.limits)
        if workout.estimated:
            self.estimated += 1
            workout = replace(workout, heart_rate=np.full(len(workout), np.nan), heart_rate_samples=0)
        taken = outcome if isinstance(outcome, str) else None
        self.funnel.count(taken)
        self.sports[workout.sport or UNNAMED] += 1
        self.people[workout.user] += 1
        self.hours += workout.duration / 3600
        if np.isnan(workout.start):
            self.undated += 1
        else:
            here = workout.start, workout.utc_offset
            self.first, self.last = min(here, self.first or here), max(here, self.last or here)
        if taken in self._looser and quality.taken_by(workout, self._looser[taken]) is None:
            self.regained[taken] += 1
        if taken != "sport":
            self._add_run(workout, outcome)
        self.only = self._show_anyway(workout) if self.funnel.workouts == 1 else None

    def _add_run(self, workout: Workout, outcome: prepare.PreparedRun | str) -> None:
        possible = quality.without_outliers(workout, self.limits)
        speed = np.where(possible.speed <= self.limits.max_speed, possible.speed, np.nan)
        self.raw.add(np.stack([speed, possible.altitude, possible.heart_rate]))
        rate = 60 * workout.heart_rate_samples / workout.duration if workout.heart_rate_samples else None
        year = None if np.isnan(workout.start) else local(workout.start, workout.utc_offset).year
        tally = Tally(year, workout.duration / 3600, rate)
        if isinstance(outcome, str):
            self._count(tally, is_usable=False)
            self._unusable = workout
        else:
            self._recordings.append(workout)
            self._grids.append(outcome.grid)
            when = day(outcome.start, outcome.utc_offset)
            self._usable.append(Usable(outcome.user, outcome.start, outcome.end, outcome.content, when, tally))

    def _count(self, tally: Tally, is_usable: bool) -> None:
        year = self.dateless if tally.year is None else self.years[tally.year]
        year.add(tally, is_usable)

    def finish(self) -> None:
        """Completes the counts of usable runs; of several recordings of one run, the one that a build keeps counts."""
        people, starts, ends, contents = ([getattr(usable, name) for usable in self._usable] for name in Usable._fields[:4])
        kept = np.flatnonzero(duplicates.kept(people, starts, ends, contents))
        self.funnel.count_duplicates(len(self._usable) - len(kept))
        for number in kept:
            usable = self._usable[number]
            self._count(usable.tally, is_usable=True)
            self._add_usable(usable, self._grids.grid(int(number)))
        for number in sorted(kept, key=lambda row: ends[row]):  # as every command follows a person
            workout = self._recordings.workout(int(number), self._usable[number].user)
            self.sensor.add(workout, self._grids.grid(int(number)))
        if self.funnel.workouts == 1 and self._unusable:
            self.sensor.add(self._unusable)
        self._grids.close()
        self._recordings.close()

    def _add_usable(self, usable: Usable, grid: Grid) -> None:
        self.usable_by_person[usable.user] += 1
        shown = Shown(grid, float(self.processed.add(np.stack(grid).astype(np.float64))[0, 2]), usable.start, usable.day)
        self.run_correlations.append(shown.correlation)
        self.lags.add(grid)
        if self.latest is None or usable.start > self.latest.start:
            self.latest = shown
        if len(self._sample) < SAMPLE:
            self._sample.append(shown)
        elif (place := self._rng.integers(len(self.run_correlations))) < SAMPLE:
            self._sample[place] = shown

    def _show_anyway(self, workout: Workout) -> Shown | None:
        try:
            grid = quality.gridded(workout, self.limits)
        except InvalidWorkoutError:
            return None
        correlation = float(Moments().add(np.stack(grid).astype(np.float64))[0, 2])
        return Shown(grid, correlation, workout.start, day(workout.start, workout.utc_offset))

    @property
    def run_correlation(self) -> float:
        """Median over the usable runs of the correlation of speed and heart rate; NaN if there is none."""
        return float(np.median(finite)) if (finite := [r for r in self.run_correlations if np.isfinite(r)]) else np.nan

    @property
    def typical(self) -> Shown | None:
        """A usable run whose correlation is about the median; the one nearest to it of `SAMPLE` drawn at random."""
        finite = [shown for shown in self._sample if np.isfinite(shown.correlation)]
        return min(finite, key=lambda shown: abs(shown.correlation - self.run_correlation), default=None)

    def sparse_years(self) -> list[int]:
        """Years in which heart rate was measured less than `SPARSE` times a minute in half of the runs."""
        return [number for number, year in sorted(self.years.items()) if year.heart_rates_a_minute < SPARSE]

    def as_dict(self) -> dict[str, Any]:
        """All numbers for a JSON file; matrices in the order of `VARIABLES`, curves in that of `LAGS`."""
        return {
            "funnel": self.funnel.as_dict(),
            "regained_if": {LOOSER[name]: count for name, count in self.regained.items()},
            "people": len(self.people),
            "people_with_usable_runs": len(self.usable_by_person),
            "sports": dict(self.sports.most_common()),
            "hours": self.hours,
            "first_day": self.first and day(*self.first),
            "last_day": self.last and day(*self.last),
            "undated": self.undated,
            "estimated": self.estimated,
            "years": {str(number): year.as_dict() for number, year in sorted(self.years.items())},
            "runs_of_unknown_date": self.dateless.as_dict(),
            "correlations": {
                "of": list(VARIABLES),
                "raw": {"all_points": self.raw.pooled.tolist(), "within_runs": self.raw.within.tolist()},
                "processed": {
                    "all_points": self.processed.pooled.tolist(),
                    "within_runs": self.processed.within.tolist(),
                },
                "median_of_runs_speed_heart_rate": self.run_correlation,
            },
            "sensor_faults": self.sensor.as_dict(),
            "lag": {
                "lags_s": LAGS.tolist(),
                "correlation": dict(zip(SPEEDS, self.lags.correlation.tolist(), strict=True)),
                "best_s": dict(zip(SPEEDS, self.lags.best, strict=True)),
            },
        }


def _looser(limits: quality.Limits) -> dict[str, quality.Limits]:
    """By filter, limits with its looser setting, unless that contradicts another limit."""
    looser = {}
    for name, setting in LOOSER.items():
        with suppress(InputError):
            looser[name] = limits.override([setting])
    return looser


def day(start: float, utc_offset: float = np.nan) -> str:
    """The date of a time in s since 1970 UTC, such as "2025-06-16"; it may be NaN. Arguments as of `clock.date`."""
    return "unknown date" if np.isnan(start) else date(start, utc_offset)[:10]


def inspect(workouts: Iterable[Workout], limits: quality.Limits | None = None, log: ReadLog | None = None) -> Inspection:
    """Inspects workouts in one pass, in memory that does not grow with their points; usable runs lie in a temporary file.

    Args:
        workouts: from a reader.
        limits: of the quality filters.
        log: the one given to the reader.

    Raises:
        InputError: if there is no workout.
    """
    log = log or ReadLog()
    inspection = Inspection(limits, log)
    for workout in workouts:
        inspection.add(workout)
    inspection.finish()
    if not inspection.funnel.workouts:
        why = "; ".join(f"{count:,} x {reason} ({log.examples[reason][0]})" for reason, count in log.skipped.items())
        raise InputError(f"Expected workouts to inspect, found none that can be read: {why or 'there are none'}.")
    return inspection
