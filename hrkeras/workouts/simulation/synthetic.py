"""Simulated athletes whose runs follow a known physiology, so that each part of a model has a true effect to learn.

An athlete's heart rate follows, second by second, these terms:

- Demand, m/s: the speed on the flat that costs as much, v C(i) / C(0) with C the cost of running at grade i (Minetti
  et al., J Appl Physiol 93, 2002). Effort is demand over fitness, the speed at the lactate threshold.
- Steady state, beats/min: rises with effort from standing as oxygen uptake does (Swain and Leutholtz, Med Sci Sports
  Exerc 29, 1997), and flattens towards the maximum (Conconi et al., J Appl Physiol 52, 1982).
- Lag, s: a time constant towards the steady state, longer when recovering (Bunc et al., J Sports Sci 6, 1988).
- Cardiac drift, beats/min per hour: rises with time and effort, more so on a hot day (Coyle and Gonzalez-Alonso,
  Exerc Sport Sci Rev 29, 2001).
- Fitness, m/s: changes with the season, by a slow random walk, by six weeks of training and one of fatigue (Calvert et
  al., IEEE Trans Syst Man Cybern 6, 1976), and optionally from year to year.
- The day, beats/min: its heat, and a daily form that nothing recorded explains.
- Unrest, beats/min: fluctuations within a run, such as from wind, talk and breath.

The last two are noise: `Track.expected` is the heart rate without them, and no model can be closer on average.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hrkeras.workouts.effort import COST_ON_THE_FLAT, cost_of_running
from hrkeras.workouts.positions import EARTH_RADIUS
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.simulation.course import KINDS, planned_effort, run_course, wander
from hrkeras.workouts.simulation.faults import FLAWS, counted, sense, spoil
from hrkeras.workouts.simulation.track import Track
from hrkeras.workouts.workout import Workout, from_points

DAY = 86_400.0  # s
STANDING = 0.14  # share of the heart rate reserve when standing still before a run
SHARPNESS = 4.0  # of the bend towards the maximum
SEASON, WALK, TRAINING, FATIGUE = 0.06, 0.12, 0.1, 0.03  # relative changes of fitness
WALK_DAYS, TRAINING_DAYS, FATIGUE_DAYS = 45, 42, 7
USUAL_LOAD = 0.5  # of a run, hours times effort squared
BREAK = 0.02  # share of the runs after which an athlete does not run for weeks
HEAT, FORM, UNREST, FLUTTER = 2.0, 3.2, 3.2, 1.2  # standard deviations, beats/min
HEAT_DRIFT = 0.3  # relative change of the drift by one standard deviation of heat
GPS_ERROR, BAROMETER_ERROR, SPEED_ERROR = 2.0, 3.0, 0.02  # m, m, relative
EPOCH = 1_546_300_800.0  # s since 1970, the first possible day: 2019-01-01


@dataclass(frozen=True)
class SimulatedAthlete:
    """The parameters of one athlete.

    Args:
        user: the athlete's number, as text.
        resting: beats/min.
        maximum: beats/min.
        threshold: m/s, usual speed at the lactate threshold on the flat.
        habit: effort of an easy run.
        rise: s, time constant of a rising heart rate.
        recovery: s, time constant of a falling one.
        drift: beats/min per hour at threshold.
        cadence: steps/min at 2.5 m/s.
        climb: m, amplitude of the hills around the home.
        stops: traffic lights per hour.
        rest: days between runs.
        interval: s, maximum between two points of the device, which records whole seconds.
        trend: relative change of fitness in a year.
        latitude: degrees, of an invented home far out in the Atlantic.
        longitude: degrees.
    """

    user: str = "1"
    resting: float = 55.0
    maximum: float = 188.0
    threshold: float = 3.6
    habit: float = 0.7
    rise: float = 40.0
    recovery: float = 60.0
    drift: float = 10.0
    cadence: float = 164.0
    climb: float = 8.0
    stops: float = 4.0
    rest: float = 2.5
    interval: int = 1
    trend: float = 0.0
    latitude: float = 30.0
    longitude: float = -50.0


def read(*, athletes: int = 8, runs: int = 60, seed: int = 0, log: ReadLog | None = None, **more) -> Iterator[Workout]:
    """Simulated workouts, like those of any other source.

    Args:
        athletes: see `simulate`.
        runs: workouts of each athlete.
        seed: the same seed gives the same workouts.
        log: accepted like by every reader; nothing is skipped here.
        **more: see `simulate`.
    """
    yield from map(recorded, simulate(athletes, runs, seed, **more))


def recorded(track: Track) -> Workout:
    """A simulated workout as a reader returns it."""
    columns = {name: getattr(track, name) for name in ("latitude", "longitude", "speed", "altitude", "heart_rate", "cadence")}
    where = f"simulated workout {track.identity}"
    return from_points(track.clock, **columns, user=track.user, sport=track.sport, where=where)


def simulate(
    athletes: int = 8, runs: int = 60, seed: int = 0, *, flawed: float = 0.1, faulty: float = 1.0, **particular
) -> Iterator[Track]:
    """Simulates workouts, athlete by athlete, each athlete's in the order of their dates.

    Fewer athletes, or fewer runs of a single one, give the first of those that more would give.

    Args:
        athletes: number of athletes.
        runs: workouts of each, including flawed ones.
        seed: the same seed gives the same workouts.
        flawed: share of unusable workouts, with each of `FLAWS` equally frequent.
        faulty: factor of the shares of runs with a fault of the heart rate sensor, `FAULTS`.
        **particular: parameters that all athletes have in common, see `SimulatedAthlete`.
    """
    for index in range(athletes):
        rng = np.random.default_rng([seed, index])
        athlete = replace(draw_athlete(rng, index), **particular)
        form, previous = _Form(rng, athlete), None
        for number in range(runs):
            track = _run(rng, athlete, form, (index + 1) * 100_000 + number, faulty)
            flaw = str(rng.choice(FLAWS)) if rng.random() < flawed else ""
            if flaw != "duplicate":
                yield spoil(rng, track, flaw) if flaw else track
            elif previous:
                yield replace(previous, identity=track.identity, flaw=flaw)
            else:
                yield track
            previous = previous if flaw else track


def draw_athlete(rng: np.random.Generator, index: int) -> SimulatedAthlete:
    """Draws the parameters of athlete number `index`."""
    rise = rng.uniform(28, 55)
    return SimulatedAthlete(
        user=str(1001 + index),
        resting=rng.uniform(42, 72),
        maximum=rng.uniform(165, 208),
        threshold=rng.uniform(2.9, 4.4),
        habit=rng.uniform(0.45, 0.87),
        rise=rise,
        recovery=rise * rng.uniform(1.2, 1.8),
        drift=rng.uniform(4, 16),
        cadence=rng.normal(164, 5),
        climb=float(np.exp(rng.normal(1.9, 0.7))),
        stops=float(rng.gamma(1.5, 3)),
        rest=rng.uniform(1.5, 4),
        interval=int(rng.choice([1, 1, 7])),
        latitude=rng.uniform(25, 36),
        longitude=rng.uniform(-60, -40),
    )


def respond(
    athlete: SimulatedAthlete, speed, grade, fitness: float, *, offset=0.0, heat: float = 0.0, before: float = 0.0
) -> np.ndarray:
    """Heart rate in beats/min, second by second, by the terms above.

    Args:
        athlete: the athlete.
        speed: m/s, shape `(n,)`, one value a second.
        grade: climb over distance, shape `(n,)`.
        fitness: m/s, speed at the lactate threshold.
        offset: beats/min on top of the steady state, a number or shape `(n,)`.
        heat: of the day, in standard deviations.
        before: effort before the first second; the athlete starts in its steady state.

    Returns:
        Shape `(n,)`.
    """
    effort = np.concatenate([[before], speed * cost_of_running(grade) / COST_ON_THE_FLAT / fitness])
    share = STANDING + (1 - STANDING) * effort / (1 + effort**SHARPNESS) ** (1 / SHARPNESS)
    drift = athlete.drift * (1 + HEAT_DRIFT * heat) * np.cumsum(effort) / 3600
    target = athlete.resting + (athlete.maximum - athlete.resting) * share + drift
    target += np.concatenate([[0.0], np.broadcast_to(offset, len(speed))])
    rise, recover = 1 - np.exp(-1 / athlete.rise), 1 - np.exp(-1 / athlete.recovery)
    targets = np.clip(target, athlete.resting, athlete.maximum).tolist()
    heart_rate, course = targets[0], []
    for goal in targets[1:]:
        heart_rate += (goal - heart_rate) * (rise if goal > heart_rate else recover)
        course.append(heart_rate)
    return np.array(course)


class _Form:
    """An athlete's condition from run to run: fitness changes with the season, at random and by training."""

    def __init__(self, rng: np.random.Generator, athlete: SimulatedAthlete):
        self._rng, self._athlete = rng, athlete
        self._midnight = self._first = EPOCH + DAY * int(rng.integers(730))
        self._hour = rng.choice([6.5, 12.5, 18.0], p=[0.4, 0.1, 0.5])
        self._walk, self._trained, self._tired = rng.normal(), 1.0, 1.0

    def today(self) -> tuple[float, float, float]:
        """Start of a run in s since 1970, fitness in m/s, heat in standard deviations."""
        season = np.sin(2 * np.pi * (self._midnight / DAY / 365.25 - 0.35))  # highest in early August
        change = SEASON * season + WALK * self._walk + TRAINING * (self._trained - 1) - FATIGUE * (self._tired - 1)
        change += self._athlete.trend * (self._midnight - self._first) / DAY / 365.25
        start = self._midnight + round(3600 * (self._hour + self._rng.normal(0, 0.7)))
        return start, self._athlete.threshold * float(np.exp(change)), 0.6 * season + self._rng.normal()

    def rest(self, load: float) -> None:
        """Advances to the next run, after a run with a load of `load` hours times effort squared."""
        pause = 1 + int(self._rng.poisson(self._athlete.rest - 1))
        if self._rng.random() < BREAK:
            pause += int(self._rng.integers(10, 40))
        self._midnight += pause * DAY
        kept = np.exp(-pause / WALK_DAYS)
        self._walk = kept * self._walk + np.sqrt(1 - kept**2) * self._rng.normal()
        relative = load / USUAL_LOAD * self._athlete.rest
        self._trained = (self._trained + relative / TRAINING_DAYS) * np.exp(-pause / TRAINING_DAYS)
        self._tired = (self._tired + relative / FATIGUE_DAYS) * np.exp(-pause / FATIGUE_DAYS)


