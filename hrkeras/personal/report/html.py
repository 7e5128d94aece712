"""The few elements that the page is made of; every text is escaped, and what is in backticks becomes code."""

import re
from collections.abc import Iterable, Sequence
from html import escape

UNITS = r"(?:%|°C|/km|beats/min|(?:km|m|min|s|h|x|TRIMP|mL/kg)\b)"
# numbers with their units, from one to another, days with their months, and these with their years
WHOLE = rf"(?<=\d) (?={UNITS})|(?<=\d) (?=to [+-]?\d[\d.:]*\b(?! [A-Z]))|(?<=\d to) (?=[+-]?\d[\d.:]*\b(?! [A-Z]))"
WHOLE += r"|(?<=\d) (?=[A-Z][a-z]+ \d{4}\b)|(?<=[a-z]) (?=(?:19|20)\d\d\b)"
ROWS, COLUMNS = 12, 5  # of a table of runs; most of one that a phone shows side by side, of which a text takes two


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; nothing if there is no text."""
    return f"<p{_class(kind)}>{_text(text)}</p>" if text else ""


def items(texts: Iterable[str], kind: str = "") -> str:
    """A list of those texts that are not empty; nothing if there is none."""
    inside = "\n".join(f"<li>{_text(text)}</li>" for text in texts if text)
    return f"<ul{_class(kind)}>\n{inside}\n</ul>" if inside else ""


def section(title: str, *parts: str) -> str:
    """A section of parts that are HTML."""
    return "\n".join([f"<section>\n<h2>{escape(title)}</h2>", *filter(None, parts), "</section>"])


def details(summary: str, inside: str) -> str:
    """What is opened by a click."""
    return f"<details>\n<summary>{escape(summary)}</summary>\n{inside}\n</details>"


def figure(drawn: str) -> str:
    """A picture, which is HTML."""
    return f"<figure>\n{drawn}\n</figure>"


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = ()) -> str:
    """A table whose first column names the rows; `texts` are the other columns that are no numbers. On a phone one of many
    columns is a list of rows, whose cells have their labels before them; any other scrolls if it must, and a shadow shows that.
    """
    many = len(head) + len(texts) > COLUMNS
    kinds = [_class("text" if place in texts else "") for place in range(len(head))]
    top = "".join(f'<th scope="col"{kind}>{escape(label)}</th>' for kind, label in zip(kinds, head, strict=True))
    lines = []
    for row in rows:
        labels = [f' data-label="{escape(label)}"' if many else "" for label in head]
        cells = [f"<td{kind}{label}>{_whole(cell)}</td>" for kind, label, cell in zip(kinds, labels, row, strict=True)]
        lines.append(f'<tr><th scope="row">{_whole(row[0])}</th>{"".join(cells[1:])}</tr>')
    body = "\n".join(lines)
    inside = f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    kind = "wide many" if many else "wide"
    return f'<div class="{kind}" tabindex="0" role="region" aria-label="{escape(caption)}">\n{inside}\n</div>'


def _text(text: str) -> str:
    """With a command in backticks as code."""
    parts = re.split("`([^`]+)`", text)
    return "".join(_command(part) if place % 2 else _whole(part) for place, part in enumerate(parts))


def _command(text: str) -> str:
    """Escaped, with options that no line's end parts; it is copied as it is."""
    inside = re.sub(r"(?<!\S)-\S+", r"<span>\g<0></span>", escape(text))
    return f"<code>{inside}</code>"


def _whole(text: str) -> str:
    """Escaped, with numbers that no line's end parts from their units."""
    return re.sub(WHOLE, "\N{NO-BREAK SPACE}", escape(text))


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
