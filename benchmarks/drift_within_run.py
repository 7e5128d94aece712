"""Whether the drift that is found within a run is the simulated one, beside decoupling (Pa:HR), on flat and on hilly runs.

    python benchmarks/drift_within_run.py --athletes 60 --runs 80

After each athlete's runs come runs over set courses, all predicted from the state after them. Each has a level of its day, the
simulation's unrest, and an extra drift drawn by chance, which is to be found. Decoupling in % is made beats/min per hour by the
mean heart rate and the time between the middles of the halves; the median of the athlete's earlier runs, which is what is usual
for them, is subtracted. What is usual is then compared with the simulation's steady run on the flat. In the end each earlier run
is told a temperature that rises with the simulated heat: is the effect of heat found, and how often if temperatures are shuffled?
"""

from collections import defaultdict
from dataclasses import replace
from itertools import groupby

import numpy as np
import typer

from hrkeras.cli.shared import progress

EXTRA = 5.0  # standard deviation of the extra drift, beats/min per hour
COURSES = {  # grade and speed of the second half, over the first
    "flat": (0.0, 1.0),
    "second half uphill, 3 %": (0.03, 1.0),
    "second half downhill, 3 %": (-0.03, 1.0),
    "second half 8 % faster": (0.0, 1.08),
}
MINUTES = (45, 90)
CALLED = 5.0  # %, decoupling from which a run is called decoupled
DEGREES = 7.0  # Celsius for a standard deviation of the simulated heat


def main(athletes: int = 60, runs: int = 80, days: int = 3, seed: int = 1) -> None:
    from hrkeras.personal import timeline
    from hrkeras.personal.drift import drift
    from hrkeras.workouts.simulation import synthetic

    found: dict[str, list] = defaultdict(list)
    everyone = groupby(synthetic.simulate(athletes, runs, seed, flawed=0), lambda track: track.user)
    with progress(athletes, "Following", "athlete") as bar:
        for index, (_, mine) in enumerate(everyone):
            who = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
            tracks = list(mine)
            rng = np.random.default_rng([seed, index, 1])
            temperatures = [14 + DEGREES * track.heat for track in tracks]
            written = timeline.write(map(_told, tracks, temperatures))
            drifts = drift.of_timeline(written)
            before = [_decoupled(run.drift, run.entry.found.grid) for run in drifts.runs]
            for name, course in COURSES.items():
                for _ in range(days):
                    found[name].append(_measure(written.athlete, before, *_run(rng, who, tracks[-1], *course)))
            found["usual"].append(_usual(who, tracks[-1], drifts, before))
            shuffled = timeline.write(map(_told, tracks, rng.permutation(temperatures)))
            found["heat"].append(_heat(who, tracks, drifts, drift.of_timeline(shuffled)))
            bar.update()
    print(
        f"{athletes} simulated athletes with {runs} earlier runs, {days} runs on each course; in brackets 95 % of resamplings of"
    )
    print("athletes. Errors are mean absolute ones in beats/min per hour; the extra drift itself is 0 +- 5.")
    for name in COURSES:
        _print(name, np.array(found[name]).reshape(athletes, days, -1))
    truth, value, low, high, by_mean = np.array(found["usual"]).T
    print(
        f"usual drift ({truth.mean():.1f} +- {truth.std():.1f}): error {_mean(np.abs(value - truth))}, correlation",
        end=" ",
    )
    print(
        f"{np.corrcoef(truth, value)[0, 1]:.2f}, 10 to 90 % hold it {_percent((low <= truth) & (truth <= high))}; median of",
        end=" ",
    )
    print(f"earlier decouplings: error {_mean(np.abs(by_mean - truth))}, correlation {np.corrcoef(truth, by_mean)[0, 1]:.2f}")
    for name, values in zip(("mean heart rate", "drift"), np.array(found["heat"]).transpose(1, 2, 0), strict=True):
        truth, value, low, high, chance = values
        print(f"{name} by 10 degrees ({truth.mean():.1f} +- {truth.std():.1f}): found {value.mean():.1f}, error", end=" ")
        print(f"{_mean(np.abs(value - truth))}, 95 % hold it {_percent((low <= truth) & (truth <= high))}; said of", end=" ")
        print(f"{_percent(low > 0)}, of {_percent(high < 0)} the wrong way, of {_percent(chance > 0)} if shuffled")


def _told(track, temperature):
    """The workout of a track that tells its temperature."""
    from hrkeras.workouts.simulation import synthetic

    workout = synthetic.recorded(track)
    return replace(workout, temperature=np.full(len(workout), temperature))


