"""Plots of an inspection."""

from pathlib import Path

import matplotlib
import numpy as np

from hrkeras.datasets import funnel_plot
from hrkeras.datasets.inspection.correlations import LAGS, SPEEDS, VARIABLES
from hrkeras.datasets.inspection.inspection import SPARSE, Inspection, Shown, day
from hrkeras.datasets.inspection.inspection_text import number
from hrkeras.datasets.inspection.sensor_faults import Example, minutes
from hrkeras.utils import plotting
from hrkeras.utils.plotting import ALTITUDE, GOOD, HEART, MUTED, SPEED, STYLE
from hrkeras.workouts.grid import STEP
from hrkeras.workouts.sensor.sensor_fault import KINDS

AROUND = 420.0  # s, drawn before and after a fault of the sensor
LEAST_BEATS, LEAST_SPEED = 20.0, 4.0  # beats/min and km/h that the axes of a sheet span at least
# colours and patterns of the kinds of fault, told apart by the colour-blind and in grey
LOOKS = dict(
    zip(
        KINDS,
        (("#e69f00", ""), ("#56b4e9", "//"), ("#5e3c99", ""), ("#009e73", "\\\\"), ("#cc79a7", "xx"), ("#8a8f98", "..")),
        strict=True,
    )
)
FEW = 30  # steps with heart rate, of which fewer give no correlation, nor a line that could be seen


def draw(inspection: Inspection, folder: Path) -> list[Path]:
    """Draws all plots that there are data for.

    Args:
        inspection: from `inspection.inspect`.
        folder: for the PNGs.

    Returns:
        Paths of the plots.
    """
    single = inspection.funnel.workouts == 1
    pictures = [] if single else [funnel_plot.funnel(inspection.funnel, folder / "funnel.png")]
    if not single and any(year.heart_rates for year in inspection.years.values()):
        pictures.append(heart_rates_by_year(inspection, folder / "heart_rates_by_year.png"))
    if inspection.funnel.left:
        pictures.append(correlations(inspection, folder / "correlations.png"))
    if inspection.lags.best[0] is not None:
        pictures.append(lag(inspection, folder / "lag.png"))
    if inspection.only:
        pictures.append(sheet(inspection.only, "The workout", folder / "workout.png"))
    if not single and inspection.typical:
        title = f"A typical run, {inspection.typical.day}: correlation near the median"
        pictures.append(sheet(inspection.typical, title, folder / "typical_run.png"))
    if not single and inspection.latest and len(inspection.usable_by_person) == 1:
        latest = inspection.latest
        title = f"The latest run, {latest.day}"
        pictures.append(sheet(latest, title, folder / "latest_run.png"))
    if inspection.sensor.examples:
        pictures.append(faults(inspection.sensor.examples, folder / "faults.png"))
    return pictures


@matplotlib.rc_context(STYLE)
def faults(examples: dict[str, Example], path: Path) -> Path:
    """An example of each kind of sensor fault that was found: measured and expected heart rate, and speed."""
    kinds = [kind for kind in KINDS if kind in examples]
    figure, panels = plotting.new_figure(
        2 * len(kinds), size=(9, 3.7 * len(kinds)), height_ratios=(2.2, 1) * len(kinds), squeeze=False
    )
    for kind, above, below in zip(kinds, panels[::2, 0], panels[1::2, 0], strict=True):
        run, expected, run_faults = examples[kind]
        shown = max((fault for fault in run_faults if fault.kind == kind), key=lambda fault: fault.end - fault.begin)
        around = max(AROUND, shown.end - shown.begin)
        begin, end = max(0.0, shown.begin - around), min(run.duration, shown.end + around)
        limits = begin / 60, end / 60
        above.plot(run.time / 60, run.heart_rate, ".-", ms=2.5, color=MUTED, lw=1.2, label="measured")
        if expected is not None:
            above.plot(STEP * (np.arange(len(expected)) + 0.5) / 60, expected, color=HEART, lw=1.4, label="expected")
        seen = [fault for fault in run_faults if fault.begin < end and fault.end > begin]
        named = {fault.kind: fault for fault in seen}
        for fault in seen:
            (colour, hatch), label = LOOKS[fault.kind], fault.kind if fault is named[fault.kind] else None
            for axes in (above, below):
                axes.axvspan(fault.begin / 60, fault.end / 60, color=colour, hatch=hatch, alpha=0.4, lw=0, label=label)
        below.plot(run.time / 60, 3.6 * run.speed, color=SPEED, lw=0.9)
        above.set_ylabel("heart rate\n(beats/min)")
        below.set_ylabel("speed (km/h)", color=SPEED)
        above.set_xlim(limits)
        below.set_xlim(limits)
        above.tick_params(labelbottom=False)
        plotting.legend(above, f"{kind.capitalize()}, {day(run.start, run.utc_offset)}, {minutes(shown)}")
    panels[-1, 0].set_xlabel("minutes into the run")
    return plotting.save(figure, path)


