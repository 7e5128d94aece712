"""A planned run: the heart rate to expect along a course at a pace."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from hrkeras.athlete.fitness import WithLimits
from hrkeras.athlete.history import EARLY
from hrkeras.athlete.zones import Zones
from hrkeras.personal import pace
from hrkeras.personal.prediction import Prediction
from hrkeras.workouts.clock import iso
from hrkeras.workouts.effort import graded_speed
from hrkeras.workouts.readers.route import Route

if TYPE_CHECKING:
    import pandas as pd

Even = Literal["pace", "effort"]
# factor of the way from what is expected to the upper limit of the interval, beyond which nine in ten whole runs never go: the
# interval holds nine in ten moments, and the highest of many lies above one; chosen on simulated athletes of seeds 31 and 32
TOP = 1.5
SHORT = 50.0  # m, the rest of a course that is counted to the kilometre before


def held(predicted: Prediction, maximum: float) -> Prediction:
    """A prediction that does not fall below the maximum heart rate while effort is as high as where it reached that.

    Heart rate does not come down in a run that goes on as hard, but what was learnt from easier runs may say so of a long one.

    Args:
        predicted: of the whole run.
        maximum: beats/min.
    """
    effort = graded_speed(predicted.grid.speed, predicted.grid.altitude).astype(np.float64)
    steps = round(EARLY / predicted.step)
    total = np.cumsum(np.concatenate([np.zeros(steps), effort]))
    recent = (total[steps:] - total[:-steps]) / np.minimum(np.arange(1, 1 + len(effort)), steps)  # mean of the last five minutes
    least = np.minimum.accumulate(np.where(predicted.heart_rate >= maximum, recent, np.inf))
    more = np.where(recent >= least, np.maximum(maximum - predicted.heart_rate, 0), 0)
    values = {name: getattr(predicted, name) + more for name in ("heart_rate", "low", "high")}
    return replace(predicted, **values)


class Kilometre(NamedTuple):
    """A kilometre of a plan, the last one shorter or a little longer.

    Attributes:
        end: km from the start.
        length: m.
        seconds: how long it takes.
        climb: m.
        heart_rate: mean of what is expected, beats/min.
        low: likewise, of the lower limit of the prediction interval.
        high: likewise, of the upper one.
    """

    end: float
    length: float
    seconds: float
    climb: float
    heart_rate: float
    low: float
    high: float

    @property
    def speed(self) -> float:
        """m/s."""
        return self.length / self.seconds


@dataclass(frozen=True, eq=False)
class Plan:
    """A run that is planned.

    Attributes:
        route: the course.
        even: whether pace or effort is kept even.
        speed: m/s, of the whole course.
        unlimited: the heart rate to expect, by time step, as if the person had no maximum.
        zones: with the person's maximum and threshold.
        times: s, when each edge of the route's pieces is reached, shape `(n + 1,)`.
        warnings: plausibility warnings, as sentences.
        prediction: what is predicted, nowhere above the maximum, and the upper limit of its interval nowhere above that of the
            maximum.
    """

    route: Route
    even: Even
    speed: float
    unlimited: Prediction
    zones: Zones
    times: np.ndarray
    warnings: list[str]
    prediction: Prediction = field(init=False)

    def __post_init__(self):
        expected, low = (np.minimum(values, self.zones.maximum) for values in (self.unlimited.heart_rate, self.unlimited.low))
        high = np.minimum(self.unlimited.high, self.zones.maximum_high)
        object.__setattr__(self, "prediction", replace(self.unlimited, heart_rate=expected, low=low, high=high))

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return float(self.times[-1])

    @property
    def distance(self) -> np.ndarray:
        """m from the start, at the middle of each step, shape `(steps,)`."""
        middle = self.prediction.step * (np.arange(len(self.prediction.heart_rate)) + 0.5)
        return np.interp(middle, self.times, self.route.edges)

    @property
    def warm(self) -> np.ndarray:
        """Which steps lie after the first five minutes, booleans of shape `(steps,)`; all of a run of less than ten."""
        late = self.prediction.step * np.arange(len(self.prediction.heart_rate)) >= EARLY
        return late if self.is_long else np.ones_like(late)

    @property
    def is_long(self) -> bool:
        """Whether its first five minutes are left aside where a mean or a highest heart rate is looked at."""
        return self.seconds >= 2 * EARLY

    @property
    def mean(self) -> tuple[float, float, float]:
        """Expected heart rate and the limits of its prediction interval, beats/min, mean over the whole run."""
        heart_rate, low, high = (float(values.mean(dtype=np.float64)) for values in self._interval)
        return heart_rate, low, high

    @property
    def warm_mean(self) -> float:
        """Expected heart rate, beats/min, mean after the first five minutes."""
        return float(self.prediction.heart_rate[self.warm].mean(dtype=np.float64))

    @property
    def highest(self) -> tuple[float, float]:
        """The highest expected heart rate after the first five minutes, beats/min, and where it is, m from the start."""
        heart_rate = np.where(self.warm, self.prediction.heart_rate, 0)
        return float(heart_rate.max()), float(self.distance[heart_rate.argmax()])

    @property
    def too_hard(self) -> float:
        """Share of the time after the first five minutes, 0 to 1, for which the maximum heart rate or more is expected."""
        return float((self.unlimited.heart_rate[self.warm].round() >= round(self.zones.maximum)).mean())

    def share_at(self, heart_rate: np.ndarray, limit: float) -> float:
        """Share of the time, 0 to 1, for which a heart rate is at a limit or above, as shown; 0 if that is not so when warm."""
        above = heart_rate.round() >= round(limit)
        return float(above.mean()) if above[self.warm].any() else 0.0

    @property
    def highest_limit(self) -> float:
        """What heart rate stays under all the time after the first five minutes in nine of ten such runs, beats/min."""
        expected, high = self.unlimited.heart_rate[self.warm], self.unlimited.high[self.warm]
        return float(min((expected + TOP * (high - expected)).max(), self.zones.maximum_high))

    @property
    def _interval(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.prediction.heart_rate, self.prediction.low, self.prediction.high

    def kilometres(self) -> list[Kilometre]:
        """The plan kilometre by kilometre."""
        route, rows = self.route, []
        ends = np.arange(1000.0, route.length, 1000.0)
        if len(ends) and route.length - ends[-1] < SHORT:
            ends = ends[:-1]
        ends = np.append(ends, route.length)
        reached = np.interp(ends, route.edges, self.times)
        climbed = np.interp(ends, route.edges, np.concatenate([[0.0], np.cumsum(route.climbs)]))
        steps = np.searchsorted(self.distance, ends)
        begin = (0.0, 0.0, 0.0, 0)
        for end in zip(ends, reached, climbed, steps, strict=True):
            length, seconds, climb, _ = (float(after - before) for after, before in zip(end, begin, strict=True))
            span = slice(min(begin[3], len(self.distance) - 1), max(end[3], begin[3] + 1))
            levels = (float(values[span].mean(dtype=np.float64)) for values in self._interval)
            rows.append(Kilometre(float(end[0]) / 1000, length, seconds, climb, *levels))
            begin = end
        return rows

    def frame(self) -> pd.DataFrame:
        """A row a kilometre: km (where it ends), length_m, seconds, seconds_per_km, climb_m, heart_rate, low, high."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "km": round(row.end, 3),
                    "length_m": round(row.length, 1),
                    "seconds": round(row.seconds, 1),
                    "seconds_per_km": round(1000 / row.speed, 1),
                    "climb_m": round(row.climb, 1),
                    "heart_rate": round(row.heart_rate, 1),
                    "low": round(row.low, 1),
                    "high": round(row.high, 1),
                }
                for row in self.kilometres()
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """The plan for JSON."""
        (mean, low, high), (highest, where), zones = self.mean, self.highest, self.zones
        return {
            "course": {
                "km": round(self.route.length / 1000, 3),
                "climb_m": round(float(self.route.climbs.sum()), 1) if self.route.has_altitude else None,
            },
            "start": iso(self.prediction.start, self.prediction.utc_offset),
            "even": self.even,
            "pace": pace.text(self.speed),
            "seconds": round(self.seconds),
            "heart_rate": {
                "mean": round(mean, 1),
                "low": round(low, 1),
                "high": round(high, 1),
                "mean_after_5_min": round(self.warm_mean, 1) if self.is_long else None,
                "highest": round(highest, 1),
                "highest_at_km": round(where / 1000, 2),
            },
            "maximum": WithLimits(zones.maximum, zones.maximum_low, zones.maximum_high).as_dict(),
            "share_at_maximum": round(self.share_at(self.unlimited.heart_rate, zones.maximum), 3),
            "predicted_by": self.prediction.by,
            "earlier_runs": self.prediction.earlier_runs,
            "warnings": self.warnings,
            "kilometres": self.frame().to_dict("records"),
        }
