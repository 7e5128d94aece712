"""A TimesFM 3 of random weights, saved by its own library; skipped where the library is not installed."""

from pathlib import Path

import numpy as np
import pytest

from hrkeras.evaluation.foundation import timesfm
from hrkeras.evaluation.foundation.rest import KNOWN

library = pytest.importorskip("timesfm3", reason="timesfm is not installed")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    import torch

    torch.manual_seed(0)
    transformer = library.TransformerConfig(
        model_dims=16,
        hidden_dims=16,
        num_heads=2,
        attention_norm="rms",
        feedforward_norm="rms",
        qk_norm="rms",
        use_rope_seq=True,
        use_rope_var=False,
        use_bias=False,
        ff_activation="relu",
        deterministic=True,
    )
    model = library.TimesFM3Torch(
        input_patch_len=8,
        output_patch_len=16,
        quantiles=[0.1, 0.5, 0.9],
        residual_block_config=library.ResidualBlockConfig(hidden_dims=16, output_dims=16, use_bias=False, activation="relu"),
        transformer_config=library.StackedTransformersConfig(num_layers=1, transformer=transformer),
    )
    for parameter in model.parameters():  # some begin at 0, and nothing would depend on them
        torch.nn.init.normal_(parameter, 0, 0.3)
    folder = tmp_path_factory.mktemp("checkpoints") / "timesfm"
    model.save_pretrained(folder)
    return folder


def test_it_forecasts_from_heart_rate_effort_and_earlier_runs(checkpoint, runs, shown):
    predict = timesfm.load(str(checkpoint))
    found = predict(runs, shown)
    assert [np.isfinite(values[KNOWN:]).all() for values in found] == [True, True, True, False]
    run, known = runs[0], shown[0]
    faster = np.where(np.arange(len(known)) < KNOWN, run.grid.speed, 2 * run.grid.speed)
    quick = type(run)(run.number, run.user, run.start, run.grid._replace(speed=np.float32(faster)), run.rows)
    for other, heart_rate, earlier in ((quick, known, ()), (run, known + 20, ()), (run, known, [runs[1].grid])):
        assert np.abs(predict([other], [heart_rate], None, [earlier])[0] - found[0])[KNOWN:].max() > 0.1
