"""Self-reported facts of a person, from text and in words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hrkeras.athlete import facts
from hrkeras.athlete.facts import SPEED, Facts, Outcome
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import pace
from hrkeras.utils.errors import InputError


def parse_easy(text: str) -> tuple[float, float]:
    """Speed in m/s and heart rate in beats/min of an easy run such as "6:00@145".

    Raises:
        InputError: if it is something else.
    """
    written, _, heart_rate = text.partition("@")
    if not heart_rate.strip().isdecimal() or len(heart_rate.strip()) > 3:
        raise InputError(f"Expected a pace and a heart rate such as 6:00@145, found {text[:40]!r}.", "easy")
    speed = pace.parse(written)
    if not SPEED[0] <= speed <= SPEED[1]:
        raise InputError(
            f"Expected the pace of an easy run from {pace.text(SPEED[1])} to {pace.text(SPEED[0])}, found {written[:40]}.", "easy"
        )
    return speed, float(heart_rate)


def lines(outcomes: dict[str, Outcome], athlete: AthleteState, given: Facts) -> list[str]:
    """What became of the facts that a person gave, a sentence for each kind of answer."""
    sentences = {
        "Taken into account: {}.": "used",
        "Taken into account instead of what you gave before: {}.": "changed",
        "Taken into account besides what you gave before, which counts less with every run: {}.": "besides",
        "Known already: {}; no change.": "known",
        "Kept, but of no effect on the predictions as long as the maximum heart rate is known: {}.": "maximum is known",
    }
    forgotten = [name for name in outcomes if outcomes[name] == "taken back"]
    names = ", ".join(name.replace("max_", "maximum_").replace("_", " ") for name in forgotten)
    stays = athlete.count and not {"resting_heart_rate", "easy"}.isdisjoint(forgotten)
    doubted = facts.doubt(athlete)
    return [
        *_said(sentences, outcomes, athlete, given),
        *([f"Taken back: {names}."] if forgotten else []),
        *(["What that has moved stays until more runs outweigh it; only a new file knows nothing of it."] if stays else []),
        *([f"{doubted}."] if doubted else []),
    ]


def of_export(outcomes: dict[str, Outcome], athlete: AthleteState) -> list[str]:
    """The same of the facts that an export tells, from `facts.tell_source`."""
    contradicting = [name.replace("_", " ") for name, outcome in outcomes.items() if outcome == "contradicts"]
    return [
        *_said({"Counting {} of the export.": "used"}, outcomes, athlete, Facts()),
        *(f"Left out, since what you gave contradicts it: the export's {name}." for name in contradicting),
    ]


def _said(sentences: dict[str, str], outcomes: dict[str, Outcome], athlete: AthleteState, given: Facts) -> list[str]:
    """Each sentence with the facts of its outcome and their values, where there are any."""
    now, values = facts.told(athlete), dict(given.items())
    return [
        text.format(", ".join(described(Facts(**{name: values.get(name, getattr(now, name)) for name in names}))))
        for text, answer in sentences.items()
        if (names := [name for name in outcomes if outcomes[name] == answer])
    ]


def counted(athlete: AthleteState, exported: Mapping[str, Outcome] | None = None) -> str:
    """Which facts told before count with the runs, in a sentence; empty if none was, or only what an export has just told."""
    new = [name for name, outcome in (exported or {}).items() if outcome == "used"]
    of_no_effect = [] if facts.told(athlete).max_heart_rate is None else ["age"]
    told = ", ".join(described(replace(facts.told(athlete), **dict.fromkeys([*new, *of_no_effect]))))
    return f"Self-reported facts count too: {told}." if told else ""


def as_dict(athlete: AthleteState, exported: Mapping[str, Outcome] | None = None) -> dict[str, Any]:
    """For programs: the facts that count, by name, and what became of those that an export tells."""
    return {"facts": dict(facts.told(athlete).items()), "facts_of_export": dict(exported or {})}


def described(given: Facts) -> list[str]:
    """The facts with their values."""
    return [_text(name, value, given.sex) for name, value in given.items() if name != "sex" or given.age is None]


def _text(name: str, value, sex: str | None) -> str:
    if name == "easy":
        return f"easy runs at {pace.text(value[0])} with {value[1]:.0f} beats/min"
    if name == "sex":
        return f"sex {value}"
    if name == "age":
        return f"age {value:.0f}{f' and sex {sex}' if sex else ''}"
    return f"{'maximum' if name == 'max_heart_rate' else 'resting'} heart rate {value:.0f} beats/min"
