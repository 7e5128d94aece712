"""The page of docs/demo with a model of one's own instead of the base model."""

import chromium
import numpy as np
import pytest
from chromium import demo, fetched, served

from hrkeras.models import saving
from hrkeras.personal import prediction, run_choice
from hrkeras.workouts.simulation import formats, synthetic


def test_a_model_of_ones_own_predicts_what_it_predicts_elsewhere(exported, saved, tmp_path):
    for package in ("onnxruntime", "tf2onnx"):
        pytest.importorskip(package)
    if not chromium.find():
        pytest.skip("no Chromium")
    model, _ = exported("gru", "onnx", quantize=False)
    fetched(demo.build, tmp_path / "site", model)
    (run,) = formats.write_gpx_folder(synthetic.simulate(1, 1, seed=8, flawed=0, faulty=0), tmp_path)
    with served(tmp_path / "site") as place, chromium.Chromium(tmp_path / "profile") as page:
        page.do("Page.navigate", url=place)
        page.wait("document.getElementById('status')?.textContent.startsWith('Ready')")
        page.choose("#files", run)
        page.wait("!document.getElementById('run').hidden")
        found = page.evaluate(f"import('{place}page.js').then(({{shown}}) => Array.from(shown.last.predicted))")
    wanted = prediction.predict(run_choice.load_run(run)[0], None, saving.load(saved("gru")))
    np.testing.assert_allclose(found, wanted.heart_rate, atol=0.02)
