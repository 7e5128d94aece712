"""Whether plans are right where the truth is known: simulated athletes on hilly courses that they have not run.

    python benchmarks/plan.py --athletes 40 --runs 20

Each athlete's state knows their first runs. A course of chance hills is planned for the time of the next one, at paces around
the usual one. Truth is the simulation's heart rate at the planned speed, second by second: on an average day of the season for
errors, and on days of random heat, form and unrest for the prediction interval. The plans are compared with what a person
would use: a line through mean heart rate and mean speed of the earlier runs.
"""

from collections import defaultdict

import numpy as np
import typer

from hrkeras.cli.shared import progress

PACES = (0.85, 1.1)  # of the athlete's usual speed, between which paces are drawn
DAYS = 30  # of chance, on which each plan is run
SEASONAL_HEAT = 0.6  # standard deviations, see synthetic._Form.today
BEFORE = 0.12  # effort before the run
POINT = 5  # s between two points of the course
COLUMNS = ("latitude", "longitude", "speed", "altitude", "heart_rate", "sport", "user")


def main(athletes: int = 40, runs: int = 20, seed: int = 7) -> None:
    from hrkeras.athlete.kalman import AthleteState
    from hrkeras.personal import athlete_update
    from hrkeras.personal.planning import planner as planning
    from hrkeras.workouts.simulation import synthetic
    from hrkeras.workouts.workout import from_points

    tracks_of, found = defaultdict(list), defaultdict(list)
    for track in synthetic.simulate(athletes, runs + 1, seed, flawed=0):
        tracks_of[track.user].append(track)
    with progress(athletes, "Planning", "athlete") as bar:
        for index, (*earlier, following) in enumerate(tracks_of.values()):
            rng = np.random.default_rng([seed, index, 1])
            who = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
            state = AthleteState()
            workouts = (from_points(each.clock, **{name: getattr(each, name) for name in COLUMNS}) for each in earlier)
            known = athlete_update.learn_from(state, workouts).added
            line = _line(known)
            world = _World(rng, who, following)
            usual = float(np.median([run.grid.speed.mean() for run in known]))
            for even in ("pace", "effort"):
                planner = planning.Planner(world.route, state, following.clock[0], even)
                for name, value in _errors(planner, world, usual * rng.uniform(*PACES, 3), line).items():
                    found[even, name].append(value)
            bar.update()
    print(f"{athletes} simulated athletes, each known from {runs} runs; means over athletes, in brackets of 95 % of resamplings:")
    print(f"{'':58}  {'even pace':>20}  {'even effort':>20}")
    for name in dict.fromkeys(name for _, name in found):
        print(f"{name:58}  " + "  ".join(f"{_mean(found[even, name]):>20}" for even in ("pace", "effort")))


def _errors(planner, world, speeds, line) -> dict[str, float]:
    """What one athlete's plans miss at a speed, for a mean heart rate and for a limit, each the truth at one of three speeds."""
    plan, other, third = (planner.at(float(speed)) for speed in speeds)
    truth, expected = world.average(plan), plan.prediction.heart_rate
    days = world.days(plan)
    goal = float(world.average(other)[other.warm].mean())
    aimed = _aimed(planner, goal)
    by_line = planner.at(float((goal - line[1]) / line[0]))
    limit = float(world.average(third)[third.warm].max())
    under, (sure, end) = planner.under(limit).plan, planner.under(limit, wholly=True)
    at = int(np.where(sure.warm, sure.prediction.high, 0).argmax())
    promised = end != "slowest"
    chance = world.days(sure) if promised else np.full((DAYS, len(sure.warm)), np.nan)
    return {
        "heart rate at a pace, every 10 s: mean absolute error": float(np.abs(expected - truth).mean()),
        "  by the line through earlier runs, every 10 s": float(np.abs(np.polyval(line, plan.speed) - truth).mean()),
        "mean heart rate of the course: mean absolute error": abs(float(expected.mean() - truth.mean())),
        "  by the line through earlier runs, mean": abs(float(np.polyval(line, plan.speed) - truth.mean())),
        "prediction interval (10 to 90 %) on days of chance holds, %": 100
        * float(((plan.prediction.low <= days) & (days <= plan.prediction.high)).mean()),
        "pace for a mean heart rate: mean absolute error, s/km": _apart(aimed, other),
        "  by the line through earlier runs, s/km": _apart(by_line, other),
        "pace under a limit: mean absolute error, s/km": _apart(under, third),
        "  highest heart rate at that pace less the limit": float(world.average(under)[under.warm].max() - limit),
        "  limits for which a pace for nine in ten is found, %": 100.0 * promised,
        "  days under the limit at that pace, where highest, %": _share(chance[:, at], limit),
        "  days under the limit at that pace, all the way, %": _share(chance[:, sure.warm].max(axis=1), limit),
    }


