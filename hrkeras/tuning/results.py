"""The results of a search: a table, and whether the best is distinguishable from the next."""

import csv
import io
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from keras_tuner import HyperParameters

from hrkeras.training.fit import best_epoch
from hrkeras.training.training_folder import SECONDS, read_log
from hrkeras.tuning.plan import EPOCHS
from hrkeras.utils import small_json
from hrkeras.utils.errors import InputError

# 97.5 % quantiles of Student's t by degrees of freedom, from 1; beyond the last, the last is taken, which errs on the safe
# side
T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)


class Trained(NamedTuple):
    """One training of a trial: its seed, its log from `training.train`, and the seconds of the epochs where they were
    recorded."""

    seed: int
    log: list[dict]
    seconds: list[float]

    @classmethod
    def read(cls, seed: int, folder: Path) -> "Trained":
        """From the folder of a training that has ended.

        Raises:
            InputError: if its log is damaged.
        """
        try:
            log = read_log(folder)
            if not log or not all(isinstance(row["val_mae"], int | float) for row in log):
                raise ValueError
        except (KeyError, ValueError):
            raise InputError(f"{folder}: expected the log of a training, found a damaged one; delete the folder.") from None
        seconds = (small_json.read(folder / SECONDS) or {}).values()  # written after the log, and not by a killed process
        return cls(seed, log, [value for value in seconds if isinstance(value, float)])

    @property
    def best(self) -> dict:
        """The row of the log with the lowest validation error."""
        return self.log[best_epoch(self.log) - 1]

    @property
    def val_mae(self) -> float:
        """Validation error of the best epoch, beats/min."""
        return self.best["val_mae"]


class Trial(NamedTuple):
    """A trial: its number, its hyperparameters, its epochs, and a training per seed; none if it failed, but the reason."""

    trial_id: str
    hyperparameters: HyperParameters
    epochs: int
    trained: list[Trained]
    reason: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The hyperparameters, without what Hyperband adds."""
        return {name: value for name, value in self.hyperparameters.values.items() if not name.startswith("tuner/")}

    @property
    def val_mae(self) -> float:
        """Mean over the seeds of the validation error of the best epoch, beats/min; infinite if it failed."""
        return statistics.fmean(trained.val_mae for trained in self.trained) if self.trained else math.inf


class Difference(NamedTuple):
    """By how much one validation error is higher than another, in beats/min, with its interval of 95 %."""

    mean: float
    low: float
    high: float

    @property
    def differs(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def difference(better: Trial, worse: Trial) -> Difference | None:
    """Paired by seed, with Student's t; None for fewer than two seeds."""
    pairs = zip(better.trained, worse.trained, strict=True)
    differences = [second.val_mae - first.val_mae for first, second in pairs]
    if len(differences) < 2:
        return None
    mean = statistics.fmean(differences)
    reach = (
        T_QUANTILES[min(len(differences) - 1, len(T_QUANTILES)) - 1] * statistics.stdev(differences) / math.sqrt(len(differences))
    )
    return Difference(mean, mean - reach, mean + reach)


def label(values: dict[str, Any]) -> str:
    """Hyperparameters in words."""
    names = [name for name in values if not name.startswith("tuner/")] + [EPOCHS] * (EPOCHS in values)
    return ", ".join(f"{_words(name)} {_text(values[name])}" for name in names)


def from_next(trials: Sequence[Trial]) -> Difference | None:
    """By how much the best is better than the next; None if there is no next, or too few seeds to tell."""
    return difference(*trials[:2]) if len(trials) > 1 and trials[1].trained else None


def sentence(trials: Sequence[Trial]) -> str:
    """Whether the best is distinguishable from the next.

    Args:
        trials: the best first.
    """
    best, *others = [trial for trial in trials if trial.trained]
    text = f"Best: {label(best.hyperparameters.values)}, validation MAE {best.val_mae:.2f} beats/min"
    if not others:
        return f"{text}; there is no other to compare it with."
    next_best, seeds = others[0], len(best.trained)
    text += f"; next: {label(next_best.hyperparameters.values)}, {next_best.val_mae:.2f}."
    gap = from_next(trials)
    if gap is None:
        return f"{text} One seed cannot tell them apart: repeat it with 3 seeds, in another folder."
    interval = f"{gap.mean:.2f} beats/min, 95 % interval {gap.low:.2f} to {gap.high:.2f}"
    verdict = "It is distinguishable" if gap.differs else "It is not distinguishable"
    return f"{text} {verdict} from the next with {seeds} seeds: the difference, paired by seed, is {interval}."


def table(trials: Sequence[Trial]) -> str:
    """The trials as a Markdown table, aligned so that it reads as plain text too; errors in beats/min.

    Args:
        trials: the best first, the failed last.
    """
    names = _names(trials)
    heads = ["validation MAE", "training MAE", "best epoch", "s/epoch", "worse by (95 %)"]
    rows = [[*map(_words, names), *heads]]
    for trial in trials:
        drawn = [_text(trial.values[name]) if name in trial.values else "" for name in names]
        rows.append([*drawn, *_cells(trial, trials[0])])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(trial: Trial, best: Trial) -> list[str]:
    if not trial.trained:
        return [f"failed: {trial.reason}".replace("|", "/"), "", "", "", ""]
    worse = difference(best, trial) if trial is not best else None
    shown = "" if worse is None else "{:+.2f} ({:+.2f} to {:+.2f})".format(*worse)
    return [
        _spread([trained.val_mae for trained in trial.trained]),
        _spread([trained.best["mae"] for trained in trial.trained]),
        f"{statistics.fmean(trained.best['epoch'] for trained in trial.trained):.1f} of {trial.epochs}",
        _seconds(trial),
        shown if worse is None or worse.differs else f"[{shown}]",
    ]


def rows(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One dict a training, for programs; a failed trial has one with the reason and without errors."""
    records = []
    for trial in trials:
        common = {"trial": trial.trial_id, **trial.values}
        records += [
            common
            | {
                "seed": trained.seed,
                "epochs": trial.epochs,
                "best_epoch": trained.best["epoch"],
                "mae": trained.best["mae"],
                "val_mae": trained.val_mae,
                "seconds_per_epoch": statistics.median(trained.seconds) if trained.seconds else None,
            }
            for trained in trial.trained
        ] or [common | {"failed": trial.reason}]
    return records


def as_csv(trials: Sequence[Trial]) -> str:
    """`rows` as CSV."""
    records = rows(trials)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in records for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _names(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(name for trial in trials for name in trial.values))


def _seconds(trial: Trial) -> str:
    seconds = [second for trained in trial.trained for second in trained.seconds]
    return f"{statistics.median(seconds):.1f}" if seconds else ""


def _spread(values: list[float]) -> str:
    mean = f"{statistics.fmean(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.2f}"


def _words(name: str) -> str:
    return name.removeprefix("tuner/").replace("_", " ")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
