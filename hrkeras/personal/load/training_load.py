"""The training load (TRIMP) of runs, with and without measured heart rate, and of weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from hrkeras.athlete import reserve
from hrkeras.athlete.fitness import WithLimits
from hrkeras.athlete.interval import POSSIBLE
from hrkeras.athlete.population import DAY
from hrkeras.athlete.reserve import DRAWS, Reserve
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.timeline import Timeline
from hrkeras.workouts import clock

# factor and exponent of the weight of a share of the heart rate reserve, after how blood lactate rises with it in each sex:
# E. W. Banister, "Modeling elite athletic performance", in Physiological Testing of Elite Athletes, Human Kinetics 1991;
# R. H. Morton, J. R. Fitz-Clarke and E. W. Banister, "Modeling human performance in running", J Appl Physiol 69, 1990
MEN, WOMEN = (0.64, 1.92), (0.86, 1.67)
ZONES, LEAST = 5, 0.5  # Edwards' zones, a tenth of the maximum each, and where the first begins
WEEK = 7 * DAY
MONDAY = 4 * DAY  # 1970-01-05
RATES = np.arange(POSSIBLE[0], POSSIBLE[1] + 1)  # beats/min


@dataclass(frozen=True, eq=False)
class RunLoad:
    """The training load of one run.

    Attributes:
        start: s since 1970-01-01 UTC; NaN where it is unknown.
        utc_offset: s that local time is ahead of UTC; NaN where the source does not tell.
        minutes: how long it was.
        paused: minutes of it in which the watch was stopped (`grid.paused`), which add nothing.
        missing: minutes of the others without heart rate.
        measured: share of the others of which the heart rate was measured, 0 to 1.
        mean: of that heart rate, beats/min; NaN where none counts.
        is_estimated: whether it counts as a run without heart rate, of which little or nothing was measured.
        banister: Banister's TRIMP, shape `(1 + DRAWS,)` as in `reserve`.
        edwards: Edwards' TRIMP, likewise.
    """

    start: float
    utc_offset: float
    minutes: float
    paused: float
    missing: float
    measured: float
    mean: float
    is_estimated: bool
    banister: np.ndarray
    edwards: np.ndarray


@dataclass(frozen=True, eq=False)
class Week:
    """The runs of a week from Monday 00:00 on, in local time where that is known; see `RunLoad`.

    Attributes:
        start: s since 1970-01-01 in that time.
        runs: in it.
    """

    start: float
    runs: list[RunLoad]

    @property
    def minutes(self) -> float:
        """How long they were together."""
        return sum(run.minutes for run in self.runs)

    @property
    def estimated(self) -> int:
        """How many have no heart rate."""
        return sum(run.is_estimated for run in self.runs)

    @property
    def banister(self) -> np.ndarray:
        """The sum of theirs, shape `(1 + DRAWS,)`."""
        return sum((run.banister for run in self.runs), np.zeros(1 + DRAWS))

    @property
    def edwards(self) -> np.ndarray:
        """Likewise."""
        return sum((run.edwards for run in self.runs), np.zeros(1 + DRAWS))


def banister(heart_rate: np.ndarray, own: Reserve) -> np.ndarray:
    """Banister's TRIMP of a minute at each heart rate in beats/min, shape `(steps, 1)` or `(steps, 1 + DRAWS)`; the latter."""
    share = own.share(heart_rate)
    men, women = (share * factor * np.exp(exponent * share) for factor, exponent in (MEN, WOMEN))
    return men + own.women * (women - men)


def edwards(heart_rate: np.ndarray, own: Reserve) -> np.ndarray:
    """Edwards' TRIMP of a minute at each heart rate, as `banister`: 1 at 50 to 60 % of the maximum, up to 5 from 90 % on.

    S. Edwards, "The Heart Rate Monitor Book", Fleet Feet Press 1993.
    """
    return np.clip(np.floor(10 * (heart_rate / own.maximum - LEAST) + 1 + 1e-9), 0, ZONES)


