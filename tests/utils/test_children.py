"""Children take no code from the folder that a command runs in."""

import ast
import os
import subprocess
import sys
from operator import neg
from pathlib import Path

import pytest

import hrkeras
from hrkeras.utils import children
from hrkeras.utils.processes import ordered_map

PACKAGE = Path(hrkeras.__file__).parent
NAMES = ("h5py", "multiprocessing", "numpy", "json", "pickle", "keras", "sitecustomize", "hrkeras")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, with modules in it that leave a mark when they are imported."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w').write({name!r})")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_module_runs_without_code_from_the_current_folder(folder, monkeypatch):
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(folder))
    command = children.command("hrkeras.export.process", "one")
    found = subprocess.run(command, env=children.environment(), capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert not (folder / "executed").exists()


def test_without_that_it_would(folder):
    subprocess.run([sys.executable, "-m", "hrkeras.export.process"], capture_output=True)
    assert (folder / "executed").exists()


def test_spawned_processes_run_none_either(folder):
    assert list(ordered_map(neg, range(3), 2)) == [0, -1, -2]
    assert not (folder / "executed").exists()
    assert children.SAFE not in os.environ


def test_a_child_imports_what_this_process_does(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own_module.py").write_text("print(__import__('hrkeras').__file__)")
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))
    for here in (tmp_path, PACKAGE.parent):
        monkeypatch.chdir(here)
        found = subprocess.run(children.command("own_module"), env=children.environment(), capture_output=True, text=True)
        assert found.stdout.strip() == str(PACKAGE / "__init__.py")


def test_no_other_module_starts_python_by_itself():
    for path in PACKAGE.rglob("*.py"):
        attributes = {each.attr for each in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(each, ast.Attribute)}
        starts = attributes & {"executable", "get_context", "ProcessPoolExecutor"}
        assert not starts or path.name in ("children.py", "processes.py"), path
