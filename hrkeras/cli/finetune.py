"""`hrkeras finetune`: adapt a model to one person."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import (
    Augment,
    Backend,
    Data,
    DataDir,
    Json,
    Seed,
    epoch_bar,
    epoch_line,
    json_line,
    progress,
    start,
    warn,
)
from hrkeras.workouts.workout import InputError


def finetune(
    base: Annotated[Path, typer.Option(help="A .keras file from `hrkeras train`, taught by many people.")],
    data: Data,
    output: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The .keras file to write; if not given BASE_DATA.keras beside the base."),
    ] = None,
    person: Annotated[int | None, typer.Option(min=0, help="Whose runs, where the dataset holds several people's.")] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER=SCALE",
            help="Scale of the learning rate of layers whose names begin so, 0 to freeze them; all=SCALE for the others. "
            "May be repeated; docs/finetuning.md has the default.",
        ),
    ] = None,
    half_life: Annotated[
        float | None,
        typer.Option(min=1.0, help="Days by which a run is older when it counts half as much; inf for all runs alike."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, max=100_000, help="At most so many.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, max=100_000, help="Windows a batch.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=1e-8, max=1.0, help="Of the adaptation, at its highest.")] = None,
    patience: Annotated[int | None, typer.Option(min=1, help="Epochs without improvement after which to stop.")] = None,
    augment: Augment = 0.0,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch of a killed run.")] = False,
    force: Force = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Adapt a model to one person, and keep it only if it is better on their validation runs.

    Prints side by side on the person's test runs: the base without and with their history, the adapted model, one trained
    on the person alone, and what needs no network.
    """
    output = output or base.with_name(f"{base.stem}_{data.replace('/', '_')}.keras")
    if output.suffix != ".keras":
        raise typer.BadParameter(f"expected a file name ending in .keras, found {output}", param_hint="--output")
    folder = output.with_suffix(".training")
    outputs.check([base, data_dir], [(output, kinds.KERAS), (output.with_suffix(".md"), kinds.CARD), (folder, None)], force)
    asked = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "patience": patience}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    given |= {"augment": augment, "seed": seed}
    rates = rates_of(rate or [])
    start(backend)
    from dataclasses import asdict, replace

    import numpy as np

    from hrkeras import card, finetuning, inference, parts, saving, score_tables, training
    from hrkeras.audit import model as audit
    from hrkeras.windows import load

    def say(text: str) -> None:
        if not as_json:
            print(text, flush=True)

    loaded = saving.load(base)
    everyone = load(data, data_dir)
    runs = parts.one_person(everyone, data, person)
    checks = list(audit.checks(loaded, everyone, data, "profile", population=saving.population(loaded), quick=True))
    for check in checks:
        if check.passed is False:
            raise InputError(f"{base} fails the audit on {data}, so nothing could be told of its stages: {check.finding}")
        if check.passed is None:
            say(f"Audit, {check}")
    settings = replace(finetuning.SETTINGS, **given)
    alone_settings = replace(finetuning.ALONE, **given | {"learning_rate": finetuning.ALONE.learning_rate})
    rates, half_life = rates or finetuning.usual_rates(loaded), half_life or finetuning.HALF_LIFE
    counts = runs.counts["runs"]
    description = {"base": base.name, "data": data, "person": person, "half_life": half_life, "runs": counts}
    learnt = parts.part(runs, np.flatnonzero(runs.split != "test"))

    def moved(earlier: Path) -> None:
        say(f"Until this training has ended, the earlier one is in {earlier}.")

    say(f"Adapting {base} to the person's {counts['train']} training runs:")
    adapted = finetuning.adapt(
        loaded,
        learnt,
        folder / "finetuned",
        settings,
        rates=rates,
        half_life=half_life,
        description=description,
        resume=resume,
        on_moved=moved,
        callbacks=[epoch_bar(settings.epochs), epoch_line(say)],
    )
    what = f"validation error {adapted.error:.2f} beats/min, that of the base {adapted.base_error:.2f}"
    if adapted.kept_base:
        verdict = f"The adapted model is not better than the base on the person's validation runs ({what}): the base is kept."
    else:
        verdict = f"The adapted model is better than the base on the person's validation runs ({what})."
    say(f"{verdict}\nFor comparison, a model trained from nothing on the same runs alone:")
    alone = finetuning.from_nothing(
        loaded,
        learnt,
        folder / "alone",
        alone_settings,
        description=description,
        resume=resume,
        on_moved=moved,
        callbacks=[epoch_bar(alone_settings.epochs), epoch_line(say)],
    )
    training.save(adapted.model, output)
    architecture = {
        "history": inference.knows_history(loaded),
        "adapted_from": base.name,
        "half_life": half_life,
        "rates": rates,
    }
    about = {"model": loaded.name, "architecture": architecture, "data": data, **runs.counts}
    card.write(output.with_suffix(".md"), adapted.model, adapted.log, settings, about, verdict)
    with progress(None, "Predicting", "run") as bar:
        found = finetuning.compare(loaded, adapted.candidate, alone, runs, bar.update)
    if as_json:
        rows = [asdict(row) for row in found.rows]
        errors = {"base": adapted.base_error, "finetuned": adapted.error}
        print(
            json_line(
                {
                    **{"base": str(base), "data": data, "person": person, "kept_base": adapted.kept_base, "validation": errors},
                    **{"test": rows, "like_best": found.like_best, "doubts": found.doubts, "model": str(output)},
                }
            )
        )
    else:
        print(f"\nThe person's test runs: {counts['test']} of {data}; errors in beats/min.\n")
        print(score_tables.table(found.rows))
        print(f"\nWorse by: than {finetuning.FINETUNED}, paired over runs; in brackets where that may be chance.")
        print(_who_wins(found.like_best))
        kept = f"{output} is the base as it was" if adapted.kept_base else f"Model: {output}"
        print(f"\n{kept}; card: {output.with_suffix('.md')}. Logs and curves: {folder}")
        print(f"Next: hrkeras evaluate {output} --data {data}")
    warn(found.doubts)


def _who_wins(like_best: list[str]) -> str:
    best, *others = like_best
    if not others:
        return f"Lowest error: {best}, by more than chance."
    return f"Lowest error: {best}. So few runs cannot tell it from: {'; '.join(others)}."


def rates_of(wanted: list[str]) -> dict[str, float]:
    """By the beginnings of layers' names, what their steps are scaled by."""
    found = {}
    for each in wanted:
        name, _, given = each.partition("=")
        try:
            scale = float(given)
        except ValueError:
            scale = -1.0
        if not name or not 0 <= scale <= 100:
            raise typer.BadParameter(f"expected LAYER=SCALE with a scale of 0 to 100, found {each}", param_hint="--rate")
        found["" if name == "all" else name] = scale
    return found
