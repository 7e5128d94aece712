"""Predicts a run's heart rate with an exported LiteRT model, without Keras and TensorFlow.

python examples/predict_litert.py MODEL.tflite RUN.gpx [ME.json]
"""

import json
from pathlib import Path

from ai_edge_litert.interpreter import Interpreter
from inputs import inputs, main


def predict(model: str, run: str, athlete: str | None = None) -> list[float]:
    """Heart rate of each step of 10 s, beats/min."""
    given = inputs(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")), run, athlete)
    (heart_rate,) = Interpreter(model).get_signature_runner()(**given)["heart_rate"]
    return heart_rate.tolist()


if __name__ == "__main__":
    main(predict, __doc__)
