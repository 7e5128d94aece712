"""Builder of the `endomondo` dataset."""

from hrkeras.datasets.base import RunsBuilder
from hrkeras.workouts.readers import endomondo


class Endomondo(RunsBuilder):
    """Runs of an Endomondo file (`endomondoHR.json`, plain or gzip)."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Ask the FitRec project (https://sites.google.com/eng.ucsd.edu/fitrec-project) for endomondoHR.json, "
        "which may be used for academic work and not passed on, and put it here, plain or as endomondoHR.json.gz."
    )
    SOURCES = ("endomondoHR.json.gz", "endomondoHR.json")

    def read_outcomes(self, sources, log, then, processes):
        return endomondo.read(*sources, log=log, processes=processes, then=then)
