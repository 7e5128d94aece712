"""Whether the drift that is found within a run is the simulated one, beside decoupling (Pa:HR), on flat and on hilly runs.

    python benchmarks/drift_within_run.py --athletes 60 --runs 40

After each athlete's runs come runs over set courses, all predicted from the state after them. Each has a level of its day, the
simulation's unrest, and an extra drift drawn by chance: what is to be found. Decoupling in % is made beats/min per hour by the mean
heart rate and the hours between the middles of the halves; what is usual for the athlete (the mean over the earlier runs) is
subtracted, since that is no extra drift. Then the day's heat is told as a temperature of all runs: is its effect found, and how
often is one found where there is none?
"""

from collections import defaultdict

import numpy as np
import typer

from hrkeras.cli.shared import progress

EXTRA = 5.0  # standard deviation of the extra drift, beats/min per hour
COURSES = {"flat": (0.0, 1.0), "second half uphill": (0.03, 1.0), "second half downhill": (-0.03, 1.0), "second half faster": (0.0, 1.08)}
MINUTES = (45, 90)
CALLED = 5.0  # %, decoupling above which a run is called decoupled (Friel)


def main(athletes: int = 60, runs: int = 40, days: int = 3, seed: int = 1) -> None:
    from hrkeras.athlete import drift
    from hrkeras.athlete.kalman import AthleteState
    from hrkeras.personal import athlete_update
    from hrkeras.workouts.simulation import synthetic

    rows = defaultdict(list)
    with progress(athletes, "Following", "athlete") as bar:
        for index in range(athletes):
            who = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
            tracks = [track for track in synthetic.simulate(index + 1, runs, seed, flawed=0) if track.user == who.user]
            state = AthleteState()
            athlete_update.learn_from(state, map(synthetic.recorded, tracks))
            rng = np.random.default_rng([seed, index, 1])
            for name, course in COURSES.items():
                for _ in range(days):
                    rows[name].append(_measure(state, *_run(rng, who, tracks[-1], *course)))
            bar.update()
    print(f"{athletes} simulated athletes with {runs} earlier runs")
    for name, values in rows.items():
        truth, value, low, high = np.array(values).T
        print(name, np.abs(value-truth).mean(), ((low<=truth)&(truth<=high)).mean(), (high-low).mean()/2)


def _run(rng, who, last, grade, faster):
    from hrkeras.workouts.effort import speed_on_slope
    from hrkeras.workouts.simulation import course, synthetic
    from hrkeras.workouts.workout import Workout

    seconds = int(60 * rng.uniform(*MINUTES))
    second_half = np.arange(seconds) >= (seconds + 600) / 2
    grades = np.where(second_half, grade, 0.0)
    flat = who.habit * who.threshold**0.7 * last.fitness**0.3 * np.where(second_half, faster, 1.0)
    speed = flat * speed_on_slope(grades, course.YIELDING) * np.exp(course.wander(rng, seconds, 90, 0.05))
    extra = rng.normal(0, EXTRA)
    day = rng.normal(0, np.hypot(synthetic.HEAT, synthetic.FORM))
    offset = day + course.wander(rng, seconds, 300, synthetic.UNREST) + extra * np.arange(seconds) / 3600
    heart_rate = synthetic.respond(who, speed, grades, last.fitness, offset=offset, before=0.12)
    heart_rate = np.clip(heart_rate + course.wander(rng, seconds, 8, synthetic.FLUTTER), who.resting, who.maximum)
    altitude = np.cumsum(speed * grades) + course.wander(rng, seconds, 1200, synthetic.BAROMETER_ERROR)
    measured = speed * np.exp(rng.normal(0, synthetic.SPEED_ERROR, seconds))
    return extra, Workout(np.arange(seconds), measured, altitude, np.round(heart_rate), start=last.clock[0] + 2 * synthetic.DAY)


def _measure(state, extra, workout):
    from hrkeras.athlete import drift, fitness
    from hrkeras.workouts.effort import basis
    from hrkeras.workouts.grid import resample

    grid = resample(workout)
    efforts = basis(grid)
    known = state.predict(workout.start, grid, efforts)
    view = fitness.view(state)
    covariance = view.covariance + np.diag(state.population.process_noise(workout.start - state.starts[-1]))
    found = drift.of_run(grid, known.expected[:, 0], state.population.features(workout.start, efforts), covariance)
    return extra, *found.left_over


if __name__ == "__main__":
    typer.run(main)
