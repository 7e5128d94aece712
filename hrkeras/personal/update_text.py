"""The result of an update of an athlete, and of the reading for it, in words."""

from collections import Counter
from math import nan

from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import facts_text
from hrkeras.workouts import clock


def taken_text(taken: Counter[str]) -> str:
    """What the filters removed, in a line; empty if nothing."""
    return ", ".join(f"{count:,} x {reason}" for reason, count in taken.most_common() if count)


def known_text(athlete: AthleteState, utc_offset: float = nan) -> str:
    """What a state knows of the person, in a sentence; days as of an offset in s from UTC, where that is known."""
    if not athlete.count and athlete.told:
        return (
            f"Known of the person: no run. {facts_text.counted(athlete)} Give earlier runs with --history or add them with "
            "hrkeras update."
        )
    if not athlete.count:
        return (
            "Nothing is known of the person, so this is a wide guess. Give earlier runs with --history, or keep "
            "them in a file for --athlete: hrkeras update ME.json RUNS"
        )
    runs = "1 earlier run," if athlete.count == 1 else f"{athlete.count:,} earlier runs, the last"
    known = f"Known of the person: {runs} of {clock.moment(athlete.starts[-1], utc_offset)}."
    return " ".join(filter(None, [known, facts_text.counted(athlete)]))
