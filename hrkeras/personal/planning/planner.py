"""Plan a run on a course: the heart rate to expect at a pace, and the pace for a heart rate."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from hrkeras.athlete import zones
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import DAY
from hrkeras.personal import pace, prediction
from hrkeras.personal.planning import plan_warnings
from hrkeras.personal.planning.plan import Even, Plan, held
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import speed_on_slope
from hrkeras.workouts.readers.route import Route
from hrkeras.workouts.workout import Workout

if TYPE_CHECKING:
    from hrkeras.evaluation.predictor import Model

SLOWEST = 720  # s/km, a walk
WELL_KNOWN = 10  # runs, from which on they say how hard the person can run
FASTEST = "the fastest pace that is looked at"
MORNING = 9 * 3600.0  # s, UTC


class SearchResult(NamedTuple):
    """The result of a search for a pace.

    Attributes:
        plan: at the pace, in whole seconds a kilometre.
        end: empty if what was asked for is reached; otherwise which end of the paces looked at is not enough for it, or
            "maximum" if the person's maximum heart rate comes first.
    """

    plan: Plan
    end: Literal["", "slowest", "fastest", "maximum"] = ""

    def end_dict(self) -> dict[str, Any]:
        """Which end it is, and what is predicted there, for JSON."""
        plan = self.plan
        return {
            "end": self.end,
            "pace": pace.text(plan.speed),
            "highest": round(plan.highest[0], 1),
            "highest_nine_in_ten": round(plan.highest_limit, 1),
        }


class Answer(NamedTuple):
    """The plans that were asked for.

    Attributes:
        plan: what is planned.
        under: the fastest plan whose expected heart rate stays under a limit; None if there is no limit.
        wholly: likewise, with the prediction interval.
        by_effort: likewise as `under`, of even effort; None if that is planned anyway, or the course is flat.
        by_pace: what became of even pace, if that was asked for and only even effort stays under the limit; that is planned then.
        possible: the fastest plan that does not ask for the maximum heart rate, where `plan` does.
        limit: that was asked for, beats/min.
    """

    plan: Plan
    under: SearchResult | None = None
    wholly: SearchResult | None = None
    by_effort: SearchResult | None = None
    by_pace: SearchResult | None = None
    possible: SearchResult | None = None
    limit: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the plan, how much of it is at the limit or above, and of each limit the pace that keeps under it, null
        where none does; which of these searches ended otherwise than at the limit, and what is predicted there."""
        searches = {
            "under_maximum": self.possible,
            "under_limit": self.under,
            "under_limit_nine_in_ten": self.wholly,
            "under_limit_even_effort": self.by_effort,
            "under_limit_even_pace": self.by_pace,
        }
        found = {name: result for name, result in searches.items() if result}
        plan, share = self.plan, {}
        if self.limit is not None:
            share = {"share_at_limit": round(plan.share_at(plan.prediction.heart_rate, self.limit), 3)}
        return {
            **plan.as_dict(),
            **share,
            **{name: pace.text(result.plan.speed) if result.end != "slowest" else None for name, result in found.items()},
            "ends": {name: result.end_dict() for name, result in found.items() if result.end},
        }


