"""Self-reported facts of a person, from text and in words."""

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
    """What became of the facts that a person (`given`) or their export gave, a sentence for each kind of answer."""
    now, said = facts.told(athlete), dict(given.items())
    if "sex" in said:
        said.setdefault("age", now.age)

    def named(answer: Outcome, own: bool = True) -> str:
        names = [name for name, outcome in outcomes.items() if outcome == answer and (name in said) == own]
        return ", ".join(_text(name, said.get(name, getattr(now, name)), given.sex or now.sex) for name in names)

    sentences = {
        "Taken into account: {}.": named("used"),
        "Taken into account, as the export tells: {}.": named("used", own=False),
        "Taken into account instead of what you gave before: {}.": named("changed"),
        "Taken into account besides what you gave before, which counts less with every run: {}.": named("besides"),
        "Known already: {}; no change.": named("known"),
        "Not needed, since the maximum heart rate is known: {}.": named("maximum is known"),
    }
    forgotten = [name.replace("max_", "maximum_").replace("_", " ") for name in outcomes if outcomes[name] == "taken back"]
    doubted = facts.doubt(athlete)
    contradicting = [name.replace("_", " ") for name, outcome in outcomes.items() if outcome == "contradicts"]
    return [
        *(sentence.format(text) for sentence, text in sentences.items() if text),
        *([f"Taken back: {', '.join(forgotten)}."] if forgotten else []),
        *(f"Left out, since what you gave contradicts it: the export's {name}." for name in contradicting),
        *([f"{doubted}."] if doubted else []),
    ]


def counted(athlete: AthleteState) -> str:
    """Which self-reported facts count with the runs, in a sentence; empty if none was told."""
    told = ", ".join(described(facts.told(athlete)))
    return f"Self-reported facts count too: {told}." if told else ""


def described(given: Facts) -> list[str]:
    """The facts with their values."""
    return [_text(name, value, given.sex) for name, value in given.items() if name != "sex" or given.age is None]


def _text(name: str, value, sex: str | None) -> str:
    if name == "easy":
        return f"easy runs at {pace.text(value[0])} with {value[1]:.0f} beats/min"
    if name == "age":
        return f"age {value:.0f}{f' and sex {sex}' if sex else ''}"
    return f"{'maximum' if name == 'max_heart_rate' else 'resting'} heart rate {value:.0f} beats/min"