def _share(values, limit: float) -> float:
    """Percentage of values below a limit; NaN if they are not known."""
    return 100 * float((values < limit).mean()) if np.isfinite(values).all() else np.nan


def _aimed(planner, goal):
    """The plan for a mean heart rate; where a person is told that none can be had, that of the nearest pace looked at."""
    from hrkeras.personal.planning import planner as planning
    from hrkeras.utils.errors import InputError

    try:
        return planner.for_mean(goal)
    except InputError:
        ends = (planner.at(1000 / pace) for pace in (planning.SLOWEST, planner.fastest))
        return min(ends, key=lambda plan: abs(plan.mean[0] - goal))


def _apart(one, other) -> float:
    return abs(1000 / one.speed - 1000 / other.speed)


def _line(known) -> np.ndarray:
    """Slope and height of mean heart rate over mean speed; at least 10 beats/min for 1 m/s, so that it can be inverted."""
    speed, heart_rate = np.array([(run.grid.speed.mean(), np.nanmean(run.grid.heart_rate)) for run in known]).T
    slope = max(float(np.polyfit(speed, heart_rate, 1)[0]), 10.0)
    return np.array([slope, heart_rate.mean() - slope * speed.mean()])


def _mean(values: list[float]) -> str:
    known = np.array(values)[np.isfinite(values)]
    chance = np.random.default_rng(0).choice(known, (2000, len(known))).mean(axis=1)
    low, high = np.quantile(chance, (0.025, 0.975))
    return f"{np.mean(known):.1f} ({low:.1f} to {high:.1f})"


class _World:
    """A course near an athlete's home, and the heart rate that the athlete has on it on the day of a track."""

    def __init__(self, rng, who, track):
        from hrkeras.workouts.positions import EARTH_RADIUS
        from hrkeras.workouts.readers import route
        from hrkeras.workouts.simulation import course, synthetic

        self._rng, self._who, self._fitness = rng, who, track.fitness
        season = np.sin(2 * np.pi * (track.clock[0] // synthetic.DAY / 365.25 - 0.35))
        self._heat = SEASONAL_HEAT * season
        seconds = int(rng.uniform(30, 75) * 60)
        led = course.run_course(rng, np.full(seconds, 3.0), climb=who.climb * rng.uniform(1, 3), stops=0)
        self._distance, self._altitude = np.cumsum(led.speed) - led.speed[0], led.altitude
        metres = np.degrees(1 / EARTH_RADIUS)
        latitude = who.latitude + led.north * metres
        longitude = who.longitude + led.east * metres / np.cos(np.radians(who.latitude))
        points = slice(None, None, POINT)
        self.route = route.from_positions(latitude[points], longitude[points], np.round(led.altitude[points], 1))

    def _run(self, plan, heat: float, offset=0.0) -> np.ndarray:
        from hrkeras.workouts.effort import MAX_GRADE
        from hrkeras.workouts.simulation import synthetic

        steps, step = len(plan.prediction.heart_rate), int(plan.prediction.step)
        along = np.interp(np.arange(steps * step + 1), plan.times, plan.route.edges)
        altitude = np.interp(along * self._distance[-1] / plan.route.length, self._distance, self._altitude)
        speed = np.diff(along)
        grade = np.clip(np.diff(altitude) / speed, -MAX_GRADE, MAX_GRADE)
        offset = synthetic.HEAT * heat + offset
        heart_rate = synthetic.respond(self._who, speed, grade, self._fitness, offset=offset, heat=heat, before=BEFORE)
        return heart_rate.reshape(steps, step).mean(axis=1)

    def average(self, plan) -> np.ndarray:
        """On an average day of the season, beats/min, shape `(steps,)`."""
        return self._run(plan, self._heat)

    def days(self, plan) -> np.ndarray:
        """On days of chance, beats/min, shape `(DAYS, steps)`."""
        from hrkeras.workouts.simulation import synthetic
        from hrkeras.workouts.simulation.course import wander

        seconds, found = len(plan.prediction.heart_rate) * int(plan.prediction.step), []
        for _ in range(DAYS):
            unrest = wander(self._rng, seconds, 300, synthetic.UNREST)
            form = self._rng.normal(0, synthetic.FORM)
            found.append(self._run(plan, self._heat + self._rng.normal(), form + unrest))
        return np.array(found)


if __name__ == "__main__":
    typer.run(main)
