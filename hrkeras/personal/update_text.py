"""The result of an update of an athlete, and of the reading for it, in words."""

from collections import Counter

from hrkeras.athlete.kalman import AthleteState
from hrkeras.workouts import clock


def taken_text(taken: Counter[str]) -> str:
    """What the filters removed, in a line; empty if nothing."""
    return ", ".join(f"{count:,} x {reason}" for reason, count in taken.most_common() if count)


def known_text(athlete: AthleteState) -> str:
    """What a state knows of the person, in a sentence."""
    if not athlete.count and athlete.told:
        return (
            "Known of the person: self-reported facts, and no run. Give earlier runs with --history or add them with hrkeras "
            "update."
        )
    if not athlete.count:
        return (
            "Nothing is known of the person, so this is a wide guess. Give earlier runs with --history, or keep "
            "them in a file for --athlete: hrkeras update ME.json RUNS"
        )
    runs = "1 earlier run," if athlete.count == 1 else f"{athlete.count:,} earlier runs, the last"
    return f"Known of the person: {runs} of {clock.moment(athlete.starts[-1], athlete.utc_offset)}."
