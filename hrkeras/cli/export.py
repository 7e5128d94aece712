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
        typer.Argument(help="A .keras model, or base. Default: the only file in this folder, else base.", show_default=False),
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
    report = process.export(model, output, kind, streaming=streaming, quantize=quantize)
    if as_json:
        print(json_line(report))
        return
    files = [path for path in output.rglob("*") if path.is_file()] if output.is_dir() else [output]
    print(
        f"Checked in {report['runtime']} on {report['checked_runs']} simulated runs, {report['checked_steps']:,} steps: it "
        f"differs from the model by up to {report['largest_difference']:.2g} beats/min "
        f"(at most {report['limit']:g} is allowed)."
    )
    threads = "" if kind == "savedmodel" else ", on one thread"
    print(f"Time here{threads}: {report['milliseconds']:.3g} ms a {'step' if streaming else 'run of 500 steps'}.")
    print(f"Inputs: {', '.join(tensor['name'] for tensor in report['inputs'])}.")
    print(
        f"Written: {output} ({sum(path.stat().st_size for path in files):,} bytes) and {output}.json, which says what it takes."
    )


def _name(model: Path, kind: str, streaming: bool, quantize: bool) -> Path:
    """Where an export lies if no place is given: beside its model."""
    variant = "_streaming" * streaming + "_quantized" * quantize
    return model.with_name(f"{model.stem}{variant}{ENDINGS[kind]}")
