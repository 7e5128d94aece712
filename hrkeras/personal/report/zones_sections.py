"""The page's sections on heart rate zones, and on the runs whose heart rate is estimated."""

from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.zones import Zones, estimate
from hrkeras.personal import fitness_text, time_in_zones
from hrkeras.personal.report.html import ROWS, paragraph, section, table
from hrkeras.personal.silent import ENOUGH
from hrkeras.personal.time_in_zones import Times
from hrkeras.personal.timeline import Timeline


def times(written: Timeline) -> tuple[Zones, Times, Times]:
    """The zones, and the time in them, of late and in all."""
    own = estimate(written.athlete)
    return own, time_in_zones.times(written, own, time_in_zones.WEEKS), time_in_zones.times(written, own)


def zones_section(own: Zones, recent: Times, everything: Times, athlete: AthleteState) -> str:
    """Maximum, threshold and zones, and the measured time in them."""
    from_runs, names = time_in_zones.estimated_from(own, athlete)
    advice = f"`hrkeras zones` takes what a test said with {' or '.join(f'`--{name}`' for name in names)}."
    head, *rows = zip(*time_in_zones.named(own), *time_in_zones.measured(recent, everything), strict=True)
    return section(
        "Your zones",
        *(paragraph(sentence) for sentence in (*time_in_zones.heart_rates(own), *time_in_zones.too_high(everything))),
        table("Time in each zone, hours and minutes", head, rows),
        *(paragraph(sentence, "soft") for sentence in (time_in_zones.COUNTED, *time_in_zones.missing(recent, everything))),
        paragraph(f"{from_runs} Somebody who never runs hard gets too low a maximum. {advice}", "soft") if from_runs else "",
    )


def unheard(written: Timeline, own: Zones, recent: Times, everything: Times) -> str:
    """The runs whose heart rate is estimated, and the time in zones in these; empty if there is none."""
    if not written.unheard:
        return ""
    rows = [
        (
            fitness_text.short_day(prediction.start, prediction.utc_offset),
            f"{prediction.minutes:.0f}",
            f"{prediction.kilometres:.1f}",
            f"{prediction.heart_rate.mean():.0f}",
            f"{prediction.low.mean():.0f} to {prediction.high.mean():.0f}",
        )
        for prediction in reversed(written.unheard[-ROWS:])
    ]
    known = fitness_text.count(written.athlete.count)
    by = f"all that is known of you, {known} with heart rate" if written.athlete.count else "what is usual for people"
    if written.entries:
        by = f"the runs with heart rate before each or, where these are fewer than {ENOUGH}, the first {ENOUGH}"
    caption = f"Estimated mean heart rate (beats/min){fitness_text.latest(ROWS, len(written.unheard))}"
    head, *in_zones = zip(*time_in_zones.named(own), *time_in_zones.estimated(recent, everything), strict=True)
    return section(
        "Runs with no or too little heart rate",
        paragraph(f"What it may have been, estimated from speed, altitude and {by}."),
        table(caption, ("Day", "min", "km", "estimated", "10 to 90 %"), rows),
        table("Time in each zone, hours and minutes", head, in_zones),
        *(paragraph(sentence, "soft") for sentence in (() if everything.runs else time_in_zones.missing(recent, everything))),
        paragraph(time_in_zones.ESTIMATED, "soft"),
    )
