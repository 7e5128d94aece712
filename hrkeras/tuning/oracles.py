"""KerasTuner's oracles, with files that stay whole when a process is killed and from which a search resumes.

KerasTuner writes `oracle.json` and `trial.json` in place, so a kill can leave half of one; it forgets the order of a grid; of
a trial that is not yet in `oracle.json` it keeps the file; and one that has just ended it would run again. It waits for ever
for a worker that was killed, and sends the others home while a trial may still have to be run again.
"""

import json
import time
from collections.abc import Callable
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner import oracles
from keras_tuner.engine.trial import Trial, TrialStatus

from hrkeras.tuning.plan import Plan
from hrkeras.tuning.roles import is_chief
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write

OBJECTIVE = keras_tuner.Objective("val_mae", "min")
TRIALS = 10  # of a tuner that could go on for ever
ATTEMPTS = 3  # to run a trial in which workers die or raise errors
SILENCE = 60.0  # s after which a worker that has not been heard of counts as dead


class _Kept(keras_tuner.Oracle):
    """What all oracles have in addition.

    Attributes:
        say: told in a sentence of each trial that did not end well.
        over: whether there is nothing left to try.
    """

    trials: dict[str, Trial]
    ongoing_trials: dict[str, Trial]
    _retry_queue: list[str]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.say: Callable[[str], object] = lambda sentence: None
        self.over = False
        self._heard: dict[str, float] = {}  # of each worker, when it was heard of last, s

    def is_alone(self) -> bool:
        """Whether no worker is alive that has not been told that all is over."""
        now = time.monotonic()
        return all(now - heard > SILENCE for heard in list(self._heard.values()))

    def create_trial(self, tuner_id):
        """The next trial; one whose worker has died is given out again first."""
        for worker, trial in list(self.ongoing_trials.items()):
            if worker == tuner_id and worker in self._heard:
                self._lose(trial, f"{worker} ended while it trained")
            elif self._is_silent(worker):
                self._lose(trial, f"{worker} was not heard of for {SILENCE:.0f} s")
        self._heard[tuner_id] = time.monotonic()
        trial = super().create_trial(tuner_id)
        if trial.status == TrialStatus.STOPPED:
            if self.ongoing_trials:  # one of them may have to be run again
                trial.status = TrialStatus.IDLE
            else:
                self.over = True
                self.save()
                del self._heard[tuner_id]
        return trial

    def get_trial(self, trial_id):
        """A trial; a worker asks for its own to show that it is alive."""
        for worker, trial in self.ongoing_trials.items():
            if trial.trial_id == trial_id:
                self._heard[worker] = time.monotonic()
        return super().get_trial(trial_id)

    def end_trial(self, trial):
        """Ends a trial, or queues it again; what is told twice, or by a worker that counted as dead, does no harm."""
        if trial.trial_id in self.end_order:
            completed = (each.status == TrialStatus.COMPLETED for each in (self.trials[trial.trial_id], trial))
            if list(completed) != [False, True]:
                return
            self.end_order.remove(trial.trial_id)
        if trial.trial_id in self._retry_queue:
            self._retry_queue.remove(trial.trial_id)
        super().end_trial(trial)

    def get_state(self):
        return super().get_state() | {"over": self.over and {"trials": self.max_trials}}

    def set_state(self, state):
        super().set_state(state)
        self.over = state.get("over") == {"trials": self.max_trials}  # more may be asked for later

    def save(self):
        _write(Path(self._get_oracle_fname()), self.get_state())

    def reload(self):
        """Loads what was saved, if anything was; trials that had begun and not ended are given out again first.

        A chief leaves them to their workers, which may still be at work, until these have been silent for too long.
        """
        path = Path(self._get_oracle_fname())
        if not path.exists():
            return
        try:
            super().reload()
            self.trials = {trial_id: self.trials[trial_id] for trial_id in self.start_order}
            self._retry_queue = [trial_id for trial_id in dict.fromkeys(self._retry_queue) if trial_id not in self.end_order]
            if is_chief():
                self._leave_to_workers(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, LookupError, RuntimeError) as error:
            raise InputError(
                f"What was kept of the search in {path.parent} is damaged ({error}); delete that folder to begin anew, or "
                "choose another one.",
                "output",
            ) from None

    def _leave_to_workers(self, state: dict) -> None:
        for worker, trial_id in state["ongoing_trials"].items():
            if trial_id in self._retry_queue and trial_id not in state["retry_queue"]:
                self._retry_queue.remove(trial_id)
                self.ongoing_trials[worker] = self.trials[trial_id]

    def _is_silent(self, worker: str) -> bool:
        now = time.monotonic()
        return now - self._heard.setdefault(worker, now) > SILENCE

    def _lose(self, trial: Trial, reason: str) -> None:
        trial.status, trial.message = TrialStatus.INVALID, reason
        self.end_trial(trial)

    def _retry(self, trial):
        if trial.status == TrialStatus.COMPLETED:
            return False
        attempt = self._run_times[trial.trial_id]
        if trial.status == TrialStatus.INVALID and attempt < ATTEMPTS:
            self._retry_queue.insert(0, trial.trial_id)
            self.say(f"Trial {trial.trial_id}, attempt {attempt} of {ATTEMPTS}: {trial.message}; it will be run again.")
            return True
        trial.status = TrialStatus.FAILED
        self.say(f"Trial {trial.trial_id} has failed: {trial.message}.")
        return False

    def _save_trial(self, trial):
        _write(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())


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
