"""Find a dataset that was built. TFDS is imported when one is opened, so that the command line can list them at once."""

import importlib
import os
from pathlib import Path

from hrkeras.utils.errors import InputError

SOURCES = {"endomondo": "endomondoHR.json.gz", "apple_watch": "export.zip", "tracks": "FOLDER", "synthetic": ""}
DATASETS = tuple(SOURCES)


def build_command(kind: str) -> str:
    """The command that builds a dataset, with an example of its source."""
    return f"hrkeras build {kind} {SOURCES[kind]}".rstrip()


def folder(data_dir: Path | None = None) -> Path:
    """The folder of datasets: `data_dir` if given, else TFDS's default."""
    return Path(data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def built(data_dir: Path | None = None) -> list[str]:
    """Names of the datasets that were built, in the order of `DATASETS`, however they are split."""
    return [kind for kind in DATASETS if any(folder(data_dir).glob(f"{kind}/*/*/dataset_info.json"))]


def find(name: str, data_dir: Path | None = None):
    """The TFDS builder of a dataset that was built.

    Raises:
        InputError: if the name is unknown or the dataset was not built.
    """
    import tensorflow_datasets as tfds

    from hrkeras.workouts import splits

    kind, _, config = name.partition("/")
    if kind not in DATASETS:
        raise InputError(
            f"Dataset {name!r}: expected one of {', '.join(DATASETS)}, optionally followed by a slash and the split."
        )
    splits.rule(name)
    importlib.import_module(f"hrkeras.datasets.{kind}")
    configs = sorted(splits.RULES, key=lambda built: built != config)  # the runs of both are the same
    builders = [tfds.builder(f"{kind}/{built}", data_dir=data_dir and os.fspath(data_dir)) for built in configs]
    for builder in builders:
        if builder.is_prepared():
            return builder
    raise InputError(
        f"The dataset {builders[0].info.full_name} is not at {Path(builders[0].data_dir)}; build it with "
        f"`{build_command(kind)}`, or say where it is.",
        "data_dir",
    )
