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
    say(
        f"hrkeras predict {export} --workout latest --output {output / 'base.csv'}",
        "Predict the last run of the watch's owner from the runs before, by the model that comes with hrkeras: this needs no "
        "training.",
    )
    predict.predict(export, output / "base.csv", workout="latest", force=force)
    say(
        f"hrkeras predict {export} --workout latest --model {model} --output {csv} --plot {picture}",
        "And by the model just trained, which has never seen this person.",
    )
    predict.predict(export, csv, model=model, workout="latest", plot=picture, backend=backend, force=force)
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