@matplotlib.rc_context(STYLE)
def correlations(inspection: Inspection, path: Path) -> Path:
    """The four correlation matrices of speed, altitude and heart rate."""
    figure, panels = plotting.new_figure(2, 2, size=(8.2, 7.2))
    matrices = {
        "Recorded, all points": inspection.raw.pooled,
        "Recorded, within runs": inspection.raw.within,
        "Every 10 s, all points": inspection.processed.pooled,
        "Every 10 s, within runs": inspection.processed.within,
    }
    for axes, (title, matrix) in zip(panels.flat, matrices.items(), strict=True):
        image = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        for row, column in np.ndindex(matrix.shape):
            value = matrix[row, column]
            written = f"{value:.2f}" if np.isfinite(value) else "none"
            axes.text(column, row, written, ha="center", va="center", color="white" if abs(value) > 0.6 else "black")
        axes.set_xticks(range(len(VARIABLES)), VARIABLES)
        axes.set_yticks(range(len(VARIABLES)), VARIABLES)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.grid(visible=False)
        axes.set_title(title)
    figure.colorbar(image, ax=panels, shrink=0.6, label="correlation")
    speed, within = inspection.processed.pooled[0, 2], inspection.processed.within[0, 2]
    plotting.headline(figure, f"Speed and heart rate: {speed:.2f} over all usable runs, {within:.2f} within runs")
    return plotting.save(figure, path)


@matplotlib.rc_context(STYLE)
def lag(inspection: Inspection, path: Path) -> Path:
    """Correlation of speed with the heart rate some seconds later."""
    figure, axes = plotting.new_figure(size=(8, 4.4))
    for row, best, name, colour in zip(inspection.lags.correlation, inspection.lags.best, SPEEDS, (SPEED, ALTITUDE), strict=True):
        if best is None:
            continue
        axes.plot(LAGS, row, "o-", ms=3.5, color=colour, label=f"{name}, best at {best:.0f} s (correlation {np.nanmax(row):.2f})")
        axes.plot(best, np.nanmax(row), "o", ms=9, color=colour)
    axes.margins(x=0.02)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom if np.nanmin(inspection.lags.correlation) < 0 else 0, max(top, 0))
    axes.set_xticks(LAGS[::3])
    axes.set_xlabel("time from speed to heart rate (s)")
    axes.set_ylabel("correlation within runs")
    clear = f"Heart rate follows speed best after {inspection.lags.best[0]:.0f} s"
    plotting.legend(axes, clear if inspection.lags.is_clear else "Heart rate follows speed at no clear lag", columns=1)
    return plotting.save(figure, path)


