"""Every model in every format: size, how far it is from the model, time; or what stands in the way.

    python benchmarks/export.py
    python benchmarks/export.py --models gru --models patchtst --kinds onnx

The models are untrained, of their usual sizes, with weights of chance where they begin with 0; times are of runs of 500 steps,
and of one step of a streamed one, on one thread but for SavedModel.
"""

import os
import tempfile
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli.shared import start
from hrkeras.utils.presets import PRESETS

KINDS = ("savedmodel", "litert", "onnx")
MEMBERS = ("gru", "lstm")  # of the ensemble
SPREAD = 0.05  # standard deviation of weights that begin with 0
HEADER = "| model | parameters | format | bytes | largest difference, beats/min | ms |\n|---|---|---|---|---|---|"


def main(
    models: Annotated[list[str] | None, typer.Option(help="Presets, or ensemble; all if not given.")] = None,
    kinds: Annotated[list[str] | None, typer.Option(help="Formats; all if not given.")] = None,
) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    start("tensorflow")
    import keras

    from hrkeras.export import child
    from hrkeras.utils.errors import InputError

    print(HEADER, flush=True)
    for name in models or (*PRESETS, "ensemble"):
        keras.utils.set_random_seed(0)
        model = _model(name)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.keras"
            model.save(path)
            for kind, streaming in product(kinds or KINDS, (False, True)):
                output = Path(folder) / f"{kind}{streaming}"
                try:
                    found = child.export(path, output, kind, streaming)
                    cells = [f"{_bytes(output):,}", f"{found['largest_difference']:.1g}", f"{found['milliseconds']:.3g}"]
                except InputError as error:
                    cells = ["", str(error).removeprefix(f"{path}: "), ""]
                except Exception as error:  # of the converter, which raises what it likes
                    cells = ["", _why(error), ""]
                what = f"{kind}, streaming" if streaming else kind
                print(f"| {' | '.join([name, f'{model.count_params():,}', what, *cells])} |", flush=True)


def _model(name: str):
    """An untrained model whose parts all count."""
    import numpy as np

    from hrkeras import models

    if name == "ensemble":
        return models.ensemble([_model(each) for each in MEMBERS], [1 / len(MEMBERS)] * len(MEMBERS))
    model, random = models.preset(name)(), np.random.default_rng(0)
    weights = [each if each.any() else random.normal(0, SPREAD, each.shape) for each in model.get_weights()]
    model.set_weights(weights)
    return model


def _bytes(output: Path) -> int:
    files = [each for each in output.rglob("*") if each.is_file()] if output.is_dir() else [output]
    return sum(each.stat().st_size for each in files)


def _why(error: Exception) -> str:
    """What a converter says, in a line: the last that names an operation, else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    named = [line for line in lines if "op" in line.lower()]
    return (named or lines)[-1 if named else 0][:200].replace("|", "/")


if __name__ == "__main__":
    typer.run(main)
