"""Texts from files, such as names of people and sports, as they may be shown and written."""

import re

MAX_TEXT = 500  # characters of the name of a person, a sport or a place
# control characters, separators of lines, what changes the direction of writing, halves of characters
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def cleaned(text: str) -> str:
    """A text from a file as it may be shown and written: what cannot be printed is escaped, as in Python's `"\\x1b"`.

    What is beyond `MAX_TEXT` characters is cut off.
    """
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text[:MAX_TEXT])[:MAX_TEXT]
