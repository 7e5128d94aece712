"""What a command prints: no character that the terminal cannot show, none that would control it."""

import codecs
import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import typer

# C0 but tab and newline, delete, C1, and what turns the direction of writing or breaks lines
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ERRORS = "hrkeras.escape"


def plain(text: str) -> str:
    """Text with its control characters as `\\uXXXX`, which JSON reads as well."""
    return CONTROLS.sub(lambda match: _escape(match[0]), text)


def note(sentence: str) -> None:
    """Prints a note on stderr."""
    typer.secho(plain(sentence), err=True)


def _escape(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def _escape_unknown(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _escape(error.object[error.start : error.end]), error.end


codecs.register_error(ERRORS, _escape_unknown)


def prepare() -> None:
    """From now on standard output and error escape what their encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # what a program has put in their place may have none
            reconfigure(errors=ERRORS)


class _Plain:
    """A text stream that writes control characters as `plain` does."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(plain(text))
        return len(text)

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """While it lasts, standard output is without control characters."""
    with contextlib.redirect_stdout(_Plain(sys.stdout)):
        yield