@dataclass(eq=False)
class Planner:
    """Makes plans of one course, for one person and start.

    Attributes:
        route: the course.
        athlete: the person's state.
        start: s since 1970-01-01 UTC, after all known runs.
        even: whether pace or effort is kept even.
        model: from `saving.load`, or an exported one; if not given the athlete's state alone predicts.
        on_plan: called after each plan that is made.
        utc_offset: s that local time is ahead of UTC; NaN where that is not known.
    """

    route: Route
    athlete: AthleteState
    start: float
    even: Even = "pace"
    model: Model | None = None
    on_plan: Callable[[], object] = lambda: None
    utc_offset: float = math.nan
    _made: dict[float, Plan] = field(default_factory=dict, init=False)

    @cached_property
    def zones(self) -> zones.Zones:
        """The person's zones, with the maximum that was told or that their runs suggest."""
        return zones.estimate(self.athlete)

    def at(self, speed: float) -> Plan:
        """The plan for a mean speed in m/s over the whole course.

        Raises:
            InputError: see `prediction.predict`.
        """
        if speed not in self._made:
            self._made[speed] = self._plan(speed)
            self.on_plan()
        return self._made[speed]

    def answer(self, speed: float | None = None, heart_rate: float | None = None, limit: float | None = None) -> Answer:
        """The plan for a mean speed, or for a mean heart rate, or with neither for a limit.

        Args:
            speed: m/s.
            heart_rate: see `for_mean`.
            limit: see `under`.

        Raises:
            InputError: if the heart rate cannot be reached on this course.
        """
        plan = self.at(speed) if speed else self.for_mean(heart_rate) if heart_rate else None
        possible = self.under(math.inf) if plan and plan.too_hard else None
        if limit is None:
            if plan is None:
                raise ValueError("expected a speed, a heart rate or a limit")
            return Answer(plan, possible=possible)
        under, wholly, by_effort = self.under(limit), self.under(limit, wholly=True), None
        if self.even == "pace" and self.route.has_altitude:
            by_effort = replace(self, even="effort").under(limit)
        if plan is None and under.end == "slowest":
            if by_effort and by_effort.end != "slowest":
                return replace(self, even="effort").answer(limit=limit)._replace(by_pace=under)
            least = min((result.plan for result in (under, by_effort) if result), key=lambda plan: plan.highest[0])
            raise InputError(
                f"No pace is expected to keep the heart rate under {limit:.0f} on this course: with even {least.even} it is "
                f"predicted to reach {least.highest[0]:.0f} at {pace.text(least.speed)}, {doubt(least)}; give a higher limit."
            )
        return Answer(plan or under.plan, under, wholly, by_effort, possible=possible, limit=limit)

    def for_mean(self, heart_rate: float) -> Plan:
        """The plan whose mean expected heart rate after the first five minutes is nearest to one in beats/min.

        Raises:
            InputError: if even walking gives more, or even the fastest pace considered gives less, or the maximum is lower.
        """
        if heart_rate >= self.zones.maximum:
            raise InputError(
                f"A mean heart rate of {heart_rate:.0f} is not below {plan_warnings.maximum(self.zones, self.athlete)}; give a "
                "lower one."
            )
        result = self._fastest_but(lambda plan: plan.warm_mean > heart_rate)
        if result.end:
            after = " after the first five minutes" if result.plan.is_long else ""
            at, expect = pace.text(result.plan.speed), f"expect {result.plan.warm_mean:.0f}{after}"
            if result.end == "slowest":
                why, way = f"too low for this course: {expect} at {at}, {doubt(result.plan)}", "higher"
            else:
                why, way = f"more than can be predicted: at {at}, {FASTEST}, {expect}", "lower"
            raise InputError(f"A mean heart rate of {heart_rate:.0f} is {why}; give a {way} one.")
        faster = self.at(1000 / (round(1000 / result.plan.speed) - 1))
        return min((result.plan, faster), key=lambda plan: abs(plan.warm_mean - heart_rate))

    def under(self, limit: float, wholly: bool = False) -> SearchResult:
        """The fastest plan whose expected heart rate stays under a limit in beats/min after the first five minutes.

        Where the limit lies above the person's maximum, it is the fastest whose expected heart rate stays under that.

        Args:
            limit: beats/min.
            wholly: whether the whole run is to stay under it in nine of ten runs.
        """
        result = self._fastest_but(
            lambda plan: bool(plan.too_hard) or round(plan.highest_limit if wholly else plan.highest[0]) >= limit
        )
        return result._replace(end="maximum") if not result.end and self.zones.maximum < limit < math.inf else result

    @property
    def fastest(self) -> int:
        """The fastest pace considered, s/km: a tenth above the person's hardest run, or what few people run if little is
        known."""
        efforts = plan_warnings.seen(self.athlete, "mean_effort")
        quickest = plan_warnings.BEYOND * float(np.max(efforts, initial=0.0))
        if len(efforts) < WELL_KNOWN:
            quickest = max(quickest, plan_warnings.common(self.athlete, "mean_graded_speed")[1])
        return min(math.floor(1000 / quickest), SLOWEST - 1)

    def _fastest_but(self, too_fast: Callable[[Plan], bool]) -> SearchResult:
        """The fastest plan that is not too fast; heart rate rises with speed, so halving finds it."""
        slowest = min(SLOWEST, max(math.floor(1000 * DAY / self.route.length) - 1, self.fastest))  # in less than a day
        paces = range(self.fastest, slowest + 1)
        place = bisect_left(paces, True, key=lambda pace: not too_fast(self.at(1000 / pace)))
        if place == len(paces):
            return SearchResult(self.at(1000 / slowest), "slowest")
        return SearchResult(self.at(1000 / paces[place]), "" if place else "fastest")

    def _plan(self, speed: float) -> Plan:
        route = self.route
        factor = speed_on_slope(route.grade) if self.even == "effort" else np.ones(len(route.altitude))
        speeds = speed * factor * np.mean(1 / factor)
        times = np.concatenate([[0.0], np.cumsum(route.piece / speeds)])
        edges = route.edges
        altitude = np.interp(edges, (edges[:-1] + edges[1:]) / 2, route.altitude)
        nothing = np.full(len(times), np.nan)
        run = Workout(
            time=times,
            speed=np.append(speeds[0], speeds),
            altitude=altitude if route.has_altitude else nothing,
            heart_rate=nothing,
            user="",
            sport="running",
            start=self.start,
            utc_offset=self.utc_offset,
            where="the planned run",
        )
        predicted = held(prediction.predict(run, self.athlete, self.model), self.zones.maximum)
        climb = 1000 * float(route.climbs.sum()) / route.length
        beyond = plan_warnings.beyond_known(predicted, self.athlete, self.zones, climb)
        warnings = [*route.warnings, *predicted.warnings, *beyond]
        return Plan(route, self.even, speed, predicted, self.zones, times, warnings)


def doubt(slowest: Plan) -> str:
    """What the slowest plan that is looked at is, and why no slower one is, in words."""
    is_walk = round(1000 / slowest.speed) >= SLOWEST
    why = " and of which runs teach little" if is_walk else ", since no run of a day or more is planned"
    return f"the slowest pace that is looked at{why}"


def usual_start(athlete: AthleteState, now: float) -> float:
    """The next time after `now`, and after all known runs, at the hour of the person's last run; s since 1970-01-01 UTC."""
    last, over = (athlete.starts[-1], athlete.ends[-1]) if athlete.count else (MORNING, 0.0)
    return float(last + math.ceil((max(now, over) - last) / DAY) * DAY)
