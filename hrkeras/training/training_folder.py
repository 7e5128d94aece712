"""The folder of a training: which files it holds, who works in it, and what becomes of an earlier training."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pandas as pd

from hrkeras.utils import files, small_json
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import open_regular

SETTINGS, LOG, PICTURE, BEST, SECONDS = "settings.json", "epochs.csv", "epochs.png", "best.keras", "seconds.json"
TENSORBOARD = "tensorboard"
EPOCHS = re.compile(r"epochs\.csv|best\.keras|after-epoch-\d+\.keras")  # the files of finished epochs
PATIENCE = 10.0  # s, within which processes whose starter was killed have ended


def after(epoch: int) -> str:
    """Name of the file of the model after an epoch, from 1."""
    return f"after-epoch-{epoch}.keras"


def last_epoch(folder: Path) -> int | None:
    """The last finished epoch, from the log, which is written after the model of its last row."""
    if not (folder / LOG).exists():
        return None
    try:
        logged = len(read_log(folder))
    except ValueError:
        return None
    return logged if (folder / after(logged)).exists() else None


def read_log(folder: Path) -> list[dict]:
    """The log, a dict an epoch.

    Raises:
        InputError: if it cannot be opened.
        ValueError: if it is damaged.
    """
    with open_regular(folder / LOG) as stream:
        return pd.read_csv(stream).to_dict("records")


@contextmanager
def opened(folder: Path, resume: bool, on_moved: Callable[[Path], object] | None = None) -> Iterator[int]:
    """Keeps a folder for one training.

    Without an epoch to go on from, the folder is made anew. An earlier training that has kept something of its epochs, be it
    damaged or not, is moved beside meanwhile, and removed when the new one has ended; if that fails before it has finished an
    epoch, it is moved back.

    Args:
        folder: made if missing.
        resume: whether to go on from the last finished epoch.
        on_moved: called with where an earlier training was moved to.

    Yields:
        The epoch to go on from; 0 where there is none.

    Raises:
        InputError: if another process trains there, the folder holds something that is no training, or what is to be resumed
            is damaged.
    """
    folder = Path(os.path.realpath(folder))
    busy = f"{folder}: another training is at work in this folder; wait for its end or choose another output."
    with files.locked(folder, busy, PATIENCE):
        _check_is_own(folder)
        last = last_epoch(folder) if resume else None
        if last:
            yield last
            return
        kept = _of_epochs(folder)
        if resume and last is None and kept - {BEST, after(1)}:  # the first log is written after these
            raise InputError(
                f"{folder}: its log or the model after its last epoch is missing or damaged, so it cannot go on; choose "
                "another output, or begin anew without resuming.",
                "resume",
            )
        earlier = None
        if kept:
            files.clear(folder)  # beside the new one, nothing would be written there any more
            earlier = _free(folder)
            folder.rename(earlier)
            if on_moved:
                on_moved(earlier)
        _remove(folder)
        try:
            yield 0
        except BaseException:
            if earlier and not last_epoch(folder):
                _remove(folder)
                earlier.rename(folder)
            raise
        if earlier:
            _remove(earlier)


def _check_is_own(folder: Path) -> None:
    if not folder.exists() or all(path.name.startswith(files.PREFIX) for path in folder.iterdir()):
        return
    settings = (small_json.read(folder / SETTINGS) or {}).get("settings")
    if not (isinstance(settings, dict) and {"epochs", "batch_size", "learning_rate"} <= settings.keys()):
        raise InputError(f"{folder}: is there already and holds no training, so it stays as it is; choose another output.")


def _of_epochs(folder: Path) -> set[str]:
    """Names of the files, other than empty ones, that hold what a training has learnt."""
    paths = folder.iterdir() if folder.exists() else ()
    return {path.name for path in paths if EPOCHS.fullmatch(path.name) and path.is_file() and path.stat().st_size}


def _free(folder: Path) -> Path:
    """A path beside a folder at which nothing is."""
    paths = (folder.with_name(f"{folder.stem}-earlier-{number}{folder.suffix}") for number in count(1))
    return next(path for path in paths if not os.path.lexists(path))


def _remove(folder: Path) -> None:
    """Removes a training, but nothing that somebody else has put into its folder."""
    files.clear(folder)
    parts = [folder / TENSORBOARD / part for part in ("train", "validation")]
    events = [path for part in parts for path in part.glob("events.out.tfevents.*")]
    epochs = [path for path in folder.glob("*") if EPOCHS.fullmatch(path.name)]
    for path in (*events, *epochs, folder / PICTURE, folder / SECONDS, folder / SETTINGS):
        if path.is_file():
            path.unlink()
    for directory in (*parts, folder / TENSORBOARD, folder):
        with suppress(OSError):
            directory.rmdir()
