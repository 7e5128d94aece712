"""`hrkeras export`: a model for other programs, phones and browsers."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli import defaults, kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Json, json_line

ENDINGS = {"savedmodel": "_savedmodel", "litert": ".tflite", "onnx": ".onnx"}


def export(
    model: Annotated[
        Path | None,
        typer.Argument(help="A .keras model. Default: the only one in this folder.", show_default=False),
    ] = None,
    kind: Annotated[
        Literal["savedmodel", "litert", "onnx"],
        typer.Option("--format", help="SavedModel (a folder), LiteRT (.tflite) or ONNX (.onnx)."),
    ] = "savedmodel",
    output: Annotated[
        Path | None,
        typer.Option(
            help="The file or folder to write; OUTPUT.json beside it describes it. Default: named after the model, beside it.",
            show_default=False,
        ),
    ] = None,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="Predict step by step, for use during a run; not for bidirectional models.")
    ] = False,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Store weights as 16-bit floats: a smaller, less exact file. LiteRT only.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Export a model to a format that needs no Keras, after checking that both predict the same."""
    model = defaults.model(model, "MODEL")
    output = output or defaults.use("--output", _name(model, kind, streaming, quantize))
    from hrkeras.export import process

    description = process.description_of(output)
    outputs.check([model], [(output, kinds.EXPORTS[kind]), (description, kinds.DESCRIPTION)], force)
    found = process.export(model, output, kind, streaming=streaming, quantize=quantize)
    if as_json:
        print(json_line(found))
        return
    files = [each for each in output.rglob("*") if each.is_file()] if output.is_dir() else [output]
    print(
        f"Checked in {found['runtime']} on {found['checked_runs']} simulated runs, {found['checked_steps']:,} steps: it differs "
        f"from the model by up to {found['largest_difference']:.2g} beats/min (at most {found['limit']:g} is let through)."
    )
    threads = "" if kind == "savedmodel" else ", on one thread"
    print(f"Time here{threads}: {found['milliseconds']:.3g} ms a {'step' if streaming else 'run of 500 steps'}.")
    print(f"Inputs: {', '.join(each['name'] for each in found['inputs'])}.")
    print(
        f"Written: {output} ({sum(each.stat().st_size for each in files):,} bytes) and {output}.json, which says what it takes."
    )


def _name(model: Path, kind: str, streaming: bool, quantize: bool) -> Path:
    """Where an export lies if no place is given: beside its model."""
    variant = "_streaming" * streaming + "_quantized" * quantize
    return model.with_name(f"{model.stem}{variant}{ENDINGS[kind]}")
