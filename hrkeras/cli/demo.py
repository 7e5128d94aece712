"""`hrkeras demo`: the whole story on simulated athletes."""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli.outputs import Force, is_empty
from hrkeras.cli.shared import Backend, Seed, start

RECORD = "made-by-demo.json"
LAST = 11  # runs, of which one with the usual error is shown
MADE = (
    *("endomondo.json.gz", "export.zip", "datasets", "endomondo.keras", "endomondo.md", "endomondo.training", "inspected"),
    *("evaluated", "base.csv", "run.csv", "run.png", "athlete.json", "report.html"),
)


def demo(
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder for everything that the demo writes.")] = Path(
        "hrkeras-demo"
    ),
    athletes: Annotated[int, typer.Option(min=3, max=100_000, help="Number of athletes to learn from.")] = 10,
    runs: Annotated[int, typer.Option(min=20, max=10_000, help="Workouts per athlete.")] = 60,
    epochs: Annotated[int, typer.Option(min=1, max=100_000, help="Maximum number of epochs.")] = 6,
    seed: Seed = 0,
    force: Force = False,
    backend: Backend = None,
) -> None:
    """See it all on simulated athletes: inspect, build, train, evaluate, predict, update and report, in one folder."""
    _check(output, force)
    start(backend)
    from hrkeras.cli import build, evaluate, inspect, predict, report, train, update
    from hrkeras.workouts.simulation import formats, synthetic

    log, export, data_dir = output / "endomondo.json.gz", output / "export.zip", output / "datasets"
    model, csv, picture = output / "endomondo.keras", output / "run.csv", output / "run.png"
    athlete, page = output / "athlete.json", output / "report.html"
    say = partial(_say, output)
    output.mkdir(parents=True, exist_ok=True)
    print(f"Simulating {athletes} athletes with a running log and one with a watch, {runs} workouts each ...")
    tracks = list(synthetic.simulate(athletes=athletes + 1, runs=runs, seed=seed))
    newcomer = tracks[-1].user
    formats.write_endomondo([track for track in tracks if track.user != newcomer], log)
    formats.write_apple_health([track for track in tracks if track.user == newcomer], export)

    say(
        f"hrkeras inspect {export} --output {output / 'inspected'}",
        "What is in the watch's export, and how good is it?",
    )
    inspect.inspect(export, output=output / "inspected", force=force)
    say(f"hrkeras build endomondo {log} --data-dir {data_dir}", "Build a dataset from the running log.")
    build.endomondo([log], data_dir=data_dir, processes=1)
    say(f"hrkeras train --data endomondo --data-dir {data_dir} --output {model} --epochs {epochs}", "Learn from it.")
    train.train(["endomondo"], model, epochs=epochs, batch_size=16, seed=seed, data_dir=data_dir, backend=backend, force=force)
    say(
        f"hrkeras evaluate {model} --data endomondo --data-dir {data_dir} --output {output / 'evaluated'}",
        "How good is it on later runs of the same people, and what would be there without it?",
    )
    evaluate.evaluate(model, "endomondo", output=output / "evaluated", data_dir=data_dir, backend=backend, force=force)
    print(
        "\nCompare the first two rows: from few athletes a network learns little that the athlete's state does not tell. The "
        "model that comes with hrkeras is of far more runs; docs/results/index.md says what it gains on real ones."
    )
    run, choice, reason = _usual_run(export, [track for track in tracks if track.user == newcomer])
    say(
        f'hrkeras predict {export} --workout "{run}" --output {output / "base.csv"}',
        f"Predict a run of the watch's owner from the runs before, by the model that comes with hrkeras: this needs no training. "
        f"{choice}",
    )
    predict.predict(export, output / "base.csv", workout=run, force=force)
    say(
        f'hrkeras predict {export} --workout "{run}" --model {model} --output {csv} --plot {picture}',
        "And by the model just trained, which has never seen this person.",
    )
    predict.predict(export, csv, model=model, workout=run, plot=picture, backend=backend, force=force)
    print(reason)
    say(
        f"hrkeras update {athlete} {export} --model {model}",
        "Keep what the runs tell of the person in a small file, for the runs to come.",
    )
    athlete.unlink(missing_ok=True)  # of a demo before, with another model
    update.update(athlete, [export], model=model, backend=backend)
    say(f"hrkeras update {athlete} {export} --model {model}", "Once more, with nothing new: nothing changes.")
    update.update(athlete, [export], model=model, backend=backend)
    say(f"hrkeras report {export} --output {page}", "And what do the runs tell the person? One page, in a browser.")
    report.report(export, page, force=force)
    _record(output)
    print(f"\nAll of it is in {output}. Open {page} in a browser. Your own: hrkeras report YOUR_EXPORT --output report.html")


def _usual_run(export: Path, tracks) -> tuple[str, str, str]:
    """The run whose error is the median of the last ones': its date, how it was chosen, and why its prediction is off."""
    import numpy as np

    from hrkeras.cli.shared import load_model, read_timeline
    from hrkeras.workouts.clock import date

    entries = read_timeline(export, no_cache=False, model=load_model(None, None)).entries[-LAST:]
    errors = np.array([entry.found.error for entry in entries], float)
    usual = entries[int(np.argsort(errors)[len(errors) // 2])]
    track = min(tracks, key=lambda track: abs(track.clock[0] - usual.start))
    day = float(np.mean(track.truth - track.expected))
    off = float(np.mean((track.heart_rate - track.truth)[track.heart_rate > 0]))
    sensor = f"; a {' and a '.join(track.faults)} of the sensor put it {_beats(off)} what it was" if track.faults else ""
    return (
        date(usual.start, usual.workout.utc_offset),
        f"Of their last {len(entries)} runs, whose errors are {min(errors):.1f} to {max(errors):.1f} beats/min, it is the one "
        "with the median error.",
        f"Why is it off? The simulation knows: by heat, form and chance, which nothing recorded tells, heart rate was "
        f"{_beats(day)} that of an average day{sensor}.",
    )


def _beats(off: float) -> str:
    return f"{abs(off):.1f} beats/min {'above' if off > 0 else 'below'}"


def _say(output: Path, command: str, why: str) -> None:
    _record(output)
    print(f"\n{why}\n$ {command}\n")


def _check(output: Path, force: bool) -> None:
    """Refuses a folder in which something has a name that the demo needs and is not what an earlier demo has left there."""
    from hrkeras.utils import small_json

    recorded = small_json.read(output / RECORD) or {}
    for name, content in _contents(output).items():
        as_left = recorded.get(name) == content or (name not in recorded and recorded and is_empty(output / name))
        if not (force or as_left):
            raise typer.BadParameter(
                f"{output / name}: is there already and is not what a demo has left, so it stays as it is; give another folder, "
                "or --force to replace it"
            )


def _record(output: Path) -> None:
    """Keeps what the demo has made so far."""
    from hrkeras.utils.files import atomic_write

    with atomic_write(output / RECORD) as part:
        part.write_text(json.dumps(_contents(output), indent=1) + "\n", encoding="utf-8")


def _contents(output: Path) -> dict[str, str]:
    """By the name of what the demo makes, as far as it is there, the hash of a file, or "folder"."""
    paths = [path for name in MADE if (path := output / name).exists()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder" for path in paths}
