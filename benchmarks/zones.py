"""Whether maximum and threshold, as `hrkeras zones` tells them, are the simulated athletes' true ones.

    python benchmarks/zones.py --athletes 40

The true threshold is what the simulation answers after 20 to 30 minutes on the flat at the speed of the threshold. What is
told of somebody without a run, the usual maximum of adults and its usual share, stands beside.
"""

from collections import defaultdict

import numpy as np
import typer

from hrkeras.cli.shared import progress

RUNS = (5, 20, 60)
MINUTES = 20, 30


def main(athletes: int = 40, seed: int = 2) -> None:
    from hrkeras import keeping
    from hrkeras.workouts import synthetic, zones
    from hrkeras.workouts.athlete import Athlete

    rows = defaultdict(list)
    people: dict[str, tuple[Athlete, list]] = {}
    with progress(athletes * RUNS[-1], "Following", "run") as bar:
        for number, workout in enumerate(synthetic.read(athletes=athletes, runs=RUNS[-1], seed=seed)):
            athlete, waiting = people.setdefault(workout.user, (Athlete(), []))
            waiting.append(workout)
            done = number % RUNS[-1] + 1
            if done == 1 or done in RUNS:
                if done > 1:
                    keeping.learn_from(athlete, waiting)
                    waiting.clear()
                found, who = zones.estimate(athlete), len(people) - 1
                for what, true in _truth(synthetic.draw_athlete(np.random.default_rng([seed, who]), who)).items():
                    value, low, high = (getattr(found, f"{what}{end}") for end in ("", "_low", "_high"))
                    rows[what, done if done > 1 else 0].append((abs(value - true), value - true, low <= true <= high, high - low))
            bar.update()
    print("| | runs | mean error | bias | 10-90 % holds | its width |\n|---|---|---|---|---|---|")
    for (what, runs), each in sorted(rows.items()):
        error, bias, inside, width = np.mean(each, axis=0)
        print(f"| {what} | {runs} | {error:.1f} | {bias:+.1f} | {100 * inside:.0f} % | {width:.0f} |")


def _truth(who) -> dict[str, float]:
    from hrkeras.workouts import synthetic

    seconds = 60 * MINUTES[1]
    answer = synthetic.respond(who, np.full(seconds, who.threshold), np.zeros(seconds), who.threshold, before=0.12)
    return {"maximum": who.maximum, "threshold": float(answer[60 * MINUTES[0] :].mean())}


if __name__ == "__main__":
    typer.run(main)
