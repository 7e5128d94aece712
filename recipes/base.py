"""Makes the base model that comes with the package: trains it, chooses a seed, and writes its files and the population.

    hrkeras build endomondo RUNS.json.gz
    python recipes/base.py --data endomondo --folder base --backend jax

Half an hour a seed on one core. Trainings that were interrupted go on, and those that are there are used. The seed and its
epoch with the lowest error on the validation split are chosen; the test split is not looked at. What is written into the
package: the Keras file, its export to ONNX with JSON, its card, and the population that the athlete's state starts from.
"""

import json
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from hrkeras.athlete import population
from hrkeras.cli.shared import Backend, DataDir, epoch_bar, epoch_line, start
from hrkeras.export import process
from hrkeras.utils import packaged
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write
from hrkeras.utils.presets import BASE, BASE_EPOCHS

MOST = 1_200_000  # bytes in all
SOURCE = "public running logs of 2012-2026, on a grid of 10 s"
LIMITS = """
## What it is bad at

- Other sports than running, walks among them: it has seen runs alone.
- People unlike those it has seen: {people} people who publish their runs, most of whom train regularly. Age, sex, health and
  medication were not known and are not inputs.
- Heat, illness, altitude above sea level, caffeine: nothing says so to it, and they move the level of a whole run.
- First runs: nothing is known of the person but how hard they run. See "People never seen" in the documentation.
- Devices: chest straps and wrist sensors of several makers, whose faults (locked to cadence, late at the start) are in its runs.
"""


def main(
    data: str = "endomondo",
    folder: Path = Path("base"),
    seeds: Annotated[int, typer.Option(min=1, help="How many to choose from.")] = 2,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    start(backend)
    from hrkeras.datasets.runs import load
    from hrkeras.models import saving

    runs = load(data, data_dir, ("train", "validation"))
    trained = {path: _train(path, runs, seed) for seed in range(seeds) for path in [folder / f"base-{seed}.keras"]}
    model = min(trained, key=lambda path: trained[path])
    print(f"Validation errors: {', '.join(f'{path.name} {error:.3f}' for path, error in trained.items())}; chosen: {model}.")
    with atomic_write(population.PACKAGED) as part:
        content = saving.population(saving.load(model)).as_dict()
        part.write_text(json.dumps(content) + "\n", encoding="utf-8", newline="\n")
    population.default.cache_clear()
    for path in package(model):
        print(f"{path}: {path.stat().st_size:,} bytes")


def _train(path: Path, runs, seed: int) -> float:
    """Trains a model and writes it with its card, if it is not there; its lowest error on the validation split, beats/min."""
    import pandas as pd

    from hrkeras import models
    from hrkeras.training import fit, model_card, training_folder

    working, settings = path.with_suffix(".training"), fit.Settings(seed=seed, epochs=BASE_EPOCHS)
    if not path.exists():
        counts = runs.counts
        own = runs.population(f"{counts['runs']['train']:,} runs of {counts['people']} people, {SOURCE}: the training split")
        description = {"model": "lstm", "architecture": BASE | {"history": True}, "data": runs.source, **counts}
        model, log = fit.train(
            lambda statistics: models.lstm(**BASE, statistics=statistics),
            runs,
            working,
            settings,
            population=own,
            description=description,
            resume=True,
            callbacks=[epoch_bar(settings.epochs, f"seed {seed}, "), epoch_line(print, f"seed {seed}, ")],
        )
        fit.save(model, path)
        limits = LIMITS.format(people=counts["people"])
        card = model_card.text(path.stem, model, log, settings, description).replace(
            "\n## Training\n", f"{limits}\n## Training\n"
        )
        path.with_suffix(".md").write_text(card, encoding="utf-8", newline="\n")
    return float(pd.read_csv(working / training_folder.LOG)["val_mae"].min())


def package(model: Path, folder: Path = packaged.FOLDER) -> list[Path]:
    """Writes the files of the base model; the packaged population must be the model's, since both are used together.

    Args:
        model: a trained `.keras` file with its card beside it.
        folder: where to.

    Raises:
        InputError: if the model cannot be exported, starts from another population, has no card, or is too big.
    """
    card = model.with_suffix(".md")
    if not card.is_file():
        raise InputError(f"{model}: expected its card beside it, {card.name}, as `hrkeras train` writes it.")
    folder.mkdir(exist_ok=True)
    base = folder / f"{packaged.BASE}.keras"
    with zipfile.ZipFile(model) as given, atomic_write(base) as part, zipfile.ZipFile(part, "w") as packed:
        for entry in given.infolist():
            packed.writestr(zipfile.ZipInfo(entry.filename), given.read(entry), zipfile.ZIP_DEFLATED, compresslevel=9)
    exported = base.with_suffix(".onnx")
    facts = process.export(base, exported, "onnx")
    if population.from_dict(facts["population"]) != population.default():
        raise InputError(f"{model}: starts from another population than hrkeras/athlete/population.json; write that anew first.")
    text = card.read_text(encoding="utf-8").replace(f"# {model.stem}\n", f"# {packaged.BASE}\n", 1)
    base.with_suffix(".md").write_text(text.replace(model.name, packaged.BASE), encoding="utf-8")
    files = [base, exported, process.description_of(exported), base.with_suffix(".md")]
    if (size := sum(path.stat().st_size for path in files)) > MOST:
        raise InputError(f"{folder}: {size:,} bytes, more than {MOST:,}; train a smaller model.")
    return files


if __name__ == "__main__":
    typer.run(main)
