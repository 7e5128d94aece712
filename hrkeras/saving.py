"""Open a saved model without running what a stranger put into it."""

import hashlib
import io
import json
import math
import zipfile
from pathlib import Path

import h5py
import keras

from hrkeras import layers, losses  # noqa: F401 (their classes must be registered before loading)
from hrkeras.models.frame import INPUTS
from hrkeras.workouts.athlete import COURSE_FACTS
from hrkeras.workouts.history import COLUMNS
from hrkeras.workouts.population import Population, default, from_dict
from hrkeras.workouts.source import MAX_RATIO, RATIO_FROM
from hrkeras.workouts.workout import InputError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
FILES = {"metadata.json", CONFIG, WEIGHTS}  # of a model without assets; those may be vocabularies, tables or worse
MAX_CONFIG = 16 << 20
MAX_WEIGHTS = 4 << 30
SIZES = ("units", "filters", "kernel_size", "depth_multiplier", "num_heads", "key_dim", "value_dim", "window", "patch", "lags")
MAX_SIZE = 1 << 14  # of each of these in a layer
STEPS = (1, 60)  # s, the shortest and the longest step of a grid
COLUMNS_OF = {"history_features": list(COLUMNS), "course_features": list(COURSE_FACTS)}  # by the name of the layer

# By the module that a configuration names, the classes that are built: they compute, and read no files, run no code.
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
        *("Attention", "AdditiveAttention", "MultiHeadAttention"),
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


def load(path: Path) -> keras.Model:
    """Loads a `.keras` file that hrkeras has trained.

    Configuration and weights are looked through first: nothing is built but classes that are known to compute only,
    and no more memory is asked for than the file has bytes.

    Raises:
        InputError: if the file is missing, damaged, not to be trusted, or a model with other inputs.
    """
    if path.suffix != ".keras" and path.exists():  # Keras reads other formats under other names
        raise InputError(f"{path}: expected a file that ends in .keras, as `hrkeras train` writes it.")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path)
            config = json.loads(archive.read(CONFIG))
            _check_config(config, path)
            _check_weights(archive.read(WEIGHTS), path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; train a model first: `hrkeras train --output {path}`.") from None
    except InputError:
        raise
    except Exception as error:  # zip, JSON and HDF5 each raise their own
        raise InputError(f"{path}: expected a .keras file, but it is damaged or something else ({_first_line(error)}).") from None
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its layers raise
        raise InputError(f"{path}: Keras cannot load it ({type(error).__name__}: {_first_line(error)}).") from None
    model = _with_person(model)
    _check_model(model, path)
    return model


def _with_person(model: keras.Model) -> keras.Model:
    """A model from before `person` was an input takes it too, and does not look at it."""
    if isinstance(model.input, dict) and set(model.input) == set(INPUTS) - {"person"}:
        person = keras.Input(INPUTS["person"][1:], name="person", dtype="float32")
        return keras.Model(model.input | {"person": person}, model.output, name=model.name)
    return model


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:200]


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if set(sizes) != FILES or len(archive.infolist()) > len(FILES):
        holds = ", ".join(sorted(sizes)[:5]) or "nothing"
        raise InputError(f"{path}: expected a .keras file of {', '.join(sorted(FILES))}; it is a zip of {holds}.")
    total, packed = sum(sizes.values()), sum(entry.compress_size for entry in archive.infolist())
    if sizes[CONFIG] > MAX_CONFIG or total > MAX_WEIGHTS or total > max(RATIO_FROM, MAX_RATIO * packed):
        raise InputError(f"{path}: unpacks to {total:,} bytes, too many for a model of this kind; it was not loaded.")


