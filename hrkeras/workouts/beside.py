"""Write a file so that a killed or failing command leaves the old one, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A path to write to, in the folder of `path` and with its suffix; folders are made where they are missing.

    What was written takes the place of `path` at the end, and is gone if that, or anything before, fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
