"""Builder of the `synthetic` dataset."""

from hrkeras.datasets.base import RunsBuilder
from hrkeras.workouts.simulation import synthetic


class Synthetic(RunsBuilder):
    """Runs of simulated athletes."""

    def __init__(self, *, athletes: int = 8, runs: int = 60, seed: int = 0, **kwargs):
        self._simulation = {"athletes": athletes, "runs": runs, "seed": seed}
        super().__init__(**kwargs)

    def read_outcomes(self, sources, log, then, processes):
        return map(then, synthetic.read(**self._simulation, log=log))
