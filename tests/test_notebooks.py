"""The notebooks of the documentation run as they are, and print what they say they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "tutorials").glob("*.py"))


def words(text):
    """The words of a text without its numbers and without the mark at the best epoch: they differ from machine to machine."""
    return " ".join(word for word in re.findall(r"[^\W\d]+", text) if word != "best")


def shown(notebook):
    """The outputs that a notebook shows in its text, one after the other."""
    text = re.sub(r"^# ?", "", notebook.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_prints_what_it_shows(notebook, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, notebook], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert shown(notebook)
    assert [text for text in shown(notebook) if words(text) not in words(done.stdout)] == [], done.stdout
