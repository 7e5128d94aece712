"""What the dataset builders share: from a reader's workouts to windows in TFDS files."""

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters

from hrkeras.datasets import windows
from hrkeras.utils.errors import InputError
from hrkeras.workouts import prepare, quality, splits
from hrkeras.workouts.readers.source import ReadLog
from hrkeras.workouts.workout import Workout

CONFIGS = {
    "by_time": "Each person's earliest 80 % of runs for training, the next 10 % for validation, the last 10 % for test.",
    "by_user": "About 10 % of the people for validation and 10 % for test; all runs of a person are in one split.",
}


class RunsBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Windows of runs on a uniform grid, each with its person and its start, from which their history follows.

    A subclass defines how its source is read: `SOURCES` names the files to look for in TFDS's manual folder if no source
    is given, `read_outcomes` yields the result of `prepare.examine` for each workout.

    Args:
        source: the file or folder to read; needed only to build.
        limits: of the quality filters.
        on_bytes: called with the number of bytes read since the last call.
        on_windows: called with the number of windows written since the last call.
        processes: how many processes read, where the reader can use several.
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
        source: Path | str | None = None,
        limits: quality.Limits | None = None,
        on_bytes: Callable[[int], object] | None = None,
        on_windows: Callable[[int], object] | None = None,
        processes: int = 1,
        file_format=None,
        **kwargs,
    ):
        del file_format  # `tfds.data_source` asks for one; both are always written
        self._source = Path(source) if source else None
        self._limits = limits or quality.Limits()
        self._on_bytes = on_bytes
        self._on_windows = on_windows or (lambda count: None)
        self._processes = processes
        self._prepared: prepare.Prepared | None = None
        super().__init__(**kwargs)

    def read_outcomes(self, source: Path | None, log: ReadLog, then: Callable[[Workout], Any], processes: int) -> Iterator:
        """Yields `then(workout)` for each workout of the source."""
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

    def _split_generators(self, dl_manager):
        source = self._source
        if self.SOURCES and source is None:
            places = [Path(dl_manager.manual_dir) / name for name in self.SOURCES]
            source = next((place for place in places if place.exists()), places[0])
        if source and not source.exists():
            raise InputError(f"{source}: no such file or folder; check the path.")
        log = ReadLog(self._on_bytes)
        then = partial(prepare.examine, limits=self._limits)
        outcomes = self.read_outcomes(source, log, then, self._processes)
        self._prepared = prepared = prepare.Prepared(outcomes, log, Path(self.data_dir))
        split = splits.RULES[self.builder_config.name](prepared.users, prepared.starts)
        self.funnel = prepared.funnel
        self.info.metadata.update(
            step=prepared.step,
            window=windows.WINDOW,
            people=int(prepared.users.max()) + 1,
            runs={name: int((split == index).sum()) for index, name in enumerate(splits.SPLITS)},
            limits={name: getattr(self._limits, name) for name in self._limits.__dataclass_fields__},
            funnel=prepared.funnel.as_dict(),
        )
        return {name: self._generate_examples(prepared, split == index) for index, name in enumerate(splits.SPLITS)}

    def _generate_examples(self, prepared, chosen):
        for run in np.flatnonzero(chosen):
            for part in windows.windows(prepared.grid(run), prepared.step):
                yield (
                    f"{run}_{part['first_step']}",
                    {
                        **part,
                        "user": prepared.users[run],
                        "start": round(prepared.starts[run]),
                        "run": run,
                    },
                )
                self._on_windows(1)

    def _download_and_prepare(self, dl_manager, download_config):
        try:
            super()._download_and_prepare(dl_manager, download_config)
        finally:
            if self._prepared:
                self._prepared.close()
        self._rewrite_records()
        folder = Path(self.data_dir)
        (folder / "funnel.json").write_text(json.dumps(self.funnel.as_dict(), indent=2) + "\n", encoding="utf-8")

    def _rewrite_records(self):
        """Writes the records anew, as TFRecord for `tfds.load` and as ArrayRecord for `tfds.data_source`.

        TFDS leaves the order of the features inside a record to chance; sorted, equal sources give equal bytes.
        """
        import tensorflow as tf

        formats = file_adapters.ADAPTER_FOR_FORMAT
        for path in (Path(path) for split in self.info.splits.values() for path in split.filepaths):
            as_written = path.rename(path.with_name(path.name + ".unsorted"))
            for name in ("array_record", "tfrecord"):
                records = tf.data.TFRecordDataset(os.fspath(as_written)).as_numpy_iterator()
                serialized = (
                    (None, tf.train.Example.FromString(record).SerializeToString(deterministic=True)) for record in records
                )
                write = formats[file_adapters.FileFormat(name)].write_examples
                write(path.with_name(path.name.replace(".tfrecord-", f".{name}-")), serialized)
            as_written.unlink()
