"""A TiRex-2 of random weights, saved as its own library does; skipped where the library is not installed."""

import json
from pathlib import Path

import numpy as np
import pytest

from hrkeras.evaluation.foundation import tirex
from hrkeras.evaluation.foundation.rest import KNOWN
from hrkeras.utils.errors import InputError

library = pytest.importorskip("tirex2", reason="tirex-2 is not installed")
UNITS, PATCH, AHEAD = 16, 8, 32
CONFIG = {
    "num_blocks": 1,
    "embedding_dim": UNITS,
    "input_patch_size": PATCH,
    "output_patch_size": PATCH,
    "quantiles": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    "tokenizer_cfg": {"output_patch_size": PATCH, "input_patch_size": PATCH, "input_patch_stride": PATCH},
    "scaler_cfg": {},
    "h_expand": 2.0,
    "context_len": 256,
    "future_len": AHEAD,
    "input_ff_dim": 32,
    "act_func": "ReLU",
    "dropout": 0.0,
}
BLOCK = {
    "time_mixer": {"model_type": "bi-slstm", "embedding_dim": UNITS, "num_heads": 2},
    "variate_mixer": {"embedding_dim": UNITS, "num_heads": 2},
    "dropout": 0.0,
    "eps": 1e-6,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """It forecasts at most 32 steps at once, so that longer rests are made of several."""
    import torch
    from safetensors.torch import save_model

    torch.manual_seed(0)
    config = CONFIG | {"stack_config": {"templates": {"only": BLOCK}, "recipe": ["only"]}}
    folder = tmp_path_factory.mktemp("checkpoints") / "tirex-2"
    folder.mkdir()
    save_model(library.TiRex2(**config, device="cpu"), str(folder / "model.safetensors"))
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_it_forecasts_from_heart_rate_effort_and_earlier_runs(checkpoint, runs, shown):
    predict = tirex.load(str(checkpoint))
    found = predict(runs, shown)
    assert [np.isfinite(values[KNOWN:]).all() for values in found] == [True, True, True, False]
    assert len(found[1]) - KNOWN > 2 * AHEAD
    np.testing.assert_allclose(predict(runs[1:2], shown[1:2])[0], found[1], atol=1e-3)
    run, known = runs[0], shown[0]
    faster = np.where(np.arange(len(known)) < KNOWN, run.grid.speed, 2 * run.grid.speed)
    quick = type(run)(run.number, run.user, run.start, run.grid._replace(speed=np.float32(faster)), run.rows)
    for other, heart_rate, earlier in ((quick, known, ()), (run, known + 20, ()), (run, known, [runs[1].grid])):
        assert np.abs(predict([other], [heart_rate], None, [earlier])[0] - found[0])[KNOWN:].max() > 0.1


def test_pickled_weights_and_damaged_ones_are_refused(checkpoint, tmp_path):
    with pytest.raises(InputError, match="found none"):
        tirex.load(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes((checkpoint / "model.safetensors").read_bytes()[:100])
    (tmp_path / "config.json").write_text((checkpoint / "config.json").read_text())
    with pytest.raises(InputError, match="expected a TiRex-2 checkpoint, but it cannot be loaded"):
        tirex.load(str(tmp_path))
    (tmp_path / "model.ckpt").write_bytes(b"")
    with pytest.raises(InputError, match=r"found model\.ckpt, which could run any code"):
        tirex.load(str(tmp_path))
