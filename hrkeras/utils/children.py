"""Processes that this one starts: they import what this one does, and nothing from the folder it stands in."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SAFE = "PYTHONSAFEPATH"  # keeps Python from looking for modules in the folder it stands in
PACKAGES = Path(__file__).resolve().parents[2]  # where hrkeras was imported from


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a module as a program, to be run with `environment`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Environment variables of a child: it looks for modules where this process does, but not in the current folder.

    That folder stays only if hrkeras itself lies in it.
    """
    here = Path.cwd()
    folders = [each for each in sys.path if each and (Path(each).resolve() != here or here == PACKAGES)]
    return os.environ | {SAFE: "1", "PYTHONPATH": os.pathsep.join(folders)}


@contextmanager
def spawning() -> Iterator[None]:
    """While it lasts, what `multiprocessing` spawns takes no module from the current folder."""
    before = os.environ.get(SAFE)
    os.environ[SAFE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE]
        else:
            os.environ[SAFE] = before
