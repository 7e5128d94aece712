"""A matplotlib figure as SVG inside a page: it takes the page's colours, light or dark, and can be read out."""

import re
from html import escape
from io import StringIO
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from hrkeras.utils.plotting import ALTITUDE, GOOD, GRID, HEART, MUTED, PAPER, SPEED

COLOURS = {
    **{HEART: "heart", SPEED: "speed", ALTITUDE: "altitude", MUTED: "muted", GOOD: "good"},
    **{GRID: "grid", PAPER: "paper", "#000000": "ink"},
}
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "hrkeras"}  # text stays text; the same figure gives the same bytes


def svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The `<svg>` element of a figure.

    Args:
        figure: to draw.
        name: unique in the page.
        title: what it shows, for a screen reader.
        description: what is to be seen in it, likewise.
    """
    stream = StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = stream.getvalue()
    (box,) = re.findall(r'<svg[^>]* viewBox="([^"]*)"', drawn)
    inside = drawn[drawn.index(">", drawn.index("<svg")) + 1 :]
    inside = re.sub(r"<metadata>.*?</metadata>", "", inside, flags=re.DOTALL)
    inside = re.sub(r"<!--.*?-->\s*", "", inside, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(|href=")#([^")]+)', inside))
    inside = re.sub(r' id="([^"]+)"', lambda match: f' id="{name}-{match[1]}"' if match[1] in used else "", inside)
    inside = re.sub(r'(url\(|href=")#', rf"\1#{name}-", inside)
    inside = re.sub(r"(\d\.\d\d)\d+", r"\1", inside)  # a hundredth of a point is not seen
    for colour, variable in COLOURS.items():
        inside = inside.replace(colour, f"var(--{variable})")
    labels = f'role="img" aria-labelledby="{name}-title {name}-description"'
    captions = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-description">{escape(description)}</desc>'
    return f'<svg viewBox="{box}" {labels} xmlns:xlink="http://www.w3.org/1999/xlink">{captions}{inside.strip()}'
