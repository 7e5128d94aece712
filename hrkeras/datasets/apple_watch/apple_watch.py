"""Builder of the `apple_watch` dataset."""

from hrkeras.datasets.base import RunsBuilder
from hrkeras.workouts.readers import apple_health


class AppleWatch(RunsBuilder):
    """Runs of one person's Apple Health export."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "On the iPhone open Health, tap your picture, then Export All Health Data, and put the export.zip here."
    )
    SOURCES = ("export.zip",)

    def read_outcomes(self, sources, log, then, processes):
        return map(then, apple_health.read(*sources, log=log))
