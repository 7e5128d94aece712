"""Whether the fitness that is read from an athlete's state is the simulated athletes' true one, and whether its bands hold.

    python benchmarks/fitness.py --athletes 30 --runs 80

Truth is the simulation's heart rate at the same steady pace on the flat, on an average day of the season. Beside the state stands
what a person would take: the mean heart rate of each run whose mean speed is within 5 % of that pace, or else the last such.
"""

from collections import defaultdict

import numpy as np
import typer

from hrkeras.cli.shared import progress

SEASONAL_HEAT = 0.6  # standard deviations, see synthetic._Form.today
LIKE = 0.05  # relative difference of speed


def main(athletes: int = 30, runs: int = 80, seed: int = 1, trend: float = 0.1, warm_up: int = 20) -> None:
    from hrkeras.athlete import fitness
    from hrkeras.personal import timeline
    from hrkeras.workouts.simulation import synthetic
    from hrkeras.workouts.workout import from_points

    found = defaultdict(list)
    tracks_of = defaultdict(dict)
    trends = {index: trend * (index % 3 - 1) for index in range(athletes)}
    for own in set(trends.values()):
        for track in synthetic.simulate(athletes, runs, seed, trend=own):
            tracks_of[own, track.user][track.clock[0]] = track
    with progress(athletes, "Following", "athlete") as bar:
        for index, own in trends.items():
            who = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
            tracks = tracks_of[own, who.user]
            columns = ("latitude", "longitude", "speed", "altitude", "heart_rate", "sport", "user")
            workouts = [from_points(each.clock, **{name: getattr(each, name) for name in columns}) for each in tracks.values()]
            written = timeline.write(workouts)
            rows, like = [], np.nan
            for entry in written.entries:
                if abs(entry.found.grid.speed.mean() / written.speed - 1) < LIKE:
                    like = float(np.nanmean(entry.found.grid.heart_rate))
                truth = _truth(who, written.speed, entry.start, tracks[entry.start].fitness)
                rows.append((entry.start, truth, *entry.at_pace, like))
            start, truth, value, low, high, like_runs = np.array(rows)[warm_up:].T
            found["band"].append(np.nanmean(np.array([entry.found.inside for entry in written.entries[warm_up:]], float)))
            found["error"].append(np.abs(value - truth).mean())
            found["plain"].append(np.nanmean(np.abs(like_runs - truth)))
            found["covered"].append(((low <= truth) & (truth <= high)).mean())
            found["changes"].append(np.corrcoef(value, truth)[0, 1])
            found["plain changes"].append(_correlation(like_runs, truth))
            years = (start - start[0]) / fitness.YEAR
            found["slope"].append([np.polyfit(years, each, 1)[0] for each in (truth, value)])
            bar.update()
    slopes = np.array(found["slope"])
    mean = {name: np.mean(found[name]) for name in ("error", "plain", "covered")}
    same = (np.sign(slopes[:, 0]) == np.sign(slopes[:, 1])).mean()
    print(f"{athletes} simulated athletes, runs {warm_up + 1} to {runs}, heart rate at each one's usual pace on the flat:")
    print(f"state: mean absolute error {mean['error']:.1f} beats/min; 10-90 % holds {100 * mean['covered']:.0f} %")
    print(f"last run of that pace instead: mean absolute error {mean['plain']:.1f} beats/min")
    low, high = 100 * np.quantile(found["band"], (0.1, 0.9))
    held = f"{100 * np.mean(found['band']):.0f} % of the heart rates, {low:.0f} to {high:.0f} % for four athletes in five"
    print(f"runs predicted from those before: the prediction interval (10 to 90 %) holds {held}")
    print("correlation in time with the truth, median over athletes: ", end="")
    print(f"state {np.median(found['changes']):.2f}, last run {np.median(found['plain changes']):.2f}")
    print(f"change a year: correlation over athletes {np.corrcoef(slopes.T)[0, 1]:.2f}, same sign {100 * same:.0f} %")


def _correlation(one, other) -> float:
    known = np.isfinite(one)
    return float(np.corrcoef(one[known], other[known])[0, 1]) if known.sum() > 2 and np.ptp(one[known]) else np.nan


def _truth(who, speed: float, start: float, fit: float) -> float:
    from hrkeras.athlete import fitness
    from hrkeras.workouts.simulation import synthetic

    season = np.sin(2 * np.pi * (start / synthetic.DAY // 1 / 365.25 - 0.35))
    seconds = 60 * fitness.MINUTES
    heat = SEASONAL_HEAT * season
    level = np.full(seconds, speed)
    heart_rate = synthetic.respond(who, level, 0 * level, fit, offset=synthetic.HEAT * heat, heat=heat, before=0.12)
    return float(heart_rate[60 * fitness.READ[0] : 60 * fitness.READ[1]].mean())


if __name__ == "__main__":
    typer.run(main)
