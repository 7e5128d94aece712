"""Facts that a person tells about themselves, each an observation of the athlete's state; none is needed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import numpy as np

from hrkeras.athlete import fitness
from hrkeras.athlete.history import RECORD
from hrkeras.athlete.kalman import USUAL_START, AthleteState
from hrkeras.athlete.population import PERSON, SIZE, STATES
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import BASIS

# what may be told; the speed ends where runners of world class begin their easy runs, below 5, which is a pace in min/km
AGE, MAXIMUM, RESTING = (10, 110), (100, 230), (30, 110)  # years, beats/min, beats/min
SPEED, EASY = (0.55, 4.8), (60, 220)  # m/s, beats/min
AT_BIRTH, PER_YEAR, ERROR = 211.0, 0.64, 10.8  # beats/min; maximum by age, Nes et al., Scand J Med Sci Sports 23, 2013
LEAST_RESERVE = 40.0  # beats/min, from the resting to the maximum heart rate
# The state's highest heart rate is that of the hardest twentieth of runs, each without its highest hundredth. Training
# comes within some percent of the maximum at best, but a sensor's faults raise it.
BELOW_MAXIMUM, BELOW_SPREAD = 3.0, 5.0  # beats/min
# Of 180 marathon runners, women's maximum was 4.9 beats/min below an equation for both sexes, and men's was not: P. T.
# Nikolaidis, T. Rosemann and B. Knechtle, Frontiers in Physiology 9:226, 2018.
WOMEN_BELOW = 5.0
# At 70 % of the heart rate reserve (Karvonen et al., Ann Med Exp Biol Fenn 35, 1957) the resting heart rate counts for 30 %.
# Of 92,457 people it was 65.5 +- 7.7 beats/min (Quer et al., PLoS ONE 15(2):e0227709, 2020); runners' is taken to be lower.
USUAL_RESTING, RESTING_SPREAD, BY_RESTING = 60.0, 7.7, 0.3  # beats/min, beats/min, beats/min for one
FAULT = 0.05  # share of the runs in which a sensor may read more than the heart can beat
EASY_SPREAD = 5.0  # beats/min, standard deviation of what a person says of their easy runs
OF_HIGHEST = np.eye(SIZE)[len(STATES) + PERSON.index("highest_heart_rate")]
OF_LEVEL = np.eye(SIZE)[0]
Outcome = Literal["used", "changed", "besides", "known", "maximum is known", "contradicts", "taken back"]
CHANGES = ("used", "changed", "besides", "maximum is known", "taken back")  # outcomes by which there is something to keep


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
        sex: "female" or "male"; counts for the maximum heart rate at an age, and for training load.
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
        _within(self.max_heart_rate, "max_heart_rate", "maximum heart rate", MAXIMUM, "beats/min")
        _within(self.age, "age", "age", AGE, "years")
        _within(self.resting_heart_rate, "resting_heart_rate", "resting heart rate", RESTING, "beats/min")
        if self.sex not in (None, "female", "male"):
            raise InputError(f"Expected female or male, found {str(self.sex)[:40]!r}; leave it out if neither fits.", "sex")
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


def check(facts: Facts) -> None:
    """Raises `InputError` if facts that are each plausible cannot be true together."""
    easy = facts.easy[1] if facts.easy else None
    rates = {"resting": facts.resting_heart_rate, "easy": easy, "maximum": facts.max_heart_rate}
    for low, high, apart in (("resting", "easy", 1.0), ("easy", "maximum", 1.0), ("resting", "maximum", LEAST_RESERVE)):
        below, above = rates[low], rates[high]
        if below is not None and above is not None and above - below < apart:
            raise InputError(
                f"Expected the {high} heart rate at least {apart:g} beats/min above the {low} one, found {above:g} and "
                f"{below:g}; correct one of them.",
                "easy" if high == "easy" else "max_heart_rate",
            )


def tell(athlete: AthleteState, facts: Facts, day: date | None = None) -> dict[str, Outcome]:
    """Adds to a state what the person tells; what is told already changes nothing.

    Args:
        athlete: the state, changed in place.
        facts: what is told; an age does not count as long as the maximum is known.
        day: today if not given.

    Returns:
        What became of each fact. One that has changed counts instead of the one before; but an easy run that is told after
        runs are known counts besides, since fitness may have changed in between.

    Raises:
        InputError: if the facts, with those told before, cannot be true together.
    """
    day = day or datetime.now(UTC).date()
    before, given = told(athlete, day), dict(facts.items())
    now = replace(before, **given)
    check(now)
    outcomes = {name: _outcome(athlete, name, before, now) for name in given}
    new = {name: Fact(given[name], day.isoformat()) for name in given if outcomes[name] in CHANGES}
    if new:
        _set_told(athlete, athlete.told | new, new)
    return outcomes


def _set_told(athlete: AthleteState, now: dict[str, Fact], new: Collection[str]) -> None:
    """Gives a state what is told now, of which it observes what is new; a state without runs begins anew with all of it."""
    before = _as_told(athlete)
    if not athlete.count:
        empty = AthleteState(athlete.population)
        athlete.weights, athlete.covariance = empty.weights, empty.covariance
        before, new = Facts(), list(now)
    athlete.told = now
    _observe_highest(athlete, before, _as_told(athlete))
    if "resting_heart_rate" in new:  # so that of a person without runs it explains just this part of the level's variance
        variance, explained = athlete.population.covariance[0, 0], (BY_RESTING * RESTING_SPREAD) ** 2
        shift = BY_RESTING * (now["resting_heart_rate"].value - (before.resting_heart_rate or USUAL_RESTING))
        level = athlete.weights @ OF_LEVEL + shift * variance / explained
        athlete.observe(OF_LEVEL, level, variance * (variance / explained - 1))
    if "easy" in new:
        speed, heart_rate = now["easy"].value
        features = fitness.view(athlete).features(USUAL_START, fitness.steady(speed))
        features[len(BASIS) :] = 0  # an average day and course
        residual = heart_rate - athlete.weights[:, : len(STATES)] @ features  # of the level: one pace tells nothing of others
        athlete.observe(OF_LEVEL, athlete.weights @ OF_LEVEL + residual, athlete.population.level + EASY_SPREAD**2)


def forget(athlete: AthleteState, names: Collection[str]) -> dict[str, Outcome]:
    """Takes back what was told.

    Of a state without runs nothing remains. Where runs are known, that is so of the maximum, the age and the sex; what an easy
    run or a resting heart rate has moved stays until more runs outweigh it.

    Args:
        athlete: the state, changed in place.
        names: of `Facts`.

    Raises:
        InputError: if one of them was not told.
    """
    if unknown := [name for name in names if name not in athlete.told]:
        there = ", ".join(name.replace("_", "-") for name in athlete.told) or "none"
        raise InputError(f"Expected self-reported facts to forget, found no {unknown[0].replace('_', '-')}; there are: {there}.")
    _set_told(athlete, {name: fact for name, fact in athlete.told.items() if name not in names}, ())
    return dict.fromkeys(names, "taken back")


def _outcome(athlete: AthleteState, name: str, before: Facts, now: Facts) -> Outcome:
    old, value = getattr(before, name), getattr(now, name)
    if old is not None and (abs(value - old) <= 1 if name == "age" else value == old):
        return "known"
    if name == "age" and now.max_heart_rate is not None:
        return "maximum is known"
    return "used" if old is None else "besides" if name == "easy" and athlete.count else "changed"


def _observe_highest(athlete: AthleteState, before: Facts, now: Facts) -> None:
    """Observes the highest heart rate that the maximum tells, or else the age, instead of what was told of it before."""
    old, new = _highest(before), _highest(now)
    if old == new:
        return
    if old and (athlete.covariance @ OF_HIGHEST @ OF_HIGHEST < old[1]).all():
        athlete.observe(OF_HIGHEST, old[0], -old[1])  # takes it back: the highest heart rate does not drift
    if new:
        athlete.observe(OF_HIGHEST, *new)


def _as_told(athlete: AthleteState) -> Facts:
    """What a person has told, with the age that they had then."""
    return Facts(**{name: fact.value for name, fact in athlete.told.items()})


def _highest(facts: Facts) -> tuple[float, float] | None:
    """What the maximum or else the age tells of the state's highest heart rate, beats/min, and the variance of its error."""
    if facts.max_heart_rate is not None:
        return facts.max_heart_rate - BELOW_MAXIMUM, BELOW_SPREAD**2
    return None if facts.age is None else (maximum_at(facts.age, facts.sex) - BELOW_MAXIMUM, ERROR**2 + BELOW_SPREAD**2)


