"""The athlete's state restated in plain Python says what the package's says, on the runs of the test vectors."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VECTORS = json.loads((EXAMPLES / "athlete_vectors.json").read_text(encoding="utf-8"))


def load(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def close(found, wanted, tolerance=1e-3):
    found, wanted = np.array(found, float), np.array(wanted, float)  # None becomes NaN
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    assert np.isfinite(wanted).any()


def test_the_vectors_are_what_the_package_says():
    made = load("make_athlete_vectors").vectors()
    assert made["population"] == VECTORS["population"]
    assert any(direction[-2] for direction in VECTORS["population"]["differences"])  # how hard a run is tells of the person
    for one, two in zip(made["runs"], VECTORS["runs"], strict=True):
        for part in ("before", "after"):
            for name, values in one[part].items():
                close(values, two[part][name], 1e-4)


def test_plain_python_says_the_same():
    example = load("athlete")
    athlete = example.Athlete(VECTORS["population"])
    for run in VECTORS["runs"]:
        given = run["start"], run["speed"], run["altitude"]
        before = athlete.predict(*given)
        before["expected"] = before["expected"][::9]
        for name, values in before.items():
            close(values, run["before"][name])
        athlete.update(*given, run["heart_rate"])
        close(athlete.weights, run["after"]["weights"])
        close([[rows[i][i] for i in range(len(rows))] for rows in athlete.covariance], run["after"]["variances"])
        close(athlete.residuals, run["after"]["misses"])
        close(athlete.records[-1], run["after"]["record"])
    assert athlete.count == 3


def test_it_imports_nothing_but_the_standard_library():
    text = (EXAMPLES / "athlete.py").read_text(encoding="utf-8")
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names
    assert imported


def test_another_state_is_told_apart():
    wanted = np.array(VECTORS["runs"][0]["after"]["weights"])
    with pytest.raises(AssertionError):
        close(wanted + 0.1, wanted)
