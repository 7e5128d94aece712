"""`hrkeras export`: a model for other programs, phones and browsers."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Json, json_line


def export(
    model: Annotated[Path, typer.Argument(help="A .keras file from `hrkeras train`.", show_default=False)],
    kind: Annotated[
        Literal["savedmodel", "litert", "onnx"],
        typer.Option("--format", help="SavedModel (a folder), LiteRT (.tflite) or ONNX (.onnx).", show_default=False),
    ],
    output: Annotated[Path, typer.Option(help="What to write; what it is goes beside, with .json behind.", show_default=False)],
    streaming: Annotated[
        bool, typer.Option("--streaming", help="One step at a time, for use during a run; not for bidirectional models.")
    ] = False,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Keep weights as 16-bit numbers: a smaller, less exact file; LiteRT only.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Export a model to a file that needs no Keras, if what the file says is what the model says."""
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
