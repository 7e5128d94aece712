"""Build a dataset so that a killed build leaves the old one, or none."""

import contextlib
import errno
import importlib
import io
import os
import shutil
from pathlib import Path

import tensorflow_datasets as tfds

from hrkeras import plots
from hrkeras.workouts import apple_health, endomondo, tracks

READERS = {"endomondo": endomondo, "apple_watch": apple_health, "tracks": tracks}
STAGING = ".building-"  # a process number follows
OLD = "old"
FULL = os.strerror(errno.ENOSPC)


def builder_class(kind: str):
    """The TFDS builder class of a dataset: "endomondo", "apple_watch", "tracks" or "synthetic"."""
    module = importlib.import_module(f"hrkeras.datasets.{kind}")
    return getattr(module, module.__all__[0])


def size(kind: str, source: Path | None) -> int | None:
    """Bytes that building will report as read; None where nothing is read."""
    return READERS[kind].size(source) if source else None


def build(kind: str, source: Path | None, config: str, data_dir: Path | None, **kwargs):
    """Builds a dataset anew, beside the old one, and puts it in its place when it is complete.

    Args:
        kind: "endomondo", "apple_watch", "tracks" or "synthetic".
        source: the file or folder to read; None for simulated athletes.
        config: "by_time" or "by_user".
        data_dir: TFDS's folder of datasets; where TFDS looks by itself if not given.
        **kwargs: passed to the builder: limits, processes, ...

    Returns:
        The TFDS builder of the finished dataset; its `funnel` tells what the filters took.

    Raises:
        InputError: if the source cannot be read or nothing of it passes the filters.
        OSError: if there is no place to write; what was there stays.
    """
    data_dir = Path(data_dir or tfds.core.constants.DATA_DIR)
    data_dir.mkdir(parents=True, exist_ok=True)
    _recover(data_dir)
    staging = data_dir / f"{STAGING}{os.getpid()}"
    staging.mkdir()
    try:
        builder = builder_class(kind)(source=source, config=config, data_dir=os.fspath(staging), **kwargs)
        with contextlib.redirect_stdout(io.StringIO()):  # TFDS announces the folder that is about to move
            tfds.disable_progress_bar()
            builder.download_and_prepare()
        finished = Path(builder.data_dir)
        plots.funnel(builder.funnel, finished / "funnel.png")
        relative = finished.relative_to(staging)
        final = data_dir / relative
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            (staging / OLD).mkdir()
            (staging / OLD / "place").write_text(os.fspath(relative))
            final.rename(staging / OLD / "data")
        finished.rename(final)
    except Exception as error:
        if FULL in str(error):  # TensorFlow and TFDS raise their own classes
            raise OSError(errno.ENOSPC, FULL, os.fspath(data_dir)) from None
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    built = builder_class(kind)(config=config, data_dir=os.fspath(data_dir))
    built.funnel = builder.funnel
    return built


def _recover(data_dir: Path) -> None:
    """Clears away what builds that were killed have left; a dataset that one had just moved aside is put back."""
    for staging in data_dir.glob(f"{STAGING}*"):
        if _is_running(staging.name.removeprefix(STAGING)):
            continue
        with contextlib.suppress(OSError):
            final = data_dir / (staging / OLD / "place").read_text()
            if not final.exists():
                (staging / OLD / "data").rename(final)
        shutil.rmtree(staging, ignore_errors=True)


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return int(process) != os.getpid()