@matplotlib.rc_context(STYLE)
def heart_rates_by_year(inspection: Inspection, path: Path) -> Path:
    """How often heart rate was measured, year by year."""
    years = {number: year for number, year in sorted(inspection.years.items()) if year.heart_rates}
    rates = np.array([year.heart_rates_a_minute for year in years.values()])
    figure, axes = plotting.new_figure(size=(max(7.5, 0.75 * len(years) + 2), 4.2))
    place = np.arange(len(years))
    axes.bar(place, rates, width=0.6, color=np.where(rates < SPARSE, HEART, GOOD))
    for at, (rate, year) in enumerate(zip(rates, years.values(), strict=True)):
        runs = len(year.heart_rates)
        written = f"{rate:.1f}\n{runs:,} {'run' if runs == 1 else 'runs'}"
        paper = {"facecolor": plotting.PAPER, "pad": 0.5, "lw": 0}  # over the dashed line
        axes.annotate(written, (at, rate), (0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=9, bbox=paper)
    axes.axhline(SPARSE, color=MUTED, lw=1, ls="--", label=f"{SPARSE:.0f} a minute: fewer cannot show how it responds")
    axes.set_xticks(place, [str(number) for number in years])
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.7, len(years) - 0.3)
    axes.set_ylim(0, 1.25 * max(rates.max(), SPARSE))
    axes.set_xlabel("the runs counted are those with heart rate")
    axes.set_ylabel("heart rates a minute\n(median of these runs)")
    plotting.legend(axes, _how_often(sorted(years), int((rates < SPARSE).sum())))
    return plotting.save(figure, path)


def _how_often(years: list[int], sparse: int) -> str:
    """In how many of some years heart rate was measured too seldom, in a sentence."""
    if len(years) == 1:
        return f"Heart rate was measured {'too seldom' if sparse else 'often enough'} in {years[0]}"
    if sparse in (0, len(years)):
        return f"Heart rate was measured {'too seldom' if sparse else 'often enough'} in every year"
    return f"Heart rate was measured too seldom in {sparse} of {len(years)} years"


@matplotlib.rc_context(STYLE)
def sheet(shown: Shown, title: str, path: Path) -> Path:
    """One run on four panels: heart rate, speed and altitude over time, and heart rate against speed."""
    grid = shown.grid
    minutes = STEP * (np.arange(len(grid.speed)) + 0.5) / 60
    duration, measured = STEP * len(minutes) / 60, np.count_nonzero(np.isfinite(grid.heart_rate))
    figure, panels = plotting.new_figure(2, 2, size=(10, 6.6))
    curves = {
        "Heart rate (beats/min)": (grid.heart_rate, HEART, LEAST_BEATS),
        "Speed (km/h)": (3.6 * grid.speed, SPEED, LEAST_SPEED),
        "Altitude (m)": (grid.altitude, ALTITUDE, plotting.LEAST_CLIMB),
    }
    for axes, (label, (values, colour, least)) in zip(panels.flat, curves.items(), strict=False):
        axes.set_title(label)
        if not np.isfinite(values).any() or (values is grid.altitude and not values.any()):
            _not_measured(axes)
            continue
        axes.plot(minutes, values, ".-" if np.isfinite(values).sum() < FEW else "-", color=colour, lw=1.4)
        axes.set_xlabel("minutes into the run")
        axes.set_xlim(0, duration)
        axes.set_ylim(plotting.limits(values, least))
    axes = panels[1, 1]
    clear = measured >= FEW and np.isfinite(shown.correlation)
    axes.set_title(f"Heart rate against speed{f': r = {number(shown.correlation)}' if clear else ''}")
    if measured:
        points = axes.scatter(3.6 * grid.speed, grid.heart_rate, c=minutes, s=14, cmap="viridis", vmin=0, vmax=duration)
        figure.colorbar(points, ax=axes, label="minutes into the run")
        axes.set_xlabel("speed (km/h)")
        axes.set_ylabel("heart rate (beats/min)")
        axes.set_xlim(panels[0, 1].get_ylim())
        axes.set_ylim(panels[0, 0].get_ylim())
    else:
        _not_measured(axes)
    plotting.headline(figure, f"{title}: {minutes[-1]:.0f} min, {grid.speed.sum(dtype=np.float64) * STEP / 1000:.1f} km")
    return plotting.save(figure, path)


def _not_measured(axes) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=MUTED)
