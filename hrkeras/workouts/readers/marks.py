"""How the copies that hrkeras writes say which of their heart rates no sensor measured, and how the readers take these out."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.readers.point_table import HEART_RATE, TIME

REPAIRED = "Heart rate repaired by hrkeras where the sensor was wrong:"
REPAIRED_FIELD = "repaired_heart_rate"  # developer field of a FIT record
TAKEN_OUT = "heart rate repaired by hrkeras, which counts as not measured"
MOST = 3_500  # characters of a mark; readers keep some more of a text
_MOMENT = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z"
_STRETCH = re.compile(f"{_MOMENT}/{_MOMENT}")


class Mark(NamedTuple):
    """What marks a copy: a sentence in GPX and TCX, and the name of a developer field in FIT."""

    words: str
    field: str


def repaired(stretches: Iterable[tuple[float, float]]) -> Mark:
    """The mark of a copy with repaired stretches; so many that no text holds them are joined, the nearest first.

    Args:
        stretches: first and last time of each, s since 1970-01-01 UTC.

    Example:
        >>> repaired([(1.6e9, 1.6e9 + 8)]).words
        'Heart rate repaired by hrkeras where the sensor was wrong: 2020-09-13T12:26:40Z/2020-09-13T12:26:48Z.'
    """
    joined = sorted(stretches)
    while len(words := f"{REPAIRED} {', '.join(f'{_text(begin)}/{_text(end)}' for begin, end in joined)}.") > MOST:
        place = int(np.argmin([after[0] - before[1] for before, after in zip(joined, joined[1:], strict=False)]))
        joined[place : place + 2] = [(joined[place][0], max(end for _, end in joined[place : place + 2]))]
    return Mark(words, REPAIRED_FIELD)


def _text(clock: float) -> str:
    moment = datetime.fromtimestamp(clock, UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def stretches(text: str) -> list[tuple[float, float]]:
    """The repaired stretches that a text names, s since 1970-01-01 UTC; none if it has no such mark."""
    named = _STRETCH.findall(text[text.index(REPAIRED) :]) if REPAIRED in text else ()
    moments = [tuple(_seconds(moment) for moment in pair) for pair in named]
    return [(begin, end) for begin, end in moments if begin <= end]


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(f"{text}+00:00").timestamp()
    except (ValueError, OverflowError):
        return np.nan


def take_out(table: np.ndarray, repaired: np.ndarray | Iterable[tuple[float, float]]) -> tuple[str, ...]:
    """Removes the repaired heart rates from a table of points.

    Args:
        table: points, shape `(n, COLUMNS)` or wider; changed in place.
        repaired: which points, booleans of shape `(n,)`, or the stretches.

    Returns:
        A remark that this was done, for `Recording.passed_over`; empty if there was nothing to remove.
    """
    if not isinstance(repaired, np.ndarray):
        where = np.zeros(len(table), bool)
        for begin, end in repaired:
            where |= (table[:, TIME] >= begin - 1e-3) & (table[:, TIME] <= end + 1e-3)
        repaired = where
    if not (repaired & (table[:, HEART_RATE] > 0)).any():
        return ()
    table[repaired, HEART_RATE] = np.nan
    return (TAKEN_OUT,)
