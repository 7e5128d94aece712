"""Open a saved model without running any code from the file."""

import hashlib
from pathlib import Path

import keras
import numpy as np

from hrkeras import layers
from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS
from hrkeras.athlete.population import Population, default, from_dict
from hrkeras.models import model_file, model_limits
from hrkeras.models.frame import INPUTS
from hrkeras.utils.errors import InputError

COLUMNS_OF = {"history_features": list(COLUMNS), "course_features": list(COURSE_FACTS)}  # by the name of the layer


def load(path: Path) -> keras.Model:
    """Loads a `.keras` file that hrkeras has trained.

    Configuration and weights are checked first: only classes that do nothing but compute are built, and only weights that
    the file holds.

    Raises:
        InputError: if the file is missing, damaged, not to be trusted, or a model with other inputs.
    """
    model = _with_person(build(path))
    _check_model(model, path)
    return model


def build(path: Path) -> keras.Model:
    """Builds the model of a `.keras` file, not compiled, within the limits of `load`; its inputs may be any.

    Raises:
        InputError: if the file is missing, damaged or not to be trusted.
    """
    if path.suffix != ".keras" and path.exists():  # Keras reads other formats under other names
        raise InputError(f"{path}: expected a file that ends in .keras, as `hrkeras train` writes it.")
    contents = model_file.check(path)
    try:
        with model_limits.only_variables_of(contents.shapes):
            return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its layers raise
        advice = "train it again" if contents.keras == keras.version() else "install that, or train it again"
        raise InputError(
            f"{path}: Keras {keras.version()} cannot load this model, which Keras {contents.keras} wrote "
            f"({type(error).__name__}: {model_file.reason(error)}); {advice}."
        ) from None


def _with_person(model: keras.Model) -> keras.Model:
    """Adds the input `person`, unused, to a model from before it existed."""
    if isinstance(model.input, dict) and set(model.input) == set(INPUTS) - {"person"}:
        person = keras.Input(INPUTS["person"][1:], name="person", dtype="float32")
        return keras.Model(model.input | {"person": person}, model.output, name=model.name)
    return model


def _check_model(model: keras.Model, path: Path) -> None:
    given = model.input if isinstance(model.input, dict) else {}
    shapes = {name: tuple(getattr(tensor, "shape", ())) for name, tensor in given.items()}
    if {name: len(shape) for name, shape in shapes.items()} != {name: len(shape) for name, shape in INPUTS.items()}:
        raise InputError(
            f"{path}: expected a model with the inputs {', '.join(INPUTS)}; this is another, or one of another version: "
            "train it again with this one."
        )
    partly_known = [layer for layer in model._flatten_layers() if isinstance(layer, layers.PartlyKnown)]
    if shapes != INPUTS or any(layer.columns != COLUMNS_OF.get(layer.name) for layer in partly_known):
        raise InputError(f"{path}: was trained with other facts of the person or the course; train it again with this version.")
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise InputError(f"{path}: holds weights that are not finite, so it cannot predict; train it again.")
    steps = {layer.step for layer in model._flatten_layers() if isinstance(layer, layers.RunFeatures)}
    if len(steps) != 1 or getattr(model.output, "shape", None) != (None, None):
        raise InputError(f"{path}: expected one heart rate for each step of a run as output; this is another model.")
    try:
        model_limits.check_tensors(model)
        population(model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # Keras raises whatever its layers raise
        raise InputError(f"{path}: cannot predict a run ({model_file.reason(error)}); train it again.") from None


def fingerprint(model: keras.Model) -> str:
    """A hash of the weights, to identify a model."""
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()[:16]


def step(model: keras.Model) -> float:
    """Length of a step of the grid that a model takes, s."""
    return next(layer.step for layer in model._flatten_layers() if isinstance(layer, layers.RunFeatures))


def population(model: keras.Model) -> Population:
    """The population that a model's athletes' states start from; the packaged one if the model names none.

    Raises:
        InputError: if what the model names is no population.
    """
    named = [layer.population for layer in model._flatten_layers() if isinstance(layer, layers.ExpectedFeatures)]
    named = [values for place, values in enumerate(named) if values not in named[:place]]  # members of an ensemble name it each
    if not named or named == [None]:
        return default()
    try:
        (values,) = named
        return from_dict(values)
    except ValueError as error:
        raise InputError(
            f"its population, where athletes start, is damaged ({model_file.reason(error)}); train it again."
        ) from None
