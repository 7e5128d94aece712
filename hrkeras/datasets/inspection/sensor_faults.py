"""The faults of the heart rate sensor in the runs of a source."""

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from hrkeras.athlete.kalman import AthleteState
from hrkeras.workouts.clock import iso
from hrkeras.workouts.effort import basis
from hrkeras.workouts.grid import Grid
from hrkeras.workouts.sensor import detection
from hrkeras.workouts.sensor.sensor_fault import KINDS, RIDE, Fault
from hrkeras.workouts.workout import Workout

WRONG = "its heart rate looks wrong, and so may be what is told of it"
RIDDEN = "a part of it looks ridden or driven, and so what is told of it may be wrong"
MUCH = 5  # earlier runs after which the state's expectation is better than a fit to the run itself


class Flag(NamedTuple):
    """The faults of one kind in one run, in order; when it began, s since 1970-01-01 UTC; where it was read from; and the s
    that local time is ahead of UTC, NaN where that is not known."""

    kind: str
    start: float
    where: str
    faults: list[Fault]
    utc_offset: float = np.nan

    @property
    def seconds(self) -> float:
        """Their total duration."""
        return sum(fault.end - fault.begin for fault in self.faults)

    @property
    def text(self) -> str:
        """What is wrong in the run, by its longest fault of the kind."""
        longest = max(self.faults, key=lambda fault: fault.end - fault.begin)
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        return f"{minutes(longest)}, {self.kind}: {longest.why}{more}"


def minutes(fault: Fault) -> str:
    """Where in the run a fault is."""
    return f"minute {fault.begin / 60:.1f} to {fault.end / 60:.1f}"


def doubts(workout: Workout, until: float = np.inf) -> list[str]:
    """Where the heart rate of one run looks wrong, and is not only missing, or the run ridden, a sentence for each kind.

    Args:
        workout: as recorded.
        until: s since its start; faults that begin later are left out.
    """
    found = SensorFaults()
    if not workout.estimated:
        found.add(workout)
    flags = [flag._replace(faults=[fault for fault in flag.faults if fault.begin < until]) for flag in found.flags]
    return [f"{RIDDEN if flag.kind == RIDE else WRONG}: {flag.text}." for flag in flags if flag.faults and flag.kind != "dropout"]


class Example(NamedTuple):
    """A run with faults, its expected heart rate (beats/min at each step of the grid) if known, and all its faults."""

    workout: Workout
    expected: np.ndarray | None
    faults: list[Fault]


class SensorFaults:
    """Collects sensor faults run by run, and follows each person's state to detect a wrong level of the heart rate.

    Attributes:
        runs: in which heart rate was measured often enough to see faults.
        seconds: total duration of these runs.
        seldom: runs with heart rate that was not measured often enough.
        repaired: runs of which `hrkeras repair` has replaced the faults.
        flags: the faults, in the order of the runs.
        examples: by kind, the latest run with such a fault.
    """

    def __init__(self):
        self.runs, self.seconds, self.seldom, self.repaired = 0, 0.0, 0, 0
        self.flags: list[Flag] = []
        self.examples: dict[str, Example] = {}
        self._athletes: dict[str, AthleteState] = defaultdict(AthleteState)

    def add(self, workout: Workout, grid: Grid | None = None) -> None:
        """Adds a run; those of a person in the order in which they ended, each once.

        Args:
            workout: as recorded.
            grid: the same on the grid, if it is usable.
        """
        expected = self._expected(workout, grid) if grid else None
        if not detection.often_enough(workout):
            self.seldom += bool(np.isfinite(workout.heart_rate).any())
            return
        self.repaired += workout.repaired
        faults = detection.flags(workout, expected)
        self.runs, self.seconds = self.runs + 1, self.seconds + workout.duration
        for kind in KINDS:
            if of_kind := [fault for fault in faults if fault.kind == kind]:
                self.flags.append(Flag(kind, workout.start, workout.where, of_kind, workout.utc_offset))
                self.examples[kind] = Example(workout, expected, faults)

    def _expected(self, workout: Workout, grid: Grid) -> np.ndarray | None:
        athlete, efforts = self._athletes[workout.user], basis(grid)
        expected = athlete.predict(workout.start, grid, efforts).expected[:, 0] if athlete.count >= MUCH else None
        athlete.update(workout.start, grid, efforts)
        return expected

    def of_kind(self, kind: str) -> list[Flag]:
        """The flags of one kind, one a run."""
        return [flag for flag in self.flags if flag.kind == kind]

    def latest(self, count: int) -> list[Flag]:
        """The last few flags, those of the latest run first and in the order of their faults; those of unknown date last."""
        return sorted(self.flags, key=lambda flag: (np.inf if np.isnan(flag.start) else -flag.start, flag.faults[0].begin))[
            :count
        ]

    def as_dict(self) -> dict[str, Any]:
        """All results for a JSON file."""
        return {
            "runs": self.runs,
            "hours": self.seconds / 3600,
            "measured_too_seldom": self.seldom,
            "repaired_already": self.repaired,
            "kinds": {
                kind: {
                    "runs": len(flags := self.of_kind(kind)),
                    "count": sum(len(flag.faults) for flag in flags),
                    "hours": sum(flag.seconds for flag in flags) / 3600,
                }
                for kind in KINDS
            },
            "found": [
                {
                    "start": iso(flag.start, flag.utc_offset),
                    "where": flag.where,
                    "kind": fault.kind,
                    "from_minute": fault.begin / 60,
                    "to_minute": fault.end / 60,
                    "why": fault.why,
                }
                for flag in self.flags
                for fault in flag.faults
            ],
        }
