"""The process that exports: builds the graph, writes it, and compares its predictions with the model's."""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hrkeras import __version__
from hrkeras.athlete.history import RECORD
from hrkeras.athlete.population import PERSON, STATES
from hrkeras.evaluation.exported import COLUMN_NAMES
from hrkeras.export import check, formats, graph, streaming
from hrkeras.layers import PersonEmbedding
from hrkeras.models import saving
from hrkeras.models.load import load
from hrkeras.utils import keras_settings
from hrkeras.utils.errors import InputError

ATHLETE = (
    "expected, course and history come from the athlete's state, which starts from this population and is updated after each "
    "run: hrkeras.athlete.kalman, or its formulas in docs/reference/athlete_formulas.md. Of inputs that are left out nothing is "
    "needed."
)


def export(path: Path, output: Path, kind: str, stream: bool = False, quantize: bool = False) -> dict[str, Any]:
    """Writes an export and checks it; in a process whose Keras runs on TensorFlow, on the CPU.

    Args:
        path: of the `.keras` file, or the name of a packaged model.
        output: where to write; an existing export is replaced.
        kind: "savedmodel", "litert" or "onnx".
        stream: whether to export one step.
        quantize: whether weights are kept as 16-bit numbers.

    Returns:
        The description of the export, for JSON.

    Raises:
        InputError: if the model cannot be exported, or the export predicts something else.
    """
    model = load(path)
    population, fingerprint = saving.population(model), saving.fingerprint(model)
    step = saving.step(model)
    people = [number for layer in model._flatten_layers() if isinstance(layer, PersonEmbedding) for number in layer.people]
    runs = check.runs(population, step if stream else None, people)
    expected = check.expected(model, runs)
    model = graph.convertible(model)
    exported = streaming.step(model) if stream else graph.whole_run(model, formats.BATCH[kind])
    formats.write(exported, output, kind, quantize)
    predictions, milliseconds = check.predicted(formats.runner(kind, output), runs, exported.inputs)
    difference, limit = check.largest_difference(predictions, expected), check.QUANTIZED_LIMIT if quantize else check.LIMIT
    if not difference <= limit:
        advice = "another format may work"
        if quantize or stream:
            reaches = "it may look further back than a step can: export it for whole runs"
            advice = "export it without quantizing" if quantize else reaches
        raise InputError(
            f"{path}: exported as {kind} it differs by up to {difference:.3g} beats/min, more than {limit:g}, so nothing was "
            f"written; {advice}."
        )
    return {
        "model": path.name,
        "fingerprint": fingerprint,
        "hrkeras": __version__,
        "format": kind,
        "streaming": stream,
        "quantized": quantize,
        "runtime": formats.runtime(kind),
        "step_seconds": step,
        "largest_difference": difference,
        "limit": limit,
        "checked_runs": len(runs),
        "checked_steps": sum(map(len, expected)),
        "inputs": [exported.described(name) for name in exported.inputs],
        "outputs": [exported.described(name) for name in exported.outputs],
        "columns": {name: columns for name, columns in COLUMN_NAMES.items() if name in exported.inputs},
        "athlete": ATHLETE,
        "states": STATES,
        "person": PERSON,
        "record": RECORD,
        "population": population.as_dict(),
        "milliseconds": milliseconds,
    }


def _end_with_starter(starter: int) -> None:
    """Ends this process when the one that started it is gone, since nothing would move the export to its place."""
    while os.getppid() == starter:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, args=[os.getppid()], daemon=True).start()
    model, output, *options = json.loads(sys.argv[1])
    try:
        keras_settings.apply()
        print(json.dumps(export(Path(model), Path(output), *options)))
    except InputError as error:
        print(json.dumps({"error": str(error)}))
        sys.exit(1)
