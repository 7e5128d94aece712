"""Builder of the `endomondo` dataset."""

from pathlib import Path

from hrkeras.datasets.base import RunsBuilder
from hrkeras.workouts.readers import endomondo


class Endomondo(RunsBuilder):
    """Runs of Endomondo files (`endomondoHR.json`, plain or gzip), also on Apache Beam."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Ask the FitRec project (https://sites.google.com/eng.ucsd.edu/fitrec-project) for endomondoHR.json, "
        "which may be used for academic work and not passed on, and put it here, plain or as endomondoHR.json.gz."
    )
    SOURCES = ("endomondoHR.json.gz", "endomondoHR.json")

    def read_outcomes(self, sources, log, then, processes):
        return endomondo.read(*sources, log=log, processes=processes, then=then)

    def _build_on_beam(self, sources, download_config):
        from hrkeras.datasets import on_beam

        job = on_beam.Job(
            sources=sources,
            folder=Path(self.data_dir),
            dataset=self.name,
            config=self.builder_config.name,
            limits=self._limits,
            shard_config=download_config.get_shard_config(),
            most=download_config.max_examples_per_split,
        )
        return on_beam.build(job, download_config.beam_options, download_config.beam_runner)
