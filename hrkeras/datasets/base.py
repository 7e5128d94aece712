"""What the dataset builders share: from a reader's workouts to windows in TFDS files."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core import dataset_builder, file_adapters
from tensorflow_datasets.core import splits as tfds_splits

from hrkeras.datasets import shards, windows
from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare, quality, splits
from hrkeras.workouts.funnel import Funnel
from hrkeras.workouts.grid import STEP
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.workout import Workout

CONFIGS = {
    "by_time": "Each person's earliest 80 % of runs for training, the next 10 % for validation, the last 10 % for test.",
    "by_user": "About 10 % of the people for validation and 10 % for test; all runs of a person are in one split.",
}


class RunsBuilder(dataset_builder.FileReaderBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Windows of runs on a uniform grid, each with its person and its start, from which their history follows.

    A subclass defines how its source is read: `SOURCES` names the files to look for in TFDS's manual folder if no source
    is given, `read_outcomes` yields the result of `prepare.examine` for each workout.

    Args:
        source: the file or folder to read, or several files where the reader takes them; needed only to build.
        limits: of the quality filters.
        on_bytes: called with the number of bytes read since the last call.
        on_windows: called with the number of windows written since the last call.
        processes: how many processes read, where the reader can use several, and then make the records.
    """

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "1.0.0": "First release.",
        "2.0.0": "Without the column of history: what is known of a person is worked out when the runs are loaded.",
    }
    BUILDER_CONFIGS: ClassVar[list] = [
        tfds.core.BuilderConfig(name=name, description=description) for name, description in CONFIGS.items()
    ]
    SOURCES: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *,
        source: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        limits: quality.Limits | None = None,
        on_bytes: Callable[[int], object] | None = None,
        on_windows: Callable[[int], object] | None = None,
        processes: int = 1,
        file_format=None,
        **kwargs,
    ):
        del file_format  # `tfds.data_source` asks for one; both are always written
        self._sources = [Path(each) for each in ([source] if isinstance(source, str | PathLike) else source or [])]
        self._limits = limits or quality.Limits()
        self._on_bytes = on_bytes
        self._on_windows = on_windows or (lambda count: None)
        self._processes = processes
        super().__init__(**kwargs)

    def read_outcomes(self, sources: list[Path], log: ReadLog, then: Callable[[Workout], Any], processes: int) -> Iterator:
        """Yields `then(workout)` for each workout of the sources."""
        raise NotImplementedError

    def _info(self) -> tfds.core.DatasetInfo:
        steps = (windows.WINDOW,)
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "time": tfds.features.Tensor(shape=steps, dtype=np.float32, doc="s since the run began"),
                    "speed": tfds.features.Tensor(shape=steps, dtype=np.float32, doc="m/s, mean over the step"),
                    "altitude": tfds.features.Tensor(shape=steps, dtype=np.float32, doc="m"),
                    "heart_rate": tfds.features.Tensor(
                        shape=steps, dtype=np.float32, doc="beats/min; 0 where it was not measured"
                    ),
                    "measured": tfds.features.Tensor(
                        shape=steps, dtype=np.bool_, doc="whether heart rate was measured at the step"
                    ),
                    "valid": tfds.features.Tensor(
                        shape=steps, dtype=np.bool_, doc="whether the step lies in the run; the others are padding"
                    ),
                    "user": tfds.features.Scalar(dtype=np.int64, doc="a number for the person"),
                    "start": tfds.features.Scalar(dtype=np.int64, doc="s since 1970-01-01 UTC"),
                    "run": tfds.features.Scalar(dtype=np.int64, doc="a number for the run"),
                    "first_step": tfds.features.Scalar(dtype=np.int64, doc="the run's step that the window begins at"),
                    "run_steps": tfds.features.Scalar(dtype=np.int64, doc="how many steps the whole run has"),
                }
            ),
            supervised_keys=None,
            metadata=tfds.core.MetadataDict(),
            alternative_file_formats=[file_adapters.FileFormat.ARRAY_RECORD],
        )

    def _download_and_prepare(self, dl_manager, download_config):
        sources = self._sources
        if self.SOURCES and not sources:
            places = [Path(dl_manager.manual_dir) / name for name in self.SOURCES]
            sources = [next((place for place in places if place.exists()), places[0])]
        for source in sources:
            if not source.exists():
                raise InputError(f"{source}: no such file or folder; check the path.")
        if download_config.beam_options or download_config.beam_runner:
            summary = self._build_on_beam(sources, download_config)
        else:
            summary = self._build(sources, download_config)
        self.funnel = summary.funnel
        self.info.metadata.update(summary.metadata)
        self.info.set_splits(tfds_splits.SplitDict([self._split_info(name, summary.written) for name in splits.SPLITS]))
        funnel = json.dumps(self.funnel.as_dict(), indent=2) + "\n"
        (Path(self.data_dir) / "funnel.json").write_text(funnel, encoding="utf-8")

    def _build(self, sources, download_config) -> "Summary":
        log, folder = ReadLog(self._on_bytes), Path(self.data_dir)
        outcomes = self.read_outcomes(sources, log, partial(prepare.examine, limits=self._limits), self._processes)
        grids = folder / "grids"
        prepared = prepare.Prepared(outcomes, log, grids)
        try:
            split = splits.RULES[self.builder_config.name](prepared.users, prepared.starts)
            files = list(
                shards.plan(split, prepared.steps, download_config.get_shard_config(), download_config.max_examples_per_split)
            )
            paths = partial(shards.File.path, folder=folder, dataset=self.name)
            written = shards.write(files, prepared, grids, paths, self._processes, self._on_windows)
        finally:
            prepared.close()
        return Summary(prepared.funnel, metadata(prepared.users, split, self._limits, prepared.funnel), written)

    def _build_on_beam(self, sources, download_config) -> "Summary":
        raise InputError(f"The dataset {self.name} is built in one process; of those here only endomondo is built on Beam.")

    def _split_info(self, name: str, written: list[shards.Written]) -> tfds_splits.SplitInfo:
        files = sorted(file for file in written if file.file.split == name)
        return tfds_splits.SplitInfo(
            name=name,
            shard_lengths=[file.windows for file in files],
            num_bytes=sum(file.size for file in files),
            filename_template=self._get_filename_template(split_name=name),
        )


class Summary(NamedTuple):
    """What a build has to tell about the dataset it wrote."""

    funnel: Funnel
    metadata: dict[str, Any]
    written: list[shards.Written]


def metadata(users: np.ndarray, split: np.ndarray, limits: quality.Limits, funnel: Funnel) -> dict[str, Any]:
    """What a dataset's `info.metadata` tells.

    Args:
        users: number of each run's person, shape `(runs,)`.
        split: index into `splits.SPLITS` of each run, shape `(runs,)`.
        limits: of the filters.
        funnel: what they took.
    """
    return {
        "step": STEP,
        "window": windows.WINDOW,
        "people": int(users.max()) + 1,
        "runs": {name: int((split == index).sum()) for index, name in enumerate(splits.SPLITS)},
        "limits": {name: getattr(limits, name) for name in limits.__dataclass_fields__},
        "funnel": funnel.as_dict(),
    }
