"""Whether a model is given, or makes use of, what its protocol hides: everything but the predictions may change."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import keras
import numpy as np

from hrkeras import models
from hrkeras.athlete.population import Population
from hrkeras.datasets.runs import Runs
from hrkeras.datasets.windows import STEP_FIELDS, Windows
from hrkeras.evaluation import memory, origins, predict
from hrkeras.evaluation.audit import statistics
from hrkeras.evaluation.audit.check import Check
from hrkeras.evaluation.audit.scrambling import alone, pick, scrambled
from hrkeras.evaluation.protocols import PROTOCOLS, TAIL, Case
from hrkeras.layers import WindowedAttention
from hrkeras.workouts.grid import STEP

RUNS = 30  # that are checked
BEFORE = 4  # runs that serve each as history
CUTS = 2  # times in each run after which everything is replaced
STILL = 1e-3  # beats/min, the largest change that does not count
ORIGINS = 3 * origins.EVERY  # steps between the forecast origins that are checked
EXTRA = 20  # steps of padding added after the longest run
STRICT = ("by_user", "later")  # protocols about people and days that were never trained on
WHOLE = (
    *(keras.layers.Bidirectional, keras.layers.Attention, keras.layers.AdditiveAttention, keras.layers.MultiHeadAttention),
    *(keras.layers.GlobalAveragePooling1D, keras.layers.GlobalMaxPooling1D),
)


class _Moved(NamedTuple):
    """How far predictions moved at most, of each run, beats/min."""

    most: list[float]

    @property
    def runs(self) -> int:
        return sum(not change <= STILL for change in self.most)

    @property
    def text(self) -> str:
        return f"in {self.runs} of {len(self.most)} runs, by up to {max(self.most):.3g} beats/min"


def checks(
    model: keras.Model,
    runs: Runs,
    data: str,
    protocol: str | None = None,
    *,
    population: Population,
    split: str = "test",
    quick: bool = False,
    seed: int = 0,
) -> Iterator[Check]:
    """Checks whether a model may have seen what it predicts.

    Args:
        model: with the inputs and the output that `hrkeras.models` describes.
        runs: all splits.
        data: name of the dataset.
        protocol: the one to check; all if not given.
        population: where the athletes' states start for this model, from `saving.population`.
        split: of the runs to check.
        quick: whether to leave out the model's statistics of histories, which need every history computed.
        seed: for the random choices.
    """
    memory.check(runs)
    random = np.random.default_rng(seed)
    few, rows = alone(runs, pick(runs, np.flatnonzero(runs.split == split), RUNS, random), BEFORE)
    sample = _Sample(model, population, few, rows, random)
    protocols = [PROTOCOLS[protocol]] if protocol else [entry for entry in PROTOCOLS.values() if entry.name not in STRICT]
    for entry in protocols:
        for case in entry.cases:
            yield sample.hidden(entry.name, case)
            if not case.course:
                yield sample.future(entry.name, case, asked=protocol is not None)
    yield sample.padding([entry.cases[0] for entry in protocols])
    learnt = np.zeros(len(runs.grids), bool) if quick else None
    known = runs.known(population, learnt=learnt)
    for member in models.members(model):
        yield statistics.check(member, runs, data, known, histories=not quick, strict=protocol in STRICT)


class _Sample:
    """Some runs, each as the last of a person of its own, and a model's predictions for them."""

    def __init__(self, model: keras.Model, population: Population, runs: Runs, rows: np.ndarray, random: np.random.Generator):
        self._model, self._population, self._runs, self._rows, self._random = model, population, runs, rows, random
        self._whole = self._windows(runs)
        self._before: dict[Case, list[np.ndarray]] = {}

    def _windows(self, runs: Runs) -> Windows:
        return runs.windows(predict.known(self._model, runs, self._population), "test", predict.WHOLE)

    def _predict(self, runs: Runs, case: Case) -> list[np.ndarray]:
        """Predictions from the start, histories included, as in an evaluation; NaN where the case predicts nothing."""
        if not case.ahead:
            windows = self._windows(runs)
            return predict.predict(self._model, windows, **case.known(windows))
        known = predict.known(self._model, runs, self._population)
        parts, parents = origins.cut(runs, known, self._population, "test", every=ORIGINS)
        values = [each for part in parts for each in predict.predict(self._model, part, **case.known(part))]
        at = [np.arange(len(each)) == len(each) - TAIL + case.ahead for each in values]
        return origins.whole(values, at, parents, list(self._windows(runs).runs()))

    def _unchanged(self, case: Case) -> list[np.ndarray]:
        if case not in self._before:
            self._before[case] = self._predict(self._runs, case)
        return self._before[case]

    def _cuts(self, first: int, case: Case) -> np.ndarray:
        """In each run a step after which everything is to change, not before `first` where the run is that long.

        Where runs are cut at origins, it is the step before one of them, which that origin is to know.
        """
        lengths = [len(self._runs.grids[row].speed) for row in self._rows]
        if case.ahead:
            places = [range(origins.EVERY, max(n - TAIL + 1, origins.EVERY + 1), ORIGINS) for n in lengths]
            return np.array([int(self._random.choice(each)) - 1 for each in places])
        return np.array([int(self._random.integers(min(first, n - 2), n - 1)) for n in lengths])

    def hidden(self, protocol: str, case: Case) -> Check:
        """Whether predictions move with heart rate that is not known, or not yet."""
        before = self._unchanged(case)
        moved = [0.0] * len(self._rows)
        delay = round(case.delay / STEP)
        shown = _shown(case, self._whole)
        hidden: dict[int, slice | np.ndarray]
        for _ in range(CUTS if delay else 1):
            if delay:
                ends = self._cuts(delay, case) + (delay if case.ahead else 0)
                hidden = {row: slice(max(end - delay + 1, 0), None) for row, end in zip(self._rows, ends, strict=True)}
            else:
                ends = np.array([len(predicted) for predicted in before])
                hidden = {row: ~steps for row, steps in zip(self._rows, shown, strict=True)}
            after = self._predict(scrambled(self._runs, hidden, self._random), case)
            moved = [max(pair) for pair in zip(moved, _apart(before, after, ends), strict=True)]
        changes = _Moved(moved)
        name = f"{_title(protocol, case)}: hidden heart rate"
        which = (
            f"measured less than {case.delay:.0f} s before"
            if delay
            else "of the run"
            if case.shown is None
            else "of hidden steps"
        )
        if not changes.runs:
            return Check(
                name, True, f"heart rate {which} moves no prediction ({len(moved)} runs, each predicted again without it)."
            )
        return Check(
            name,
            False,
            f"heart rate {which} moves predictions, {changes.text}: it reaches the model, so its errors under this protocol "
            "mean nothing; take it out of the inputs and train again.",
        )

    def future(self, protocol: str, case: Case, asked: bool) -> Check:
        """Whether predictions move with speed and altitude that are still to come, or with the length of the run."""
        before = self._unchanged(case)
        moved = [0.0] * len(self._rows)
        for ended in (False, True):
            cuts = self._cuts(1, case)
            after = self._predict(self._other_future(cuts, ended), case)
            last = cuts + round(case.delay / STEP)  # what is predicted ahead knows no more
            moved = [max(pair) for pair in zip(moved, _apart(before, after, last), strict=True)]
        changes, name = _Moved(moved), f"{_title(protocol, case)}: future of the course"
        if not changes.runs:
            return Check(
                name, True, f"speed and altitude to come, and when the run ends, move no prediction ({len(moved)} runs)."
            )
        reader = next((layer.name for layer in self._model._flatten_layers() if _reads_ahead(layer)), None)
        if reader and not asked:
            return Check(name, None, f"the model reads the whole run ({reader}), so it cannot predict live.")
        why = f"the model reads the whole run ({reader})" if reader else "the model looks ahead where the course is not known"
        return Check(
            name,
            False,
            f"{why}: the future of speed and altitude moves predictions, {changes.text}; use a model that reads forwards only, "
            "or another protocol.",
        )

    def _other_future(self, cuts: np.ndarray, ended: bool) -> Runs:
        """The runs with another future after these steps, or ending there."""
        grids = list(self._runs.grids)
        for row, cut in zip(self._rows, cuts, strict=True):
            grid, later = grids[row], len(grids[row].speed) - cut - 1
            begun = [values[: cut + 1] for values in grid]
            future = (
                self._random.uniform(0, 5, later),
                begun[1][-1] + self._random.normal(0, 3, later).cumsum(),
                self._random.uniform(60, 200, later),
            )
            parts = begun if ended else [np.float32(np.concatenate(pair)) for pair in zip(begun, future, strict=True)]
            grids[row] = type(grid)(*parts)
        return replace(self._runs, grids=grids)

    def padding(self, cases: list[Case]) -> Check:
        """Whether predictions move with the content or the length of the padding."""
        windows = self._whole
        windows = windows[windows.run_steps <= windows.valid.shape[1]]  # the others are not padded
        if not len(windows):
            return Check("padding", None, "no run checked fits into one window, and only such runs are padded.")
        moved = [0.0] * len(windows)
        for case in cases:
            inputs = case.known(windows)
            more = self._padded(windows)
            beyond = ((0, 0), (0, EXTRA))
            padded = inputs | {"heart_rate": np.pad(inputs["heart_rate"], beyond, constant_values=np.nan)}
            before, after = (
                predict.predict(self._model, batch, **options) for batch, options in ((windows, inputs), (more, padded))
            )
            moved = [max(pair) for pair in zip(moved, _apart(before, after, [None] * len(before)), strict=True)]
        changes = _Moved(moved)
        if not changes.runs:
            return Check("padding", True, f"what follows the end of a run moves no prediction ({len(moved)} runs).")
        return Check(
            "padding",
            False,
            f"what follows the end of a run moves predictions, {changes.text}, so they depend on what other runs they are "
            "predicted with; let the model mask steps where `valid` is 0.",
        )

    def _padded(self, windows: Windows) -> Windows:
        """The windows with more padding, filled with anything but heart rate."""
        changed = {}
        for name in (*STEP_FIELDS, "expected"):
            values = getattr(windows, name)
            size = ((0, 0), (0, EXTRA), *[(0, 0)] * (values.ndim - 2))
            changed[name] = np.pad(values, size, constant_values=np.nan if name == "heart_rate" else 0)
        empty = changed["valid"] == 0
        for name in ("time", "speed", "altitude", "expected"):
            values = changed[name]
            values[empty] = self._random.uniform(0, 200, values[empty].shape)
        return replace(windows, **changed)


