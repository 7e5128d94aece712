"""Whether maximum and threshold, as `hrkeras zones` tells them, are the simulated athletes' true ones, and time in zones too.

    python benchmarks/zones.py --athletes 40

The true threshold is what the simulation answers after 20 to 30 minutes on the flat at the speed of the threshold. What is
told of somebody without a run, the usual maximum of adults and its usual share, stands beside. Time in zones is estimated of
every run from those before it, from the eleventh on, and compared with the measured one.
"""

from collections import defaultdict

import numpy as np
import typer

from hrkeras.cli.shared import progress

RUNS = (0, 5, 20, 60)
MINUTES = 20, 30
WARM_UP = 10  # runs


def main(athletes: int = 40, seed: int = 2) -> None:
    from hrkeras.athlete import zones
    from hrkeras.athlete.kalman import AthleteState
    from hrkeras.personal import athlete_update, timeline
    from hrkeras.workouts.simulation import synthetic

    rows, times = defaultdict(list), []
    people = defaultdict(list)
    for workout in synthetic.read(athletes=athletes, runs=RUNS[-1], seed=seed):
        people[workout.user].append(workout)
    with progress(athletes, "Following", "athlete") as bar:
        for index, workouts in enumerate(people.values()):
            athlete, truth = AthleteState(), _truth(synthetic.draw_athlete(np.random.default_rng([seed, index]), index))
            for before, runs in zip((0, *RUNS), RUNS, strict=False):
                athlete_update.learn_from(athlete, workouts[before:runs])
                found = zones.estimate(athlete)
                for what, true in truth.items():
                    value, low, high = (getattr(found, f"{what}{end}") for end in ("", "_low", "_high"))
                    rows[what, runs].append((abs(value - true), value - true, low <= true <= high, high - low))
            before = np.zeros(zones.COUNT)
            for number, entry in enumerate(timeline.write(workouts).entries):
                row, true = _in_zones(found.edges, entry.found, before)
                before = before + true
                times += [row] if number >= WARM_UP else []
            bar.update()
    print("| | runs | mean error | bias | 10-90 % holds | its width |\n|---|---|---|---|---|---|")
    for (what, runs), each in sorted(rows.items()):
        error, bias, inside, width = np.mean(each, axis=0)
        print(f"| {what} | {runs} | {error:.1f} | {bias:+.1f} | {100 * inside:.0f} % | {width:.0f} |")
    error, inside, usual, minutes = np.mean(times, axis=0)
    print(
        f"Time in zones of {len(times):,} runs of {minutes:.0f} min: off by {error:.1f} min a zone, {usual:.1f} by the shares of "
        f"the runs before; within the limits of the prediction interval in {100 * inside:.0f} % of zones."
    )


def _in_zones(edges, found, before) -> tuple[tuple[float, ...], np.ndarray]:
    """Errors of a run's times in zones, and the true times, s; `before` are those of the runs before."""
    from hrkeras.athlete import zones

    known = np.isfinite(found.grid.heart_rate)
    true = zones.seconds_in(edges, found.grid.heart_rate, found.step)
    told = zones.seconds_in(edges, found.heart_rate[known], found.step)
    least, most = zones.seconds_within(edges, found.heart_rate[known], found.low[known], found.high[known], found.step)
    usual = true.sum() * before / max(before.sum(), 1)
    inside = ((least <= true) & (true <= most)).mean()
    return (np.abs(told - true).mean() / 60, inside, np.abs(usual - true).mean() / 60, true.sum() / 60), true


def _truth(who) -> dict[str, float]:
    from hrkeras.workouts.simulation import synthetic

    seconds = 60 * MINUTES[1]
    answer = synthetic.respond(who, np.full(seconds, who.threshold), np.zeros(seconds), who.threshold, before=0.12)
    return {"maximum": who.maximum, "threshold": float(answer[60 * MINUTES[0] :].mean())}


if __name__ == "__main__":
    typer.run(main)