def maximum_at(age: float, sex: str | None = None) -> float:
    """The maximum heart rate to expect at an age in years, beats/min; people differ from it by `ERROR`."""
    return AT_BIRTH - PER_YEAR * age - WOMEN_BELOW * (sex == "female")


def told(athlete: AthleteState, day: date | None = None) -> Facts:
    """What a person has told so far, with the age that they have by now."""
    values = {name: fact.value for name, fact in athlete.told.items()}
    if "age" in values:
        since = (day or datetime.now(UTC).date()) - date.fromisoformat(athlete.told["age"].day)
        values["age"] = min(values["age"] + max(since.days, 0) // 365.25, AGE[1])
    return Facts(**values)


def tell_source(athlete: AthleteState, source: Mapping[str, Any]) -> dict[str, Outcome]:
    """Adds to a state those facts of a source (`ReadLog.person`) that the person has not told.

    Returns:
        What became of each; one that cannot be true beside what the person told is left out.
    """
    there = {*athlete.told, *(["age"] if "max_heart_rate" in athlete.told else [])}
    facts, outcomes = Facts(), dict[str, Outcome]()
    for name, value in source.items():
        if name in there:
            continue
        more = replace(facts, **{name: value})
        try:
            check(replace(told(athlete), **dict(more.items())))
            facts = more
        except InputError:
            outcomes[name] = "contradicts"
    return tell(athlete, facts) | outcomes


def doubt(athlete: AthleteState) -> str:
    """A sentence if the person's runs went higher than the self-reported maximum heart rate; empty if not."""
    maximum, highest = told(athlete).max_heart_rate, athlete.records[:, RECORD.index("highest_heart_rate")]
    above = highest[highest > maximum] if maximum else highest[:0]
    if len(above) <= FAULT * len(athlete.records):
        return ""
    known = len(athlete.records)
    runs = "1 run, the only one known," if known == 1 else f"{len(above):,} of the last {known:,} runs"
    return (
        f"{runs} went above the self-reported maximum heart rate of "
        f"{maximum:g}, up to {above.max():.0f}: correct it with `hrkeras update --max-heart-rate`, or take it back with "
        "`--forget max-heart-rate`, unless the sensor is wrong"
    )


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
        values = Facts(**{name: fact.value for name, fact in facts.items()})
        if len(values.items()) == len(facts):
            return facts
    except (AttributeError, KeyError, TypeError, ValueError, InputError):
        pass
    raise ValueError("its self-reported facts are damaged")
