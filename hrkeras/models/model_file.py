"""Checks of what a `.keras` file holds, before anything is built from it."""

import io
import json
import math
import re
import zipfile
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import h5py
import keras

from hrkeras.models import losses  # noqa: F401 (their classes must be registered)
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import open_regular

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
FILES = {METADATA, CONFIG, WEIGHTS}  # of a model without assets; those may be vocabularies, tables or worse
MAX_CONFIG = 4 << 20  # bytes
MAX_WEIGHTS = 4 << 30  # bytes
MAX_RATIO = 4  # of unpacked to packed bytes; weights hardly shrink
RATIO_FROM = 16 << 20  # bytes from which the ratio is checked
MAX_LAYERS = 2_000  # layers and operations, each as often as it is called
MAX_SIZE = 1 << 12  # of each of `SIZES`, and of the input of a layer at each step
MAX_PEOPLE = 1 << 14
MAX_RANK = 8  # of a shape
SIZES = (
    *("units", "filters", "kernel_size", "depth_multiplier", "dilation_rate", "strides", "pool_size"),
    *("num_heads", "window", "patch", "lags"),
)
STEPS = (1, 60)  # s, the shortest and the longest step of a grid
VERSION = re.compile(r"[\w.+-]{1,30}", re.ASCII)

# By the module that a configuration names, the classes that are built: they compute, and read no files, run no code.
# Keras' own attention is not among them: its memory grows with the square of the steps.
ALLOWED: dict[str | None, set[str]] = {
    None: {"__keras_tensor__", "__slice__", "__ellipsis__"},
    "keras": {"DTypePolicy"},
    "keras.initializers": {
        *("Constant", "Zeros", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal"),
        *("VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
    },
    "keras.layers": {
        *("InputLayer", "Dense", "Activation", "ReLU", "LeakyReLU", "Softmax", "Dropout", "SpatialDropout1D"),
        *("GRU", "LSTM", "SimpleRNN", "Bidirectional", "TimeDistributed", "Masking", "Reshape"),
        *("Normalization", "LayerNormalization", "RMSNormalization", "BatchNormalization", "Rescaling"),
        *("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"),
        *("Conv1D", "DepthwiseConv1D", "SeparableConv1D"),
        *("AveragePooling1D", "MaxPooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D"),
    },
    "keras.regularizers": {"L1", "L2", "L1L2"},
    "keras.src.models.functional": {"Functional"},
    "keras.src.ops.core": {"Cast", "Slice", "StopGradient"},
    "keras.src.ops.nn": {"Gelu", "Relu", "Sigmoid", "Silu", "Softmax", "Softplus"},
    "keras.src.ops.numpy": {
        *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Power", "Negative", "Absolute", "Square", "Sqrt"),
        *("Exp", "Log", "Log1p", "Tanh", "Clip", "Maximum", "Minimum", "Max", "Min", "Mean", "Sum", "Var", "Std"),
        *("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "Where", "Isnan", "Isfinite"),
        *("LogicalAnd", "LogicalNot", "LogicalOr", "Cumsum", "Flip", "GetItem", "Squeeze"),
        *("ExpandDims", "Concatenate", "Stack", "Reshape", "Transpose", "ZerosLike", "OnesLike"),
    },
}
DTYPES = {"float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16", "int32", "bool"}
NO_LAYERS = (None, "keras", "keras.initializers", "keras.regularizers")  # modules of what is part of a layer


class Contents(NamedTuple):
    """What a file says about its model.

    Attributes:
        keras: version of Keras that wrote it.
        shapes: of its weights, the optimizer's among them.
    """

    keras: str
    shapes: list[tuple[int, ...]]


def check(path: Path) -> Contents:
    """Checks a file.

    Raises:
        InputError: if it is missing, damaged, holds anything that is not built here, or claims to be bigger than it is.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; train a model first: `hrkeras train --output {quote(str(path))}`.")
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            _check_entries(archive, path)
            _check_config(json.loads(archive.read(CONFIG)), path)
            return Contents(_version(archive.read(METADATA)), _shapes(archive.read(WEIGHTS), path))
    except InputError:
        raise
    except Exception as error:  # zip, JSON and HDF5 each raise their own
        raise InputError(f"{path}: expected a .keras file, but it is damaged or something else ({reason(error)}).") from None


def reason(error: Exception) -> str:
    """What an exception of another library says, in one line; of nested exceptions of Keras, the innermost."""
    text = str(error).rpartition("Exception encountered: ")[2].strip()
    return (text.splitlines() or ["no reason given"])[0][:200].rstrip(".")


def _version(metadata: bytes) -> str:
    version = str(json.loads(metadata).get("keras_version"))
    return version if VERSION.fullmatch(version) else "unknown version"


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if set(sizes) != FILES or len(archive.infolist()) > len(FILES):
        holds = ", ".join(sorted(sizes)[:5]) or "nothing"
        raise InputError(f"{path}: expected a .keras file of {', '.join(sorted(FILES))}; it is a zip of {holds}.")
    total, packed = sum(sizes.values()), sum(entry.compress_size for entry in archive.infolist())
    if max(sizes[CONFIG], sizes[METADATA]) > MAX_CONFIG or total > MAX_WEIGHTS or total > max(RATIO_FROM, MAX_RATIO * packed):
        raise InputError(f"{path}: unpacks to {total:,} bytes, too many for a model of this kind; it was not loaded.")


def _check_config(config, path: Path) -> None:
    """Refuses a configuration that would build anything but `ALLOWED` classes and hrkeras' own registered ones."""
    if not isinstance(config, dict) or config.get("class_name") != "Functional":
        raise InputError(f"{path}: expected a model that `hrkeras train` has saved; this is another kind of model.")
    own = {name for name in keras.saving.get_custom_objects() if name.startswith("hrkeras>")}
    waiting: list[tuple[Any, bool]] = [({**config, "compile_config": None}, False)]  # not built, and differs between backends
    count = 0
    while waiting:
        value, in_shape = waiting.pop()
        if big := _too_big(value, in_shape):
            raise InputError(f"{path}: expected layers of a size up to {MAX_SIZE:,}, found {big[:60]}; it was not loaded.")
        if isinstance(value, list):
            waiting += [(item, in_shape) for item in value]
        if not isinstance(value, dict):
            continue
        waiting += [(item, in_shape or key.endswith("shape")) for key, item in value.items()]
        if "class_name" not in value:
            continue
        module, name, registered = (value.get(key) for key in ("module", "class_name", "registered_name"))
        if _among(registered, own) and not _has_fit_step(value.get("config")):
            raise InputError(f"{path}: expected steps of {STEPS[0]} to {STEPS[1]} s; this is another model, it was not loaded.")
        if not (_among(registered, own) and registered == f"hrkeras>{name}") and not (
            registered in (None, name) and _among(module, ALLOWED) and _among(name, ALLOWED[module])
        ):
            what = f"{registered or module}, {name}"[:100]
            raise InputError(
                f"{path}: holds a class that hrkeras' models have no use for and that might run any code ({what}); it was "
                "not loaded. Use models that `hrkeras train` has saved."
            )
        if name == "DTypePolicy" and not _has_fit_type(value.get("config")):
            raise InputError(
                f"{path}: expected a model of single precision (float32), found another one, as a keras.json can ask for; train "
                "it again."
            )
        if module not in NO_LAYERS:
            calls = value.get("inbound_nodes")
            count += max(1, len(calls) if isinstance(calls, list) else 1)
    if count > MAX_LAYERS:
        raise InputError(f"{path}: expected at most {MAX_LAYERS:,} layers and operations, found {count:,}; it was not loaded.")


def _too_big(value, in_shape: bool) -> str | None:
    """The setting in a part of a configuration that would need too much memory."""
    if in_shape and isinstance(value, list):
        sizes = [abs(size) for size in _numbers(value) if size]
        if len(sizes) > MAX_RANK or not math.prod(sizes) <= MAX_SIZE:
            return f"a shape of {value}"
    if not isinstance(value, dict):
        return None
    for key in SIZES:
        for size in _numbers(value.get(key)):
            if not abs(size) <= MAX_SIZE:
                return f"{key} {size}"
    heads, window = (_numbers(value.get(key)) for key in ("num_heads", "window"))
    if heads and window and not heads[0] * window[0] <= MAX_SIZE:
        return f"{heads[0]} heads over {window[0]} steps"
    if isinstance(people := value.get("people"), list) and len(people) > MAX_PEOPLE:
        return f"{len(people)} people"
    return "states that are kept" if value.get("stateful") else None


def _numbers(value) -> list:
    return [number for number in (value if isinstance(value, list) else [value]) if isinstance(number, int | float)]


def _has_fit_step(config) -> bool:
    """Whether the step of one of our layers, if it has one, can be that of a grid."""
    step = config.get("step", STEPS[0]) if isinstance(config, dict) else None
    return isinstance(step, int | float) and STEPS[0] <= step <= STEPS[1]


def _has_fit_type(config) -> bool:
    return isinstance(config, dict) and _among(config.get("name"), DTYPES)


def _among(value, names) -> bool:
    return (value is None or isinstance(value, str)) and value in names


def _shapes(content: bytes, path: Path) -> list[tuple[int, ...]]:
    """The shapes of weights; refuses those that lie in other files or that pretend to be bigger than their file."""
    foreign: list[str] = []
    sizes: list[int] = []
    shapes: list[tuple[int, ...]] = []

    def visit_link(name, link):
        if not isinstance(link, h5py.HardLink):
            foreign.append(name)

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            # Keras writes no chunks; one can be packed, or far bigger than what it holds
            if item.external or item.is_virtual or item.dtype.hasobject or item.chunks:
                foreign.append(name)
            sizes.append(math.prod(item.shape or ()) * item.dtype.itemsize)
            shapes.append(item.shape or ())

    with h5py.File(io.BytesIO(content)) as weights:
        weights.visititems_links(visit_link)
        weights.visititems(visit)
    if foreign:
        raise InputError(
            f"{path}: its weights {foreign[0]!a} do not lie in the file in one piece, as Keras writes them; it was not loaded."
        )
    if sum(sizes) > len(content):
        raise InputError(f"{path}: its weights claim {sum(sizes):,} bytes in a file of {len(content):,}; it was not loaded.")
    return shapes
