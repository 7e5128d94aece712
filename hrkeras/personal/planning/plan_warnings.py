"""Warnings of a planned run, where it goes beyond what is known of the person or what their heart allows; one sentence each."""

import numpy as np

from hrkeras.athlete import facts, population
from hrkeras.athlete.history import RECORD
from hrkeras.athlete.kalman import AthleteState
from hrkeras.athlete.population import STATES
from hrkeras.athlete.zones import Zones
from hrkeras.personal.prediction import Prediction
from hrkeras.workouts.effort import WALKING, basis, graded_speed

BEYOND = 1.1  # factor by which a plan may be harder or easier than the known runs without a warning
LONGER = 1.2  # times the longest run
STEEPER, LEAST_STEEPER = 1.25, 10.0  # times the climb per kilometre of the hilliest run, and m/km more than it
SELDOM = 0.1  # share of the known runs
RARE = 2.0  # standard deviations over runs of people, above which few run
HOUR = 3600.0  # s, for which the threshold can be held


def beyond_known(planned: Prediction, athlete: AthleteState, zones: Zones, climb_per_km: float) -> list[str]:
    """Warns of a plan that is harder, easier, longer or hillier than the known runs, or than what people in general run.

    Args:
        planned: what is predicted of it.
        athlete: the person's state.
        zones: the person's.
        climb_per_km: of the course, m, as it is told.
    """
    return [*_effort(planned, athlete), *_length(planned, athlete, zones), *_climb(planned, athlete, climb_per_km)]


def _effort(planned: Prediction, athlete: AthleteState) -> list[str]:
    effort = float(graded_speed(planned.grid.speed, planned.grid.altitude).mean(dtype=np.float64))
    efforts = seen(athlete, "mean_effort")
    low, high = (efforts.min(), efforts.max()) if len(efforts) else common(athlete, "mean_graded_speed")
    reference = "any run known of the person" if len(efforts) else "what most people run"
    sentences = []
    if effort > BEYOND * high or effort * BEYOND < low:
        much = f"{100 * abs(effort / (high if effort > high else low) - 1):.0f} %"
        sentences.append(f"the plan is {much} {'harder' if effort > high else 'easier'} than {reference}: this is a guess.")
    slow = float(np.quantile(efforts, SELDOM)) if len(efforts) else low
    if (speed := float(planned.grid.speed.mean())) < min(WALKING, slow):
        sentences.append(
            f"{3.6 * speed:.1f} km/h is a walk, and its heart rate is predicted from runs, of which hardly any is so slow: it "
            "may well be lower, above all uphill."
        )
    return sentences


def _length(planned: Prediction, athlete: AthleteState, zones: Zones) -> list[str]:
    minutes = np.exp(seen(athlete, "log_minutes"))
    seconds, sentences = 60 * planned.minutes, []
    if len(minutes) and planned.minutes > LONGER * minutes.max():
        sentences.append(
            f"the plan takes {planned.minutes:.0f} min and the longest run known {minutes.max():.0f}: what comes after is "
            "a guess."
        )
    if seconds > HOUR and (mean := float(np.minimum(planned.heart_rate, zones.maximum).mean())) > zones.threshold_high:
        sentences.append(
            f"a mean of {mean:.0f} over {planned.minutes:.0f} min is above the threshold of about "
            f"{zones.threshold:.0f} ({zones.threshold_low:.0f}-{zones.threshold_high:.0f}), which is held for an hour or so: "
            "plan a slower pace."
        )
    return sentences


def _climb(planned: Prediction, athlete: AthleteState, told: float) -> list[str]:
    if not planned.has_altitude:
        return []
    name = "log_climb_per_km"
    facts_of_course = population.facts(planned.start, basis(planned.grid))
    climb = float(np.expm1(facts_of_course[len(facts_of_course) - len(population.COURSE) + population.COURSE.index(name)]))
    climbs = seen(athlete, "climb_per_km")
    most = float(np.expm1(climbs.max() if len(climbs) else common(athlete, name)[1]))
    reference = "the hilliest run known" if len(climbs) else "all but few runs of people"
    if climb <= max(STEEPER * most, most + LEAST_STEEPER):
        return []
    return [f"the course climbs {told:.0f} m in a kilometre and {reference} {most:.0f}: its heart rate is a guess."]


def maximum(zones: Zones, athlete: AthleteState) -> str:
    """The maximum heart rate in words, with its interval and where it comes from."""
    if facts.told(athlete).max_heart_rate:
        return f"the maximum heart rate of {zones.maximum:.0f} that was told"
    about = f"the maximum heart rate of about {zones.maximum:.0f} ({zones.maximum_low:.0f}-{zones.maximum_high:.0f})"
    return f"{about}, estimated from {'the runs' if athlete.count else 'people in general'} as by `hrkeras zones`"


def common(athlete: AthleteState, feature: str) -> tuple[float, float]:
    """Values of one of `population.STATES` between which those of most people's runs lie."""
    place = STATES.index(feature)
    centre, scale = athlete.population.centre[place], athlete.population.scale[place]
    return centre - RARE * scale, centre + RARE * scale


def seen(athlete: AthleteState, what: str) -> np.ndarray:
    """A value of `history.RECORD` for each known run that has it."""
    values = athlete.records[:, RECORD.index(what)]
    return values[np.isfinite(values)]
