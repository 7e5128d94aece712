"""The search: KerasTuner decides what to try, `training.train` tries it, and an interrupted search resumes."""

import json
import os
import statistics
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import grpc
import keras
import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner

from hrkeras.datasets import builders
from hrkeras.datasets.runs import Runs, load
from hrkeras.datasets.selection import latest
from hrkeras.training import fit, resume_check
from hrkeras.training.training_folder import SECONDS
from hrkeras.tuning import oracles, parallel
from hrkeras.tuning.plan import Plan
from hrkeras.tuning.results import Trained, Trial, label
from hrkeras.tuning.roles import is_chief, is_worker
from hrkeras.tuning.spaces import SPACES
from hrkeras.utils import small_json
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write, is_full
from hrkeras.workouts.splits import SPLITS

PATIENCE = 1.0  # s between two questions of a worker for whom there is nothing to do yet

Reporters = Callable[[str, int], Sequence[keras.callbacks.Callback]]  # of what is trained, and for how many epochs


@contextmanager
def _chief() -> Iterator[None]:
    """Explains the error when the chief does not answer."""
    try:
        yield
    except grpc.RpcError as error:
        raise InputError(
            f"The chief of the search at {parallel.address()} does not answer ({error.code().name}); start it and its workers "
            "again, with the same commands, and the search goes on."
        ) from None


