"""The defaults of commands: the dataset that is built, the model that is there. A default that is used is printed."""

from collections.abc import Collection
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

import typer

from hrkeras.cli.terminal import note
from hrkeras.datasets import builders
from hrkeras.utils import packaged
from hrkeras.utils.errors import InputError

if TYPE_CHECKING:
    import keras

Value = TypeVar("Value", str, Path)
PERSONAL = ("apple_watch", "tracks")  # datasets of one person's runs


def use(option: str, value: Value, why: str = "") -> Value:
    """Prints the value that is used for an option that was not given, and returns it."""
    note(f"Using {option} {quote(str(value))}{f' ({why})' if why else ''}.")
    return value


def data(data_dir: Path | None, kinds: Collection[str] = builders.DATASETS) -> str:
    """The built dataset; of several the first of `builders.DATASETS`.

    Args:
        data_dir: the folder of datasets.
        kinds: those that fit the command.

    Raises:
        InputError: if none of them is built.
    """
    built = [kind for kind in builders.built(data_dir) if kind in kinds]
    if not built:
        where = in_folder(data_dir)
        commands = [f"`{builders.build_command(kind)}{where}`" for kind in builders.DATASETS if kind in kinds]
        what = "dataset" if len(kinds) == len(builders.DATASETS) else "dataset of one person"
        raise InputError(
            f"No {what} is built in {builders.folder(data_dir)}. Build one with {', '.join(commands[:-1])} or {commands[-1]}, "
            "or say where one is.",
            "data_dir",
        )
    return use("--data", built[0], f"also built: {', '.join(built[1:])}" if built[1:] else "")


def in_folder(data_dir: Path | None) -> str:
    """The option that names the folder of datasets in a command, if one was given."""
    return f" --data-dir {quote(str(data_dir))}" if data_dir else ""


def data_of(path: Path, model: "keras.Model", data_dir: Path | None) -> str:
    """The dataset that a model was trained on or adapted to, if that is built; else as `data`.

    Args:
        path: of the model's file, beside which its card may lie.
        model: what is in it.
        data_dir: the folder of datasets.
    """
    from hrkeras.models import saving
    from hrkeras.training import model_card

    built = builders.built(data_dir)
    for name in (model_card.data(path.with_suffix(".md")), model_card.first_of(saving.population(model).source)):
        if name.partition("/")[0] in built:
            return use("--data", name, f"the dataset of {path.name}")
    return data(data_dir)


def model(path: Path | None, option: str) -> Path:
    """The file of a model, or the name of a packaged one: what is given, else the only file in the current folder, else the base.

    Args:
        path: what is given.
        option: the option or argument that it is given with.

    Raises:
        InputError: if what is given is not there.
        typer.BadParameter: if nothing is given, and several are there.
    """
    if path:
        check_model(path)
        return path
    files = sorted(file for file in Path().glob("*.keras") if file.is_file())
    if not files:
        return use(option, Path(packaged.BASE), "the model that comes with hrkeras; there is no .keras file in this folder")
    if len(files) > 1:
        names = ", ".join(map(str, files[:5])) + (", ..." if files[5:] else "")
        raise typer.BadParameter(f"there are several .keras files in this folder; give one of {names}", param_hint=option)
    return use(option, files[0])


def check_model(path: Path) -> None:
    """Checks that a model's file exists, before Keras is imported, which takes seconds; a packaged one has no file to give.

    Raises:
        InputError: if it does not, or has another ending; it says how to train one.
    """
    if path.exists():
        if path.suffix != ".keras":
            raise InputError(f"{path}: expected a file that ends in .keras, as `hrkeras train` writes it.")
        return
    if path.suffix != ".keras":  # the name of a packaged one
        return
    kind = f" --data {path.stem}" if path.stem in builders.DATASETS else ""
    place = f" --output {quote(str(path))}" if str(path) != f"{path.stem}.keras" or not kind else ""
    raise InputError(f"{path}: no such file; train a model first: `hrkeras train{kind}{place}`.")


def model_output(output: Path | None, name: str | Path) -> Path:
    """The .keras file to write: the one that is given, else of this name.

    Raises:
        typer.BadParameter: if what is given has another ending.
    """
    if output is None:
        return use("--output", Path(name))
    if output.suffix != ".keras":
        raise typer.BadParameter(f"expected a file name ending in .keras, found {output}", param_hint="--output")
    return output
