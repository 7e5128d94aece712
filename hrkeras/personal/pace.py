"""A pace as runners write it."""

import re

from hrkeras.utils.errors import InputError

FASTEST, SLOWEST = 120, 1800  # s/km


def parse(text: str) -> float:
    """The speed in m/s of a pace such as "5:30", minutes and seconds a kilometre.

    Raises:
        InputError: if it is not a pace, or not one that a person runs.
    """
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)( ?/ ?km)?", text.strip())
    seconds = 60 * int(match[1]) + int(match[2]) if match else 0
    if not FASTEST <= seconds <= SLOWEST:
        raise InputError(
            f"Expected a pace of minutes and seconds a kilometre from 2:00 to 30:00, such as 5:30, found {text[:40]!r}."
        )
    return 1000 / seconds


def text(speed: float) -> str:
    """A speed in m/s as a pace, such as "5:30 /km"."""
    minutes, seconds = divmod(round(1000 / speed), 60)
    return f"{minutes}:{seconds:02} /km"
