"""How far off the training load (TRIMP) of runs and weeks is, with and without heart rate, and whether its limits hold.

    python benchmarks/training_load.py --athletes 20 --runs 60
    python benchmarks/training_load.py --data endomondoHR.json.gz --runs 200

Of every fourth run from the eleventh on the heart rate is taken away, and its load estimated. Simulated athletes have a true
heart rate, resting and maximum; odd ones are taken as women. Real runs are compared with what was measured, by one and the same
resting and maximum heart rate. Beside the estimate stands the usual load of a minute of the runs with heart rate, times the
minutes.
"""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import typer

from hrkeras.cli.shared import progress

EVERY, WARM_UP = 4, 10
KINDS = ("banister", "edwards")


def main(athletes: int = 20, runs: int = 60, seed: int = 9, data: Path | None = None) -> None:
    from hrkeras.athlete import reserve

    rows = defaultdict(list)
    people = _real(data, runs) if data else _simulated(athletes, runs, seed)
    with progress(None, "Following", "person") as bar:
        for workouts, truth, body in people:
            hidden = {id(run) for place, run in enumerate(workouts) if place >= WARM_UP and place % EVERY == 0}
            silent = [replace(run, heart_rate=np.full(len(run), np.nan)) if id(run) in hidden else run for run in workouts]
            _compare(silent, truth, body, reserve, rows)
            bar.update()
    print("| told | of | load | number | off by | bias | usual minute instead | 10-90 % holds | its width |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (told, what, kind), each in sorted(rows.items()):
        true, value, low, high, usual = np.array(each).T
        off, bias = np.abs(value - true).sum() / true.sum(), value.sum() / true.sum() - 1
        plain = np.nansum(np.abs(usual - true)) / true.sum()
        inside, width = ((low <= true) & (true <= high)).mean(), (high - low).sum() / true.sum()
        other = f"{100 * plain:.0f} %" if what == "run without" else ""
        print(
            f"| {told} | {what} | {kind} | {len(true):,} | {100 * off:.1f} % | {100 * bias:+.1f} % | {other} | "
            f"{100 * inside:.0f} % | {100 * width:.0f} % |"
        )


def _compare(workouts, truth, body, reserve, rows) -> None:
    from hrkeras.athlete import facts
    from hrkeras.personal import timeline
    from hrkeras.personal.load import training_load

    written = timeline.write(workouts)
    if not written.unheard:
        return
    for told, own in (("nothing", None), ("all", body)):
        if own is None and body is None:  # real: the same for both, so that only the heart rate is estimated
            estimated = reserve.estimate(written.athlete)
            flat = (np.full_like(each, each[0]) for each in estimated[:3])
            own, told = reserve.Reserve(*flat, facts.Facts()), "the same"
        elif own is None:
            own = reserve.estimate(written.athlete)
        loads = training_load.of_timeline(written, own)
        exact = body or own
        rates = {run.start: truth(run.start)[:, None] for run in loads}
        per_minute = (training_load.banister, training_load.edwards)
        true = {start: [float(load(each, exact)[:, 0].sum() / 6) for load in per_minute] for start, each in rates.items()}
        for place, kind in enumerate(KINDS):
            usual = np.mean([getattr(run, kind)[0] / run.minutes for run in loads if not run.is_estimated])
            for run in loads:
                what = "run without" if run.is_estimated else "run with heart rate"
                value = training_load.with_limits(getattr(run, kind))
                rows[told, what, kind].append((true[run.start][place], *value, usual * run.minutes))
            for week in training_load.weeks(loads):
                if week.runs:
                    total = sum(true[run.start][place] for run in week.runs)
                    rows[told, "week", kind].append((total, *training_load.with_limits(getattr(week, kind)), np.nan))
        if told == "the same":
            return


def _simulated(athletes: int, runs: int, seed: int):
    from hrkeras.athlete import facts, reserve
    from hrkeras.workouts.simulation import synthetic
    from hrkeras.workouts.workout import from_points

    columns = ("latitude", "longitude", "speed", "altitude", "heart_rate", "sport", "user")
    tracks = defaultdict(list)
    for track in synthetic.simulate(athletes, runs, seed, flawed=0):
        tracks[track.user].append(track)
    for index, mine in enumerate(tracks.values()):
        who = synthetic.draw_athlete(np.random.default_rng([seed, index]), index)
        size = 1 + reserve.DRAWS
        body = reserve.Reserve(
            np.full(size, who.maximum), np.full(size, who.resting), np.full(size, float(index % 2)), facts.Facts()
        )
        by_start = {track.clock[0]: track for track in mine}

        def truth(start, by_start=by_start):
            track = by_start[start]
            time = track.clock - track.clock[0]
            return np.interp(10 * np.arange(int(time[-1] / 10)) + 5, time, track.truth)

        yield [from_points(track.clock, **{name: getattr(track, name) for name in columns}) for track in mine], truth, body


def _real(data: Path, runs: int):
    from hrkeras.personal import athlete_update
    from hrkeras.workouts.readers.read import read

    people = defaultdict(list)
    for workout in read(data):
        people[workout.user].append(workout)
    for mine in people.values():
        kept = athlete_update.usable(mine)[-runs:]
        grids = {run.start: run.grid.heart_rate.astype(np.float64) for run in kept}
        whole = {run.where for run in kept if np.isfinite(run.grid.heart_rate).all()}  # all of it measured, to be compared with

        def truth(start, grids=grids):
            return grids[start]

        workouts = sorted((workout for workout in mine if workout.where in whole), key=lambda run: run.start)
        yield workouts, truth, None


if __name__ == "__main__":
    typer.run(main)
