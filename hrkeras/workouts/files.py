"""Write a file or a folder so that a killed or failing command leaves the old one, or none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path to write to, in the folder of `path` and with its suffix; folders are made where they are missing.

    What was written, a file or a folder, takes the place of `path` at the end, and is gone if that, or anything before, fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, old = (path.with_name(f"{path.stem}.{what}{path.suffix}") for what in ("part", "old"))
    try:
        yield part
        if part.is_dir() and path.is_dir():  # no folder takes the place of a full one
            path.rename(old)
        part.replace(path)
    finally:
        for each in (part, old):
            shutil.rmtree(each) if each.is_dir() else each.unlink(missing_ok=True)
