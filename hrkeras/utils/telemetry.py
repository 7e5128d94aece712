"""Nothing is sent about how other libraries are used; see docs/reference/privacy.md."""

import os

SWITCHES = (
    "ORT_DISABLE_TELEMETRY",  # ONNX Runtime, which would count its use and keep that in the home folder
    "HF_HUB_DISABLE_TELEMETRY",  # the Hugging Face hub's client, Chronos and Transformers
    "DO_NOT_TRACK",  # whoever goes by it
)


def off() -> None:
    """Switches it off; to be called before anything imports such a library."""
    for name in SWITCHES:
        os.environ[name] = "1"
