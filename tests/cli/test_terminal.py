"""What reaches a terminal: what it can show, and nothing that controls it."""

import io
import json
import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from hrkeras.cli import main, shared, terminal
from hrkeras.utils.errors import InputError

HOSTILE = "run\x1b[2J\x9b31m\r\x07\u202eback\u2028"
ESCAPED = r"run\u001b[2J\u009b31m\u000d\u0007\u202eback\u2028"


def test_control_characters_are_written_as_json_writes_them():
    assert terminal.plain(HOSTILE) == ESCAPED
    assert json.loads(f'"{ESCAPED}"') == HOSTILE
    assert terminal.plain("Łódź 走る 😀\n\tnext") == "Łódź 走る 😀\n\tnext"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "Zoë 走 😀 \\udc80 ±"),
        ("cp1252", "Zoë \\u8d70 \\ud83d\\ude00 \\udc80 ±"),
        ("ascii", "Zo\\u00eb \\u8d70 \\ud83d\\ude00 \\udc80 \\u00b1"),
    ],
)
def test_what_an_encoding_does_not_have_is_escaped(encoding, expected, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.prepare()
    print("Zoë 走 😀 \udc80 ±", flush=True)
    assert stream.buffer.getvalue().decode(encoding).rstrip("\r\n") == expected


@pytest.fixture
def program(monkeypatch):
    """The program with one command more, which says and warns of what it is told, and fails if that is to be an error."""

    def echo(text: str, fail: str = "") -> None:
        """Say it."""
        print(text)
        shared.warn([text])
        shared.progress(None, text, "run")
        if fail == "call":
            raise typer.BadParameter(text)
        if fail == "data":
            raise InputError(f"{text}.")

    app = typer.Typer(cls=main._Program, pretty_exceptions_enable=False)
    app.command(cls=main._Command)(echo)
    app.command(cls=main._Command)(lambda: None)
    return app


@pytest.mark.parametrize(("fail", "code"), [("not", 0), ("call", 2), ("data", 1)])
def test_no_command_prints_control_characters(fail, code, program):
    result = CliRunner().invoke(program, ["echo", HOSTILE, "--fail", fail])
    assert result.exit_code == code, result.output
    assert result.stdout == f"{ESCAPED}\n"
    assert result.stderr.startswith(f"Warning: {ESCAPED}\n")
    assert not terminal.CONTROLS.search(result.output)


def test_every_command_is_such_a_command():
    groups = (main.app, main.build.app, main.convert.app)
    assert {command.cls for group in groups for command in group.registered_commands} == {main._Command}


def test_a_folder_with_a_name_that_the_terminal_cannot_show(tmp_path):
    """The work is done, and said, whatever the encoding."""
    folder = tmp_path / "走る\x1b[31m"
    folder.mkdir()
    (folder / "a.gpx").write_text("<gpx/>")
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "hrkeras.cli.main", "inspect", str(folder)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="cp1252")
    assert found.returncode == 1
    assert found.stderr.startswith("Error: ")
    assert r"\u8d70\u308b\x1b[31m" in found.stderr
    assert "Traceback" not in found.stderr
    assert "\x1b" not in found.stderr + found.stdout
