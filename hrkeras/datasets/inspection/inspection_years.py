"""Summaries of a source by calendar year."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


class Tally(NamedTuple):
    """What a run adds to its `Year`.

    Attributes:
        year: its number, None if the run's date is not known.
        hours: of the run.
        heart_rates: a minute; None if it has none.
    """

    year: int | None
    hours: float
    heart_rates: float | None


@dataclass
class Year:
    """Summary of one calendar year.

    Attributes:
        runs: workouts of the sports asked for.
        usable: of these, those that pass the filters.
        hours: of the runs.
        heart_rates: of each run that has any, how many heart rates a minute were measured.
    """

    runs: int = 0
    usable: int = 0
    hours: float = 0.0
    heart_rates: list[float] = field(default_factory=list)

    @property
    def heart_rates_a_minute(self) -> float:
        """Median over the runs; NaN if none has any."""
        return float(np.median(self.heart_rates)) if self.heart_rates else np.nan

    def as_dict(self) -> dict[str, float]:
        """Its numbers for a JSON file."""
        return {
            "runs": self.runs,
            "usable": self.usable,
            "hours": self.hours,
            "heart_rates_a_minute": self.heart_rates_a_minute,
        }

    def add(self, run: Tally, is_usable: bool) -> None:
        """Counts a run of this year."""
        self.runs += 1
        self.usable += is_usable
        self.hours += run.hours
        if run.heart_rates is not None:
            self.heart_rates.append(run.heart_rates)