def _reads_ahead(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, WHOLE) or (isinstance(layer, WindowedAttention) and not layer.causal)


def _title(protocol: str, case: Case) -> str:
    return protocol if case.name == "whole run" else f"{protocol}, {case.name}"


def _shown(case: Case, windows: Windows) -> list[np.ndarray]:
    """Of each run, which steps' heart rate is known in any of its windows."""
    shown = case.shown(windows) if case.shown else np.zeros(windows.heart_rate.shape, bool)
    of_runs = []
    for run in windows.runs():
        steps = np.zeros(len(run.grid.speed), bool)
        for row in run.rows:
            size, first = int(windows.valid[row].sum()), windows.first_step[row]
            steps[first : first + size] |= shown[row, :size]
        of_runs.append(steps)
    return of_runs


def _apart(before: list[np.ndarray], after: list[np.ndarray], last) -> list[float]:
    """How far predictions moved up to a step of each run, that step included, where both predict; infinite if one is."""
    moved = []
    for first, second, end in zip(before, after, last, strict=True):
        stop = None if end is None else end + 1
        both = min(len(first), len(second))
        far = np.abs(second[:both] - first[:both])[:stop]
        far = far[~np.isnan(far)]
        moved.append(float(np.where(np.isfinite(far), far, np.inf).max(initial=0.0)))
    return moved