def _check_config(config, path: Path) -> None:
    """Refuses a configuration that would build anything but what is `ALLOWED` and hrkeras' own registered classes."""
    if not isinstance(config, dict) or config.get("class_name") != "Functional":
        raise InputError(f"{path}: expected a model that `hrkeras train` has saved; this is another kind of model.")
    own = {name for name in keras.saving.get_custom_objects() if name.startswith("hrkeras>")}
    waiting = [{**config, "compile_config": None}]  # which is not built, and differs between backends
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        if not isinstance(value, dict):
            continue
        waiting += value.values()
        big = [f"{key} {size}" for key in SIZES for size in _numbers(value.get(key)) if size > MAX_SIZE]
        big += [f"{len(each)} people" for each in [value.get("people")] if isinstance(each, list) and len(each) > MAX_SIZE]
        if big:
            raise InputError(f"{path}: expected layers of a size up to {MAX_SIZE:,}, found {big[0][:40]}; it was not loaded.")
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


def _numbers(value) -> list:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, int | float)]


def _has_fit_step(config) -> bool:
    """Whether the step of one of our layers, if it has one, can be that of a grid."""
    step = config.get("step", STEPS[0]) if isinstance(config, dict) else None
    return isinstance(step, int | float) and STEPS[0] <= step <= STEPS[1]


def _among(value, known) -> bool:
    return (value is None or isinstance(value, str)) and value in known


def _check_weights(content: bytes, path: Path) -> None:
    """Refuses weights that lie in other files or that pretend to be bigger than their file."""
    with h5py.File(io.BytesIO(content)) as weights:
        foreign: list[str] = []
        sizes: list[int] = []

        def look_at_link(name, link):
            if not isinstance(link, h5py.HardLink):
                foreign.append(name)

        def look_at(name, item):
            if isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual or item.dtype.hasobject:
                    foreign.append(name)
                sizes.append(math.prod(item.shape or ()) * item.dtype.itemsize)

        weights.visititems_links(look_at_link)
        weights.visititems(look_at)
    if foreign:
        raise InputError(f"{path}: its weights {foreign[0]!a} lie in another place than in the file; it was not loaded.")
    if sum(sizes) > len(content):
        raise InputError(f"{path}: its weights claim {sum(sizes):,} bytes in a file of {len(content):,}; it was not loaded.")


def _check_model(model: keras.Model, path: Path) -> None:
    given = model.input if isinstance(model.input, dict) else {}
    shapes = {name: tuple(getattr(each, "shape", ())) for name, each in given.items()}
    if {name: len(shape) for name, shape in shapes.items()} != {name: len(shape) for name, shape in INPUTS.items()}:
        raise InputError(
            f"{path}: expected a model with the inputs {', '.join(INPUTS)}; this is another, or one of another version: "
            "train it again with this one."
        )
    known = [layer for layer in model._flatten_layers() if isinstance(layer, layers.PartlyKnown)]
    if shapes != INPUTS or any(layer.columns != COLUMNS_OF.get(layer.name) for layer in known):
        raise InputError(f"{path}: was trained with other facts of the person or the course; train it again with this version.")
    steps = {layer.step for layer in model._flatten_layers() if isinstance(layer, layers.RunFeatures)}
    if len(steps) != 1 or getattr(model.output, "shape", None) != (None, None):
        raise InputError(f"{path}: expected one heart rate for each step of a run as output; this is another model.")
    try:
        population(model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def fingerprint(model: keras.Model) -> str:
    """Tells models apart by their weights."""
    found = hashlib.sha256()
    for weight in model.get_weights():
        found.update(weight.tobytes())
    return found.hexdigest()[:16]


def step(model: keras.Model) -> float:
    """Length of a step of the grid that a model takes, s."""
    return next(layer.step for layer in model._flatten_layers() if isinstance(layer, layers.RunFeatures))


def population(model: keras.Model) -> Population:
    """Where the states of the athletes must start whose runs a model predicts; the packaged one if the model names none.

    Raises:
        InputError: if what the model names is no population.
    """
    named = [layer.population for layer in model._flatten_layers() if isinstance(layer, layers.ExpectedFeatures)]
    named = [each for place, each in enumerate(named) if each not in named[:place]]  # members of an ensemble name it each
    if not named or named == [None]:
        return default()
    try:
        (values,) = named
        return from_dict(values)
    except ValueError as error:
        raise InputError(f"its population, where athletes start, is damaged ({_first_line(error)}); train it again.") from None
