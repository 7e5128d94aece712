"""The published weights of Lag-Llama on the layers of `models.lag_llama`."""

import pickletools
import re
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hrkeras import models
from hrkeras.layers import LlamaBlock
from hrkeras.models.lag_llama import DISTRIBUTION
from hrkeras.models.model_file import MAX_SIZE
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import open_regular

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
FIRST = "transformer.wte.weight"
ALLOCATE = {"bytearray", "UntypedStorage"}  # PyTorch's reader lets them be called with any size
LEFT_OUT = re.compile(r".*\.rotary_emb\.\w+")  # constants


class _Absent:
    """Placeholder for any class or function that a checkpoint names; it does nothing and holds nothing."""

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
    """The plain values and tensors of a PyTorch checkpoint; nothing that it names is imported or run.

    Raises:
        InputError: if PyTorch is not installed, or the file is no such checkpoint.
    """
    try:
        import torch
    except ImportError:
        raise InputError("To read a checkpoint PyTorch is needed: `pip install 'hrkeras[torch]'`.") from None
    try:
        _check_records(path)
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        stand_ins: list[Any] = [(_Absent, name) for name in names]
        with torch.serialization.safe_globals(stand_ins):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, InputError):
        raise
    except Exception as error:  # zip, pickle and PyTorch each raise their own
        raise InputError(f"{path}: expected a checkpoint of PyTorch, but it cannot be read ({type(error).__name__}).") from None
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("state_dict"), dict):
        raise InputError(f"{path}: expected a checkpoint with a state_dict, as PyTorch Lightning writes it; found another one.")
    return checkpoint


def _check_records(path: Path) -> None:
    """Refuses records that are packed, and calls that could allocate any amount of memory."""
    with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
            raise InputError(f"{path}: unpacks to more bytes than it has, which no checkpoint of PyTorch does; it was not read.")
        for entry in archive.infolist():
            if entry.filename.endswith(".pkl"):
                codes = pickletools.genops(archive.read(entry))
                if ALLOCATE & {str(argument).split()[-1] for code, argument, _ in codes if code.name == "GLOBAL"}:
                    raise InputError(f"{path}: makes room for more than it holds, which Lag-Llama does not; it was not read.")


def convert(path: Path, **options: Any) -> keras.Model:
    """Makes a `models.lag_llama` with the weights of a published checkpoint.

    The columns of the tokens that are published keep their weights; those of added features, such as speed and altitude,
    start at 0. Layers that the published model lacks, such as `Correction`, are untrained.

    Args:
        path: of `lag-llama.ckpt`.
        **options: `history`, `course` and `statistics` of `models.lag_llama`.

    Raises:
        InputError: if the file cannot be read, or its weights do not fit by name, type or shape; nothing is built then.
    """
    checkpoint = read(path)
    try:
        weights = _weights(checkpoint["state_dict"], path)
        sizes = _sizes(checkpoint.get("hyper_parameters"), weights, path)
    except InputError:
        raise
    except Exception as error:  # tensors have many kinds, and raise their own
        raise InputError(f"{path}: expected the weights of Lag-Llama, found something else ({type(error).__name__}).") from None
    _check_shapes(weights, sizes, path)
    model = models.lag_llama(**sizes, **options)
    _assign(model, weights)
    return model


def _weights(state: dict[Any, Any], path: Path) -> dict[str, np.ndarray]:
    """The weights by name, all of them finite numbers that lie in the file."""
    import torch

    weights, size = {}, 0
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided or tensor.is_meta:
            raise InputError(f"{path}: expected tensors by name in its state_dict, found another thing named {str(name)[:80]!a}.")
        size += tensor.numel() * tensor.element_size()
        if size > path.stat().st_size:
            raise InputError(f"{path}: its weights claim more bytes than the file has; it was not converted.")
        if LEFT_OUT.fullmatch(name):
            continue
        if not tensor.is_floating_point() or not torch.isfinite(tensor).all():
            raise InputError(f"{path}: expected finite numbers as weights, found others in {name[:80]!a}.")
        weights[name.removeprefix(PREFIX)] = tensor.detach().to(torch.float32).numpy()
    return weights


