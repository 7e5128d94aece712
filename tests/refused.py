"""What is said of a model file that is not loaded."""

from pathlib import Path

import pytest

from hrkeras.models import saving
from hrkeras.utils.errors import InputError


def refused(path: Path) -> str:
    """The one line, beginning with the path, that loading a file fails with."""
    with pytest.raises(InputError) as caught:
        saving.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 600
    return message
