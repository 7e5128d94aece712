"""`hrkeras export`, with its process."""

import importlib.util
import json
import os
import sys

import pytest
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.cli.main import app


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "bare.keras"
    models.lstm(units=4, num_layers=1, history=False, course=False).save(path)
    return path


def run(*words):
    return CliRunner().invoke(app, ["export", *map(str, words)])


def test_an_export_and_what_it_is(model, tmp_path):
    found = run(model, "--format", "savedmodel", "--output", tmp_path / "out")
    assert found.exit_code == 0, found.output
    assert "differs from the model by up to" in found.stdout
    assert sorted(os.listdir(tmp_path)) == ["out", "out.json"]
    assert (tmp_path / "out" / "saved_model.pb").is_file()
    said = json.loads((tmp_path / "out.json").read_text())
    assert said["largest_difference"] <= said["limit"] == 0.01
    assert [each["name"] for each in said["inputs"]] == ["time", "speed", "altitude", "known_heart_rate", "delay"]
    assert said["step_seconds"] == 10
    assert said["checked_runs"] == 20


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("""echo noise; echo '{"error": "bad.keras: is damaged."}'; exit 1""", "Error: bad.keras: is damaged."),
        ("echo something >&2; echo why it failed >&2; exit 1", "the converter to savedmodel failed (why it failed)"),
        ("kill -9 $$", "the converter to savedmodel failed (it ended with code -9)"),
    ],
)
def test_a_process_that_fails_is_said_and_leaves_nothing(model, does, said, tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    found = run(model, "--format", "savedmodel", "--output", tmp_path / "out")
    assert found.exit_code == 1
    assert said in " ".join(found.output.split())
    assert os.listdir(tmp_path) == ["python"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "onnx", "--output", "a.tflite"], "expected a file name ending in .onnx"),
        (["--format", "savedmodel", "--quantize", "--output", "a"], "Only the format litert can be quantized"),
        (["--format", "savedmodel", "--output", "."], "is a folder and no SavedModel"),
    ],
)
def test_a_wrong_call_is_one_sentence(model, words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True)
    found = run(model, *words)
    assert found.exit_code == 1
    assert said in found.output
    assert os.listdir(tmp_path) == []


def test_a_missing_package_is_named_with_the_command(model, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = run(model, "--format", "litert", "--output", tmp_path / "a.tflite")
    assert found.exit_code == 1
    assert "needs ai-edge-litert; install with `pip install 'hrkeras[litert]'`" in found.output
