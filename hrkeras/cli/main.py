"""The `hrkeras` program."""

import errno
import os
import signal
import sys
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup

from hrkeras import __version__
from hrkeras.cli import (
    audit,
    build,
    convert,
    demo,
    ensemble,
    estimate,
    evaluate,
    export,
    finetune,
    fitness,
    inspect,
    plan,
    predict,
    report,
    terminal,
    train,
    tune,
    update,
    zones,
)
from hrkeras.cli.shared import AT_END
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import PREFIX, is_full

DISK_FULL = (
    "the disk is full; no output is half written: each is new and whole, or as it was before. Free some space and repeat the "
    "command, a training that has finished epochs with --resume."
)


class _Program(TyperGroup):
    """Turns what a person's input causes into one sentence and an exit code."""

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
                why = f"{_place(error)}: no permission to read or write there."
            elif error.errno == errno.EPIPE:
                raise
            else:
                why = f"{_place(error)}: {error.strerror or error}; choose another path."
            _say_error(why)
        except KeyboardInterrupt:
            typer.secho("Stopped; nothing half written is left. A training goes on with --resume, a search by itself.", err=True)
            raise
        raise typer.Exit(1)


def _place(error: OSError) -> str:
    """The path that an error is about; where that lies in a folder of our own, what would have taken its place."""
    path = Path(os.fsdecode(error.filename2 or error.filename or "a file"))
    own = next((each for each in (path, *path.parents) if each.name.startswith(PREFIX)), None)
    return str(own.parent / path.relative_to(own) if own else path)


class _Command(TyperCommand):
    """Prints plain text only; what is asked with --help is printed before."""

    def invoke(self, ctx):
        with terminal.plain_output():
            return super().invoke(ctx)


def _say_error(sentence: str) -> None:
    typer.secho(f"Error: {terminal.plain(sentence)}", err=True, fg="red")


app = typer.Typer(
    cls=_Program,
    help="Predict the heart rate of a run from its speed and altitude.",
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


app.command()(demo.demo)
app.command()(inspect.inspect)
app.add_typer(build.app, name="build")
app.add_typer(convert.app, name="convert")
app.command()(train.train)
app.command()(tune.tune)
app.command()(finetune.finetune)
app.command()(ensemble.ensemble)
app.command()(evaluate.evaluate)
app.command()(audit.audit)
app.command()(update.update)
app.command()(predict.predict)
app.command()(plan.plan)
app.command()(estimate.estimate)
app.command()(zones.zones)
app.command()(fitness.fitness)
app.command()(report.report)
app.command()(export.export)
for group in (app, build.app, convert.app):
    for command in group.registered_commands:
        command.cls = _Command

if __name__ == "__main__":
    app(prog_name="hrkeras")
