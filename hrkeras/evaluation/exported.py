"""A model in the ONNX format, run by ONNX Runtime: without Keras, which takes seconds to start."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED
from hrkeras.athlete.population import Population, from_dict
from hrkeras.utils import packaged, small_json, telemetry
from hrkeras.utils.errors import InputError

HEART_RATE, KNOWN = "heart_rate", "known_heart_rate"  # in ONNX an output cannot have the name of an input
COLUMN_NAMES = {"expected": EXPECTED, "course": COURSE_FACTS, "history": COLUMNS}  # of the inputs that have several
SUFFIX = ".onnx"
ANEW = "write both files anew with `hrkeras export MODEL.keras --format onnx`"


class ExportedModel:
    """A model that `hrkeras export --format onnx` has written for whole runs; it predicts what the Keras model predicts.

    Make it with `load` or `base`.

    Attributes:
        name: of the exported model's file, without its ending.
        title: what it is called in texts.
        fingerprint: of the exported model, as `saving.fingerprint` says.
        identity: a hash of the file.
        population: where the athletes' states start.
        step: s, length of a step.
        corrects: whether it corrects the athlete's state.
    """

    compiled = False  # batches may be of any size

    def __init__(self, path: Path, description: dict[str, Any]) -> None:
        """`description` is what the JSON beside the file holds."""
        self.name = Path(description["model"]).stem
        self.title = f"the {self.name} model" if path.parent == packaged.FOLDER else f"the model {path}"
        self.fingerprint = str(description["fingerprint"])
        if not re.fullmatch("[0-9a-f]{16}", self.fingerprint):
            raise ValueError("its fingerprint is damaged")
        self.population: Population = from_dict(description["population"])
        self.step = float(description["step_seconds"])
        self.identity = hashlib.sha256(path.read_bytes()).hexdigest()
        self._session = onnx_session(path)
        self._inputs = [given.name for given in self._session.get_inputs()]
        self.corrects = "history" in self._inputs

    def __repr__(self) -> str:
        return f"ExportedModel {self.name}, fingerprint {self.fingerprint}"

    def predict_on_batch(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Heart rate in beats/min, shape `(batch, steps)`, from the inputs that `hrkeras.models` describes.

        Raises:
            InputError: if the file takes other inputs than its description says.
        """
        try:
            given = {name: np.asarray(inputs[HEART_RATE if name == KNOWN else name], np.float32) for name in self._inputs}
            return self._session.run([HEART_RATE], given)[0]
        except Exception as error:  # ONNX Runtime raises its own
            raise InputError(f"{self.title} cannot predict a run ({_reason(error)}); {ANEW}.") from None


def onnx_session(path: Path):
    """An `onnxruntime.InferenceSession` of a file, on one thread of the CPU."""
    telemetry.off()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def load(path: Path) -> ExportedModel:
    """Loads an exported model. What it computes is not looked into, so it should be of one's own making.

    Args:
        path: of the .onnx file; its description is beside it, with `.json` appended.

    Raises:
        InputError: if one of the two is missing, or is not what this version writes for whole runs.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    description = small_json.read(path.with_name(f"{path.name}.json"))
    try:
        if description is None:
            raise ValueError(f"there is no {path.name}.json")
        if description["format"] != "onnx" or description["streaming"]:
            raise ValueError(f"{path.name}.json describes another export")
        if any(columns != list(COLUMN_NAMES[name]) for name, columns in description["columns"].items()):
            raise ValueError("it takes other facts of the person or the course")
        return ExportedModel(path, description)
    except Exception as error:  # likewise, and a description may hold anything
        raise InputError(f"{path}: expected an export to ONNX and its .json ({_reason(error)}); {ANEW}.") from None


def _reason(error: Exception) -> str:
    said = (str(error).strip().splitlines() or ["no reason given"])[0][:200].rstrip(".")
    return said if type(error) is ValueError else f"{type(error).__name__}: {said}"


@cache
def base() -> ExportedModel:
    """The base model, which comes with the package; `hrkeras.load("base")` is the same as a Keras model."""
    return load(packaged.FOLDER / f"{packaged.BASE}{SUFFIX}")
