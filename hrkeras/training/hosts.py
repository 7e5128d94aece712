"""Training on several hosts, with JAX: each computes its part of every batch, and the first one writes the files."""

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hrkeras.training import training_folder
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import own_folder

VARIABLE = "KERAS_DISTRIBUTION_JOB_ADDRESSES"


def join() -> None:
    """Waits for the other hosts, if Keras' environment variables name them; to be called before anything is computed.

    Raises:
        InputError: if the backend is another one than JAX, or the others are not there within five minutes.
    """
    if VARIABLE not in os.environ:
        return
    if (backend := keras.backend.backend()) != "jax":
        raise InputError(f"{VARIABLE} is set, and training on several hosts needs the backend jax, found {backend}.", "backend")
    _jax().config.update("jax_enable_preemption_service", False)  # it would ignore what kills a process
    try:
        keras.distribution.initialize()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"The hosts that the variables KERAS_DISTRIBUTION_* name cannot work together: {error}") from None


def count() -> int:
    """How many hosts train together."""
    return jax.process_count() if (jax := _jax()) else 1


def number() -> int:
    """Number of this host, from 0; 0 writes the files."""
    return jax.process_index() if (jax := _jax()) else 0


def _jax():
    """The module jax if it is the backend."""
    if keras.backend.backend() != "jax":
        return None
    import jax

    return jax


def check_same(asked: dict[str, Any]) -> None:
    """Waits for the other hosts and compares what they were asked for.

    Raises:
        InputError: on all hosts, if it is not the same.
    """
    if count() > 1:
        from jax.experimental import multihost_utils

        mine = np.uint32(zlib.crc32(json.dumps(asked, sort_keys=True).encode()))
        if len(np.unique(multihost_utils.process_allgather(mine))) > 1:
            raise InputError("The hosts were asked for different trainings; give each the same command, dataset and output.")


@contextmanager
def opened(folder: Path, resume: bool, on_moved: Callable[[Path], object] | None = None) -> Iterator[tuple[Path, int]]:
    """`training_folder.opened` of the folder itself on the first host; the others do the same in a temporary one.

    Yields:
        The folder to work in, and the epoch to go on from; 0 where there is none.
    """
    with ExitStack() as stack:
        if number():
            copy = stack.enter_context(own_folder(Path(tempfile.gettempdir()))) / "training"
            copy.mkdir()
            if resume and (last := training_folder.last_epoch(folder)):
                for name in (training_folder.SETTINGS, training_folder.LOG, training_folder.BEST, training_folder.after(last)):
                    shutil.copy(folder / name, copy)
            folder = copy
        yield folder, stack.enter_context(training_folder.opened(folder, resume, on_moved))
