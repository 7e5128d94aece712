"""Whether pace at a set heart rate, and the VO2max, that `hrkeras running-index` tells are the simulated athletes' true ones.

    python benchmarks/running_index.py --athletes 30 --runs 80

The true pace is that at which the simulation answers with that heart rate on the flat on an average day of the season, as in
`fitness.py`. The simulation has no oxygen uptake; its VO2max is taken as the ACSM's cost of the speed at which its heart rate,
did it not flatten, would be the maximum. Nothing, or the resting and maximum heart rate, is told of an athlete. Beside pace
stands what a person would take: the pace of the last run whose mean heart rate was within 3 beats/min.
"""

from collections import defaultdict

import numpy as np
import typer

from hrkeras.cli.shared import progress

LIKE = 3.0  # beats/min
SPEEDS = np.linspace(0.6, 1.6, 9)  # of the usual speed


def main(athletes: int = 30, runs: int = 80, seed: int = 12, trend: float = 0.1, warm_up: int = 20) -> None:
    from hrkeras.athlete import facts, reserve
    from hrkeras.personal import timeline
    from hrkeras.personal.index import running_index
    from hrkeras.workouts.simulation import synthetic
    from hrkeras.workouts.workout import from_points

    found, tracks_of = defaultdict(list), defaultdict(dict)
    trends = {index: trend * (index % 3 - 1) for index in range(athletes)}
    for own in set(trends.values()):
        for track in synthetic.simulate(athletes, runs, seed, trend=own):
            tracks_of[own, track.user][track.clock[0]] = track
    columns = ("latitude", "longitude", "speed", "altitude", "heart_rate", "sport", "user")
    with progress(athletes, "Following", "athlete") as bar:
        for index, own in trends.items():
            who = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
            tracks = tracks_of[own, who.user]
            workouts = [from_points(each.clock, **{name: getattr(each, name) for name in columns}) for each in tracks.values()]
            written = timeline.write(workouts)
            heart_rate = running_index.usual_heart_rate(written)
            body = reserve.estimate(written.athlete)
            flat = np.ones(1 + reserve.DRAWS)
            told = reserve.Reserve(flat * who.maximum, flat * who.resting, flat, facts.Facts())
            rows, like = [], np.nan
            exact = running_index.follow(written, heart_rate, told)
            for entry, each, known in zip(written.entries, running_index.follow(written, heart_rate, body), exact, strict=True):
                if abs(np.nanmean(entry.heart_rate) - heart_rate) < LIKE:
                    like = 1000 / float(entry.found.grid.speed.mean())
                fit = tracks[entry.start].fitness
                true = 1000 / _speed(who, heart_rate, written.speed, entry.start, fit)
                cost = running_index.RESTING + running_index.PER_METRE * 60 * fit
                rows.append((true, *(1000 / each.speed), like, cost, *each.vo2max, *known.vo2max))
            _count(np.array(rows)[warm_up:], found)
            bar.update()
    print(f"{athletes} simulated athletes, runs {warm_up + 1} to {runs}:")
    mean = {name: np.nanmean(values) for name, values in found.items()}
    print(
        f"pace at the usual heart rate: off by {mean['pace']:.0f} s/km, by the last run like it {mean['plain']:.0f} s/km; ",
        end="",
    )
    print(f"10-90 % holds {100 * mean['pace held']:.0f} %; correlation in time {np.nanmedian(found['pace in time']):.2f}")
    for told in ("nothing", "resting and maximum"):
        print(f"VO2max, {told} told: off by {mean[told]:.1f} mL/kg/min, bias {mean[f'{told} bias']:+.1f}, 10-90 % holds ", end="")
        print(f"{100 * mean[f'{told} held']:.0f} %, correlation in time {np.nanmedian(found[f'{told} in time']):.2f}, ", end="")
        print(f"over athletes {np.corrcoef(found['true'], found[f'{told} mean'])[0, 1]:.2f}")


def _count(rows: np.ndarray, found) -> None:
    rows = rows[np.isfinite(rows[:, [1, 6, 9]]).all(axis=1)]
    true, value, slow, fast, like, cost = rows[:, :6].T
    found["pace"].append(np.abs(value - true).mean())
    found["plain"].append(np.nanmean(np.abs(like - true)))
    found["pace held"].append(((fast <= true) & (true <= slow)).mean())
    found["pace in time"].append(np.corrcoef(value, true)[0, 1])
    found["true"].append(cost.mean())
    for told, (vo2max, low, high) in (("nothing", rows[:, 6:9].T), ("resting and maximum", rows[:, 9:12].T)):
        found[told].append(np.abs(vo2max - cost).mean())
        found[f"{told} bias"].append((vo2max - cost).mean())
        found[f"{told} held"].append(((low <= cost) & (cost <= high)).mean())
        found[f"{told} in time"].append(np.corrcoef(vo2max, cost)[0, 1])
        found[f"{told} mean"].append(vo2max.mean())


def _speed(who, heart_rate: float, usual: float, start: float, fit: float) -> float:
    from fitness import _truth

    speeds = usual * SPEEDS
    return float(np.interp(heart_rate, [_truth(who, speed, start, fit) for speed in speeds], speeds))


if __name__ == "__main__":
    typer.run(main)
