"""How far a repaired heart rate is from the truth, compared with leaving it and with a straight line across the stretch.

    python benchmarks/repair.py --seed 600                 # simulated athletes, whose sensors fail
    python benchmarks/repair.py --source runs/             # real runs without faults, parts of whose heart rate are hidden

Constants of `hrkeras.personal.repair.repair` were chosen on seed 501; report other seeds. Errors are means over the points of a
stretch, averaged over the stretches of a kind; the interval is from resampling these (95 %). A stretch was good, and changed
for nothing, where the recorded heart rate is less than 5 beats/min off the truth on average.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

GOOD = 5.0  # beats/min
HIDDEN = {"20 to 60 s": (20, 60), "1 to 3 min": (60, 180), "5 to 15 min": (300, 900), "first 1 to 4 min": (60, 240)}
SAMPLES = 2000


def main(
    athletes: int = 30,
    runs: Annotated[int, typer.Option(help="Of each athlete.")] = 40,
    seed: int = 600,
    source: Annotated[Path | None, typer.Option(help="Real runs instead of simulated ones.")] = None,
    model: Annotated[str, typer.Option(help="base, or none for the athlete's state alone.")] = "base",
) -> None:
    from hrkeras.cli.shared import progress
    from hrkeras.personal.repair import repair

    rows, seen, clean, touched = defaultdict(list), 0, 0, 0
    people = real(source, seed) if source else simulated(athletes, runs, seed)
    with progress(None, "Repairing", "person") as bar:
        for workouts, truths, kinds in people:
            found = repair.repair(workouts, None if model == "none" else model)
            seen += len(workouts)
            clean += sum(not kinds[key(each)] for each in workouts)
            touched += sum(not kinds[key(each.run)] for each in found.runs)
            for each in found.runs:
                for stretch in each.stretches:
                    hidden = kinds[key(each.run)] if np.isnan(stretch.before) else ""
                    kind = (hidden or "nothing hidden") if source else stretch.kind
                    rows[kind].append(errors(each, stretch, truths[key(each.run)]))
            bar.update()
    print(f"{seen:,} runs, {sum(map(len, rows.values())):,} stretches repaired; of {clean:,} sound runs {touched:,} changed\n")
    report(rows)


def key(workout):
    return workout.user, workout.start


def simulated(athletes: int, runs: int, seed: int):
    """Of each athlete the workouts, and by run the truth at its points and the kinds of its faults."""
    from hrkeras.workouts.simulation import synthetic

    by_user = defaultdict(list)
    for track in synthetic.simulate(athletes, runs, seed, flawed=0):
        by_user[track.user].append((synthetic.recorded(track), track))
        if len(by_user[track.user]) == runs:
            pairs = by_user.pop(track.user)
            truths = {key(workout): np.interp(workout.time, track.clock - workout.start, track.truth) for workout, track in pairs}
            yield [workout for workout, _ in pairs], truths, {key(workout): track.faults for workout, track in pairs}


def real(source: Path, seed: int):
    """Of each person the usable runs; in each without a fault a part of the heart rate is hidden, faulty ones lose all of it."""
    from hrkeras.personal import athlete_update
    from hrkeras.workouts import quality
    from hrkeras.workouts.readers import detect
    from hrkeras.workouts.sensor import detection

    random, by_user = np.random.default_rng(seed), defaultdict(list)
    for workout in detect.read(source):
        if not quality.taken_by(workout, athlete_update.LIMITS):
            by_user[workout.user].append(workout)
    for workouts in by_user.values():
        truths, kinds, hidden = {}, {}, []
        for number, workout in enumerate(workouts):
            truths[key(workout)], kinds[key(workout)] = workout.heart_rate, ""
            usable = detection.often_enough(workout) and not detection.faults(workout) and workout.duration > 1800
            if not usable:
                hidden.append(replace(workout, heart_rate=np.full(len(workout), np.nan)))
                continue
            kind = list(HIDDEN)[number % len(HIDDEN)]
            seconds = random.uniform(*HIDDEN[kind])
            begin = 0 if "first" in kind else random.uniform(60, workout.duration - seconds - 60)
            out = (workout.time >= begin) & (workout.time < begin + seconds)
            hidden.append(replace(workout, heart_rate=np.where(out, np.nan, workout.heart_rate)))
            kinds[key(workout)] = kind
        yield hidden, truths, kinds


def errors(repair, stretch, truth) -> dict:
    """Of one repaired stretch, in beats/min; NaN where nothing was recorded."""
    time, recorded = repair.run.time, repair.run.heart_rate
    inside = (time >= stretch.begin) & (time <= stretch.end) & np.isfinite(truth)
    wrong = np.any([(time >= each.begin) & (time <= each.end) for each in repair.stretches], axis=0)
    good = np.isfinite(recorded) & ~wrong
    line = np.interp(time, time[good], recorded[good])
    state = np.interp(
        time, repair.prediction.step * (np.arange(len(repair.prediction.heart_rate)) + 0.5), repair.prediction.heart_rate
    )
    if not inside.any():
        return {}
    off = {
        name: float(np.abs(values - truth)[inside].mean())
        for name, values in (("left", recorded), ("line", line), ("prediction", state), ("repaired", repair.heart_rate))
    }
    within = (repair.low <= truth) & (truth <= repair.high)
    mean = abs(float((repair.heart_rate - truth)[inside].mean()))
    return off | {
        "within": float(within[inside].mean()),
        "mean": mean,
        "seconds": stretch.end - stretch.begin,
        "changed": float(np.abs(repair.heart_rate - recorded)[inside].mean()),
    }


def report(rows) -> None:
    columns = "kind", "stretches", "seconds", "left", "line", "prediction", "repaired", "95 % interval", "mean", "in interval"
    print(f"| {' | '.join(columns)} |\n|---|{'---:|' * (len(columns) - 1)}")
    random, notes = np.random.default_rng(0), []
    for kind, found in sorted(rows.items()):
        table = {name: np.array([row[name] for row in found if row]) for name in next(filter(None, found))}
        count = len(table["repaired"])
        drawn = table["repaired"][random.integers(count, size=(SAMPLES, count))].mean(axis=1)
        limits = "{:.1f} - {:.1f}".format(*np.quantile(drawn, [0.025, 0.975]))
        left = "" if np.isnan(table["left"]).all() else f"{np.nanmean(table['left']):.1f}"
        seconds = f"{np.median(table['seconds']):.0f}"
        errors = (f"{table[name].mean():.1f}" for name in ("line", "prediction", "repaired"))
        shares = f"{table['mean'].mean():.1f}", f"{table['within'].mean():.2f}"
        print(f"| {' | '.join([kind, str(count), seconds, left, *errors, limits, *shares])} |")
        good = table["left"] < GOOD
        if good.any():
            changed, after = (table[name][good].mean() for name in ("changed", "repaired"))
            notes.append(f"{kind}: {good.sum()} had been good; changed by {changed:.1f} beats/min, then off by {after:.1f}")
    print("", *notes, sep="\n")


if __name__ == "__main__":
    typer.run(main)
