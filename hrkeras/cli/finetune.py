"""`hrkeras finetune`: adapt a model to one person."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import (
    TRAINING,
    Augment,
    Backend,
    DataDir,
    Json,
    TrainingSeed,
    epoch_bar,
    epoch_line,
    json_line,
    progress,
    start,
    warn,
)
from hrkeras.utils.errors import InputError

if TYPE_CHECKING:
    import keras

    from hrkeras.datasets.runs import Runs
    from hrkeras.training.finetuning import Adapted, Comparison
    from hrkeras.training.fit import Settings


def finetune(
    base: Annotated[
        Path | None,
        typer.Option(
            help="The model to adapt: a .keras file, or base, of many people. Default: the only file in this folder, else base.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The person's dataset. Default: apple_watch if it is built, else tracks.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="The .keras file to write. Default: BASE_DATA.keras beside the base.", show_default=False
        ),
    ] = None,
    person: Annotated[int | None, typer.Option(min=0, help="Number of the person, where the dataset has several.")] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER=SCALE",
            help="Scale the learning rate of the layers whose names start with LAYER; 0 freezes them, all=SCALE is for the "
            "others. Repeatable. Default: see docs/how-to/finetuning.md.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    half_life: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            help="Half-life of a run's weight by its age, in days; inf weights all runs alike.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Maximum number of epochs.", rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Windows per batch.", rich_help_panel=TRAINING)
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-8, max=1.0, help="Peak learning rate.", rich_help_panel=TRAINING)
    ] = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many epochs without improvement.", rich_help_panel=TRAINING)
    ] = None,
    augment: Augment = 0.0,
    seed: TrainingSeed = 0,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Resume an interrupted run from its last finished epoch.", rich_help_panel=TRAINING),
    ] = False,
    force: Force = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Fine-tune a model on one person's runs; the result is kept only if it is better on their validation runs.

    Compares on the person's test runs: the base without and with their history, the fine-tuned model, a model trained on
    the person alone, and baselines without a network.
    """
    base = defaults.model(base, "--base")
    data = data or defaults.data(data_dir, defaults.PERSONAL)
    output = defaults.model_output(output, base.with_name(f"{base.stem}_{data.replace('/', '_')}.keras"))
    folder = output.with_suffix(".training")
    outputs.check([base, data_dir], [(output, kinds.KERAS), (output.with_suffix(".md"), kinds.CARD), (folder, None)], force)
    asked: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "patience": patience}
    given = {name: value for name, value in asked.items() if value is not None} | {"augment": augment, "seed": seed}
    rates = rates_of(rate or [])
    start(backend)
    from dataclasses import replace

    import numpy as np

    from hrkeras.datasets import selection
    from hrkeras.datasets.runs import load
    from hrkeras.models.load import load as load_model
    from hrkeras.training import finetuning

    def say(text: str) -> None:
        if not as_json:
            print(text, flush=True)

    loaded = load_model(base)
    everyone = load(data, data_dir)
    runs = selection.one_person(everyone, data, person)
    _audit(loaded, base, everyone, data, say)
    settings = replace(finetuning.SETTINGS, **given)
    alone_settings = replace(finetuning.ALONE, **given | {"learning_rate": finetuning.ALONE.learning_rate})
    rates, half_life = rates or finetuning.usual_rates(loaded), half_life or finetuning.HALF_LIFE
    counts = runs.counts["runs"]
    learnt = selection.part(runs, np.flatnonzero(runs.split != "test"))
    common: dict[str, Any] = {
        "description": {"base": base.name, "data": data, "person": person, "half_life": half_life, "runs": counts},
        "resume": resume,
        "on_moved": lambda earlier: say(f"Until this training has ended, the earlier one is in {earlier}."),
    }
    say(f"Adapting {base} to the person's {counts['train']} training runs:")
    bars = [epoch_bar(settings.epochs), epoch_line(say)]
    how: dict[str, Any] = {"rates": rates, "half_life": half_life, "callbacks": bars} | common
    adapted = finetuning.adapt(loaded, learnt, folder / "finetuned", settings, **how)
    say(f"{_verdict(adapted)}\nFor comparison, a model trained from nothing on the same runs alone:")
    bars = [epoch_bar(alone_settings.epochs), epoch_line(say)]
    alone = finetuning.from_nothing(loaded, learnt, folder / "alone", alone_settings, callbacks=bars, **common)
    how = {"adapted_from": base.name, "half_life": half_life, "rates": rates}
    _save(adapted, output, settings, how, {"model": loaded.name, "data": data, **runs.counts})
    with progress(None, "Predicting", "run") as bar:
        comparison = finetuning.compare(loaded, adapted.candidate, alone, runs, bar.update)
    if as_json:
        about = {"base": str(base), "data": data, "person": person, "model": str(output)}
        print(json_line(about | _numbers(adapted, comparison)))
    else:
        kept = f"{output} is the base as it was" if adapted.kept_base else f"Model: {output}"
        _print_comparison(comparison, f"{counts['test']} of {data}")
        print(f"\n{kept}; card: {output.with_suffix('.md')}. Logs and curves: {folder}")
        print(f"Next: hrkeras evaluate {quote(str(output))} --data {data}{defaults.in_folder(data_dir)}")
    warn(comparison.warnings)


