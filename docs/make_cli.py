"""Writes docs/reference/cli.md from the commands' own help, and the tables of other pages that come from the code.

python docs/make_cli.py
"""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import typer

from hrkeras.athlete import history
from hrkeras.workouts import quality

DOCS = Path(__file__).parent
NOT_SHOWN = ("help", "install_completion", "show_completion")


def commands() -> str:
    """Every command with its arguments and options, in Markdown."""
    from hrkeras.cli.main import app

    program = typer.main.get_command(app)
    context = typer.Context(program)
    intro = "# Commands\n\nEvery command and group of commands also takes `--help` (`-h`).\n"
    return "\n".join([intro, *_sections(program, "hrkeras", context)])


def _sections(command, name: str, context: typer.Context) -> Iterator[str]:
    usage = re.sub(r"{(\w+)}", lambda argument: argument[1].upper(), " ".join(command.collect_usage_pieces(context)))
    yield f"## {name}\n\n{' '.join(command.help.split())}\n\n```\n{name} {usage}\n```\n"
    shown = [param for param in command.get_params(context) if param.name not in NOT_SHOWN]
    records = [record for param in shown if (record := param.get_help_record(context))]
    if records:
        yield "".join(f"- `{each.replace(' range>', '>')}`: {' '.join(says.split())}\n" for each, says in records)
    for each in getattr(command, "commands", {}).values():
        yield from _sections(each, f"{name} {each.name}", context)


def filters() -> str:
    """The limits of the quality filters."""
    reasons = dict(quality.REASONS)
    rows = ["| filter | takes a run for | limit | default | unit | why |", "|---|---|---|---|---|---|"]
    for limit in fields(quality.Limits):
        name, default = limit.metadata["filter"], limit.default
        if isinstance(default, bool):
            default = "yes" if default else "no"
        elif isinstance(default, tuple):
            default = ", ".join(default)
        elif isinstance(default, float):
            default = f"{default:g}"
        about = f"{name} | {reasons.pop(name)}" if name in reasons else "|"
        rows.append(f"| {about} | `{limit.name}` | {default} | {limit.metadata['unit']} | {limit.metadata['why']} |")
    rows += [f"| {name} | {reason} | | | | |" for name, reason in reasons.items()]
    return "\n".join(rows)


def columns() -> str:
    """The numbers of the history, those over several spans in one row."""
    spans = ", ".join(f"{span:.0f}" for span in history.SPANS)
    averaged = {f"{name}_over_{span:.0f}" for name in history.RECORD for span in history.SPANS}
    rows = ["| columns | over about the last ... runs |", "|---|---|"]
    rows += [f"| `{name}_over_N` | {spans} |" for name in history.RECORD]
    rows += [f"| `{name}` | |" for name in history.COLUMNS if name not in averaged]
    return "\n".join(rows)


TABLES = {"filters": filters, "history": columns}
PAGES_WITH_TABLES = ("filters.md", "datasets.md")


def with_tables(text: str) -> str:
    """A page with what stands between its marks made anew."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name} begin: docs/make_cli.py -->", f"<!-- {name} end -->"
        before, found, rest = text.partition(begin)
        if found:
            text = f"{before}{begin}\n{make()}\n{end}{rest.partition(end)[2]}"
    return text


def pages() -> dict[Path, str]:
    """What each generated page should say."""
    reference = DOCS / "reference"
    filled = {reference / name: with_tables((reference / name).read_text(encoding="utf-8")) for name in PAGES_WITH_TABLES}
    return {reference / "cli.md": commands(), **filled}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
