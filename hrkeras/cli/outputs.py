"""What a command may write over: its own earlier output, never an input, and anything else only with `--force`."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from hrkeras.cli.kinds import Kind

Plot = Annotated[Path | None, typer.Option(dir_okay=False, help="A PNG to draw a picture of the result to.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an output even if something else is there.")]


def check(inputs: Iterable[Path | None], outputs: Iterable[tuple[Path | None, Kind | None]], force: bool | None = False) -> None:
    """Refuses outputs that would destroy something, before any work is done.

    An output may be missing, empty, or of the kind that is written; anything else is replaced only with `force`. Never, and
    through no link, is it an input, a folder that holds one, something of another kind in a folder that is an input, or
    neither a file nor a folder.

    Args:
        inputs: files and folders that the command reads; None for what was not given.
        outputs: paths that it writes, each with its kind; None if the writer itself checks what is there.
        force: whether to replace what is of another kind; None for a command that never does.

    Raises:
        typer.BadParameter: for the first output that is refused.
    """
    given = [path for path in inputs if path is not None and path.exists()]
    wanted = [(path, kind) for path, kind in outputs if path is not None]
    for place, (path, kind) in enumerate(wanted):
        for other, _ in wanted[:place]:
            if os.path.realpath(path) == os.path.realpath(other):
                raise typer.BadParameter(f"{path}: expected a place for each output, found one for two; give another")
        if path.name == "-":
            raise typer.BadParameter(f"{path}: is not taken for standard output; give a name, or --json in place of a file")
        if path.exists():
            _check_is_no_input(path, given)
            _check_kind(path, kind, given, force)
        if kind and not path.name.lower().endswith(kind.ending):
            raise typer.BadParameter(f"{path}: expected a name that ends in {kind.ending}")


def check_copies(inputs: Iterable[Path | None], output: Path | None, force: bool) -> None:
    """`check` for copies of tracks: in a folder that is read these would be taken for more runs, or for another person's.

    Raises:
        typer.BadParameter: if the output is refused.
    """
    inputs = list(inputs)
    check(inputs, [(output, None)], force)
    folder = next((source for source in inputs if output and source and source.is_dir() and lies_in(output, source)), None)
    if folder:
        raise typer.BadParameter(
            f"{output}: lies in an input, {folder}, whose runs the copies would be mixed up with; give a place outside it"
        )


def _check_is_no_input(path: Path, inputs: list[Path]) -> None:
    for source in inputs:
        if path.samefile(source):
            raise typer.BadParameter(f"{path}: is an input, {source}, and would be lost; give another place for the output")
        if path.is_dir() and lies_in(source, path):
            raise typer.BadParameter(f"{path}: is a folder that holds an input, {source}; give the output a folder of its own")


def _check_kind(path: Path, kind: Kind | None, inputs: list[Path], force: bool | None) -> None:
    if not (path.is_file() or path.is_dir()):
        raise typer.BadParameter(f"{path}: is neither a file nor a folder; give another place for the output")
    if kind is None or is_empty(path) or kind.matches(path):
        return
    if folder := next((source for source in inputs if source.is_dir() and lies_in(path, source)), None):
        raise typer.BadParameter(f"{path}: lies in an input, {folder}, and is not {kind.name}; give another place for the output")
    if not force:
        advice = "give another place" if force is None else "give another place, or --force to replace it"
        raise typer.BadParameter(f"{path}: is there already and is not {kind.name}, so it stays as it is; {advice}")


def is_empty(path: Path) -> bool:
    """Whether a file has no bytes, or a folder holds nothing."""
    return not any(path.iterdir()) if path.is_dir() else not path.stat().st_size


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a path lies in a folder, at any depth and through any link."""
    return any(parent.samefile(folder) for parent in Path(os.path.realpath(path)).parents if parent.exists())


def picture_text(plot: Path | None, name: str) -> str:
    """Where the picture is, or how to get one, of a name such as `name`."""
    return f"Picture: {plot}" if plot else f"Picture: give a PNG with --plot {name}."
