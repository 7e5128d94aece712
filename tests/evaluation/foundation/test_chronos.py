"""Chronos models of random weights, made and saved by their own library: what they are given, and what is not loaded."""

import pickle
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hrkeras.evaluation.foundation import chronos
from hrkeras.evaluation.foundation.rest import KNOWN
from hrkeras.utils.errors import InputError

library = pytest.importorskip("chronos", exc_type=ImportError)
QUANTILES = [round(0.1 * number, 1) for number in range(1, 10)]
SIZES = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
SERIES = {"context_length": 256, "input_patch_size": 8, "input_patch_stride": 8, "quantiles": QUANTILES, "use_reg_token": True}


@pytest.fixture(scope="module")
def chronos_2(tmp_path_factory) -> Path:
    """It forecasts at most 32 steps at once, so that longer rests are made of several."""
    import torch

    torch.manual_seed(0)
    config = library.chronos2.Chronos2CoreConfig(
        **SIZES,
        initializer_factor=0.2,  # with more, what random weights forecast of their own forecasts runs away
        chronos_config=SERIES | {"output_patch_size": 8, "max_output_patches": 4, "use_arcsinh": True},
        chronos_pipeline_class="Chronos2Pipeline",
    )
    folder = tmp_path_factory.mktemp("checkpoints") / "chronos-2"
    library.Chronos2Pipeline(library.Chronos2Model(config)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bolt(tmp_path_factory) -> Path:
    import torch
    from chronos.chronos_bolt import ChronosBoltModelForForecasting
    from transformers import T5Config

    torch.manual_seed(0)
    config = T5Config(
        **SIZES,
        num_decoder_layers=1,
        decoder_start_token_id=0,
        feed_forward_proj="relu",
        chronos_config=SERIES | {"prediction_length": 32},
        chronos_pipeline_class="ChronosBoltPipeline",
    )
    folder = tmp_path_factory.mktemp("checkpoints") / "bolt"
    ChronosBoltModelForForecasting(config).save_pretrained(folder)
    return folder


def changed(run, **channels):
    return replace(run, grid=run.grid._replace(**{name: np.float32(values) for name, values in channels.items()}))


def test_chronos_2_forecasts_from_heart_rate_and_effort(chronos_2, runs, shown, recwarn):
    predict, done = chronos.load(str(chronos_2)), []
    found = predict(runs, shown, done.append)
    assert sum(done) == len(runs)
    for values, known in zip(found, shown, strict=True):
        np.testing.assert_array_equal(values[:KNOWN], known[:KNOWN])
    assert [np.isfinite(values[KNOWN:]).all() for values in found] == [True, True, True, False]
    assert not recwarn.list
    np.testing.assert_array_equal(predict(runs[1:2], shown[1:2])[0], found[1])  # whatever else is asked

    run, known = runs[0], shown[0]
    silent = run.grid.heart_rate.copy()
    silent[KNOWN:] = np.nan
    higher = changed(run, altitude=run.grid.altitude + 1000, heart_rate=silent)
    np.testing.assert_allclose(predict([higher], [known])[0], found[0], atol=0.01)
    faster = np.where(np.arange(len(known)) < KNOWN, run.grid.speed, 2 * run.grid.speed)
    steeper = np.where(np.arange(len(known)) < KNOWN, run.grid.altitude, 3 * run.grid.altitude)
    for other, heart_rate in (
        (changed(run, speed=faster), known),
        (changed(run, altitude=steeper), known),
        (run, known + 20),
    ):
        assert np.abs(predict([other], [heart_rate])[0] - found[0])[KNOWN:].max() > 0.1


def test_chronos_2_learns_from_earlier_runs(chronos_2, runs, shown):
    predict = chronos.load(str(chronos_2))
    alone, earlier = predict(runs[:1], shown[:1])[0], [runs[1].grid]
    after = predict(runs[:1], shown[:1], None, [earlier])[0]
    np.testing.assert_array_equal(after[:KNOWN], shown[0][:KNOWN])
    assert np.abs(after - alone)[KNOWN:].max() > 0.1
    higher = earlier[0]._replace(heart_rate=earlier[0].heart_rate + 30)
    assert np.abs(predict(runs[:1], shown[:1], None, [[higher]])[0] - after)[KNOWN:].max() > 0.1
    faster = earlier[0]._replace(speed=2 * earlier[0].speed)
    assert np.abs(predict(runs[:1], shown[:1], None, [[faster]])[0] - after)[KNOWN:].max() > 0.1


def test_bolt_forecasts_from_heart_rate_alone(bolt, runs, shown):
    predict = chronos.load(str(bolt))
    found = predict(runs[:1], shown[:1])[0]
    assert np.isfinite(found[KNOWN:]).all()
    np.testing.assert_array_equal(predict([changed(runs[0], speed=2 * runs[0].grid.speed)], shown[:1])[0], found)
    assert np.abs(predict(runs[:1], [shown[0] + 20])[0] - found)[KNOWN:].max() > 0.1


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("run"),)


@pytest.mark.parametrize("beside_it", [False, True])
def test_pickled_weights_are_refused(chronos_2, tmp_path, monkeypatch, beside_it):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made").mkdir()
    for path in chronos_2.iterdir():
        if beside_it or path.suffix == ".json":
            (tmp_path / "made" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "made" / "pytorch_model.bin").write_bytes(pickle.dumps({"shared.weight": Evil()}))
    with pytest.raises(InputError, match=r"made: expected weights as \.safetensors alone, found pytorch_model\.bin, which could"):
        chronos.load("made")
    assert not Path("run").exists()


def test_adapters_and_what_is_no_checkpoint_are_refused(chronos_2, tmp_path):
    weights = (chronos_2 / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="found none"):
        chronos.load(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(weights)
    for config in ("", "{}", '{"model_type": "t5", "chronos_config": {}, "architectures": ["Chronos2Model"]}'):
        (tmp_path / "config.json").write_text(config)
        with pytest.raises(InputError, match="expected a Chronos checkpoint, but it cannot be loaded") as error:
            chronos.load(str(tmp_path))
        assert "\n" not in str(error.value)
    (tmp_path / "config.json").write_text((chronos_2 / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(weights[:100])
    with pytest.raises(InputError, match="cannot be loaded"):
        chronos.load(str(tmp_path))
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="found an adapter"):
        chronos.load(str(tmp_path))


def test_of_the_hub_only_what_cannot_run_is_asked_for(chronos_2, runs, shown, monkeypatch):
    def snapshot_download(name, allow_patterns):
        names = ["config.json", "model.safetensors", "pytorch_model.bin", "modeling.py", "model.ckpt", "README.md"]
        assert name == "somebody/chronos-2"
        assert [each for each in names if any(map(partial(fnmatch, each), allow_patterns))] == names[:2]
        return str(chronos_2)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    found = chronos.load("somebody/chronos-2")(runs[:1], shown[:1])
    np.testing.assert_array_equal(found[0], chronos.load(str(chronos_2))(runs[:1], shown[:1])[0])


@pytest.mark.parametrize("name", ["nobody/has-this", "no/such/folder"])
def test_neither_a_folder_nor_on_the_hub(name, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"{name} is no folder here, and the Hugging Face hub did not give it") as error:
        chronos.load(name)
    assert "amazon/chronos-2" in str(error.value)
