"""The recipe that puts a trained model into the package writes files of one model, all of them or none."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from hrkeras.evaluation import exported
from hrkeras.models import saving
from hrkeras.utils.errors import InputError

spec = importlib.util.spec_from_file_location("base_recipe", Path(__file__).resolve().parents[2] / "recipes" / "base.py")
recipe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recipe)


def test_a_model_and_its_card(saved, tmp_path):
    pytest.importorskip("tf2onnx")
    model = Path(shutil.copy(saved("gru"), tmp_path / "trained.keras"))
    with pytest.raises(InputError, match="expected its card beside it, trained.md"):
        recipe.package(model, tmp_path / "packaged")
    model.with_suffix(".md").write_text("# trained\n\nhrkeras predict RUN --model trained.keras\n")
    files = recipe.package(model, tmp_path / "packaged")
    assert {path.name for path in files} == {"base.keras", "base.onnx", "base.onnx.json", "base.md"}
    base, light = saving.load(files[0]), exported.load(files[1])
    assert light.fingerprint == saving.fingerprint(base) == saving.fingerprint(saving.load(model))
    assert (light.name, light.population) == ("base", saving.population(base))
    assert files[3].read_text() == "# base\n\nhrkeras predict RUN --model base\n"
    assert files[0].stat().st_size < model.stat().st_size
