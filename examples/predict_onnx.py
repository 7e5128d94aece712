"""Predicts a run's heart rate with an exported ONNX model, without Keras and TensorFlow.

python examples/predict_onnx.py MODEL.onnx RUN.gpx [ME.json]
"""

import json
import os
from pathlib import Path

from inputs import inputs, main


def predict(model: str, run: str, athlete: str | None = None) -> list[float]:
    """Heart rate of each step of 10 s, beats/min."""
    given = inputs(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")), run, athlete)
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it would count its use, in the home folder and elsewhere
    import onnxruntime

    (heart_rate,) = onnxruntime.InferenceSession(model).run(["heart_rate"], given)[0]
    return heart_rate.tolist()


if __name__ == "__main__":
    main(predict, __doc__)
