"""The athlete's state: how a person's heart rate follows effort, learnt from their runs so far.

A Kalman filter whose states are the weights of a linear model from effort to heart rate. They start from the population's,
drift from day to day, and are corrected after each run. The state also holds a record of each run (`history`) and the
filter's residuals by effort, slope and minute. No gradients, no network: under 10 ms a run.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from hrkeras.athlete import history
from hrkeras.athlete.interval import POSSIBLE, PredictionInterval
from hrkeras.athlete.population import COURSE, DAY, PERSON, SIZE, STATES, Population, default, mean_effort
from hrkeras.athlete.shrinkage import Network
from hrkeras.workouts import duplicates
from hrkeras.workouts.effort import BASIS, basis
from hrkeras.workouts.grid import STEP, Grid

PACES = (1.0, 8.0, 1 / 8)  # factors of the process noise: of the filter that predicts, a quicker and a slower one
MEMORIES = (4.0, 20.0)  # runs
BINS = {
    "effort": np.array([0.8, 1.4, 1.8, 2.2, 2.6, 3.0, 3.4, 4.0]),  # m/s
    "climb": np.array([-0.3, -0.15, -0.05, 0.05, 0.15, 0.3]),  # m/s
    "minute": np.array([1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120.0]),
}
SHRINK = 30.0  # steps
USUAL_START = 969_613_200.0  # 2000-09-22 09:00 UTC: mean hour and season of the runs that the packaged population is of
EXPECTED = ("expected", "quicker", "slower", "spread", *(f"miss_by_{bins}_over_{span:.0f}" for bins in BINS for span in MEMORIES))
COURSE_FACTS = (
    *("run_seconds", "log_climb_per_km", "effort_spread", "mean_effort", "mean_speed"),
    *("mean_graded_speed", "highest_graded_speed", "share_standing"),
)
_SPEED = BASIS.index("speed_over_3")
_SO_FAR = [BASIS.index(name) for name in ("mean_graded_speed", "highest_graded_speed", "share_standing")]
_EFFORT, _UP, _DOWN = (BASIS.index(f"{name}_over_12") for name in ("graded_speed", "climbing", "descending"))
_USUAL_EFFORT = np.eye(SIZE)[len(STATES) + PERSON.index("usual_effort")]
_MOST_BINS = max(map(len, BINS.values())) + 1


@dataclass
class Known:
    """What is known about a run and its person before it begins.

    Attributes:
        expected: the filter's output for each step, as named by `EXPECTED`, beats/min, shape `(steps,
            len(EXPECTED))`: its prediction, how a quicker and a slower filter differ from it, its standard
            deviation, and its recent residuals at the same effort, slope and minute.
        course: facts of the whole course, as named by `COURSE_FACTS`, shape `(len(COURSE_FACTS),)`.
        course_share: how much of the first three columns of `expected` comes from facts of the course, beats/min,
            shape `(3,)`; subtract it if the course is not known.
        history: shape `(len(history.COLUMNS),)`.
        shrinkage: weight of a network's correction of `expected`, 0 to 1, see `shrinkage.Shrinkage`.
        interval: of the prediction, from `PredictionInterval.limits`, shape `(2,)`.
    """

    expected: np.ndarray
    course: np.ndarray
    course_share: np.ndarray
    history: np.ndarray
    shrinkage: float = 1.0
    interval: np.ndarray = field(default_factory=lambda: PredictionInterval().limits)

    @property
    def standard_deviation(self) -> np.ndarray:
        """Standard deviation of the filter's prediction, beats/min, shape `(steps,)`."""
        return self.expected[:, EXPECTED.index("spread")]


class _Expected(NamedTuple):
    """What the filters predict of a run.

    Attributes:
        features: from `Population.features`.
        bins: of `BINS`, the one that each step falls in, three arrays of shape `(steps,)`.
        predictions: of the three filters, without what the run's mean effort tells, beats/min, shape `(3, steps)`.
        heart_rate: of the first, with it, shape `(steps,)`; but for what the course tells, within what is possible.
        share: how much of it, the same for all steps, the mean effort of this run tells of how hard the person usually runs.
        deviation: standard deviation of the prediction, facts of the course left out, beats/min, shape `(steps,)`.
    """

    features: np.ndarray
    bins: list[np.ndarray]
    predictions: np.ndarray
    heart_rate: np.ndarray
    share: float
    deviation: np.ndarray


@dataclass
class AthleteState:
    """The state of one athlete.

    Attributes:
        population: where it started from.
        weights: of the filters for each of `STATES`, beats/min, and what is believed of `PERSON`, shape `(3, SIZE)`.
        covariance: of these, shape `(3, SIZE, SIZE)`.
        residuals: sums and weights of past residuals, shape `(2, 3 kinds of bins, 2 memories, bins)`.
        starts: s since 1970-01-01 UTC, of the last runs, shape `(kept,)`.
        ends: likewise.
        records: their summaries, from `history.record`, shape `(kept, len(history.RECORD))`.
        count: number of runs in all.
        interval: of the filter's predictions.
        network: performance of a network that corrects the filter.
        told: by name what the person told and when, from `facts`.
        utc_offset: s that local time was ahead of UTC at the last run; NaN where its source does not tell.
    """

    population: Population = field(default_factory=default)
    weights: np.ndarray = None  # type: ignore[assignment]
    covariance: np.ndarray = None  # type: ignore[assignment]
    residuals: np.ndarray = field(default_factory=lambda: np.zeros((2, len(BINS), len(MEMORIES), _MOST_BINS)))
    starts: np.ndarray = field(default_factory=lambda: np.empty(0))
    ends: np.ndarray = field(default_factory=lambda: np.empty(0))
    records: np.ndarray = field(default_factory=lambda: np.empty((0, len(history.RECORD))))
    count: int = 0
    interval: PredictionInterval = field(default_factory=PredictionInterval)
    network: Network = field(default_factory=Network)
    told: dict = field(default_factory=dict)
    utc_offset: float = np.nan
    _last: tuple | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self):
        if self.weights is None:
            self.weights = np.tile(self.population.mean, (len(PACES), 1))
            self.covariance = np.tile(self.population.covariance, (len(PACES), 1, 1))

    def predict(self, start: float, grid: Grid, efforts: np.ndarray | None = None) -> Known:
        """What is known before a run.

        Args:
            start: s since 1970-01-01 UTC, when it begins; no run that ended later may have been added.
            grid: its speed and altitude; its heart rate is not used.
            efforts: from `effort.basis`, if they are there already.
        """
        efforts = basis(grid) if efforts is None else efforts
        facts = len(STATES) - len(COURSE)
        features, bins, predictions, heart_rate, effort_share, deviation = self._expected(start, efforts)
        share = self.weights[:, facts : len(STATES)] @ features[0, facts:]
        means = self.residuals[0] / (self.residuals[1] + SHRINK)
        remembered = [means[kind][:, places] for kind, places in enumerate(bins)]
        expected = np.vstack([heart_rate, predictions[1:] - predictions[0], deviation, *remembered])
        climb, seconds, effort = self._climb(features), len(efforts) * STEP, efforts[:, _EFFORT].astype(np.float64)
        mean_speed = efforts[:, _SPEED].mean(dtype=np.float64)
        course = np.array([seconds, climb, effort.std(), effort.mean(), mean_speed, *efforts[-1, _SO_FAR]])
        like = np.array([course[3], climb, np.log(seconds / 60)])
        hours = (self.ends - self.starts) / 3600
        return Known(
            expected.T.astype(np.float32, order="C"),
            course.astype(np.float32),
            (share - np.array([-effort_share, share[0], share[0]])).astype(np.float32),
            history.vector(start, like, self.starts, hours, self.records, self.count),
            interval=self.interval.limits,
        )

    def asked_by(self, network: str, known: Known) -> Known:
        """What is known before a run, with the shrinkage and the interval of the network of this fingerprint."""
        performance = self.network if self.network.name == network else Network()
        return replace(known, shrinkage=performance.shrinkage.value, interval=performance.interval.limits)

    def assumed_start(self, start: float) -> float:
        """A start in s since 1970-01-01 UTC; where it is unknown (NaN), a day after that of the last known run."""
        if not np.isnan(start):
            return start
        return float(self.starts[-1]) + DAY if self.count else USUAL_START

    def _expected(self, start: float, efforts: np.ndarray) -> _Expected:
        """What the filters predict of a run; the last is kept, since a run is mostly learnt from right after it was predicted."""
        if self._last and self._last[:2] == (start, self.count) and self._last[2] is efforts:
            return self._last[3]
        features = self.population.features(start, efforts)
        effort = mean_effort(efforts)
        told, covariances = _observed(self.weights[:1], self.covariance[:1], _USUAL_EFFORT, effort, self.population.effort_noise)
        predictions = np.vstack([self.weights, told - self.weights[:1]])[:, : len(STATES)] @ features.T
        share = float(predictions[-1].mean())
        facts = len(STATES) - len(COURSE)
        of_course = float(self.weights[0, facts : len(STATES)] @ features[0, facts:])
        # what is possible limits only what is known without the course: else the limit would tell of the steps to come
        heart_rate = (np.clip(predictions[0] - of_course, *POSSIBLE) + (of_course + share)).astype(np.float32)
        covariance, open_ = _drifted(covariances, self._drift(start))[0, :facts, :facts], features[:, :facts]
        variance = np.einsum("ij,ij->i", open_ @ covariance.astype(np.float32), open_)
        deviation = np.sqrt(np.maximum(variance + self.population.level, 1.0))
        expected = _Expected(features, _bins(efforts), predictions[:-1], heart_rate, share, deviation)
        self._last = start, self.count, efforts, expected
        return expected

    def update(self, start: float, grid: Grid, efforts: np.ndarray | None = None) -> Literal["added", "known", "older"]:
        """Learns from a finished run.

        Args:
            start: s since 1970-01-01 UTC, when it began.
            grid: the run.
            efforts: from `effort.basis`, if they are there already.

        Returns:
            "added"; or what changes nothing: "known" if it is a known run or another recording of one, by
            `duplicates.overlap`, and "older" if it ended before one that is known.
        """
        end = start + len(grid.speed) * STEP
        if duplicates.overlap(start, end, self.starts, self.ends).any():
            return "known"
        if len(self.ends) and end <= self.ends[-1]:
            return "older"
        start = max([start, *self.ends[-1:]])  # a run that was begun seconds before the last one ended
        efforts = basis(grid) if efforts is None else efforts
        features, bins, _, expected, _, deviation = self._expected(start, efforts)
        measured = np.isfinite(grid.heart_rate)
        self.interval.update(grid.heart_rate, expected, deviation, STEP)
        self.covariance = _drifted(self.covariance, np.multiply.outer(PACES, self._drift(start)))
        self.observe(_USUAL_EFFORT, mean_effort(efforts), self.population.effort_noise)
        if measured.any():
            self._correct(features, grid.heart_rate, measured)
            self._remember([places[measured] for places in bins], (grid.heart_rate - expected)[measured])
        record = history.record(grid, efforts[:, _EFFORT], self._climb(features), expected)
        kept = slice(-history.KEPT + 1, None)
        self.starts = np.append(self.starts[kept], start)
        self.ends = np.append(self.ends[kept], end)
        self.records = np.vstack([self.records[kept], record])
        self.count += 1
        return "added"

    def _drift(self, start: float) -> np.ndarray:
        """Variance that the weights have gained since the last run, shape `(SIZE,)`; `PERSON` does not change."""
        drift = np.zeros(SIZE)
        drift[: len(STATES)] = self.population.process_noise(start - self.starts[-1] if len(self.starts) else 0.0)
        return drift

    def observe(self, direction: np.ndarray, value: float | np.ndarray, variance: float) -> None:
        """All filters' correction by a value (or one for each) of `direction @ weights` with an error of this variance."""
        self._last = None
        self.weights, self.covariance = _observed(self.weights, self.covariance, direction, value, variance)

    def _correct(self, features: np.ndarray, heart_rate: np.ndarray, measured: np.ndarray) -> None:
        """The filters' correction by one run, whose level has a random error in addition to the steps' noise."""
        columns = np.zeros((SIZE + 2, len(features)))  # those of `PERSON` stay 0
        columns[: len(STATES)], columns[SIZE], columns[SIZE + 1] = features.T, heart_rate, 1
        columns[:, ~measured] = 0
        products = columns @ columns.T
        gram, total, size = products[:SIZE, :SIZE], products[SIZE + 1, :SIZE], products[-1, -1]
        residual = products[SIZE, -1] - self.weights @ total  # its sum
        centre = total / size
        variance = self.covariance @ centre @ centre + self.population.level + self.population.noise / size
        more = np.maximum(1.0, (residual / size) ** 2 / variance / self.population.outlier_threshold)
        level, noise = self.population.level * more, self.population.noise * more
        shared = level / (noise + size * level)
        information = (gram - shared[:, None, None] * np.outer(total, total)) / noise[:, None, None]
        moment = (products[SIZE, :SIZE] - self.weights @ gram - (shared * residual)[:, None] * total) / noise[:, None]
        covariance = np.linalg.solve(np.eye(SIZE) + self.covariance @ information, self.covariance)
        self.covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
        self.weights = self.weights + (self.covariance @ moment[:, :, None])[:, :, 0]

    def _remember(self, bins: list[np.ndarray], residual: np.ndarray) -> None:
        """Adds a run's residuals, without their mean, to those of the runs before."""
        residual = residual - residual.mean()
        self.residuals *= np.exp(-1 / np.array(MEMORIES))[:, None]
        for kind, places in enumerate(bins):
            self.residuals[0, kind] += np.bincount(places, residual, _MOST_BINS)
            self.residuals[1, kind] += np.bincount(places, minlength=_MOST_BINS)

    def _climb(self, features: np.ndarray) -> float:
        place = STATES.index("log_climb_per_km")
        return float(features[0, place] * self.population.scale[place] + self.population.centre[place])


def _bins(efforts: np.ndarray) -> list[np.ndarray]:
    """The bin of each of `BINS` that each step falls in."""
    values = (efforts[:, _EFFORT], efforts[:, _UP] - efforts[:, _DOWN], 60 * efforts[:, BASIS.index("hours")])
    return [np.searchsorted(edges, column) for edges, column in zip(BINS.values(), values, strict=True)]


def _drifted(covariance: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Covariances, shape `(filters, SIZE, SIZE)`, of weights that have gained this variance, shape `(SIZE,)` or one for each."""
    covariance = covariance.copy()
    np.einsum("ijj->ij", covariance)[:] += variance
    return covariance


def _observed(
    weights: np.ndarray, covariance: np.ndarray, direction: np.ndarray, value: float | np.ndarray, variance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Filters' weights, shape `(filters, SIZE)`, and their covariances after a value of `direction @ weights` was observed with
    an error of this variance."""
    along = covariance @ direction
    spread = along @ direction + variance
    weights = weights + along * ((value - weights @ direction) / spread)[:, None]
    less = along[:, :, None] * along[:, None, :] / spread[:, None, None]  # symmetric to the last digit, as the file expects it
    return weights, covariance - less