def _run(rng: np.random.Generator, athlete: SimulatedAthlete, form: _Form, identity: int, faulty: float) -> Track:
    """One run of today, as it was and as it is recorded."""
    start, fitness, heat = form.today()
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    plan = planned_effort(rng, kind, athlete.habit)
    pace = athlete.threshold**0.7 * fitness**0.3  # a change of fitness changes partly speed, partly effort
    course = run_course(rng, plan * pace, climb=athlete.climb * (4 if kind == "hills" else 1), stops=athlete.stops)
    before = rng.uniform(0, 0.25)
    unrest = wander(rng, len(plan), 300, UNREST)
    day = HEAT * heat + rng.normal(0, FORM)
    expected = respond(athlete, course.speed, course.grade, fitness, before=before)
    truth = respond(athlete, course.speed, course.grade, fitness, offset=day + unrest, heat=heat, before=before)
    truth = np.clip(truth + wander(rng, len(plan), 8, FLUTTER), athlete.resting, athlete.maximum)
    form.rest(float(np.mean(plan**2)) * len(plan) / 3600)

    steps_per_minute = athlete.cadence + 9 * (course.speed - 2.5)
    measured, faults = sense(rng, truth, steps_per_minute, faulty)
    cadence = counted(np.random.default_rng(identity), steps_per_minute, course.speed)
    steps = rng.integers(1, athlete.interval + 1, len(plan) // (1 + athlete.interval // 2))
    at = np.concatenate([[0], np.cumsum(steps)])
    at = at[at < len(plan)]
    distance = np.cumsum(course.speed)
    speed = np.diff(distance[at], prepend=distance[at[0]] - course.speed[0]) / np.diff(at, prepend=-1)
    metres = np.degrees(1 / EARTH_RADIUS)
    east, north = (place + wander(rng, len(plan), 20, GPS_ERROR) for place in (course.east, course.north))
    pressure = wander(rng, len(plan), 1200, BAROMETER_ERROR)
    return Track(
        user=athlete.user,
        identity=identity,
        sport="running",
        clock=start + at.astype(float),
        latitude=athlete.latitude + north[at] * metres,
        longitude=athlete.longitude + east[at] * metres / np.cos(np.radians(athlete.latitude)),
        altitude=np.round((course.altitude + pressure)[at] * 5) / 5,
        speed=speed * np.exp(rng.normal(0, SPEED_ERROR, len(at))),
        heart_rate=measured[at],
        truth=truth[at],
        expected=expected[at],
        cadence=cadence[at],
        fitness=fitness,
        kind=kind,
        faults=faults,
        heat=heat,
    )
