"""Make texts from files, such as names of people and sports, safe to show and write."""

import re
from collections.abc import Sequence

MAX_TEXT = 500  # characters of the name of a person, a sport or a place
# control characters, line separators, marks that change the direction of writing, lone surrogates
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Makes a text from a file safe to show and write: characters that cannot be printed are escaped, as in Python's `"\\x1b"`.

    It is cut off after `MAX_TEXT` characters.
    """
    return UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text[:MAX_TEXT])[:MAX_TEXT]


def signed(value: float) -> str:
    """A difference to the nearest whole number with its sign, such as "+3"; "0" has none."""
    return f"{round(value):+}" if round(value) else "0"


def signed_limit(value: float) -> str:
    """A limit of a difference, with a decimal where it would else look like none; "0" where it still would."""
    return signed(value) if round(value) or not round(value, 1) else f"{value:+.1f}"


def percent(share: float) -> str:
    """A share from 0 to 1 to the nearest whole percent, such as "34 %"; "less than 1 %" where that would look like none."""
    return f"{100 * share:.0f} %" if round(100 * share) or not share else "less than 1 %"


def hours(seconds: float) -> str:
    """A time in s to the nearest minute as hours and minutes, such as "1:20"."""
    return "{}:{:02}".format(*divmod(round(seconds / 60), 60))


def duration(seconds: float) -> str:
    """The same for a sentence, such as "1 h 06 min" or "46 min"."""
    whole, minutes = divmod(round(seconds / 60), 60)
    return f"{whole} h {minutes:02} min" if whole else f"{minutes} min"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Columns that are as wide as their widest cell, two spaces apart; those of `left` are aligned to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) if place in left else cell.rjust(width) for place, (cell, width) in enumerate(cells))
        for cells in (zip(row, widths, strict=True) for row in (head, *rows))
    )
    return "\n".join(line.rstrip() for line in lines)
