"""Simulated people whose fitness changes from year to year: what each stage of training is worth on them.

    python benchmarks/drift.py
    python benchmarks/drift.py --rate all=0.3 --rate context=0 --learning-rate 1e-3

A base is trained on athletes as they usually are, then adapted to others, whose fitness grows or falls. Choose settings by
the errors on validation, the first column; the test runs are the person's last.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from hrkeras.cli.finetune import rates_of
from hrkeras.cli.shared import Backend, progress, start

TRENDS = (0.3, -0.2)  # relative change of fitness in a year, of every other person


def main(
    athletes: Annotated[int, typer.Option(help="That the base learns from.")] = 12,
    people: Annotated[int, typer.Option(help="That it is adapted to.")] = 8,
    runs: Annotated[int, typer.Option(help="Workouts of each.")] = 110,
    units: int = 32,
    epochs: Annotated[int, typer.Option(help="Of the base.")] = 9,
    learning_rate: float | None = None,
    rate: list[str] | None = None,
    augment: float = 0.0,
    seed: int = 0,
    backend: Backend = None,
) -> None:
    start(backend)
    from hrkeras import models
    from hrkeras.datasets import selection
    from hrkeras.datasets.runs import Runs
    from hrkeras.training import finetuning, fit
    from hrkeras.workouts.simulation import synthetic

    settings = replace(finetuning.SETTINGS, augment=augment, seed=seed)
    settings = replace(settings, learning_rate=learning_rate) if learning_rate else settings
    many = Runs.from_workouts(synthetic.read(athletes=athletes, runs=runs, seed=seed))
    errors: dict[str, list[float]] = {}
    validation, right = [], 0
    with TemporaryDirectory() as made, progress(people, "Adapting", "person") as bar:
        folder = Path(made)
        base, _ = fit.train(
            lambda statistics: models.gru(units=units, statistics=statistics),
            selection.part(many, np.flatnonzero(many.split != "test")),
            folder / "base",
            fit.Settings(epochs=epochs, batch_size=16, seed=seed),
        )
        for number in range(people):
            more = {"seed": 1000 * (seed + 1) + number, "trend": TRENDS[number % len(TRENDS)]}
            mine = Runs.from_workouts(synthetic.read(athletes=1, runs=runs, **more))
            learnt = selection.part(mine, np.flatnonzero(mine.split != "test"))
            adapted = finetuning.adapt(base, learnt, folder / "adapted", settings, rates=rates_of(rate or []))
            alone = finetuning.from_nothing(base, learnt, folder / "alone", replace(finetuning.ALONE, seed=seed))
            found = {row.name: row.mae for row in finetuning.compare(base, adapted.candidate, alone, mine).rows}
            found["handed out by the guard"] = found[finetuning.WITH_HISTORY if adapted.kept_base else finetuning.FINETUNED]
            for name, error in found.items():
                errors.setdefault(name, []).append(error)
            validation.append((adapted.base_error, adapted.error))
            right += adapted.kept_base == (found[finetuning.WITH_HISTORY] <= found[finetuning.FINETUNED])
            bar.update()
    before, after = np.mean(validation, axis=0)
    shown = {finetuning.WITH_HISTORY: f"{before:.2f}", finetuning.FINETUNED: f"{after:.2f}"}
    print(f"{'mean absolute error, beats/min':44}  {'validation':>10}  {'test':>6}  {'of each person'}")
    for name, values in errors.items():
        each = " ".join(f"{value:6.2f}" for value in values)
        print(f"{name:44}  {shown.get(name, ''):>10}  {np.mean(values):6.2f}  {each}")
    print(f"The guard was right for {right} of {people} people.")


if __name__ == "__main__":
    typer.run(main)
