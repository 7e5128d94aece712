"""Nothing leaves the machine: no command reaches for the network, and no library keeps a record in the home folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import hrkeras
from hrkeras.utils import telemetry

CODE = """
import json, sys
reached = []
sys.addaudithook(lambda event, given: event in ("socket.connect", "socket.getaddrinfo") and reached.append(str(given)))
from hrkeras.cli.main import app
for arguments in json.loads(sys.argv[1]):
    app(arguments, standalone_mode=False)
assert not reached, reached
"""


def test_a_persons_runs_stay_here(folder, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    run, runs = next(folder.glob("runs/**/*.gpx")), folder / "runs"
    commands = [
        ["inspect", runs],
        ["update", tmp_path / "me.json", runs],
        ["predict", run, "--output", tmp_path / "run.csv", "--plot", tmp_path / "run.png"],
        ["report", runs, "--output", tmp_path / "report.html"],
    ]
    words = json.dumps([[str(word) for word in command] for command in commands])
    environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(Path(hrkeras.__file__).parents[1])}
    for name in ("HRKERAS_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, "-c", CODE, words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kept = {path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file()}
    # what was read from the runs, and matplotlib's list of fonts
    assert kept <= {(".cache", "hrkeras"), (".cache", "matplotlib"), (".config", "matplotlib")}


def test_what_other_libraries_would_tell_is_switched_off(monkeypatch):
    for name in telemetry.SWITCHES:
        monkeypatch.setenv(name, "0")
    telemetry.off()
    assert {name: os.environ[name] for name in telemetry.SWITCHES} == dict.fromkeys(telemetry.SWITCHES, "1")


def test_no_module_imports_such_a_library_without_that():
    for path in Path(hrkeras.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for library in ("onnxruntime", "tf2onnx", "chronos", "nixtla", "tirex2", "timesfm3", "fracast"):
            for statement in (f"    import {library}\n", f"    from {library} import"):
                before, found, _ = text.partition(statement)
                assert not found or "telemetry.off()" in before, path
