"""The published Lag-Llama beside a plain restatement of it in PyTorch, with weights made here under the same names."""

import os
import pickle
import shutil
import zipfile

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras import models
from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED
from hrkeras.cli.main import app
from hrkeras.layers.lag_tokens import SCALE
from hrkeras.models import lag_llama_checkpoint, saving
from hrkeras.models.frame import UNCONDITIONED
from hrkeras.utils.errors import InputError

torch = pytest.importorskip("torch")

LAGS, HEADS, SIZE, LAYERS, STEPS, LEVEL = (0, 2, 5), 2, 8, 2, 30, 140.0
UNITS, WIDE = HEADS * SIZE, 256


class Foreign:
    """A class that a checkpoint names; to load it as a pickle would leave a file."""

    def __init__(self, path, function):
        self.path, self.function = str(path), function

    def __reduce__(self):
        return self.function, (self.path,) if self.function is os.mkdir else (__file__, self.path)


def weights() -> dict[str, "torch.Tensor"]:
    shapes = {
        "transformer.wte.weight": (UNITS, len(LAGS) + 8),
        "transformer.wte.bias": (UNITS,),
        "transformer.ln_f.scale": (UNITS,),
    }
    for index in range(LAYERS):
        shapes |= {
            f"transformer.h.{index}.{name}": shape
            for name, shape in {
                "rms_1.scale": (UNITS,),
                "attn.q_proj.weight": (UNITS, UNITS),
                "attn.kv_proj.weight": (2 * UNITS, UNITS),
                "attn.c_proj.weight": (UNITS, UNITS),
                "rms_2.scale": (UNITS,),
                "mlp.c_fc1.weight": (WIDE, UNITS),
                "mlp.c_fc2.weight": (WIDE, UNITS),
                "mlp.c_proj.weight": (UNITS, WIDE),
            }.items()
        }
    for part in range(3):
        shapes |= {f"param_proj.proj.{part}.weight": (1, UNITS), f"param_proj.proj.{part}.bias": (1,)}
    random = np.random.default_rng(0)
    return {f"model.{name}": torch.tensor(random.normal(0, 0.3, shape), dtype=torch.float32) for name, shape in shapes.items()}


@pytest.fixture
def checkpoint(tmp_path):
    def write(path=tmp_path / "lag-llama.ckpt", foreign=shutil.copyfile, told=None, **changed):
        state = {name: each for name, each in (weights() | changed).items() if each is not None}
        settings = {
            "model_kwargs": {"n_head": HEADS, "lags_seq": list(LAGS), "distr_output": Foreign(tmp_path / "executed", foreign)}
        }
        settings |= {"context_length": 32}
        if isinstance(told, dict):
            settings["model_kwargs"] |= told.pop("model_kwargs", {})
        settings = settings | told if isinstance(told, dict) else told or settings
        torch.save({"state_dict": state, "hyper_parameters": settings, "epoch": 7}, path)
        return path

    return write