def _run(rng, who, last, grade, faster):
    """The extra drift of a run over a set course, and the run."""
    from hrkeras.workouts.effort import speed_on_slope
    from hrkeras.workouts.simulation import course, synthetic
    from hrkeras.workouts.workout import Workout

    seconds = int(60 * rng.uniform(*MINUTES))
    second_half = np.arange(seconds) >= (seconds + 600) / 2  # of what follows the warm-up
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


def _measure(state, before, extra, workout):
    """The extra drift; what was found with its limits; what decoupling by graded pace and by pace say of it; these in %."""
    from hrkeras.athlete import drift, fitness
    from hrkeras.workouts.effort import basis
    from hrkeras.workouts.grid import resample

    grid = resample(workout)
    efforts = basis(grid)
    known = state.predict(workout.start, grid, efforts)
    covariance = fitness.view(state).covariance + np.diag(state.population.process_noise(workout.start - state.starts[-1]))
    found = drift.of_run(
        grid, known.expected[:, 0], state.population.features(workout.start, efforts), covariance, drift.used(grid)
    )
    used = drift.used(grid)
    by_pace = drift.decoupling(grid.speed[used], grid.heart_rate[used])
    usual = np.median(before, axis=0)
    graded, plain = _decoupled(found, grid) - usual
    return extra, *found.left_over, graded, plain, found.decoupling, by_pace, found.is_clear


def _decoupled(found, grid) -> np.ndarray:
    """Decoupling by graded pace and by pace of a run, made beats/min per hour."""
    from hrkeras.athlete import drift

    used = drift.used(grid)
    by_pace = drift.decoupling(grid.speed[used], grid.heart_rate[used])
    return np.array([found.decoupling, by_pace]) / 100 * grid.heart_rate[used].mean() / (found.minutes / 2 / 60)


def _usual(who, last, drifts, before):
    """The true rise between minute 20 and minute 60 at the usual pace on an average day; what is told of it; of decoupling."""
    from hrkeras.athlete import drift, fitness
    from hrkeras.workouts.simulation import synthetic

    level = np.full(60 * (fitness.LATER[1] + 5), drifts.speed)
    heart_rate = synthetic.respond(who, level, 0 * level, last.fitness, before=0.12)
    early, late = (heart_rate[60 * first : 60 * end].mean() for first, end in (fitness.READ, fitness.LATER))
    return drift.PER_HOUR * (late - early), *drifts.runs[-1].usual, np.median(before, axis=0)[0]


def _heat(who, tracks, drifts, shuffled):
    """Of level and drift: true effect of 10 degrees, what is told of it, and whether one is told of shuffled temperatures."""
    from hrkeras.workouts.simulation import synthetic

    grids = [run.entry.found.grid for run in drifts.runs]
    fitness = {track.clock[0]: track.fitness for track in tracks}
    effort = np.mean([grid.speed.mean() / fitness[run.entry.start] for run, grid in zip(drifts.runs, grids, strict=True)])
    hours = np.mean([len(grid.speed) / 360 for grid in grids])
    slope = 10 / DEGREES * synthetic.HEAT_DRIFT * who.drift * effort
    level = 10 / DEGREES * synthetic.HEAT + slope * hours / 2
    return [
        (truth, *told.slope, other.slope.certain)
        for truth, told, other in ((level, drifts.level, shuffled.level), (slope, drifts.slope, shuffled.slope))
    ]


def _print(name, values) -> None:
    truth, value, low, high, graded, plain, *percent, clear = np.moveaxis(values, 2, 0)
    print(f"{name}: error {_mean(np.abs(value - truth))}, bias {(value - truth).mean():+.1f}, correlation", end=" ")
    print(f"{np.corrcoef(truth.ravel(), value.ravel())[0, 1]:.2f}, limits {(high - low).mean() / 2:.1f} away hold", end=" ")
    print(f"{_percent((low <= truth) & (truth <= high))}, clear {_percent(clear)}")
    for of, guess, rate in zip(("graded pace", "pace"), (graded, plain), percent, strict=True):
        print(f"  Pa:HR by {of}: error {_mean(np.abs(guess - truth))}, bias {(guess - truth).mean():+.1f}, correlation", end=" ")
        print(f"{np.corrcoef(truth.ravel(), guess.ravel())[0, 1]:.2f}, over {CALLED:.0f} % in {_percent(rate > CALLED)}")
    print(f"  nothing: error {_mean(np.abs(truth))}")


def _mean(values) -> str:
    values = values.reshape(len(values), -1).mean(axis=1)
    chance = np.random.default_rng(0).choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.quantile(chance, (0.025, 0.975))
    return f"{values.mean():.1f} ({low:.1f} to {high:.1f})"


def _percent(values) -> str:
    return f"{100 * np.mean(values):.0f} %"


if __name__ == "__main__":
    typer.run(main)