def _audit(model: "keras.Model", base: Path, runs: "Runs", data: str, say: Callable[[str], None]) -> None:
    """Raises `InputError` if the base has seen the runs that it is compared on; prints what the audit cannot decide."""
    from hrkeras.evaluation.audit import model as audit
    from hrkeras.models import saving

    for check in audit.checks(model, runs, data, "profile", population=saving.population(model), quick=True):
        if check.passed is False:
            raise InputError(f"{base} fails the audit on {data}, so a comparison would mean nothing: {check.finding}")
        if check.passed is None:
            say(f"Audit, {check}")


def _save(adapted: "Adapted", output: Path, settings: "Settings", how: dict[str, Any], about: dict[str, Any]) -> None:
    """Writes the model and its card; `how` it was adapted, and what `about` it and its data."""
    from hrkeras.evaluation import predict
    from hrkeras.training import fit, model_card

    fit.save(adapted.model, output)
    about = about | {"architecture": {"history": predict.knows_history(adapted.model), **how}}
    model_card.write(output.with_suffix(".md"), adapted.model, adapted.log, settings, about, _verdict(adapted))


def _verdict(adapted: "Adapted") -> str:
    what = f"validation error {adapted.error:.2f} beats/min, that of the base {adapted.base_error:.2f}"
    if adapted.kept_base:
        return f"The adapted model is not better than the base on the person's validation runs ({what}): the base is kept."
    return f"The adapted model is better than the base on the person's validation runs ({what})."


def _numbers(adapted: "Adapted", comparison: "Comparison") -> dict[str, Any]:
    return {
        "kept_base": adapted.kept_base,
        "validation": {"base": adapted.base_error, "finetuned": adapted.error},
        "test": [asdict(row) for row in comparison.rows],
        "like_best": comparison.like_best,
        "warnings": comparison.warnings,
    }


def _print_comparison(comparison: "Comparison", which: str) -> None:
    from hrkeras.evaluation import tables
    from hrkeras.training.finetuning import FINETUNED

    print(f"\nThe person's test runs: {which}; errors in beats/min.\n")
    print(tables.table(comparison.rows))
    print(f"\nWorse by: than {FINETUNED}, paired over runs; in brackets where that may be chance.")
    print(_who_wins(comparison.like_best))


def _who_wins(like_best: list[str]) -> str:
    best, *others = like_best
    if not others:
        return f"Lowest error: {best}, by more than chance."
    return f"Lowest error: {best}. On so few runs it is not distinguishable from: {'; '.join(others)}."


def rates_of(wanted: list[str]) -> dict[str, float]:
    """Scales of the learning rate, by the beginnings of layers' names."""
    rates = {}
    for option in wanted:
        name, _, given = option.partition("=")
        try:
            scale = float(given)
        except ValueError:
            scale = -1.0
        if not name or not 0 <= scale <= 100:
            raise typer.BadParameter(f"expected LAYER=SCALE with a scale of 0 to 100, found {option}", param_hint="--rate")
        rates["" if name == "all" else name] = scale
    return rates
