"""The section on the drift within the person's runs."""

from hrkeras.personal import fitness_text
from hrkeras.personal.drift import drift, drift_plot, drift_text
from hrkeras.personal.report.html import ROWS, details, figure, paragraph, section, table
from hrkeras.personal.report.picture import svg
from hrkeras.personal.timeline import Timeline

ABOUT = (
    "How much heart rate rose within a run after its first ten minutes, beyond what its pace, hills and length explain for you. "
    "The line is the rise that is usual for you at a steady pace on the flat; each dot is that and what was left over in a run. "
    f"{drift_text.SURE}"
)


def drift_section(written: Timeline) -> str:
    """The section; empty if no run is long enough."""
    drifts = drift.of_timeline(written)
    if not drifts.runs:
        return ""
    sentences = [drift_text.usual(drifts), drift_text.last(drifts), drift_text.clear(drifts), *drift_text.warmth(drifts)]
    title = "Drift within each run over the months"
    drawn = svg(drift_plot.drifts(drifts, narrow=True), "drift", title, drift_text.usual(drifts))
    caption = f"{drift_text.CAPTION}{fitness_text.latest(ROWS, len(drifts.runs))}"
    numbers = table(caption, *drift_text.table(drifts.runs[-ROWS:][::-1]))
    parts = (paragraph(ABOUT), *map(paragraph, sentences), figure(drawn), details("The latest runs", numbers))
    return section("Drift within your runs", *parts, paragraph(drift_text.left_out(drifts), "soft"))
