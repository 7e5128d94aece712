"""A plan in words and as a table."""

import numpy as np

from hrkeras.athlete.kalman import AthleteState
from hrkeras.personal import pace
from hrkeras.personal.planning import plan_warnings
from hrkeras.personal.planning.plan import Plan
from hrkeras.personal.planning.planner import FASTEST, Answer, SearchResult, doubt
from hrkeras.utils import text
from hrkeras.utils.text import duration
from hrkeras.workouts.clock import moment

WORTH = 2  # s/km that even effort must gain to be mentioned


def course(plan: Plan, is_usual_start: bool = False) -> str:
    """What the course is like, and how long it takes; `is_usual_start` says that the start is from `planner.usual_start`."""
    climb = f"{plan.route.climbs.sum():.0f} m of climb" if plan.route.has_altitude else "taken as flat: the file has no altitude"
    how = "even pace" if plan.even == "pace" else "even effort, slower uphill and faster downhill"
    habit = "the time of day of the last known run" if plan.prediction.earlier_runs else "assumed"
    start = moment(plan.prediction.start, plan.prediction.utc_offset)
    start += f" ({habit}; --start gives another)" if is_usual_start else ""
    return (
        f"Course: {plan.route.length / 1000:.1f} km, {climb}. At {pace.text(plan.speed)} on average ({how}) it takes "
        f"{duration(plan.seconds)}, starting {start}."
    )


def expected(plan: Plan, target: float | None = None) -> str:
    """What heart rate to expect; `target` is the mean that was asked for, beats/min, if one was."""
    mean, low, high = plan.mean
    highest, where = plan.highest
    reached = f", {plan.warm_mean:.0f} after the first five minutes" if target and plan.is_long else ""
    return (
        f"At {pace.text(plan.speed)} expect {mean:.0f} on average ({low:.0f}-{high:.0f}){reached}, highest {highest:.0f} "
        f"at km {where / 1000:.1f}."
    )


def limit(answer: Answer, athlete: AthleteState) -> list[str]:
    """How fast one may run to stay under a limit; nothing if none was asked for."""
    plan, under, wholly, by_effort, by_pace, _, heart_rate = answer
    if not under or not wholly or heart_rate is None:
        return []
    sentences, what = [], f"under {heart_rate:.0f}"
    if by_pace:
        sentences.append(
            f"No even pace is expected to stay {what} on these hills: {_walk(by_pace)}. So this is a plan of even effort."
        )
    if above := _share(plan, plan.prediction.heart_rate, heart_rate):
        sentences.append(f"That is at or above {heart_rate:.0f} for {above}.")
    if under.end == "slowest":
        sentences.append(f"No {'pace' if plan.even == 'effort' else 'even pace'} is expected to stay {what}: {_walk(under)}.")
        if by_effort and by_effort.end != "slowest":
            sentences.append(f"With even effort {pace.text(by_effort.plan.speed)} on average is (--even effort).")
        return sentences
    if under.end == "fastest":
        sentences.append(f"It is expected to stay {what} at every pace up to {pace.text(under.plan.speed)}, {FASTEST}.")
    elif under.end == "maximum":
        sentences.append(
            f"{heart_rate:.0f} lies above {plan_warnings.maximum(plan.zones, athlete)}: every pace stays {what}, and "
            f"{pace.text(under.plan.speed)} is the fastest that is expected to stay below the maximum."
        )
    elif under.plan.speed == plan.speed:
        sentences.append(f"That is the fastest that is expected to stay {what}.")
    else:
        sentences.append(f"To stay {what}: {pace.text(under.plan.speed)} ({duration(under.plan.seconds)}).")
    if by_effort and not by_effort.end and _seconds(under) - _seconds(by_effort) >= WORTH:
        sentences.append(f"With even effort instead of even pace: {pace.text(by_effort.plan.speed)} on average (--even effort).")
    if wholly.end == "slowest":
        highest = wholly.plan.highest_limit
        up_to = f"the maximum, which may be as high as {highest:.0f}" if highest >= plan.zones.maximum_high else f"{highest:.0f}"
        sentences.append(
            f"No pace makes sure of it: even at {pace.text(wholly.plan.speed)}, the slowest that is looked at, one run in ten "
            f"may reach {up_to}."
        )
    elif _seconds(wholly) > _seconds(under):
        sentences.append(f"To stay under it all the way in nine of ten runs: {pace.text(wholly.plan.speed)}.")
    return sentences


def beyond(answer: Answer, athlete: AthleteState) -> list[str]:
    """That a plan asks for more than the maximum heart rate, and what does not; nothing if it does not."""
    plan, possible = answer.plan, answer.possible
    if not possible:
        return []
    share = _share(plan, plan.unlimited.heart_rate, plan.zones.maximum)
    sentences = [
        f"For {share} this pace asks for the maximum or more, so it can hardly be kept up: that is "
        f"{plan_warnings.maximum(plan.zones, athlete)}."
    ]
    at = pace.text(possible.plan.speed)
    if possible.end == "fastest":
        sentences.append(f"At {at}, {FASTEST}, it is expected to stay below.")
    elif possible.end == "slowest":
        why = "a part of the course asks for it; look whether its altitude is right"
        sentences.append(f"Even at {at}, {doubt(possible.plan)}, {why}.")
    else:
        sentences.append(f"The fastest pace that is expected to stay below it is {at}.")
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


def _share(plan: Plan, heart_rate: np.ndarray, limit: float) -> str:
    """For how much of a plan a heart rate is at a limit or above, in words; empty if that is not so when warm."""
    above = plan.share_at(heart_rate, limit)
    if not above:
        return ""
    share = int(100 * above)  # 100 % is all of it
    return f"{share} % of the time" if share else "a moment"


def _walk(result: SearchResult) -> str:
    """What the slowest pace looked at reaches, and why that is to be doubted."""
    return f"it is predicted to reach {result.plan.highest[0]:.0f} at {pace.text(result.plan.speed)}, {doubt(result.plan)}"


def _seconds(result: SearchResult) -> int:
    return round(1000 / result.plan.speed)
