"""The model card: what a model is, what it was trained on and how well it did, beside the model."""

import platform
import re
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import keras

from hrkeras import __version__
from hrkeras.datasets.builders import DATASETS
from hrkeras.evaluation import predict
from hrkeras.models import saving
from hrkeras.training.fit import Settings, best_epoch
from hrkeras.utils.files import atomic_write
from hrkeras.workouts.grid import STEP

ABOUT = """# {name}

Predicts the heart rate of a run (beats/min, every {step:g} s) from its speed and altitude{and_history}.
Not a medical device: it estimates what a heart rate sensor would show.
"""
TEXT = """
## Model

{model} with {parameters:,} parameters: {architecture}.{adapted}

## Data

Dataset `{data}`: {people}, {counts}.
Training saw the training split alone; normalisation comes from {normalised}; the best epoch was chosen on the validation split;
the test split was not looked at.

## What is known of a person

{person}

## Training

{epochs} epochs, the best was epoch {best}. Errors are mean absolute errors in beats/min over measured steps.

| | training | validation |
|---|---|---|
| best epoch | {mae:.2f} | {val_mae:.2f} |

Settings: {settings}.

For the error on runs that played no part, beside its baselines: `{scoring}`{where}.

## Use

Keep what a person's runs tell in a file that fits this model, and predict their next run from it:

```bash
hrkeras update ME.json RUNS --model {name}.keras
hrkeras predict RUN --model {name}.keras --athlete ME.json --output run.csv
```

## Made with

{versions}
"""

PERSON = """An athlete's state, a Kalman filter, follows each person from run to run. It starts from a population, which the
model carries: aggregates over {source}.
The model predicts how far heart rate lies from what that state expects."""
SPLIT_NAMES = {"train": "training", "validation": "validation", "test": "test"}
SCORED = re.compile(r"`hrkeras evaluate .*\.keras --data (\S+)`")
NO_PERSON = "Nothing: this model was trained without history and predicts everyone alike."


def about(name: str, model: keras.Model) -> str:
    """What a model is for, as Markdown; holds for any model."""
    and_history = " and from the same person's earlier runs" if predict.knows_history(model) else ""
    return ABOUT.format(name=name, step=STEP, and_history=and_history)


def text(name: str, model: keras.Model, log: list[dict], settings: Settings, description: dict, adapted: str = "") -> str:
    """The card of a trained model, as Markdown.

    Args:
        name: of the model's file, without its ending.
        model: the trained model.
        log: of its epochs, from `training.train`.
        settings: it was trained with.
        description: with `model`, `architecture`, `data`, and what `Runs.counts` says.
        adapted: for a model that began from another, what became of that, in sentences.
    """
    best = log[best_epoch(log) - 1]
    architecture = description["architecture"]
    packages = {"hrkeras": __version__, "Keras": version("keras"), keras.backend.backend(): _backend_version()}
    scored = first_of(description["data"])
    is_built = scored.partition("/")[0] in DATASETS
    return about(name, model) + TEXT.format(
        name=name,
        person=PERSON.format(source=_source(model)) if architecture["history"] else NO_PERSON,
        model=description["model"].upper(),
        parameters=model.count_params(),
        architecture=_listed(architecture),
        adapted=f"\n{adapted}" if adapted else "",
        normalised="the model it began from" if adapted else "it",
        data=description["data"],
        scoring=f"hrkeras evaluate {name}.keras --data {scored}" if is_built else "hrkeras.evaluate(model, runs)",
        where=" (with `--data-dir FOLDER` if the dataset lies elsewhere)" if is_built else "",
        people=f"{description['people']} {'person' if description['people'] == 1 else 'people'}",
        counts=", ".join(f"{count:,} runs for {SPLIT_NAMES[name]}" for name, count in description["runs"].items()),
        epochs=len(log),
        best=best["epoch"],
        mae=best["mae"],
        val_mae=best["val_mae"],
        settings=_listed(asdict(settings)),
        versions=_listed(packages | {"Python": platform.python_version()}),
    )


def write(path: Path, model: keras.Model, log: list[dict], settings: Settings, description: dict, adapted: str = "") -> None:
    """Writes the card of a trained model into a Markdown file that is named as the model's; see `text`."""
    with atomic_write(path) as part:
        part.write_text(text(path.stem, model, log, settings, description, adapted), encoding="utf-8")


def data(path: Path) -> str:
    """The dataset that a card says its model is to be scored on; empty if there is no card that says so."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    match = SCORED.search(text)
    return match[1] if match else ""


def first_of(data: str) -> str:
    """The first of the datasets that a model was trained on, such as "endomondo + tracks=2"."""
    return data.partition(" ")[0].partition("=")[0]


def _source(model: keras.Model) -> str:
    source = saving.population(model).source
    return f"`{source}`, its training split" if source else "the training split"


def _listed(values: dict) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def _backend_version() -> str:
    name = keras.backend.backend()
    for package in (name, f"{name}-cpu"):
        try:
            return version(package)
        except ModuleNotFoundError:
            continue
    return "of unknown version"
