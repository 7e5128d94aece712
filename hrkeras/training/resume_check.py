"""Check that a training or search is resumed with the settings that it was begun with."""

import json
from pathlib import Path
from typing import Any

from hrkeras.utils import small_json
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write


def check(path: Path, asked: dict[str, Any], advice: str, argument: str | None = None) -> None:
    """Stores the settings asked for, or compares them with those stored earlier.

    Args:
        path: of the JSON file that keeps it.
        asked: anything JSON holds.
        advice: what to do if it differs.
        argument: that the advice is about, see `InputError`.

    Raises:
        InputError: if it differs, or cannot be read.
    """
    asked = json.loads(json.dumps(asked))
    if not path.exists():
        with atomic_write(path) as part:
            part.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
        return
    kept = small_json.read(path)
    if kept is None:
        message = f"{path}: expected what was asked for when {path.parent} was begun, found a damaged file"
        raise InputError(f"{message}; {advice}.", argument)
    if kept != asked:
        different = sorted(key for key in kept | asked if kept.get(key) != asked.get(key))
        begun = ", ".join(f"{key}: {kept.get(key)}" for key in different)
        raise InputError(f"{path.parent} was begun otherwise ({begun}); {advice}.", argument)
