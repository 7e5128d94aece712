"""Export in a separate process, on TensorFlow and the CPU, whatever this one runs on."""

import errno
import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from hrkeras.utils import children
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_writes, private_temp

SUFFIXES = {"savedmodel": "", "litert": ".tflite", "onnx": ".onnx"}
PACKAGES: dict[str, dict[str, str]] = {  # by the name they are imported by
    "savedmodel": {},
    "litert": {"ai_edge_litert": "ai-edge-litert"},
    "onnx": {"onnx": "onnx", "tf2onnx": "tf2onnx"},
}


def export(model: Path, output: Path, kind: str, *, streaming: bool = False, quantize: bool = False) -> dict[str, Any]:
    """Exports a model, and writes a description of the export as `output` with `.json` appended.

    Both are written only if the export, run by its own runtime, predicts what the model predicts.

    Args:
        model: a `.keras` file, or the name of a packaged model.
        output: a folder for "savedmodel", a file that ends in .tflite for "litert" and in .onnx for "onnx".
        kind: one of these three.
        streaming: whether to export one step, with the state between steps as input and output.
        quantize: whether weights are kept as 16-bit numbers; "litert" only.

    Returns:
        The content of the JSON, and `milliseconds`, how long a run of 500 steps (a step, if streaming) took here.

    Raises:
        InputError: if the model cannot be loaded or exported, the export differs too much, or a package is missing.
    """
    _check(output, kind, quantize)
    with private_temp(), atomic_writes(output, description_of(output)) as (part, description):
        facts = _in_child(model, part, kind, streaming, quantize)
        milliseconds = facts.pop("milliseconds")
        description.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8", newline="\n")
    return facts | {"milliseconds": milliseconds}


def description_of(output: Path) -> Path:
    """The JSON file that describes an export."""
    return Path(f"{os.path.abspath(output)}.json")


def _check(output: Path, kind: str, quantize: bool) -> None:
    missing = [package for name, package in PACKAGES[kind].items() if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"The format {kind} needs {' and '.join(missing)}; install with `pip install 'hrkeras[{kind}]'`.")
    if quantize and kind != "litert":
        raise InputError(f"Only the format litert can be quantized, found {kind}; keep the weights as they are.", "quantize")
    if SUFFIXES[kind] and output.suffix != SUFFIXES[kind]:
        raise InputError(f"{output}: expected a file name ending in {SUFFIXES[kind]} for the format {kind}.")
    if output.is_dir() and (SUFFIXES[kind] or not (output / "saved_model.pb").is_file()):
        raise InputError(f"{output}: is a folder and no SavedModel, so it is not replaced; choose another path.")


def _in_child(model: Path, part: Path, kind: str, streaming: bool, quantize: bool) -> dict[str, Any]:
    asked = json.dumps([str(model), str(part), kind, streaming, quantize])
    # no GPU: a graph traced where there is one keeps cuDNN's operations
    done = subprocess.run(
        children.command("hrkeras.export.child", asked),
        env=children.environment() | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        errors="replace",
    )
    last = (done.stdout.splitlines() or [""])[-1]
    if done.returncode == 0:
        return json.loads(last)
    if done.returncode == 1 and last.startswith('{"error"'):
        raise InputError(json.loads(last)["error"])
    if os.strerror(errno.ENOSPC) in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(part))
    why = (done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"])[-1][:300]
    raise InputError(f"{model}: the converter to {kind} failed ({why}); another format may work.")
