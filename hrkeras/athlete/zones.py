"""A person's maximum and threshold heart rate, estimated from their runs, and the five zones between."""

from dataclasses import dataclass, field

import numpy as np

from hrkeras.athlete import facts, fitness, history
from hrkeras.athlete.interval import TAIL
from hrkeras.athlete.kalman import AthleteState
from hrkeras.utils.errors import InputError

COUNT = 5
SHARES = (0.85, 0.90, 0.95, 1.0)  # of the threshold, where zones 2 to 5 begin; J. Friel, Total Heart Rate Training, 2006
NAMES = ("recovery", "easy", "tempo", "below threshold", "threshold and above")
USUAL_AGE, AGES = 40.0, 11.5  # years and their standard deviation, where age is not known: all from 20 to 60 alike
THRESHOLD, THRESHOLD_SPREAD = 0.91, 0.03  # of the maximum, see `estimate`
SHORT, LEAST_SHORT = 0.25, 0.03  # how far the hardest of n runs stays below the maximum: that over the root of n, and at least
SLOW, LEAST_SLOW = 0.5, 0.1  # how far the fastest of n runs stays below what the person could run for an hour
ENDURANCE = 1 - 1 / 1.06  # speed falls with time to this power; Riegel, Athletic records and human endurance, Am Sci 69, 1981
SHORTEST, SUSTAINED = 20.0, 40.0  # min, least of a run that shows the speed for an hour, and of one whose mean could be held
GRID, THRESHOLDS = (110.0, 231.0), (70.0, 231.0)  # beats/min, in which maximum and threshold lie
NORMAL = 1.2816  # standard deviations from the middle of a normal distribution beyond which a share `TAIL` of it lies

_MEAN, _HIGHEST, _EFFORT, _MINUTES = (
    history.RECORD.index(name) for name in ("mean_heart_rate", "highest_heart_rate", "mean_effort", "log_minutes")
)


@dataclass(frozen=True)
class Zones:
    """Heart rates of one person, all in beats/min; low and high are 10 and 90 %.

    Attributes:
        maximum: the highest that their heart reaches.
        maximum_low: the maximum lies below it in one case of ten.
        maximum_high: likewise, above it.
        threshold: what they could hold for about an hour.
        threshold_low: as for the maximum.
        threshold_high: likewise.
        edges: where zones 2 to 5 begin, whole numbers, shape `(4,)`.
    """

    maximum: float
    maximum_low: float
    maximum_high: float
    threshold: float
    threshold_low: float
    threshold_high: float
    edges: np.ndarray = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "edges", np.round(np.array(SHARES) * self.threshold))

    @property
    def limits(self) -> list[str]:
        """The zones as text, such as "146 to 154"."""
        begin = [f"{edge:.0f}" for edge in self.edges]
        between = [f"{low:.0f} to {high - 1:.0f}" for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)]
        return [f"below {begin[0]}", *between, f"{begin[-1]} and above"]


def estimate(
    athlete: AthleteState, age: float | None = None, maximum: float | None = None, threshold: float | None = None
) -> Zones:
    """Estimates maximum and threshold from the runs that the athlete's state remembers, as one posterior of both.

    The maximum starts from that of people of the person's age. It is hardly below the steady highs of the runs, of which one
    in twenty is left out and each may be a fault, and not far above: the hardest of n runs stays below it by a share that
    falls with the root of n. The threshold starts from its usual share of the maximum: among 31 runners the lactate
    threshold lay at 88 % and 2.5 mmol/l at 94 % (Weltman et al., Int J Sports Med 11, 1990), and one share fits all to 3 to 5
    beats/min (Nuuttila et al., Eur J Appl Physiol 125, 2025). Besides, it is what the filter expects on the flat at the
    speed that the person could hold for an hour, by the fastest run, and hardly below the means of runs of 40 minutes, of
    which one in twenty is left out likewise.

    Args:
        athlete: the person's state; it may hold no run.
        age: years; what the person told (`facts`) if not given.
        maximum: beats/min, likewise; it is taken as exact.
        threshold: beats/min, if known from a test; likewise.

    Raises:
        InputError: if a given value is not plausible.
    """
    told = facts.told(athlete)
    age, maximum = (told.age if age is None else age), (told.max_heart_rate if maximum is None else maximum)
    _check(age, maximum, threshold, told.max_heart_rate)
    highest = np.arange(*GRID)[:, None] if maximum is None else np.array([[float(maximum)]])
    thresholds = np.arange(*THRESHOLDS)[None] if threshold is None else np.array([[float(threshold)]])
    middle = facts.maximum_at(USUAL_AGE if age is None else age, told.sex)
    spread = facts.ERROR if age is not None else np.hypot(facts.ERROR, facts.PER_YEAR * AGES)
    likely = _normal(highest, middle, spread) + _normal(thresholds / highest, THRESHOLD, THRESHOLD_SPREAD) - np.log(highest)
    records = athlete.records[np.isfinite(athlete.records[:, _HIGHEST])]
    minutes = np.exp(records[:, _MINUTES])
    if len(records):
        likely = likely + _highs(highest, records[:, _HIGHEST])
    if np.any(minutes >= SHORTEST):
        likely = likely + _normal(thresholds, *_at_an_hours_speed(athlete, records[minutes >= SHORTEST]))
    if np.any(minutes >= SUSTAINED):
        likely = likely + _above(thresholds, _believed(records[minutes >= SUSTAINED, _MEAN]))
    likely = np.where(thresholds < highest, likely, -np.inf)
    weight = np.exp(likely - likely.max())
    return Zones(*_quantiles(highest.ravel(), weight.sum(axis=1)), *_quantiles(thresholds.ravel(), weight.sum(axis=0)))


