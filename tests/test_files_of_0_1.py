"""Files that version 0.1 wrote, which kept other names for things, are read as they were meant."""

import json
from pathlib import Path

import numpy as np
import pytest

from hrkeras.athlete import athlete_file
from hrkeras.datasets.runs import load
from hrkeras.evaluation import predict
from hrkeras.models import saving

FOLDER = Path(__file__).parent / "written_by_0_1"
MEAN = 160.1547  # beats/min, what version 0.1 said of the one test run


def test_a_model_predicts_the_runs_of_a_dataset_as_it_did():
    model, runs = saving.load(FOLDER / "model.keras"), load("synthetic", FOLDER)
    assert runs.counts == {"people": 1, "runs": {"train": 5, "validation": 1, "test": 1}}
    known = predict.known(model, runs, saving.population(model))
    (heart_rate,) = predict.predict(model, runs.windows(known, "test", predict.WHOLE))
    assert heart_rate.shape == (211,)
    assert heart_rate.mean() == pytest.approx(MEAN, abs=0.01)


def test_an_athlete_is_what_was_kept_and_is_kept_again(tmp_path):
    athlete = athlete_file.load(FOLDER / "athlete.json")
    assert athlete.count == 6
    assert athlete.network.name == saving.fingerprint(saving.load(FOLDER / "model.keras"))
    assert athlete.network.shrinkage.products == pytest.approx(-457.316)
    athlete_file.save(athlete, tmp_path / "again.json")
    again = athlete_file.load(tmp_path / "again.json")
    np.testing.assert_array_equal(again.residuals, athlete.residuals)
    old, new = (json.loads((folder / name).read_text()) for folder, name in ((FOLDER, "athlete.json"), (tmp_path, "again.json")))
    assert old.keys() == new.keys()
    assert old["population"] == {name: new["population"][name] for name in old["population"]}
    assert (again.population, again.network.shrinkage) == (athlete.population, athlete.network.shrinkage)
