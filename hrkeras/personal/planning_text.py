"""A plan in words and as a table."""

from hrkeras.personal import pace
from hrkeras.personal.plan import Plan
from hrkeras.personal.planner import FASTEST, Answer, SearchResult
from hrkeras.utils import text
from hrkeras.workouts.clock import date

WORTH = 2  # s/km that even effort must gain to be mentioned


def course(plan: Plan) -> str:
    """What the course is like, and how long it takes."""
    climb = f"{plan.route.climbs.sum():.0f} m of climb" if plan.route.has_altitude else "taken as flat: the file has no altitude"
    how = "even pace" if plan.even == "pace" else "even effort, slower uphill and faster downhill"
    return (
        f"Course: {plan.route.length / 1000:.1f} km, {climb}. At {pace.text(plan.speed)} on average ({how}) it takes "
        f"{duration(plan.seconds)}, starting {date(plan.prediction.start)} UTC."
    )


def expected(plan: Plan) -> str:
    """What heart rate to expect."""
    mean, low, high = plan.mean
    highest, where = plan.highest
    return (
        f"At {pace.text(plan.speed)} expect {mean:.0f} on average ({low:.0f}-{high:.0f}), highest {highest:.0f} "
        f"at km {where / 1000:.1f}."
    )


def limit(heart_rate: float, answer: Answer) -> list[str]:
    """How fast one may run to stay under a limit in beats/min; nothing if none was asked for."""
    plan, under, wholly, by_effort = answer
    if not under or not wholly:
        return []
    sentences, what = [], f"under {heart_rate:.0f}"
    above = float((plan.prediction.heart_rate[plan.warm].round() >= heart_rate).mean())
    if above:
        share = f"for {100 * above:.0f} % of the time" if above >= 0.01 else "for a moment"
        sentences.append(f"That is at or above {heart_rate:.0f} {share}.")
    if under.end == "slowest":
        reached = f"walking at {pace.text(under.plan.speed)} reaches {under.plan.highest[0]:.0f}"
        return [*sentences, f"No pace keeps the expected heart rate {what} on this course: {reached}."]
    if under.end == "fastest":
        sentences.append(f"It is expected to stay {what} at every pace up to {pace.text(under.plan.speed)}, {FASTEST}.")
    elif under.plan.speed == plan.speed:
        sentences.append(f"That is the fastest that is expected to stay {what}.")
    else:
        sentences.append(f"To stay {what}: {pace.text(under.plan.speed)} ({duration(under.plan.seconds)}).")
    if by_effort and not by_effort.end and _seconds(under) - _seconds(by_effort) >= WORTH:
        sentences.append(f"With even effort instead of even pace: {pace.text(by_effort.plan.speed)} on average (--even effort).")
    if wholly.end == "slowest":
        sentences.append(
            "No pace makes sure of it: the upper limit of the prediction interval reaches "
            f"{wholly.plan.highest_limit:.0f} even walking."
        )
    elif _seconds(wholly) > _seconds(under):
        sentences.append(f"To stay under it nine times in ten, also where it is highest: {pace.text(wholly.plan.speed)}.")
    return sentences


def table(plan: Plan) -> str:
    """The plan kilometre by kilometre."""
    rows = []
    for row in plan.kilometres():
        end = f"{row.end:.0f}" if row.end.is_integer() else f"{row.end:.1f}"
        climb = f"{row.climb:.0f}" if plan.route.has_altitude else "-"
        speed = pace.text(row.speed).removesuffix(" /km")
        rows.append((end, speed, climb, f"{row.heart_rate:.0f}", f"{row.low:.0f}-{row.high:.0f}"))
    return text.table(("km", "pace", "climb m", "heart rate", "10-90 %"), rows, left=())


def duration(seconds: float) -> str:
    """As "46 min" or "1 h 06 min"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _seconds(result: SearchResult) -> int:
    return round(1000 / result.plan.speed)
