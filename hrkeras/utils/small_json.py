"""Read the small JSON files that hrkeras writes beside its results."""

import json
from pathlib import Path
from typing import Any

from hrkeras.utils.errors import InputError
from hrkeras.utils.files import open_regular

MAX_SIZE = 16 << 20  # bytes


def read(path: Path) -> dict[str, Any] | None:
    """The object in a file; None if the file is missing, unreadable, too large, not regular, or holds anything else."""
    try:
        with open_regular(path) as stream:
            content = stream.read(MAX_SIZE + 1)
        value = json.loads(content) if len(content) <= MAX_SIZE else None
    except (InputError, OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
