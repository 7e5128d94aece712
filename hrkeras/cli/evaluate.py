"""`hrkeras evaluate`: a model's error beside its baselines."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli.shared import Backend, Data, DataDir, Json, json_line, progress, start


def evaluate(
    model: Annotated[Path, typer.Argument(help="A .keras file from `hrkeras train`.", show_default=False)],
    data: Data,
    split: Annotated[Literal["test", "validation"], typer.Option(help="Which runs to score.")] = "test",
    output: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the pictures; none are drawn if not given.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    backend: Backend = None,
) -> None:
    """Score a model on runs that it was not trained on, beside baselines on the same steps."""
    start(backend)
    from dataclasses import asdict

    from hrkeras import evaluation, plots, saving
    from hrkeras.windows import find, load

    loaded = saving.load(model)
    train, validation, test = (load(data, name, data_dir) for name in ("train", "validation", split))
    with progress(len(test), "Predicting", "window") as bar:
        found = evaluation.evaluate(loaded, model.stem, train, validation, test, bar.update)
    if as_json:
        rows = [asdict(row) for row in found.rows]
        print(json_line({"protocol": evaluation.PROTOCOL, "data": data, "split": split, "rows": rows}))
    else:
        _print(found, data, split)
    if output:  # the scores are out, should there be no place for the pictures
        step = find(data, data_dir).info.metadata["step"]
        pictures = plots.evaluation(found, step, output)
        if not as_json:
            print("\nPictures: " + ", ".join(map(str, pictures)))
    elif not as_json:
        print("\nAdd --output FOLDER for pictures of the best, median and worst run and of the error over time.")


def _print(found, data: str, split: str) -> None:
    from hrkeras import evaluation

    print(f"Protocol {evaluation.PROTOCOL_MEANING}")
    print(f"Data {data}, {split} split: {found.rows[0].runs:,} runs, {found.rows[0].steps:,} measured steps.\n")
    print(evaluation.table(found.rows))
    print("\nPer person, mean absolute error (beats/min):\n")
    print(evaluation.people_table(found))
