"""The `hrkeras` program."""

import errno
import os
import re
import signal
import sys
from pathlib import Path
from types import ModuleType

import typer
from typer.core import TyperCommand, TyperGroup

from hrkeras import __version__
from hrkeras.cli import (
    audit,
    build,
    cache,
    convert,
    demo,
    drift,
    ensemble,
    estimate,
    evaluate,
    export,
    finetune,
    fitness,
    guard,
    inspect,
    plan,
    predict,
    repair,
    report,
    running_index,
    terminal,
    today,
    train,
    training_load,
    tune,
    update,
    zones,
)
from hrkeras.cli.shared import AT_END
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import BESIDE, PREFIX, is_full

DISK_FULL = (
    "the disk is full; no output is half written: each is new and whole, or as it was before. Free some space and repeat the "
    "command; a training goes on with --resume."
)


PANELS: dict[str, tuple[ModuleType, ...]] = {  # commands by what a person wants to do, in the order of a story
    "Try it": (demo,),
    "Data": (build, inspect),
    "Models": (train, tune, finetune, ensemble, evaluate, audit, convert),
    "Export": (export,),
    "My runs": (
        *(report, predict, update, plan, estimate, repair, zones, fitness, drift),
        *(running_index, training_load, today, guard, cache),
    ),
}


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


GOES_ON = {
    **dict.fromkeys(("train", "finetune"), " It goes on with --resume."),
    "tune": " The same command goes on with the search.",
}


class _Program(TyperGroup):
    """Turns errors caused by a person's input into one sentence and an exit code."""

    def __init__(self, *args, commands, **kwargs):
        names = [_name(module).replace("_", "-") for modules in PANELS.values() for module in modules]
        story = {name: commands[name] for name in names if name in commands}  # typer has groups behind commands
        super().__init__(*args, commands=story | commands, **kwargs)

    def main(self, *args, **kwargs):
        terminal.prepare()
        return super().main(*args, **kwargs)

    def invoke(self, ctx):
        try:
            with AT_END:
                return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = terminal.plain(error.message)
            raise
        except InputError as error:
            _say_error(str(error))
        except Exception as error:
            if is_full(error):
                why = DISK_FULL
            elif not isinstance(error, OSError):
                raise
            elif error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
                why = f"{_place(error)}: no permission to read or write there; give another place, or change its permissions."
            elif error.errno == errno.EPIPE:
                raise
            else:
                why = f"{_place(error)}: {error.strerror or error}; choose another path."
            _say_error(why)
        except KeyboardInterrupt:
            typer.secho(f"Stopped; nothing half written is left.{GOES_ON.get(ctx.invoked_subcommand, '')}", err=True)
            raise
        raise typer.Exit(1)


def _place(error: OSError) -> str:
    """The path that an error is about; where that lies in a folder of our own, what would have taken its place."""
    path = Path(os.fsdecode(error.filename2 or error.filename or "a file"))
    if path.name.endswith(BESIDE):
        path = path.with_name(path.name.removeprefix(".").removesuffix(BESIDE))
    own = next((parent for parent in (path, *path.parents) if parent.name.startswith(PREFIX)), None)
    return str(own.parent / path.relative_to(own) if own else path)


class _Command(TyperCommand):
    """Prints plain text only; what is asked with --help is printed before. Adds its options to the advice of errors."""

    def __init__(self, *args, help: str | None = None, **kwargs):
        paragraphs = (help or "").split("\n\n")  # of which Typer joins the lines of the first alone
        super().__init__(*args, help="\n\n".join(text.replace("\n", " ") for text in paragraphs), **kwargs)

    def parse_args(self, ctx, args):
        if any(re.fullmatch("(--[a-z-]+=)?", text) for text in args):
            raise typer.BadParameter("one of the arguments is empty; was a variable not set?", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx):
        try:
            with terminal.plain_output():
                return super().invoke(ctx)
        except InputError as error:
            if option := next((param for param in self.params if param.name == error.argument), None):
                called = " ".join(filter(None, (option.opts[0], option.metavar)))
                error.args = (f"{re.sub(r'(?<![.])[.]$', '', str(error))} ({called}).",)
            raise


def _say_error(sentence: str) -> None:
    typer.secho(f"Error: {terminal.plain(sentence)}", err=True, fg="red")


app = typer.Typer(
    cls=_Program,
    help="Predict the heart rate of a run from its speed and altitude, and from the person's earlier runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _program(
    version: bool = typer.Option(False, "--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that unfinished work is cleared away


for panel, modules in PANELS.items():
    for module in modules:
        if group := getattr(module, "app", None):
            app.add_typer(group, name=_name(module), rich_help_panel=panel)
            for command in group.registered_commands:
                command.cls = _Command
        else:
            app.command(rich_help_panel=panel, cls=_Command)(getattr(module, _name(module)))

if __name__ == "__main__":
    app(prog_name="hrkeras")
