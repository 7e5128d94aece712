"""Runs of one split of which some heart rate is known, whole or cut at forecast origins, and what is predicted of them."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from hrkeras.athlete.kalman import Known
from hrkeras.athlete.population import Population
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import Run
from hrkeras.evaluation import origins
from hrkeras.evaluation.baselines import Partly
from hrkeras.evaluation.predict import WHOLE, by_run, predict
from hrkeras.evaluation.protocols import Case, Protocol

Start = tuple[Sequence[Known], Population]  # what is known before each run, and where the athletes' states started


class PartlyKnown:
    """The runs of one split under a protocol that lets some of their heart rate be known.

    Args:
        model: to score.
        runs: all splits.
        protocol: the protocol.
        start: what is known before each run, and the population it was known from.
        split: which runs.
        on_batch: see `predict`.
    """

    def __init__(
        self,
        model: keras.Model,
        runs: Runs,
        protocol: Protocol,
        start: Start,
        split: str,
        on_batch: Callable[[int], object] | None = None,
    ):
        self._model, self._on_batch = model, on_batch
        self._parents = np.empty(0, np.int64)

        if protocol.past_only:
            self._windows, self._parents = origins.cut(runs, *start, split)
        else:
            self._windows = [runs.windows(start[0], split, WHOLE)]
        course = all(case.course for case in protocol.cases)
        self._runs = [run for part in self._windows for run in part.runs()]
        self._unconditioned = [values for part in self._windows for values in predict(model, part, on_batch, course=course)]
        self.expected = [
            values for part in self._windows for values in by_run(part.inputs(course=course)["expected"][:, :, 0], part)
        ]

    def of(self, case: Case, conditioned: bool = True) -> Partly:
        """What is known and predicted of these runs in a case; `conditioned` on known heart rate only if that is needed."""
        shown, counted, predicted = [], [], []
        for part in self._windows:
            known = case.known(part)
            shown += by_run(known["heart_rate"], part)
            counted += by_run(case.scored(part), part)
            if conditioned:
                predicted += predict(self._model, part, self._on_batch, **known)
        return Partly(self._runs, shown, counted, self._unconditioned, self.expected, predicted)

    def whole(self, values: list[np.ndarray], counted: list[np.ndarray], runs: list[Run]) -> list[np.ndarray]:
        """Values of these cut runs at the steps that count, put into the whole runs, see `origins.whole`."""
        return origins.whole(values, counted, self._parents, runs)
