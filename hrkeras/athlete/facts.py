"""Facts that a person tells about themselves, each an observation of the athlete's state; none is needed."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import numpy as np

from hrkeras.athlete import fitness, zones
from hrkeras.athlete.kalman import USUAL_START, AthleteState
from hrkeras.athlete.population import PERSON, SIZE, STATES
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import BASIS

RESTING, SPEED, EASY = (30, 110), (0.55, 8.4), (60, 220)  # beats/min, m/s, beats/min: what may be told
# The state's highest heart rate is that of the hardest twentieth of runs, each without its highest hundredth. Training
# comes within some percent of the maximum at best, but a sensor's faults raise it.
BELOW_MAXIMUM, BELOW_SPREAD = 3.0, 5.0  # beats/min
# Of 180 marathon runners, women's maximum was 4.9 beats/min below an equation for both sexes, and men's was not: P. T.
# Nikolaidis, T. Rosemann and B. Knechtle, Frontiers in Physiology 9:226, 2018.
WOMEN_BELOW = 5.0
# At 70 % of the heart rate reserve (Karvonen et al., Ann Med Exp Biol Fenn 35, 1957) the resting heart rate counts for 30 %.
# Of 92,457 people it was 65.5 +- 7.7 beats/min (Quer et al., PLoS ONE 15(2):e0227709, 2020); runners' is taken to be lower.
USUAL_RESTING, RESTING_SPREAD, BY_RESTING = 60.0, 7.7, 0.3  # beats/min, beats/min, beats/min for one
EASY_SPREAD = 5.0  # beats/min, standard deviation of what a person says of their easy runs
OF_HIGHEST = np.eye(SIZE)[len(STATES) + PERSON.index("highest_heart_rate")]
OF_LEVEL = np.eye(SIZE)[0]
Outcome = Literal["used", "changed", "known", "maximum is known"]


class Fact(NamedTuple):
    """What was told, and the day, such as "2026-11-30"."""

    value: Any
    day: str


@dataclass(frozen=True)
class Facts:
    """What a person may tell; None where they do not.

    Attributes:
        max_heart_rate: beats/min.
        age: years.
        sex: "female" or "male", together with the age.
        resting_heart_rate: beats/min.
        easy: speed of an easy run on the flat in m/s, and heart rate then in beats/min.

    Raises:
        InputError: if a value is not plausible.
    """

    max_heart_rate: float | None = None
    age: float | None = None
    sex: Literal["female", "male"] | None = None
    resting_heart_rate: float | None = None
    easy: tuple[float, float] | None = None

    def __post_init__(self):
        _within(self.max_heart_rate, "max_heart_rate", "maximum heart rate", zones.POSSIBLE, "beats/min")
        _within(self.age, "age", "age", zones.AGE, "years")
        _within(self.resting_heart_rate, "resting_heart_rate", "resting heart rate", RESTING, "beats/min")
        if self.sex not in (None, "female", "male"):
            raise InputError(f"Expected female or male, found {str(self.sex)[:40]!r}; leave it out if neither fits.", "sex")
        if self.sex and self.age is None:
            raise InputError("Expected an age with the sex, which counts together alone; give both or neither.", "age")
        if self.easy is not None:
            if not isinstance(self.easy, tuple | list) or len(self.easy) != 2 or None in self.easy:
                raise InputError("Expected a speed and a heart rate, such as (2.8, 145) in m/s and beats/min.", "easy")
            _within(self.easy[0], "easy", "speed of an easy run", SPEED, "m/s")
            _within(self.easy[1], "easy", "heart rate of an easy run", EASY, "beats/min")
            object.__setattr__(self, "easy", tuple(self.easy))

    def items(self) -> list[tuple[str, Any]]:
        """What is told, by name."""
        return [(each.name, value) for each in fields(self) if (value := getattr(self, each.name)) is not None]


def _within(value: Any, argument: str, name: str, limits: tuple[float, float], unit: str) -> None:
    if value is not None and (isinstance(value, bool | str) or not limits[0] <= value <= limits[1]):
        raise InputError(
            f"Expected {name} from {limits[0]:g} to {limits[1]:g} {unit}, found {str(value)[:40]}; leave it out if you do not "
            "know it.",
            argument,
        )


def tell(athlete: AthleteState, facts: Facts, day: date | None = None) -> dict[str, Outcome]:
    """Adds to a state what the person tells; what is told already changes nothing.

    Args:
        athlete: the state, changed in place.
        facts: what is told; an age does not count where the maximum is known.
        day: today if not given.

    Returns:
        What became of each fact; one that has changed is a new observation besides the one before.
    """
    day = day or datetime.now(UTC).date()
    before, outcomes = told(athlete, day), dict[str, Outcome]()
    for name, value in facts.items():
        old, sex = getattr(before, name), facts.sex or before.sex
        if name == "sex":
            continue
        if old is not None and (abs(value - old) <= 1 and sex == before.sex if name == "age" else value == old):
            outcomes[name] = "known"
        elif name == "age" and "max_heart_rate" in athlete.told:
            outcomes[name] = "maximum is known"
        else:
            _observe(athlete, name, value, old, sex)
            athlete.told |= {name: Fact(value, day.isoformat())}
            if name == "age" and sex:
                athlete.told["sex"] = Fact(sex, day.isoformat())
            outcomes[name] = "used" if old is None else "changed"
    return outcomes


def _observe(athlete: AthleteState, name: str, value: Any, old: Any, sex: str | None) -> None:
    if name == "max_heart_rate":
        athlete.observe(OF_HIGHEST, value - BELOW_MAXIMUM, BELOW_SPREAD**2)
    elif name == "age":
        maximum = zones.AT_BIRTH - zones.PER_YEAR * value - WOMEN_BELOW * (sex == "female")
        athlete.observe(OF_HIGHEST, maximum - BELOW_MAXIMUM, zones.ERROR**2 + BELOW_SPREAD**2)
    elif name == "resting_heart_rate":  # so that of a person without runs it explains just this part of the level's variance
        variance, explained = athlete.population.covariance[0, 0], (BY_RESTING * RESTING_SPREAD) ** 2
        shift = BY_RESTING * (value - (old or USUAL_RESTING))
        level = athlete.weights @ OF_LEVEL + shift * variance / explained
        athlete.observe(OF_LEVEL, level, variance * (variance / explained - 1))
    elif name == "easy":
        speed, heart_rate = value
        features = fitness.view(athlete).features(USUAL_START, fitness.steady(speed))
        features[len(BASIS) :] = 0  # an average day and course
        residual = heart_rate - athlete.weights[:, : len(STATES)] @ features  # of the level: one pace tells nothing of others
        athlete.observe(OF_LEVEL, athlete.weights @ OF_LEVEL + residual, athlete.population.level + EASY_SPREAD**2)


def told(athlete: AthleteState, day: date | None = None) -> Facts:
    """What a person has told so far, with the age that they have by now."""
    values = {name: fact.value for name, fact in athlete.told.items()}
    if "age" in values:
        since = (day or datetime.now(UTC).date()) - date.fromisoformat(athlete.told["age"].day)
        values["age"] = min(values["age"] + max(since.days, 0) // 365.25, zones.AGE[1])
    return Facts(**values)


def completed(athlete: AthleteState, facts: Facts, source: dict[str, Any]) -> Facts:
    """The facts, and those of a source (`ReadLog.person`) that neither these nor the state have."""
    there = {name for name, _ in facts.items()} | athlete.told.keys()
    if there & {"age", "max_heart_rate"}:
        there |= {"age", "sex"}
    return replace(facts, **{name: value for name, value in source.items() if name not in there})


def as_dict(athlete: AthleteState) -> dict[str, dict[str, Any]]:
    """What was told, for JSON."""
    return {name: {"value": fact.value, "date": fact.day} for name, fact in athlete.told.items()}


def from_dict(values: Any) -> dict[str, Fact]:
    """What `as_dict` has written.

    Raises:
        ValueError: if it is something else.
    """
    try:
        facts = {
            name: Fact(tuple(fact["value"]) if name == "easy" else fact["value"], date.fromisoformat(fact["date"]).isoformat())
            for name, fact in values.items()
        }
        if len(Facts(**{name: fact.value for name, fact in facts.items()}).items()) == len(facts):
            return facts
    except (AttributeError, KeyError, TypeError, ValueError, InputError):
        pass
    raise ValueError("what the person told is damaged")
