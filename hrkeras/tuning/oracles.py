"""KerasTuner's oracles, with files that stay whole when a process is killed and from which a search resumes.

KerasTuner writes `oracle.json` and `trial.json` in place, so a kill can leave half of one; it forgets the order of a grid; of
a trial that is not yet in `oracle.json` it keeps the file; and one that has just ended it would run again.
"""

import json
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner import oracles

from hrkeras.tuning.plan import Plan
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write

OBJECTIVE = keras_tuner.Objective("val_mae", "min")
TRIALS = 10  # of a tuner that could go on for ever


class _Kept(keras_tuner.Oracle):
    """What all oracles have in addition."""

    trials: dict[str, keras_tuner.engine.trial.Trial]
    _retry_queue: list[str]

    def save(self):
        _write(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self, trial):
        _write(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def reload(self):
        """Loads what was saved, if anything was; trials that had begun and not ended are given out again first."""
        path = Path(self._get_oracle_fname())
        if not path.exists():
            return
        try:
            super().reload()
        except (ValueError, LookupError, RuntimeError) as error:
            raise InputError(
                f"What was kept of the search in {path.parent} is damaged ({error}); delete that folder to begin anew, or "
                "choose another one.",
                "output",
            ) from None
        self.trials = {trial_id: self.trials[trial_id] for trial_id in self.start_order}
        self._retry_queue = [trial_id for trial_id in self._retry_queue if trial_id not in self.end_order]


class Grid(_Kept, oracles.GridSearchOracle):
    """Every combination once."""

    def set_state(self, state):
        super().set_state(state)
        tried = {trial_id: self.trials[trial_id].hyperparameters.values for trial_id in self.start_order}
        in_order = sorted(tried, key=cmp_to_key(lambda first, second: self._compare(tried[first], tried[second])))
        for trial_id in in_order:
            self._ordered_ids.insert(trial_id)
        self._populate_next = in_order


class Random(_Kept, oracles.RandomSearchOracle):
    """Values at random."""


class Bayesian(_Kept, oracles.BayesianOptimizationOracle):
    """Values where a Gaussian process over the earlier results promises most (Snoek et al., NIPS 2012).

    Values that were tried before are replaced by random ones.
    """

    def populate_space(self, trial_id):
        proposal = super().populate_space(trial_id)
        repeated = proposal["values"] is not None and self._duplicate(proposal["values"])
        return self._random_populate_space() if repeated else proposal


class Hyperband(_Kept, oracles.HyperbandOracle):
    """Many trials of few epochs, the best of them again with more (Li et al., JMLR 18, 2018)."""


ORACLES: dict[str, type[keras_tuner.Oracle]] = {"grid": Grid, "random": Random, "bayesian": Bayesian, "hyperband": Hyperband}


def make(plan: Plan) -> keras_tuner.Oracle:
    """The oracle of a search.

    Raises:
        InputError: if it needs a package that is not installed.
    """
    if plan.tuner == "hyperband":
        amount: dict[str, Any] = {"max_epochs": plan.epochs}
    else:
        amount = {"max_trials": plan.trials or (None if plan.tuner == "grid" else TRIALS)}
    # failed trials are reported at the end; KerasTuner takes a seed of 0 for none
    common: dict[str, Any] = {"objective": OBJECTIVE, "seed": plan.seeds[0] + 1, "max_consecutive_failed_trials": 10**9}
    try:
        oracle = ORACLES[plan.tuner](**common, **amount)
    except ImportError:
        raise InputError(
            f"The tuner {plan.tuner} needs scikit-learn; install it with `pip install 'hrkeras[bayesian]'`, or choose another."
        ) from None
    oracle.verbose = 0
    return oracle


def _write(path: Path, state: dict) -> None:
    with atomic_write(path) as part:
        part.write_text(json.dumps(state), encoding="utf-8")
