"""The documentation says what is so: generated pages are current, examples run, commands and links exist."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.workouts.simulation import formats, synthetic

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md")})
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
FOLDERS = ("hrkeras", "docs", "tests", "examples", "benchmarks")

spec = importlib.util.spec_from_file_location("make_cli", DOCS / "make_cli.py")
make_cli = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_cli)


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["cli.md", "datasets.md", "filters.md"])
def test_generated_pages_are_current(page):
    path = DOCS / "reference" / page
    assert path.read_text(encoding="utf-8") == make_cli.pages()[path], "run `make docs`"


def test_a_table_is_made_anew_between_its_marks():
    page = "a\n<!-- filters begin: docs/make_cli.py -->\nold\n<!-- filters end -->\nb"
    made = make_cli.with_tables(page)
    assert "old" not in made
    assert "| `max_speed` | 10 | m/s |" in made
    assert (made[:2], made[-2:]) == ("a\n", "\nb")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_python_examples_run(page, data_dir, tmp_path):
    """The examples of a page, one after the other in one program, with a small simulated dataset built and two exports there."""
    examples = blocks(page, "python")
    if not examples:
        pytest.skip("no Python in it")
    for name, sign in (("torch", r"^(import|from) torch\b"), ("jax", r"^(import|from) jax\b"), ("apache_beam", r"\bbeam_")):
        if re.search(sign, "".join(examples), re.MULTILINE):
            pytest.importorskip(name)
    formats.write_apple_health(synthetic.simulate(1, 6, seed=5, flawed=0, faulty=0), tmp_path / "export.zip")
    formats.write_endomondo(synthetic.simulate(1, 6, seed=5, flawed=0, faulty=0), tmp_path / "endomondoHR.json.gz")
    environment = os.environ | {"TFDS_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", "\n".join(examples)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr


def commands(page):
    for block in blocks(page, "(?:bash|console|sh)"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["hrkeras"]:
                yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_and_their_options_exist(page):
    for words in commands(page):
        command = typer.main.get_command(app)
        while words and hasattr(command, "commands"):
            if words[0].startswith("-"):
                break
            assert words[0] in command.commands, words
            command, words = command.commands[words[0]], words[1:]
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
        given = (word for word in words if word.startswith("-") and " " not in word)  # the others are values, in quotes
        assert {word.partition("=")[0] for word in given} <= known, words


def anchors(page):
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target, place in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        if re.match(r"https?://", target):
            continue
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not place or place in anchors(there), f"{target}#{place}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_files_that_are_named_exist(page):
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_pages_that_the_code_names_exist():
    """In docstrings, messages and comments."""
    sources = [path for folder in FOLDERS for kind in ("py", "js", "html") for path in (ROOT / folder).rglob(f"*.{kind}")]
    named = {(path, name) for path in sources for name in re.findall(r"docs/[\w./-]+\.md", path.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert [(path, name) for path, name in named if not (ROOT / name).exists()] == []


def test_the_map_answers_each_question_with_one_file():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where is what")[2].partition("\n## ")[0]
    answers = re.findall(r"^\| [^|]*\? \| `([^`]+)` \|$", text, re.MULTILINE)
    assert len(answers) == len(re.findall(r"^\| [^|]*\? \|", text, re.MULTILINE)) >= 12
    assert [path for path in answers if not (ROOT / path).is_file()] == []


def test_the_commands_help_needs_no_heavy_import():
    code = (
        "import sys, hrkeras.cli.main; "
        "print(*{'keras', 'tensorflow', 'torch', 'jax', 'pandas', 'matplotlib', 'tensorflow_datasets', 'numpy', "
        "'orjson', 'keras_tuner'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == []


def test_commands_print_what_the_page_shows(tmp_path, monkeypatch):
    page = DOCS / "how-to" / "during_runs.md"
    made, commands = blocks(page, "bash")[:2]
    monkeypatch.chdir(tmp_path)
    exec(shlex.split(made.replace("\\\n", ""))[2])
    printed = [CliRunner().invoke(app, shlex.split(line, comments=True)[1:]).output for line in commands.splitlines()]
    fenced = page.read_text(encoding="utf-8").split("```")[1::2]
    for shown, output in zip([block for block in fenced if block.startswith("\n")], printed, strict=True):
        missing = set(shown.splitlines()) - {"", "..."} - set(output.replace("\N{NO-BREAK SPACE}", " ").splitlines())
        assert not missing, output