def tokens(heart_rate: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Of each step, of a series that is standardised and 0 where it is not known; shape `(batch, steps, columns)`."""
    series = np.nan_to_num((heart_rate - LEVEL) / SCALE)
    before = np.pad(series, ((0, 0), (max(LAGS) + 1, 0)))
    lags = [before[:, max(LAGS) - lag : max(LAGS) - lag + series.shape[1]] for lag in LAGS]
    clock = [time % 60 // 1 / 59 - 0.5, time // 60 % 60 / 59 - 0.5, time // 3600 % 24 / 23 - 0.5]
    facts = [np.full(series.shape, value) for value in (np.log1p(LEVEL), np.log(SCALE))]
    return np.stack([*lags, *facts, *clock, *[np.full(series.shape, -0.5)] * 3], axis=-1)


def restated(given: np.ndarray) -> np.ndarray:
    """Freedom, location and scale of the head at each step, in units of the scale, each of shape `(batch, steps)`."""
    named = {name.removeprefix("model."): each for name, each in weights().items()}

    def norm(values, name):
        return values * torch.rsqrt(values.pow(2).mean(-1, keepdim=True) + 1e-5) * named[name]

    def heads(values):
        return values.reshape(*values.shape[:2], HEADS, SIZE).transpose(1, 2)

    def turned(values):
        angle = torch.arange(values.shape[2])[:, None] / 10_000 ** (torch.arange(0, SIZE, 2) / SIZE)
        one, two = values.chunk(2, -1)
        return torch.cat([one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin()], -1)

    x = torch.tensor(given, dtype=torch.float32) @ named["transformer.wte.weight"].T + named["transformer.wte.bias"]
    for index in range(LAYERS):
        own = f"transformer.h.{index}."
        y = norm(x, own + "rms_1.scale")
        query, (key, value) = y @ named[own + "attn.q_proj.weight"].T, (y @ named[own + "attn.kv_proj.weight"].T).chunk(2, -1)
        y = torch.nn.functional.scaled_dot_product_attention(
            turned(heads(query)), turned(heads(key)), heads(value), is_causal=True
        )
        x = x + y.transpose(1, 2).reshape(x.shape) @ named[own + "attn.c_proj.weight"].T
        y = norm(x, own + "rms_2.scale")
        y = torch.nn.functional.silu(y @ named[own + "mlp.c_fc1.weight"].T) * (y @ named[own + "mlp.c_fc2.weight"].T)
        x = x + y @ named[own + "mlp.c_proj.weight"].T
    x = norm(x, "transformer.ln_f.scale")
    weights_and_biases = [(named[f"param_proj.proj.{part}.weight"], named[f"param_proj.proj.{part}.bias"]) for part in range(3)]
    freedom, location, scale = ((x @ weight.T + bias)[:, :, 0] for weight, bias in weights_and_biases)
    softplus = torch.nn.functional.softplus
    return [each.numpy() for each in (2 + softplus(freedom), location, softplus(scale))]


def test_it_says_what_the_published_one_says(checkpoint, tmp_path):
    model = lag_llama_checkpoint.convert(checkpoint(), history=False, course=False)
    random = np.random.default_rng(1)
    time = np.tile(np.arange(STEPS) * 307.0, (2, 1))
    heart_rate = random.normal(150, 20, (2, STEPS))
    heart_rate[1, 8:20] = np.nan
    given = {
        **{name: random.uniform(0, 4, (2, STEPS)) for name in ("speed", "altitude", "valid")},
        "time": time,
        "heart_rate": heart_rate,
        "delay": np.zeros((2, 1)),
        "expected": np.zeros((2, STEPS, len(EXPECTED))),
        "course": np.full((2, len(COURSE_FACTS)), np.nan),
        "history": np.full((2, len(COLUMNS)), np.nan),
        "trust": np.ones((2, 1)),
        "person": np.full((2, 1), np.nan),
    }
    parts = keras.Model(model.input, [model.get_layer(name).output for name in (UNCONDITIONED, "changed_beats_per_minute")])
    without, change = parts.predict_on_batch({name: values.astype("float32") for name, values in given.items()})
    np.testing.assert_allclose((without - LEVEL) / SCALE, restated(tokens(np.full_like(time, np.nan), time))[1], atol=1e-4)
    freedom, location, scale = restated(tokens(heart_rate, time))
    np.testing.assert_allclose((without + change - LEVEL) / SCALE, location, atol=1e-4)
    said = models.distribution(model).predict_on_batch({name: values.astype("float32") for name, values in given.items()})
    np.testing.assert_allclose(said[..., 0], freedom, atol=1e-4)
    np.testing.assert_allclose(said[..., 2] / SCALE, scale, atol=1e-4)
    assert np.abs(change).max() > 1
    assert not (tmp_path / "executed").exists()


def test_the_command_writes_a_model_that_loads(checkpoint, tmp_path):
    output = tmp_path / "made.keras"
    result = CliRunner().invoke(app, ["convert", "lag-llama", str(checkpoint()), "--output", str(output)])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 layers of Lag-Llama in ")
    model = saving.load(output)
    assert (model.name, model.get_layer("lag_tokens").lags) == ("lag_llama", list(LAGS))
    np.testing.assert_allclose(model.get_layer("last_norm").get_weights()[0], weights()["model.transformer.ln_f.scale"])
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model.transformer.wte.weight": None}, "expected the weights of Lag-Llama, found none named"),
        ({"model.transformer.ln_f.scale": None}, "expected weights named model.transformer.ln_f.scale"),
        ({"model.transformer.wte.weight": torch.zeros(UNITS, 9)}, "expected tokens of 3 lags and 8 facts, found 9 numbers"),
        ({"model.transformer.wte.bias": torch.zeros(3)}, r"expected model.transformer.wte.bias of shape \(16,\), found \(3,\)"),
        ({"model.transformer.wpe.weight": torch.zeros(3)}, "no place for, such as model.transformer.wpe.weight"),
    ],
)
def test_what_does_not_fit_is_said(checkpoint, changed, message):
    with pytest.raises(InputError, match=message):
        lag_llama_checkpoint.convert(checkpoint(**changed))


NAN = torch.full((UNITS,), float("nan"))
WIDE_TOKENS = torch.zeros(1, 1).expand(4096, len(LAGS) + 8)  # one number that claims to be many
ODD = {
    "settings in a list": ([1, 2], {}, "expected hyper_parameters by name"),
    "a model in a list": ({"model_kwargs": {}, "context_length": [1]}, {}, "a context_length of 1 to 2048"),
    "lags of text": ({"model_kwargs": {"lags_seq": "abc"}}, {}, "expected lags_seq of whole numbers"),
    "lags that are texts": ({"model_kwargs": {"lags_seq": ["1", "2", "3"]}}, {}, "expected lags_seq of whole numbers"),
    "negative lags": ({"model_kwargs": {"lags_seq": [0, -2, 5]}}, {}, "expected lags_seq of whole numbers"),
    "huge lags": ({"model_kwargs": {"lags_seq": [0, 2, 10**9]}}, {}, "expected lags_seq of whole numbers"),
    "no lags": ({"model_kwargs": {"lags_seq": []}}, {}, "expected lags_seq of whole numbers"),
    "heads of text": ({"model_kwargs": {"n_head": "2"}}, {}, "expected heads that divide 16 channels"),
    "no heads": ({"model_kwargs": {"n_head": 0}}, {}, "expected heads that divide 16 channels"),
    "heads that do not divide": ({"model_kwargs": {"n_head": 3}}, {}, "expected heads that divide 16 channels"),
    "a tensor of heads": ({"model_kwargs": {"n_head": torch.ones(3)}}, {}, "expected heads that divide 16 channels"),
    "a negative window": ({"context_length": -1}, {}, "a context_length of 1 to 2048"),
    "a huge window": ({"context_length": 10**9}, {}, "a context_length of 1 to 2048"),
    "text for weights": (None, {"model.transformer.wte.bias": "abc"}, "expected tensors by name in its state_dict"),
    "whole numbers": (None, {"model.transformer.wte.bias": torch.zeros(UNITS, dtype=torch.int64)}, "expected finite numbers"),
    "complex": (None, {"model.transformer.wte.bias": torch.zeros(UNITS, dtype=torch.complex64)}, "expected finite numbers"),
    "sparse": (None, {"model.transformer.wte.bias": torch.zeros(UNITS).to_sparse()}, "expected tensors by name"),
    "no memory": (None, {"model.transformer.wte.bias": torch.zeros(UNITS, device="meta")}, "expected tensors by name"),
    "not finite": (None, {"model.transformer.wte.bias": NAN}, "expected finite numbers"),
    "one dimension": (None, {"model.transformer.wte.weight": torch.zeros(UNITS)}, "of two dimensions and up to 4096 rows"),
    "more than the file has": (None, {"model.transformer.wte.weight": WIDE_TOKENS}, "claim more bytes than the file has"),
    "a gap in the layers": (None, {"model.transformer.h.7.rms_1.scale": torch.ones(UNITS)}, "layers that are numbered from 0 on"),
    "many rows": (None, {"model.transformer.wte.weight": torch.zeros(4097, 11)}, "of two dimensions and up to 4096 rows"),
    "a name of control characters": (None, {"model.\x1b[2J": torch.zeros(1)}, r"such as"),
}


@pytest.mark.parametrize(("told", "changed", "message"), ODD.values(), ids=ODD.keys())
def test_what_no_published_checkpoint_holds_is_refused_before_anything_is_built(told, changed, message, checkpoint, monkeypatch):
    monkeypatch.setattr(models, "lag_llama", lambda **options: pytest.fail("it was built"))
    with pytest.raises(InputError, match=message):
        lag_llama_checkpoint.convert(checkpoint(told=told, **changed))


class Allocated:
    """Is pickled as a call that takes as much memory as it is told to."""

    def __reduce__(self):
        return bytearray, (8 << 30,)


def test_room_that_a_checkpoint_asks_for_is_not_made(tmp_path):
    path = tmp_path / "room.ckpt"
    torch.save({"state_dict": {}, "more": Allocated()}, path)
    with pytest.raises(InputError, match="makes room for more than it holds"):
        lag_llama_checkpoint.read(path)
    with zipfile.ZipFile(tmp_path / "packed.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("packed/data/0", bytes(1 << 20))
    with pytest.raises(InputError, match="unpacks to more bytes than it has"):
        lag_llama_checkpoint.read(tmp_path / "packed.ckpt")


def test_nothing_that_a_checkpoint_names_is_run(checkpoint, tmp_path):
    lag_llama_checkpoint.read(checkpoint())
    with pytest.raises(InputError, match="expected a checkpoint of PyTorch"):
        lag_llama_checkpoint.read(checkpoint(foreign=os.mkdir))
    assert [path.name for path in tmp_path.iterdir()] == ["lag-llama.ckpt"]


@pytest.mark.parametrize("content", [b"no checkpoint", pickle.dumps([1, 2])])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.ckpt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a checkpoint of PyTorch"):
        lag_llama_checkpoint.convert(path)
    torch.save([1, 2], path)
    with pytest.raises(InputError, match="expected a checkpoint with a state_dict"):
        lag_llama_checkpoint.convert(path)


def test_the_published_sizes():
    """A token of 92 numbers, from the lags of the published checkpoint and six facts of the clock."""
    assert len(lag_llama_checkpoint.LAGS) + lag_llama_checkpoint.FACTS == 92
    assert sorted(set(lag_llama_checkpoint.LAGS)) == list(lag_llama_checkpoint.LAGS)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.ckpt")
    with pytest.raises(InputError, match="no regular file"):
        lag_llama_checkpoint.read(tmp_path / "pipe.ckpt")