def _sizes(settings: Any, weights: dict[str, np.ndarray], path: Path) -> dict[str, Any]:
    """The arguments of `models.lag_llama`."""

    def given(where: Any, name: str, usual: Any) -> Any:
        value = where.get(name) if isinstance(where, dict) else None
        return usual if value is None else value

    def check(fits: bool, what: str, value: Any) -> None:
        if not fits:
            raise InputError(f"{path}: expected {what}, found {str(value)[:80]!a}.")

    def is_count(value: Any, most: int = MAX_SIZE) -> bool:
        return type(value) is int and 0 < value <= most

    if FIRST not in weights:
        raise InputError(f"{path}: expected the weights of Lag-Llama, found none named {PREFIX}{FIRST}.")
    shape = weights[FIRST].shape
    check(len(shape) == 2 and is_count(shape[0]), f"{PREFIX}{FIRST} of two dimensions and up to {MAX_SIZE} rows", shape)
    units, columns = shape
    check(isinstance(settings, dict | None), "hyper_parameters by name", settings)
    model_settings = given(settings, "model_kwargs", {})
    check(isinstance(model_settings, dict), "model_kwargs by name", model_settings)
    lags = given(model_settings, "lags_seq", LAGS)
    fit = isinstance(lags, list | tuple) and len(lags) > 0 and all(type(lag) is int and 0 <= lag < MAX_SIZE for lag in lags)
    check(fit, f"lags_seq of whole numbers from 0 to below {MAX_SIZE}", lags)
    if columns != len(lags) + FACTS:
        raise InputError(f"{path}: expected tokens of {len(lags)} lags and {FACTS} facts, found {columns} numbers a token.")
    heads = given(model_settings, "n_head", max(1, units // HEAD_UNITS))
    check(is_count(heads, units) and units % (2 * heads) == 0, f"heads that divide {units} channels into even parts", heads)
    window = given(settings, "context_length", WINDOW)
    check(is_count(window, MAX_SIZE // heads), f"a context_length of 1 to {MAX_SIZE // heads}", window)
    blocks = {name.split(".")[2] for name in weights if re.fullmatch(r"transformer\.h\.\d{1,4}\..+", name)}
    numbers = {str(number) for number in range(len(blocks))}
    check(blocks == numbers, "layers that are numbered from 0 on", ", ".join(sorted(blocks - numbers)))
    return {"units": units, "num_layers": len(blocks), "num_heads": heads, "window": window, "lags": tuple(lags)}


def _shapes(units: int, num_layers: int, lags: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Name and shape, in PyTorch's order, of each weight of the published model."""
    wide = LlamaBlock.width(units)
    shapes: dict[str, tuple[int, ...]] = {FIRST: (units, len(lags) + FACTS), "transformer.wte.bias": (units,)}
    for index in range(num_layers):
        own = {
            **{"rms_1.scale": (units,), "attn.q_proj.weight": (units, units), "attn.kv_proj.weight": (2 * units, units)},
            **{"attn.c_proj.weight": (units, units), "rms_2.scale": (units,), "mlp.c_fc1.weight": (wide, units)},
            **{"mlp.c_fc2.weight": (wide, units), "mlp.c_proj.weight": (units, wide)},
        }
        shapes |= {f"transformer.h.{index}.{name}": shape for name, shape in own.items()}
    shapes["transformer.ln_f.scale"] = (units,)
    for number in range(3):  # of freedom, location and scale
        shapes |= {f"param_proj.proj.{number}.weight": (1, units), f"param_proj.proj.{number}.bias": (1,)}
    return shapes


def _check_shapes(weights: dict[str, np.ndarray], sizes: dict[str, Any], path: Path) -> None:
    """Refuses weights that are missing, of another shape, or without a place."""
    shapes = _shapes(sizes["units"], sizes["num_layers"], sizes["lags"])
    for name, shape in shapes.items():
        if name not in weights:
            raise InputError(f"{path}: expected weights named {PREFIX}{name}; it is not the Lag-Llama that is known here.")
        if weights[name].shape != shape:
            raise InputError(f"{path}: expected {PREFIX}{name} of shape {shape}, found {weights[name].shape}.")
    if foreign := weights.keys() - shapes.keys():
        raise InputError(f"{path}: holds weights that Lag-Llama has no place for, such as {PREFIX}{min(foreign)[:80]}.")


def _assign(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Assigns the weights to the layers."""
    embedding = model.get_layer("embedding")
    columns, units = embedding.kernel.shape
    published = len(model.get_layer("lag_tokens").lags) + FACTS
    kernel = np.zeros((columns, units), np.float32)
    kernel[:published] = weights[FIRST].T
    embedding.kernel.assign(kernel)
    embedding.bias.assign(weights["transformer.wte.bias"].T)
    blocks = [layer for layer in model.layers if layer.name.startswith("block_")]
    for index, block in enumerate(blocks):
        attention, own = block.attention, f"transformer.h.{index}."
        key, value = np.split(weights[f"{own}attn.kv_proj.weight"].T, 2, axis=1)
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
            weight.assign(weights[own + name].T)
    model.get_layer("last_norm").scale.assign(weights["transformer.ln_f.scale"].T)
    location = weights["param_proj.proj.1.weight"].T  # of freedom, location and scale
    for name in ("deviation", "change"):
        model.get_layer(name).kernel.assign(location)
    model.get_layer("deviation").bias.assign(weights["param_proj.proj.1.bias"].T)
    head = model.get_layer(DISTRIBUTION)
    for number, layer in ((0, head.freedom), (2, head.spread)):
        layer.kernel.assign(weights[f"param_proj.proj.{number}.weight"].T)
        layer.bias.assign(weights[f"param_proj.proj.{number}.bias"].T)
