"""What the first minutes of a run tell of the day, and how well the probability of crossing a limit is calibrated.

    python benchmarks/today.py --athletes 20 --runs 60 --seed 7
    python benchmarks/today.py --data endomondoHR.json.gz --runs 200

Each run is followed step by step with the state that its person had before it. Of the day, what was measured in the half hour
after the given minute is compared with what was told then, with no difference at all, and with the mean difference so far. Of
the guard, every five minutes the probability that a limit is crossed in the next 1 and 5 minutes is compared with whether it
was, for limits at, 5, 10 and 15 beats/min above the mean heart rate of the person's last ten runs; once everywhere, and once
where the mean effort of the next five minutes was within 5 % of what was assumed.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
import typer

from hrkeras.cli.shared import progress

MINUTES, EVERY, LEAST = (6, 10, 15, 20), 30, 60  # min; steps between two questions; steps measured of the half hour after
LIMITS, LAST, HELD = (0.0, 5.0, 10.0, 15.0), 10, 0.05


def main(athletes: int = 20, runs: int = 60, seed: int = 7, data: Path | None = None, warm_up: int = 20, every: int = 1) -> None:
    from hrkeras.athlete.kalman import AthleteState
    from hrkeras.personal import athlete_update
    from hrkeras.workouts.simulation import synthetic

    if data:
        from hrkeras.workouts.readers.read import read

        workouts = read(data)
    else:
        workouts = synthetic.read(athletes=athletes, runs=runs, seed=seed)
    people = defaultdict(list)
    for workout in workouts:
        people[workout.user].append(workout)
    days, guards, slopes = defaultdict(list), defaultdict(list), []
    with progress(len(people), "Following", "person") as bar:
        for index, mine in enumerate(people.values()):
            state = AthleteState()
            for number, run in enumerate(athlete_update.usable(mine)[-runs:]):
                if number >= warm_up and number % every == 0:
                    _follow(state, run, days, guards)
                state.update(run.start, run.grid)
            if not data:
                slopes.append(_slopes(state, synthetic.draw_athlete(np.random.default_rng([seed, index]), index)))
            bar.update()
    _print_days(days)
    for (minutes, held), rows in sorted(guards.items()):
        _print_guard(minutes, held, np.array(rows))
    if slopes:
        told, true = np.array(slopes).T
        off = np.abs(told - true).mean()
        print(f"beats/min for 1 km/h on the flat: {told.mean():.1f} told, {true.mean():.1f} true, off by {off:.1f}")


def _follow(state, run, days, guards) -> None:
    from hrkeras.athlete.history import RECORD
    from hrkeras.evaluation import origins
    from hrkeras.personal.today import live_run
    from hrkeras.workouts.effort import graded_speed

    rates = run.grid.heart_rate.astype(float)
    expected, _ = live_run.unconditioned(state, state.predict(run.start, run.grid))
    residual = rates - expected
    usual = np.nanmean(state.records[-LAST:, RECORD.index("mean_heart_rate")])
    effort = graded_speed(run.grid.speed, run.grid.altitude)
    for live in live_run.followed(live_run.LiveRun(state, run.start), run.grid, every=6):
        step = round(live.minutes * 6)
        after = residual[step : step + live_run.AHEAD]
        if live.minutes in MINUTES and np.isfinite(after).sum() >= LEAST and live.measured_steps >= live_run.FEWEST:
            found = live.today()
            days[live.minutes].append((np.nanmean(after), np.nanmean(residual[:step]), *found.beats))
        if step % EVERY or step + 30 > len(rates) or not np.isfinite(rates[step - 1 : step + 30]).all():
            continue
        assumed = origins.assumed(run.grid, step)
        foreseen = graded_speed(assumed.speed, assumed.altitude)[step : step + 30].mean()
        held = abs(effort[step : step + 30].mean() - foreseen) < HELD * foreseen
        paths = live.ahead()
        for limit in usual + np.array(LIMITS):
            if rates[step - 1] > limit:
                continue
            for minutes, told in zip((1, 5), live_run.probabilities(paths, limit, (1, 5)), strict=True):
                row = told, (rates[step : step + 6 * minutes] > limit).any(), rates[step - 1], limit
                guards[minutes, "all"].append(row)
                if held:
                    guards[minutes, "effort held"].append(row)


def _slopes(state, who) -> tuple[float, float]:
    """Beats/min for 1 km/h more than the usual speed: as told, and as the simulation answers with average fitness."""
    from hrkeras.athlete import fitness
    from hrkeras.workouts.simulation import synthetic

    speed = 0.9 * who.habit * who.threshold
    view, start = fitness.view(state), float(state.starts[-1])
    told, true = [], []
    for each in (speed, speed + fitness.FASTER):
        level = np.full(1500, each)
        told.append(view.at_pace(start, each).value)
        true.append(synthetic.respond(who, level, 0 * level, who.threshold, before=0.12)[900:].mean())
    return told[1] - told[0], true[1] - true[0]


def _print_days(days) -> None:
    head = "| after, min | runs | none told: off by | mean so far | told | 10-90 % holds | its width | certain | of these right |"
    print(f"{head}\n|---|---|---|---|---|---|---|---|---|")
    for minute, rows in sorted(days.items()):
        after, so_far, middle, low, high = np.array(rows).T
        sure = (low > 0) | (high < 0)
        errors = (np.abs(after).mean(), np.abs(after - so_far).mean(), np.abs(after - middle).mean())
        inside, width = ((low <= after) & (after <= high)).mean(), (high - low).mean()
        right = (np.sign(after) == np.sign(middle))[sure].mean()
        print(
            f"| {minute:.0f} | {len(after):,} | {errors[0]:.1f} | {errors[1]:.1f} | {errors[2]:.1f} | {100 * inside:.0f} % | "
            f"{width:.0f} | {100 * sure.mean():.0f} % | {100 * right:.0f} % |"
        )


def _print_guard(minutes: int, held: str, rows: np.ndarray) -> None:
    told, crossed = rows[:, 0], rows[:, 1]
    brier, base = ((told - crossed) ** 2).mean(), crossed.mean() * (1 - crossed.mean())
    gap = sum(part.mean() * abs(told[part].mean() - crossed[part].mean()) for part in _tenths(told))
    print(f"\n{minutes} min ahead, {held}: {len(rows):,} questions, crossed in {100 * crossed.mean():.1f} %; ", end="")
    print(f"Brier score {brier:.4f}, of the base rate {base:.4f}, skill {100 * (1 - brier / base):.0f} %")
    print("| told | " + " | ".join(f"{100 * told[part].mean():.0f} %" for part in _tenths(told)) + " |")
    print("|" + "---|" * (1 + len(_tenths(told))))
    print("| crossed | " + " | ".join(f"{100 * crossed[part].mean():.0f} %" for part in _tenths(told)) + " |")
    print("| questions | " + " | ".join(f"{part.sum():,}" for part in _tenths(told)) + f" |\nmean gap {100 * gap:.1f} points")


def _tenths(told) -> list:
    """Which questions lie in each tenth of the probabilities, those without any left out."""
    place = np.minimum((10 * told).astype(int), 9)
    return [place == tenth for tenth in range(10) if (place == tenth).any()]


if __name__ == "__main__":
    typer.run(main)
