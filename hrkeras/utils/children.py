"""Child processes: they import the same modules as this one, and nothing from the current folder."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SAFE = "PYTHONSAFEPATH"  # keeps Python from looking for modules in the current folder
PACKAGES = Path(__file__).resolve().parents[2]  # where hrkeras was imported from


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a module as a program, to be run with `environment`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Environment variables of a child: it looks for modules where this process does, but not in the current folder.

    That folder is kept only if hrkeras itself was imported from it.
    """
    here = Path.cwd()
    folders = [folder for folder in sys.path if folder and (Path(folder).resolve() != here or here == PACKAGES)]
    return os.environ | {SAFE: "1", "PYTHONPATH": os.pathsep.join(folders)}


@contextmanager
def spawning() -> Iterator[None]:
    """Context in which processes spawned by `multiprocessing` import no module from the current folder."""
    before = os.environ.get(SAFE)
    os.environ[SAFE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE]
        else:
            os.environ[SAFE] = before
