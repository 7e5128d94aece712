"""Build a dataset; a build that is killed leaves the old one, or none."""

import contextlib
import importlib
import io
import os
from collections.abc import Sequence
from pathlib import Path

import tensorflow_datasets as tfds

from hrkeras.datasets import funnel_plot
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write, clear
from hrkeras.workouts.readers import apple_health, endomondo, tracks

READERS = {"endomondo": endomondo, "apple_watch": apple_health, "tracks": tracks}


def builder_class(kind: str):
    """The TFDS builder class of a dataset: "endomondo", "apple_watch", "tracks" or "synthetic"."""
    module = importlib.import_module(f"hrkeras.datasets.{kind}")
    return getattr(module, module.__all__[0])


def size(kind: str, sources: Sequence[Path]) -> int | None:
    """Bytes that building will report as read; None where nothing is read."""
    return sum(READERS[kind].size(source) for source in sources) if sources else None


def build(
    kind: str,
    source: Path | Sequence[Path] | None,
    config: str,
    data_dir: Path | None,
    *,
    beam_options: str | None = None,
    **kwargs,
):
    """Builds a dataset anew, beside the old one, and puts it in its place when it is complete.

    Args:
        kind: "endomondo", "apple_watch", "tracks" or "synthetic".
        source: the file or folder to read, or several Endomondo files; None for simulated athletes.
        config: "by_time" or "by_user".
        data_dir: TFDS's folder of datasets; TFDS's default if not given.
        beam_options: of an Apache Beam pipeline, as on a command line, to build on it; sources and `data_dir` are where all
            its workers see them.
        **kwargs: passed to the builder: limits, processes, ...

    Returns:
        The TFDS builder of the finished dataset; its `funnel` counts what the filters dropped.

    Raises:
        InputError: if the source cannot be read or no run of it passes the filters.
        OSError: if it cannot be written; the old dataset stays.
    """
    how = None if beam_options is None else _on_beam(beam_options)
    final = folder(kind, config, data_dir)
    for dataset in final.parents[2].glob("*/*/"):
        clear(dataset)  # after a killed build of any dataset
    with atomic_write(final) as part:
        staging = part.with_name("tfds")
        builder = builder_class(kind)(source=source, config=config, data_dir=os.fspath(staging), **kwargs)
        with contextlib.redirect_stdout(io.StringIO()):  # TFDS announces the folder that is about to move
            tfds.disable_progress_bar()
            builder.download_and_prepare(download_config=how)
        finished = Path(builder.data_dir)
        funnel_plot.funnel(builder.funnel, finished / "funnel.png")
        finished.rename(part)
    built = builder_class(kind)(config=config, data_dir=os.fspath(final.parents[2]))
    built.funnel = builder.funnel
    return built


def _on_beam(options: str) -> tfds.download.DownloadConfig:
    """TFDS's setting of a build on Beam.

    Raises:
        InputError: if Beam is not installed.
    """
    try:
        from hrkeras.datasets import on_beam
    except ImportError:
        raise InputError("To build on Beam, install it with `pip install 'hrkeras[beam]'`.") from None
    return tfds.download.DownloadConfig(beam_options=on_beam.options(options))


def folder(kind: str, config: str, data_dir: Path | None) -> Path:
    """The folder of a dataset that `build` has built: a folder for the version, in one for the split, in one for the kind."""
    data_dir = Path(data_dir or tfds.core.constants.DATA_DIR)
    return data_dir / kind / config / str(builder_class(kind).VERSION)
