"""Write a function as SavedModel, LiteRT or ONNX, and run such a file in its own runtime."""

import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tensorflow as tf

from hrkeras.evaluation.exported import onnx_session
from hrkeras.export.graph import Exported
from hrkeras.utils import telemetry

BATCH = {"savedmodel": None, "litert": 1, "onnx": None}  # LiteRT has recurrent layers with a batch of fixed size only
RUNTIMES = {"savedmodel": "tensorflow", "litert": "ai-edge-litert", "onnx": "onnxruntime"}
OPSET = 18
Runner = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]


def write(exported: Exported, path: Path, kind: str, quantize: bool = False) -> None:
    """Writes a function.

    Args:
        exported: the function.
        path: a folder for "savedmodel", else a file.
        kind: "savedmodel", "litert" or "onnx".
        quantize: whether weights are kept as 16-bit numbers; "litert" only.
    """
    if kind == "savedmodel":
        shutil.rmtree(path, ignore_errors=True)
        _write_saved_model(exported, path)
    else:
        path.write_bytes(_litert(exported, quantize) if kind == "litert" else _onnx(exported))


def _write_saved_model(exported: Exported, path: Path) -> None:
    module = tf.Module()
    module.serve = exported.function
    tf.saved_model.save(module, str(path), signatures={"serving_default": exported.function})


def _litert(exported: Exported, quantize: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _write_saved_model(exported, Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantize:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]  # 8-bit integers are a quarter smaller but 30 times less exact
        return converter.convert()


def _onnx(exported: Exported) -> bytes:
    telemetry.off()
    import tf2onnx

    shapes = {name: tf.TensorSpec(shape, tf.float32, name=name) for name, shape in exported.inputs.items()}
    function = tf.function(lambda given: exported.function(**given), autograph=False)
    handlers: dict[str, tuple] = {"Log1p": (_log1p, []), "SelectV2": (_where, [])}
    made, _ = tf2onnx.convert.from_function(function, input_signature=[shapes], opset=OPSET, custom_op_handlers=handlers)
    return made.SerializeToString()


def _log1p(context, node, name, args):
    """The operation log1p, which ONNX lacks."""
    (given,), (out,), shape, dtype = node.input, node.output, context.get_shape(node.output[0]), context.get_dtype(node.output[0])
    context.remove_node(node.name)
    one = context.make_const(f"{name}/one", np.float32(1)).output[0]
    more = context.make_node("Add", [given, one], dtypes=[dtype], shapes=[shape]).output[0]
    context.make_node("Log", [more], outputs=[out], name=node.name, dtypes=[dtype], shapes=[shape])


def _where(context, node, name, args):
    """Replaces tf2onnx's sum of products, which is NaN where the value not selected is NaN."""
    node.type = "Where"


def runner(kind: str, path: Path) -> Runner:
    """A function from arrays to arrays by name that runs a written file in its own runtime, on one thread where possible."""
    if kind == "savedmodel":
        loaded = tf.saved_model.load(str(path))
        signature = loaded.signatures["serving_default"]

        def run(given):
            assert loaded  # its functions end with it
            return {
                name: tensor.numpy() for name, tensor in signature(**{key: tf.constant(a) for key, a in given.items()}).items()
            }

        return run
    if kind == "litert":
        from ai_edge_litert.interpreter import Interpreter

        runner = Interpreter(str(path), num_threads=1).get_signature_runner()
        return lambda given: runner(**given)
    session = onnx_session(path)
    names = [output.name for output in session.get_outputs()]
    return lambda given: dict(zip(names, session.run(names, given), strict=True))


def runtime(kind: str) -> str:
    """Name and version of the runtime that a format was checked in."""
    return f"{RUNTIMES[kind]} {version(RUNTIMES[kind])}"
