"""The common style of the plots, where their titles, legends, dates and labels go, and how one is saved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from hrkeras.utils.files import atomic_write

HEART, SPEED, ALTITUDE, MUTED, GOOD, GRID = "#c8102e", "#1f6fb2", "#5b7f3a", "#8a8f98", "#1b9e77", "#e4e6ea"
PAPER = "#ffffff"
SOFTWARE = "hrkeras"  # that a PNG names, by which it is recognised as drawn here
DAY = 86_400.0  # s
MOST_DATES, LEAST_DAYS = 5, 14.0  # on an axis
LEAST_CLIMB = 30.0  # m that an axis of altitude spans at least: less is the noise of a barometer
DAY_STEPS, MONTH_STEPS = (2, 4, 7, 14), (1, 2, 3, 6, 12, 24, 60, 120, 240)  # between dates on an axis
ROW = 18.0  # points, height of a row of a legend
AROUND = 6.0  # points from the middle of a marker to its label
SIDES = (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)  # of a marker, right and up, where its label may be
STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "font.size": 10,
    "legend.frameon": False,
    "savefig.dpi": 120,
}


def new_figure(*shape, size, **kwargs):
    """A figure of `size` inches and its axes, in the common style (call it under `rc_context(STYLE)`)."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(*shape, **kwargs)


def save(figure: Figure, path: Path) -> Path:
    """Writes a temporary file and renames it, so that a killed command leaves the old plot or none."""
    with atomic_write(path) as part:
        figure.savefig(part, format="png", metadata={"Software": SOFTWARE})
    return path


def headline(figure, title: str) -> None:
    """The title of a figure of several panels that have titles of their own."""
    figure.suptitle(title, x=0.01, ha="left", weight="bold", size="x-large")
    figure.get_layout_engine().set(h_pad=0.12, w_pad=0.08)


