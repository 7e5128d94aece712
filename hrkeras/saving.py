"""Open a saved model without running what a stranger put into it."""

import json
import zipfile
from pathlib import Path

import keras

from hrkeras import layers, losses  # noqa: F401 (their classes must be registered before loading)
from hrkeras.workouts.history import COLUMNS
from hrkeras.workouts.workout import InputError

MAX_CONFIG = 64 << 20
MAX_WEIGHTS = 4 << 30
MODULES = ("keras", "hrkeras", "builtins")


def load(path: Path) -> keras.Model:
    """Loads a `.keras` file that hrkeras has trained.

    Its configuration is read first: nothing is built that names a class from outside Keras and hrkeras, or code.

    Raises:
        InputError: if the file is missing, damaged, not to be trusted, or a model with other inputs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if "config.json" not in archive.namelist():
                raise InputError(f"{path}: expected a .keras file, found a zip without config.json in it.")
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sizes["config.json"] > MAX_CONFIG or sum(sizes.values()) > MAX_WEIGHTS:
                raise InputError(f"{path}: unpacks to {sum(sizes.values()):,} bytes, too many for a model of this kind.")
            config = json.loads(archive.read("config.json"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; train a model first: `hrkeras train --output {path}`.") from None
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, RecursionError) as error:
        raise InputError(f"{path}: expected a .keras file, but it is damaged or something else ({error}).") from None
    _refuse_foreign(config, path)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its layers raise
        reason = (str(error).strip().splitlines() or ["no reason given"])[0][:200]
        raise InputError(f"{path}: Keras cannot load it ({type(error).__name__}: {reason}).") from None
    expected = {"time", "speed", "altitude", "valid", "history"}
    if not isinstance(model.input, dict) or set(model.input) != expected:
        raise InputError(f"{path}: expected a model with the inputs {', '.join(sorted(expected))}; this is another.")
    for layer in model.layers:
        if isinstance(layer, layers.HistoryFeatures) and layer.columns != list(COLUMNS):
            raise InputError(f"{path}: was trained with other history columns; train it again with this version.")
    return model


def _refuse_foreign(config, path: Path) -> None:
    """Refuses a configuration that would import or run anything but Keras' and hrkeras' own classes."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        if not isinstance(value, dict):
            continue
        waiting += value.values()
        module, name = value.get("module"), value.get("class_name")
        foreign = isinstance(module, str) and module.split(".")[0] not in MODULES
        registered = value.get("registered_name")
        if isinstance(registered, str) and ">" in registered and registered.split(">")[0] != "hrkeras":
            foreign = True
        if name in ("Lambda", "__lambda__", "function", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer") or foreign:
            raise InputError(
                f"{path}: holds {module or registered}.{name}, which is not part of Keras' or hrkeras' own layers and could run "
                "any code; it was not loaded. Use models that `hrkeras train` has saved."
            )