class Search(BaseTuner):
    """One process of a search; alone, or chief or worker as KerasTuner's environment variables say.

    All that it keeps lies in `folder`: `search.json`, and below `trials` a folder a trial with KerasTuner's `trial.json` and a
    folder a seed from `training.train`.

    Args:
        plan: what is searched.
        folder: for all that is kept; several processes must see the same.
        data_dir: the folder of datasets.
        reporters: makes further Keras callbacks of each training.
        say: told in a sentence of each trial that did not end well.

    Raises:
        InputError: if the dataset is not there, or the folder was begun with another plan.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        data_dir: Path | None = None,
        reporters: Reporters = lambda what, epochs: (),
        say: Callable[[str], object] = lambda sentence: None,
    ):
        self.plan, self._data_dir, self._reporters = plan, data_dir, reporters
        runs = builders.find(plan.data, data_dir).info.metadata["runs"]
        asked = asdict(plan) | {"runs": runs, "backend": keras.backend.backend()}
        del asked["trials"]  # more of them may be asked for later
        oracle = oracles.make(plan)
        oracle.say = say
        super().__init__(oracle, SPACES[plan.space], directory=os.fspath(folder), project_name="trials")
        self.folder, self._asked = folder, False
        if is_worker():
            self.oracle = parallel.Client(oracle)
            with _chief():
                self.oracle.get_space()  # waits for the chief, who keeps what was asked for
        resume_check.check(folder / "search.json", asked, "repeat what began it, or choose another folder", "output")
        if not is_worker():
            self._reload()

    @cached_property
    def runs(self) -> Runs:
        """The runs that are trained on and validated on; the test split is never loaded."""
        return latest(self.all_runs, self.plan.share)

    @cached_property
    def all_runs(self) -> Runs:
        """Likewise, whatever share was asked for."""
        return load(self.plan.data, self._data_dir, SPLITS[:2])

    def _reload(self) -> None:
        try:
            self.oracle.reload()
        except Exception as error:  # KerasTuner raises whatever its files lead to
            raise InputError(
                f"{self.folder}: its trials cannot be read ({type(error).__name__}); delete the folder trials in it."
            ) from None

    def save(self):
        """Keeps the oracle; a tuner has nothing else, and without a file of its own KerasTuner prints nothing."""
        if not is_worker():
            self.oracle.save()

    def search(self) -> None:
        """Runs trials until the oracle has no more; a chief serves its workers instead.

        A trial whose loss is not finite fails. One in which a worker dies or raises an error is run again, by whichever worker
        is free, and fails after `oracles.ATTEMPTS`; an error of the disk or the network ends the worker.

        Raises:
            InputError: and whatever else stops a training.
        """
        if is_chief():
            self.save()
            self._server = parallel.serve(self.oracle)
            return
        try:
            with _chief():
                super().search()
        except keras_tuner.errors.FatalError as error:
            raise error.__cause__ or error from None

    def pre_create_trial(self):
        if self._asked:
            time.sleep(PATIENCE)
        self._asked = True

    def on_trial_begin(self, trial):
        self._asked = False

    def run_trial(self, trial):
        """Trains once with each seed.

        Returns:
            The mean over the seeds of the validation error of the best epoch, beats/min.
        """
        try:
            with self.oracle.alive(trial.trial_id) if is_worker() else nullcontext():
                for seed in self.plan.seeds:
                    self._train(trial.hyperparameters, seed, self._folder_of(trial, seed), self.runs)
                val_mae = statistics.fmean(trained.val_mae for trained in self._trained(trial))
        except Exception as error:
            self._reason = _reason(error)
            if isinstance(error, fit.DivergedError):
                raise keras_tuner.errors.FailedTrialError(str(error)) from error
            if is_worker() and not isinstance(error, OSError) and not is_full(error):
                raise  # so that KerasTuner tells the chief
            raise keras_tuner.errors.FatalError(str(error)) from error
        return {oracles.OBJECTIVE.name: val_mae}

    def on_trial_end(self, trial):
        if trial.message:  # a traceback, by KerasTuner
            trial.message = self._reason
        super().on_trial_end(trial)

    def trials(self) -> list[Trial]:
        """The trials so far, the best first, the failed last; not for a worker, which does not know the others' trials."""
        ended = [self.oracle.trials[trial_id] for trial_id in self.oracle.end_order]
        trials = [
            Trial(
                trial.trial_id, trial.hyperparameters, self.plan.settings(trial.hyperparameters, 0).epochs, self._trained(trial)
            )
            if trial.status == keras_tuner.engine.trial.TrialStatus.COMPLETED
            else Trial(trial.trial_id, trial.hyperparameters, 0, [], trial.message or "unknown")
            for trial in ended
        ]
        return sorted(trials, key=lambda trial: trial.val_mae)

    def trains_again(self, best: Trial) -> bool:
        """Whether `retrain` trains: the trial had fewer epochs, or fewer runs, than it should."""
        return self.plan.share < 1 or best.epochs < self.plan.epochs

    def retrain(self, best: Trial) -> tuple[keras.Model, list[dict], fit.Settings, dict]:
        """Trains the best with the first seed, all epochs and all training runs; if the trial did just that, its training is
        reused.

        Returns:
            The model, the log of its epochs, its settings and its description.
        """
        hp, seed = best.hyperparameters.copy(), self.plan.seeds[0]
        hp.values = best.values
        again = self.trains_again(best)
        folder = self.folder / f"best_{best.trial_id}.training" if again else self._folder_of(best, seed)
        model, log = self._train(hp, seed, folder, self.all_runs, "Best: " if again else "")
        return model, log, self.plan.settings(hp, seed), self.plan.description(hp, self.all_runs)

    def _train(self, hp, seed: int, folder: Path, runs: Runs, what: str = "") -> tuple[keras.Model, list[dict]]:
        keras.backend.clear_session()
        settings = self.plan.settings(hp, seed)
        return fit.train(
            lambda statistics: self.plan.build(hp, statistics),
            runs,
            folder,
            settings,
            description=self.plan.description(hp, runs),
            resume=True,
            callbacks=[Clock(folder), *self._reporters(f"{what}{label(hp.values)}, seed {seed}, ", settings.epochs)],
        )

    def _folder_of(self, trial, seed: int) -> Path:
        return Path(self.get_trial_dir(trial.trial_id)) / f"seed_{seed}"

    def _trained(self, trial) -> list[Trained]:
        return [Trained.read(seed, self._folder_of(trial, seed)) for seed in self.plan.seeds]


def _reason(error: Exception) -> str:
    """Why a training failed, in a line, without advice."""
    text = str(error).partition(";")[0] if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return textwrap.shorten(text, 120, placeholder=" ...").rstrip(".: ")


class Clock(keras.callbacks.Callback):
    """Keeps how many seconds each epoch took, with its validation and all that is written, beside the training's log."""

    def __init__(self, folder: Path):
        super().__init__()
        self._path = folder / SECONDS

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = small_json.read(self._path) or {}
        seconds[str(epoch + 1)] = time.perf_counter() - self._begin
        with atomic_write(self._path) as part:
            part.write_text(json.dumps(seconds), encoding="utf-8")