def limits(values: np.ndarray, least: float, spare: float = 0.1) -> tuple[float, float]:
    """Limits of an axis around values, of which one is finite: with a spare share of their range, and `least` apart at least."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    reach = max(least, (1 + spare) * (high - low)) / 2
    return (low + high) / 2 - reach, (low + high) / 2 + reach


def draw_run(above, below, grid, predicted: np.ndarray, step: float, title: str = "") -> None:
    """Heart rate in the upper panel; speed and, if known, altitude in the lower one."""
    minutes = step * (np.arange(len(predicted)) + 0.5) / 60
    if np.isfinite(grid.heart_rate).any():
        above.plot(minutes, grid.heart_rate, color=MUTED, lw=1.4, label="measured")
    alone = np.isnan(predicted).any()  # predictions a few minutes apart
    above.plot(minutes, predicted, "o" if alone else "-", ms=4, color=HEART, lw=1.8, label="predicted")
    above.set_ylabel("heart rate\n(beats/min)")
    legend(above, title)
    draw_course(below, grid, step)
    for axes in (above, below):
        axes.set_xlim(0, step * len(predicted) / 60)
        axes.xaxis.get_major_locator().set_params(integer=True)
    above.tick_params(labelbottom=False)


def draw_course(below, grid, step: float) -> None:
    """Speed and, if known, altitude."""
    minutes = step * (np.arange(len(grid.speed)) + 0.5) / 60
    below.fill_between(minutes, 3.6 * grid.speed, color=SPEED, alpha=0.25, lw=0)
    below.plot(minutes, 3.6 * grid.speed, color=SPEED, lw=0.8)
    below.set_ylim(0, max(15, 1.05 * 3.6 * float(grid.speed.max())))
    below.set_ylabel("speed (km/h)", color=SPEED)
    if np.ptp(grid.altitude) > 0:
        height = below.twinx()
        height.plot(minutes, grid.altitude, color=ALTITUDE, lw=1.4)
        height.set_ylim(limits(grid.altitude, LEAST_CLIMB))
        height.set_ylabel("altitude (m)", color=ALTITUDE)
        height.spines["right"].set_visible(True)
        height.grid(visible=False)


def legend(axes, title: str = "", columns: int = 4) -> None:
    """A legend in rows of so many columns above the axes, and the title above it, so that none covers anything."""
    drawn = axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.1, handlelength=1.5)
    axes.set_title(title, pad=6 + ROW * -(-len(drawn.get_texts()) // columns))


def date_axis(axes, starts: Sequence[float] | np.ndarray, least: float = LEAST_DAYS) -> None:
    """A horizontal axis for days since 1970-01-01 that holds some starts; each date has its month, and the first its year. Below
    are the first and the last day.

    Args:
        axes: whose horizontal values are days.
        starts: s since 1970-01-01, of local time or UTC, at least one.
        least: days that it spans at least.
    """
    first, last = min(starts) / DAY, max(starts) / DAY
    spare = max(0.03 * (last - first), (least - (last - first)) / 2)
    low, high = first - spare, last + spare
    axes.set_xlim(low, high)
    dates, year, labels = _dates(low, high), None, []
    for date in dates.tolist():
        day = "" if all(date.day == 1 for date in dates.tolist()) else f"{date.day} "
        labels.append(f"{day}{date:%b}" + ("" if date.year == year else f"\n{date.year}"))
        year = date.year
    axes.set_xticks(dates.astype(float), labels)
    ends = [np.datetime64(int(np.floor(day)), "D").item() for day in (first, last)]
    axes.set_xlabel(" to ".join(dict.fromkeys(f"{end.day} {end:%b %Y}" for end in ends)))


def _dates(low: float, high: float) -> np.ndarray:
    """At most `MOST_DATES` dates between two days since 1970: as many days apart, or the first of as many months."""
    for step in DAY_STEPS:
        if high - low <= MOST_DATES * step:
            return np.arange(np.ceil(low / step) * step, high, step).astype("datetime64[D]")
    months = np.arange(np.datetime64(int(np.ceil(low)), "D"), np.datetime64(int(np.ceil(high)), "D")).astype("datetime64[M]")
    months = np.unique(months)[1:]
    for step in MONTH_STEPS:
        chosen = months[months.astype(int) % step == 0]
        if len(chosen) <= MOST_DATES:
            break
    return chosen.astype("datetime64[D]")


def label_points(axes, points: Sequence[tuple[float, float]], texts: Sequence[str], most: int) -> None:
    """Labels some markers, each on that side where it covers the least of the lines and areas.

    One that would cover another label, come as near to another marker, or cross the edge of the axes, is left out.

    Args:
        axes: with all else drawn and its limits set.
        points: middles of the markers, which are drawn.
        texts: a label for each, the most important first.
        most: labels.
    """
    axes.figure.draw_without_rendering()  # so that the axes are where they will be
    reach = AROUND * axes.figure.dpi / 72 - 1
    marked = [line.get_xydata() for line in axes.lines if line.get_linestyle() == "None"]
    markers, taken = axes.transData.transform(np.concatenate(marked)), list[Bbox]()
    for point, text in zip(points, texts, strict=True):
        if len(taken) == most:
            break
        labels = [_label(axes, point, text, *side) for side in SIDES]
        boxes = {label: label.get_window_extent() for label in labels}
        fitting = [
            label
            for label, box in boxes.items()
            if _holds(axes.bbox, box) and not box.count_overlaps(taken) and not box.padded(reach).count_contains(markers)
        ]
        best = min(fitting, key=lambda label: _covered(axes, boxes[label]), default=None)
        for label in labels:
            if label is best:
                taken.append(boxes[label])
            else:
                label.remove()


def _label(axes, point: tuple[float, float], text: str, right: int, up: int):
    """A text beside a point; `right` and `up` are -1, 0 or 1."""
    label = axes.annotate(
        text,
        point,
        (AROUND * right, AROUND * up),
        textcoords="offset points",
        ha=("center", "left", "right")[right],
        va=("center", "bottom", "top")[up],
        fontsize=8,
        bbox={"facecolor": PAPER, "alpha": 0.8, "pad": 0.3, "lw": 0},
    )
    label.set_in_layout(False)
    return label


def _covered(axes, box) -> int:
    """How many lines and areas of the axes a box in pixels covers or comes close to."""
    box, in_pixels = box.padded(AROUND / 2), axes.transData.transform_path
    lines = [line for line in axes.lines if line.get_linestyle() != "None"]
    crossed = sum(in_pixels(line.get_path()).intersects_bbox(box, False) for line in lines)
    areas = sum(in_pixels(path).intersects_bbox(box) for each in axes.collections for path in each.get_paths())
    return int(crossed + areas)


def _holds(outer, inner) -> bool:
    return outer.x0 <= inner.x0 and inner.x1 <= outer.x1 and outer.y0 <= inner.y0 and inner.y1 <= outer.y1