def per_minute(own: Reserve) -> np.ndarray:
    """Both loads of a minute at each of `RATES`, shape `(2, len(RATES), 1 + DRAWS)`."""
    return np.stack([load(RATES[:, None], own) for load in (banister, edwards)])


def of_run(prediction: Prediction, minute: np.ndarray, seed: int, is_estimated: bool = False) -> RunLoad:
    """The training load of a run, summed over its steps.

    Steps of a pause add nothing. Others without heart rate count by the prediction, shifted by how far it was off in the
    measured ones, which may lie anywhere in its interval: as a prediction is mostly off by the same all through a run, its
    steps move together. Of a run that counts as one without heart rate, all steps count by the prediction as it is: the few
    that were measured may be faults.

    Args:
        prediction: of the run, with what was measured.
        minute: of the person, from `per_minute`; between whole beats/min loads are interpolated.
        seed: another one for each run, whose predictions are off independently.
        is_estimated: whether it counts as a run without heart rate.
    """
    rates, predicted = prediction.grid.heart_rate.astype(np.float64), prediction.heart_rate.astype(np.float64)
    measured, counted = np.isfinite(rates), ~prediction.paused
    known = measured & (not is_estimated)
    unknown = counted & ~known
    below, part = _between(rates[known])
    steps = np.bincount(below, 1 - part, len(RATES)) + np.bincount(below + 1, part, len(RATES))
    loads = steps @ minute
    if unknown.any():
        shift = float((rates - predicted)[known].mean()) if known.any() else 0.0
        moved = reserve.moves(predicted, prediction.low, prediction.high, seed)
        below, part = _between((predicted[:, None] + shift + moved)[unknown])
        draw = np.arange(1 + DRAWS)
        loads = loads + (minute[:, below, draw] * (1 - part) + minute[:, below + 1, draw] * part).sum(axis=1)
    loads = loads * prediction.step / 60
    mean = float(rates[known].mean()) if known.any() else nan
    paused, missing = (prediction.step / 60 * float(where.sum()) for where in (~counted, counted & ~measured))
    share = float(measured.sum() / max(float(counted.sum()), 1.0))
    about = prediction.start, prediction.utc_offset, prediction.minutes, paused, missing, share, mean, is_estimated
    return RunLoad(*about, *loads)


def _between(rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place in `RATES` of the whole beats/min below each heart rate, and how far it is on the way to the next."""
    place = np.clip(rates - RATES[0], 0.0, len(RATES) - 1.001)
    return place.astype(np.int64), place % 1


def of_timeline(timeline: Timeline, own: Reserve) -> list[RunLoad]:
    """The training load of all runs of a timeline, in the order of their starts, those of unknown date last."""
    predictions = [*((run, False) for run in timeline.measured), *((run, True) for run in timeline.unheard)]
    minute = per_minute(own)
    loads = [of_run(prediction, minute, seed, silent) for seed, (prediction, silent) in enumerate(predictions, 3)]
    return sorted(loads, key=lambda run: (isnan(run.start), run.start))


def weeks(loads: Sequence[RunLoad]) -> list[Week]:
    """All weeks from the first run's to the last one's, those without a run too; no run of unknown date is in one."""
    dated = [run for run in loads if not isnan(run.start)]
    numbers = [int((clock.local(run.start, run.utc_offset).timestamp() - MONDAY) // WEEK) for run in dated]
    found = {number: list[RunLoad]() for number in range(min(numbers), max(numbers) + 1)} if dated else {}
    for number, run in zip(numbers, dated, strict=True):
        found[number].append(run)
    return [Week(MONDAY + number * WEEK, runs) for number, runs in found.items()]


def with_limits(values: np.ndarray) -> WithLimits:
    """An estimate with its limits, from the draws of a `RunLoad` or a `Week`."""
    return WithLimits(*map(float, reserve.interval(values)))
