"""Where the texts of a figure cover each other, or leave it."""

from itertools import combinations

from matplotlib.figure import Figure
from matplotlib.text import Text

TOUCH = 1.0  # px that boxes may share


def overlaps(figure: Figure) -> list[tuple[str, ...]]:
    """Pairs of texts of a figure whose boxes intersect, and single texts that are not wholly in it."""
    figure.draw_without_rendering()
    ticks = {
        id(label): tick
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
    }
    shown = (axis for axes in figure.axes if axes.axison for axis in (axes.xaxis, axes.yaxis) if axis.get_visible())
    drawn = {id(tick) for axis in shown for tick in axis._update_ticks()}
    texts = [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and (id(text) not in ticks or id(ticks[id(text)]) in drawn)
    ]
    boxes = [(text.get_text(), text.get_window_extent().padded(-TOUCH / 2)) for text in texts]
    edge = figure.bbox
    outside = [(name,) for name, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > edge.x1 or box.y1 > edge.y1]
    return outside + [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)]
