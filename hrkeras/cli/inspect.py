"""`hrkeras inspect`: what a source holds and how good it is."""

from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli import kinds, outputs
from hrkeras.cli.outputs import Force
from hrkeras.cli.shared import Json, Limit, NoCache, json_line, progress, reader


def inspect(
    source: Annotated[
        Path,
        typer.Argument(
            exists=True,
            help="An Endomondo file, an Apple Health export, a GPX, TCX or FIT file, or a folder or zip of such files.",
            show_default=False,
        ),
    ],
    output: Annotated[Path | None, typer.Option(file_okay=False, help="Folder for plots. Default: none are drawn.")] = None,
    force: Force = False,
    limit: Limit = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Show what a source holds: runs, what the quality filters remove, sensor faults, and how heart rate goes with speed and
    altitude.
    """
    outputs.check([source], [(output, kinds.PICTURES)], force)
    from hrkeras.datasets.inspection import inspection, inspection_plots, inspection_text
    from hrkeras.workouts.quality import Limits
    from hrkeras.workouts.readers import detect
    from hrkeras.workouts.readers.source import ReadLog

    limits = Limits().override(limit or [])
    kind = detect.reader(source)
    with progress(kind.size(source), f"Reading {source.name}", "B") as bar:
        log = ReadLog(bar.update)
        result = inspection.inspect(reader(no_cache)(source, log), limits, log)
    name = kind.__name__.rpartition(".")[2]
    if not json:
        print(inspection_text.text(result, source, name))
    pictures = inspection_plots.draw(result, output) if output else []
    if json:
        about = {part: getattr(inspection_text, part)(result, source, name) for part in ("findings", "commands")}
        print(json_line(result.as_dict() | about | {"pictures": list(map(str, pictures))}))
    elif output:
        print(f"Pictures in {output}: {', '.join(picture.name for picture in pictures) or 'nothing to draw'}")
    else:
        print("Pictures: give a folder with --output FOLDER.")
