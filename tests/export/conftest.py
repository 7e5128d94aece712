"""Tiny models in files, and exports of them made in this process."""

import json

import keras
import pytest

from hrkeras import models
from hrkeras.export import check, child

collect_ignore_glob = [] if keras.backend.backend() == "tensorflow" else ["test_*.py"]  # where models are exported


def ensemble(**options):
    return models.ensemble([models.gru(**options), models.lstm(**options)], (0.25, 0.75))


MODELS = {
    "gru": (models.gru, {}),
    "bare": (models.lstm, {"history": False, "course": False}),
    "bidirectional": (models.lstm, {"bidirectional": True}),
    "person": (models.lstm, {"person_units": 3, "statistics": models.Statistics(people=(5.0, 6.0))}),
    "multitask": (models.multitask, {}),
    "lag_llama": (models.lag_llama, {"num_heads": 2, "lags": (0, 3)}),
    "ensemble": (ensemble, {}),
}


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """From the name of a tiny model with weights of chance to its file."""
    made = {}

    def find(name):
        if name not in made:
            build, options = MODELS[name]
            keras.utils.set_random_seed(1)
            made[name] = tmp_path_factory.mktemp("model") / f"{name}.keras"
            model = build(units=4, num_layers=1, **options)
            for layer in [
                inner for each in models.members(model) for inner in each.layers
            ]:  # what starts at zero would hide a mistake
                if "modulation" in layer.name or layer.name in ("deviation", "person_embedding"):
                    layer.set_weights([keras.random.normal(each.shape, stddev=0.3) for each in layer.get_weights()])
            model.save(made[name])
        return made[name]

    return find


@pytest.fixture(scope="session")
def exported(saved, tmp_path_factory):
    """From the name of a model and a format to an export, checked on six runs, with its JSON beside it, and what that says."""
    made = {}

    def find(name, kind, **options):
        key = name, kind, *options
        if key not in made:
            path = tmp_path_factory.mktemp("export") / f"{name}.{kind}"
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(check, "RUNS", 6)
                made[key] = path, child.export(saved(name), path, kind, **options)
            path.with_name(f"{path.name}.json").write_text(json.dumps(made[key][1], allow_nan=False))
        return made[key]

    return find
