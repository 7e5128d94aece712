"""The result of an update of an athlete, and of the reading for it, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from hrkeras.athlete.facts import Outcome
from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import facts_text
from hrkeras.workouts import clock


def taken_text(taken: Counter[str]) -> str:
    """What the filters removed, in a line; empty if nothing."""
    return "; ".join(f"{count:,} x {reason}" for reason, count in taken.most_common() if count)


def named(sources: Sequence[Path]) -> str:
    """Some sources, of which there is one at least, for the beginning of a message."""
    return f"{sources[0]}" + (f" and {len(sources) - 1:,} more" if len(sources) > 1 else "")


def look_at(*sources: Path) -> str:
    """What to do where nothing in some sources can be used, as the end of a sentence."""
    return f"look at what there is with `hrkeras inspect{f' {quote(str(sources[0]))}' if len(sources) == 1 else ''}`"


def known_text(athlete: AthleteState, exported: Mapping[str, Outcome] | None = None) -> str:
    """What a state knows of the person, in sentences; not the facts that an export has just told, which are said elsewhere."""
    if not athlete.count and not athlete.told:
        return (
            "Nothing is known of the person, so this is a wide guess. Give earlier runs with --history, or keep "
            "them in a file for --athlete: hrkeras update ME.json RUNS"
        )
    counted, advice = facts_text.counted(athlete, exported), ""
    if not athlete.count:
        runs, advice = "no run", "Give earlier runs with --history or add them with hrkeras update."
    else:
        runs = "1 earlier run," if athlete.count == 1 else f"{athlete.count:,} earlier runs, the last"
        runs += f" of {clock.moment(athlete.starts[-1], athlete.utc_offset)}"
    return " ".join(filter(None, [f"Known of the person: {runs}.", counted, advice]))
