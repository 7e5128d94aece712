"""Find a dataset that was built."""

import importlib
import os
from pathlib import Path

from hrkeras.utils.errors import InputError
from hrkeras.workouts import splits

DATASETS = ("endomondo", "apple_watch", "tracks", "synthetic")


def find(name: str, data_dir: Path | None = None):
    """The TFDS builder of a dataset that is there.

    Raises:
        InputError: if the name is unknown or the dataset was not built.
    """
    import tensorflow_datasets as tfds

    kind, _, config = name.partition("/")
    if kind not in DATASETS:
        raise InputError(
            f"Dataset {name!r}: expected one of {', '.join(DATASETS)}, with how it is split behind a slash if you like."
        )
    splits.rule(name)
    importlib.import_module(f"hrkeras.datasets.{kind}")
    configs = sorted(splits.RULES, key=lambda built: built != config)  # the runs of both are the same
    builders = [tfds.builder(f"{kind}/{built}", data_dir=data_dir and os.fspath(data_dir)) for built in configs]
    for builder in builders:
        if builder.is_prepared():
            return builder
    raise InputError(
        f"The dataset {builders[0].info.full_name} is not at {Path(builders[0].data_dir)}; build it with `hrkeras build "
        f"{kind} SOURCE` or say with --data-dir where it is."
    )
