"""The Dockerfile and the workflow name what there is. Neither is run here."""

import json
import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from hrkeras.cli.main import app

ROOT = Path(__file__).resolve().parents[1]


def instructions(name):
    """What follows an instruction of the Dockerfile, each time that it stands there."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def ignored(path):
    """Whether .dockerignore keeps a file at the root from the image; it lets in what it names after a `!`."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return "*" in lines and f"!{path}" not in lines


def test_the_image_gets_all_that_the_package_is_built_of():
    copied = [source for line in instructions("COPY") for source in shlex.split(line)[:-1]]
    assert [path for path in copied if not (ROOT / path).exists() or ignored(path)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"}
    assert needed | set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) <= set(copied)


def test_the_image_runs_the_command_of_the_demo_as_nobody_special():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (command,) = (json.loads(line) for line in instructions("CMD"))
    assert f"$(BIN)/{' '.join(command)}\n" in makefile
    assert command[0] == "hrkeras"
    assert command[1] in typer.main.get_command(app).commands
    assert instructions("USER")[-1] not in ("root", "0")


def test_the_image_has_a_python_that_the_package_supports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    (image,) = instructions("FROM")
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    versions = re.findall(r'"(3\.\d+)"', workflow)
    assert image.removeprefix("python:").removesuffix("-slim") in versions
    assert versions[0] == oldest


def test_the_workflow_calls_what_a_clean_checkout_must_pass():
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    ran = [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]
    assert ran == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
