"""The folder of a training: which files it holds, who works in it, and what becomes of an earlier training."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pandas as pd

from hrkeras.workouts import files
from hrkeras.workouts.workout import InputError

SETTINGS, LOG, PICTURE, BEST, SECONDS = "settings.json", "epochs.csv", "epochs.png", "best.keras", "seconds.json"
TENSORBOARD = "tensorboard"
PATIENCE = 10.0  # s, within which processes whose starter was killed have ended


def after(epoch: int) -> str:
    """Name of the file of the model after an epoch, from 1."""
    return f"after-epoch-{epoch}.keras"


def last_epoch(folder: Path) -> int | None:
    """The last finished epoch: the log is written after the model of its last row, so it tells."""
    try:
        logged = len(pd.read_csv(folder / LOG))
    except (OSError, ValueError):
        return None
    return logged if (folder / after(logged)).exists() else None


@contextmanager
def opened(folder: Path, resume: bool, on_moved: Callable[[Path], object] | None = None) -> Iterator[int | None]:
    """Keeps a folder for one training.

    Without an epoch to go on from, the folder is made anew. An earlier training that has finished epochs is moved beside
    meanwhile, and removed when the new one has ended; if that fails before it has finished an epoch, it is moved back.

    Args:
        folder: made if missing.
        resume: whether to go on from the last finished epoch.
        on_moved: called with where an earlier training was moved to.

    Yields:
        The epoch to go on from, if there is one.

    Raises:
        InputError: if another process trains there, or the folder holds something that is no training.
    """
    folder = Path(os.path.realpath(folder))
    busy = f"{folder}: another training is at work in this folder; wait for its end or choose another output."
    with files.locked(folder, busy, PATIENCE):
        _check_is_own(folder)
        last = last_epoch(folder) if resume else None
        if last:
            yield last
            return
        earlier = None
        if last_epoch(folder):
            earlier = _free(folder)
            folder.rename(earlier)
            if on_moved:
                on_moved(earlier)
        _remove(folder)
        try:
            yield None
        except BaseException:
            if earlier and not last_epoch(folder):
                _remove(folder)
                earlier.rename(folder)
            raise
        if earlier:
            _remove(earlier)


def _check_is_own(folder: Path) -> None:
    if not folder.exists() or all(each.name.startswith(files.PREFIX) for each in folder.iterdir()):
        return
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))["settings"]
        own = {"epochs", "batch_size", "learning_rate"} <= settings.keys()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        own = False
    if not own:
        raise InputError(f"{folder}: is there already and holds no training, so it stays as it is; choose another output.")


def _free(folder: Path) -> Path:
    """A path beside a folder at which nothing is."""
    paths = (folder.with_name(f"{folder.stem}-earlier-{number}{folder.suffix}") for number in count(1))
    return next(path for path in paths if not os.path.lexists(path))


def _remove(folder: Path) -> None:
    """Removes a training, but nothing that somebody else has put into its folder."""
    for path in [folder / name for name in (LOG, PICTURE, BEST, SECONDS)] + list(folder.glob("after-epoch-*.keras")):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / TENSORBOARD, ignore_errors=True)
    (folder / SETTINGS).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
