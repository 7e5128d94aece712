"""The published weights of Lag-Llama on the layers of `models.lag_llama`."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hrkeras import models
from hrkeras.models.lag_llama import DISTRIBUTION
from hrkeras.workouts.workout import InputError

# Facts of the published lag-llama.ckpt, from github.com/time-series-foundation-models/lag-llama: 16 channels a head, attention
# over 32 steps, and the lags that GluonTS gives to quarters, months, weeks, days, hours, minutes and seconds, less 1.
HEAD_UNITS, WINDOW = 16, 32
LAGS = (
    *(0, 7, 8, 10, 11, 12, 13, 14, 19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 34, 35, 36, 46, 47, 48, 50, 51, 52, 55),
    *(57, 58, 59, 60, 61, 70, 71, 72, 83, 94, 95, 96, 102, 103, 104, 117, 118, 119, 120, 121, 142, 143, 144, 154, 155),
    *(156, 166, 167, 168, 177, 178, 179, 180, 181, 334, 335, 336, 362, 363, 364, 502, 503, 504, 670, 671, 672, 718, 719),
    *(720, 726, 727, 728, 1090, 1091, 1092),
)
FACTS = 8  # columns of a token besides lags: location, scale and six of the clock
PREFIX = "model."
LEFT_OUT = re.compile(r".*\.rotary_emb\.\w+")  # constants


class _Absent:
    """Stands for whatever class or function a checkpoint names beside its weights; it does nothing and holds nothing."""

    def __init__(self, *_):
        pass

    def __call__(self, *_):
        return _Absent()

    def __setstate__(self, _):
        pass

    def __eq__(self, other):  # so that PyTorch also lets an instance of it be called
        return other is _Absent

    def __hash__(self):
        return 0


def read(path: Path) -> dict[str, Any]:
    """What a checkpoint of PyTorch holds, of plain values and tensors; nothing that it names is imported or run.

    Raises:
        InputError: if PyTorch is not installed, or the file is no such checkpoint.
    """
    try:
        import torch
    except ImportError:
        raise InputError("To read a checkpoint PyTorch is needed: `pip install 'hrkeras[torch]'`.") from None
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        stand_ins: list[Any] = [(_Absent, name) for name in names]
        with torch.serialization.safe_globals(stand_ins):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # zip, pickle and PyTorch each raise their own
        raise InputError(f"{path}: expected a checkpoint of PyTorch, but it cannot be read ({type(error).__name__}).") from None
    if not isinstance(found, dict) or not isinstance(found.get("state_dict"), dict):
        raise InputError(f"{path}: expected a checkpoint with a state_dict, as PyTorch Lightning writes it; found another one.")
    return found


def convert(path: Path, **options: Any) -> keras.Model:
    """Makes a `models.lag_llama` with the weights of a published checkpoint.

    The columns of the tokens that are published keep their weights; those of speed, altitude and what else is added start at
    0. What the published model does not have, such as `Correction`, is untrained.

    Args:
        path: of `lag-llama.ckpt`.
        **options: `history`, `profile` and `statistics` of `models.lag_llama`.

    Raises:
        InputError: if the file cannot be read, or its weights do not fit by name or shape.
    """
    found = read(path)
    weights = {key.removeprefix(PREFIX): np.asarray(each) for key, each in found["state_dict"].items()}
    settings = found.get("hyper_parameters") or {}
    told = settings.get("model_kwargs") or {}
    columns, units = weights.get("transformer.wte.weight", np.zeros((0, 0))).T.shape
    if not units:
        raise InputError(f"{path}: expected the weights of Lag-Llama, found none named {PREFIX}transformer.wte.weight.")
    lags = tuple(told.get("lags_seq") or LAGS)
    if columns != len(lags) + FACTS:
        raise InputError(f"{path}: expected tokens of {len(lags)} lags and {FACTS} facts, found {columns} numbers a token.")
    model = models.lag_llama(
        units=units,
        num_layers=len({key.split(".")[2] for key in weights if key.startswith("transformer.h.")}),
        num_heads=told.get("n_head") or max(1, units // HEAD_UNITS),
        window=settings.get("context_length") or WINDOW,
        lags=lags,
        **options,
    )
    used = _assign(model, weights, path)
    foreign = [key for key in weights if key not in used and not LEFT_OUT.fullmatch(key)]
    if foreign:
        raise InputError(f"{path}: holds weights that Lag-Llama has no place for, such as {PREFIX}{foreign[0]}.")
    return model


def _assign(model: keras.Model, weights: dict[str, np.ndarray], path: Path) -> set[str]:
    """Puts the weights in their places; returns the names of those that were used."""
    used = set()

    def take(name: str, shape) -> np.ndarray:
        if name not in weights:
            raise InputError(f"{path}: expected weights named {PREFIX}{name}; it is not the Lag-Llama that is known here.")
        values = weights[name].T
        if values.shape != tuple(shape):
            raise InputError(f"{path}: expected {PREFIX}{name} of shape {tuple(shape)[::-1]}, found {values.shape[::-1]}.")
        used.add(name)
        return values

    embedding = model.get_layer("embedding")
    columns, units = embedding.kernel.shape
    published = len(model.get_layer("lag_tokens").lags) + FACTS
    kernel = np.zeros((columns, units), np.float32)
    kernel[:published] = take("transformer.wte.weight", (published, units))
    embedding.kernel.assign(kernel)
    embedding.bias.assign(take("transformer.wte.bias", (units,)))
    blocks = [layer for layer in model.layers if layer.name.startswith("block_")]
    for index, block in enumerate(blocks):
        attention, own = block.attention, f"transformer.h.{index}."
        key, value = np.split(take(f"{own}attn.kv_proj.weight", (units, 2 * units)), 2, axis=1)
        attention.key_layer.kernel.assign(key)
        attention.value_layer.kernel.assign(value)
        for weight, name in (
            (block.attention_norm.scale, "rms_1.scale"),
            (attention.query_layer.kernel, "attn.q_proj.weight"),
            (attention.output_layer.kernel, "attn.c_proj.weight"),
            (block.feed_forward_norm.scale, "rms_2.scale"),
            (block.gate.kernel, "mlp.c_fc1.weight"),
            (block.up.kernel, "mlp.c_fc2.weight"),
            (block.down.kernel, "mlp.c_proj.weight"),
        ):
            weight.assign(take(own + name, weight.shape))
    model.get_layer("last_norm").scale.assign(take("transformer.ln_f.scale", (units,)))
    location = take("param_proj.proj.1.weight", (units, 1))  # of freedom, location and scale
    for name in ("deviation", "change"):
        model.get_layer(name).kernel.assign(location)
    model.get_layer("deviation").bias.assign(take("param_proj.proj.1.bias", (1,)))
    head = model.get_layer(DISTRIBUTION)
    for number, layer in ((0, head.freedom), (2, head.spread)):
        layer.kernel.assign(take(f"param_proj.proj.{number}.weight", (units, 1)))
        layer.bias.assign(take(f"param_proj.proj.{number}.bias", (1,)))
    return used
