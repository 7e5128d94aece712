"""Switch off the telemetry of other libraries; see docs/reference/privacy.md."""

import os

SWITCHES = (
    "ORT_DISABLE_TELEMETRY",  # ONNX Runtime, which would record its use in the home folder
    "HF_HUB_DISABLE_TELEMETRY",  # the Hugging Face hub's client, Chronos and Transformers
    "DO_NOT_TRACK",  # any library that respects it
)


def off() -> None:
    """Switches it off; call it before importing any such library."""
    for name in SWITCHES:
        os.environ[name] = "1"
