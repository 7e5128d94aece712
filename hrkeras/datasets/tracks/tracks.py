"""Builder of the `tracks` dataset."""

from hrkeras.datasets.base import RunsBuilder
from hrkeras.workouts.readers import tracks


class Tracks(RunsBuilder):
    """Runs of a folder of GPX, TCX and FIT files; each sub-folder is a person."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put a folder named tracks here, with GPX, TCX or FIT files in it."
    SOURCES = ("tracks",)

    def read_outcomes(self, sources, log, then, processes):
        return map(then, tracks.read(*sources, log=log))