def _check(age: float | None, maximum: float | None, threshold: float | None, told: float | None) -> None:
    for name, value, (least, most), unit in (
        ("age", age, facts.AGE, "years"),
        ("maximum", maximum, facts.MAXIMUM, "beats/min"),
        ("threshold", threshold, facts.MAXIMUM, "beats/min"),
    ):
        if value is not None and not least <= value <= most:
            raise InputError(
                f"Expected {name} from {least} to {most} {unit}, found {value:g}; leave it out if you do not know it."
            )
    if maximum is not None and threshold is not None and threshold >= maximum:
        which, advice, argument = "maximum", "give one of them alone", None
        if maximum == told:
            argument = "maximum"
            which, advice = "self-reported maximum", "give another maximum beside it, or correct the one in the person's file"
        raise InputError(f"Expected a threshold below the {which}, found {threshold:g} and {maximum:g}; {advice}.", argument)


def _normal(value: np.ndarray, mean: float, spread: float) -> np.ndarray:
    return -0.5 * ((value - mean) / spread) ** 2


def _believed(rates: np.ndarray) -> np.ndarray:
    """All but the highest twentieth of one heart rate per run; sensor faults may have caused the highest."""
    return np.sort(rates)[: len(rates) - len(rates) // round(1 / facts.FAULT)]


def _above(limit: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Log-likelihood of the rates of some runs, shape `(runs,)`, that lie above each limit because of a fault."""
    return np.log(facts.FAULT) * (rates > limit[..., None]).sum(axis=-1)


def _highs(maximum: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """Log-likelihood of the steady highs of some runs, shape `(runs,)`, given each maximum."""
    rates = _believed(highs)
    gap = np.where(rates > maximum[..., None], maximum[..., None], maximum[..., None] - rates).min(axis=-1)
    return _above(maximum, rates) - gap / maximum / max(SHORT / np.sqrt(len(highs)), LEAST_SHORT)


def _at_an_hours_speed(athlete: AthleteState, records: np.ndarray) -> tuple[float, float]:
    """What the filter expects at the speed that could be held for an hour, and its standard deviation, beats/min."""
    fastest = float((records[:, _EFFORT] * (np.exp(records[:, _MINUTES]) / 60) ** ENDURANCE).max())
    more = max(SLOW / np.sqrt(len(records)), LEAST_SLOW)
    view, start = fitness.view(athlete), float(athlete.starts[-1])
    expected, faster = (view.at_pace(start, fastest * (1 + times * more)) for times in (1, 2))
    return expected.value, float(np.hypot((expected.high - expected.low) / 2 / NORMAL, faster.value - expected.value))


def _quantiles(values: np.ndarray, weight: np.ndarray) -> tuple[float, float, float]:
    """Median, 10 and 90 % of values in order."""
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
    return tuple(float(quantile) for quantile in np.interp((0.5, TAIL, 1 - TAIL), below, values))  # type: ignore[return-value]


def seconds_in(edges: np.ndarray, heart_rate: np.ndarray, step: float) -> np.ndarray:
    """Time in each zone, in which each step counts by its heart rate to the nearest whole number, as the limits are told.

    Args:
        edges: from `Zones`, shape `(4,)`.
        heart_rate: beats/min, shape `(steps,)`; a step where it is NaN does not count.
        step: s, length of a step.

    Returns:
        s, shape `(5,)`.
    """
    measured = heart_rate[np.isfinite(heart_rate)]
    return step * np.bincount(np.searchsorted(edges - 0.5, measured, side="right"), minlength=COUNT).astype(np.float64)


def seconds_within(edges: np.ndarray, heart_rate: np.ndarray, low: np.ndarray, high: np.ndarray, step: float) -> np.ndarray:
    """The least and the most time in each zone, as a whole run moves through its prediction interval.

    A prediction is off by much the same amount all through a run, so its steps are moved together.

    Args:
        edges: from `Zones`, shape `(4,)`.
        heart_rate: predicted, beats/min, shape `(steps,)`.
        low: lower limit of the prediction interval, likewise.
        high: upper limit, likewise.
        step: s, length of a step.

    Returns:
        s, shape `(2, 5)`.
    """
    parts = np.linspace(0, 1, 6)
    moved = [low + part * (heart_rate - low) for part in parts] + [heart_rate + part * (high - heart_rate) for part in parts]
    times = np.array([seconds_in(edges, rates, step) for rates in moved])
    return np.stack([times.min(axis=0), times.max(axis=0)])
