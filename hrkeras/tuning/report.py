"""The results of a search as files: a table of all trainings, a page that sums them up, and the curves."""

from pathlib import Path
from typing import Any, NamedTuple

from hrkeras.tuning import picture, results
from hrkeras.tuning.search import Search
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write

TABLE, PAGE, CURVES = FILES = ("results.csv", "results.md", "curves.png")
LEGEND = (
    "MAE in beats/min over measured steps at the epoch with the lowest validation error; mean ± standard deviation over the "
    "seeds. Worse by: how much higher the validation MAE is than the first row's, paired by seed; in brackets where that may be "
    "chance. No run of the test split was looked at."
)
PAGE_TEXT = """# Search `{space}`

```bash
{command}
```

{table}

{sentence}

{setting}

{legend}

![Validation and training error by epoch]({curves})
"""


class Report(NamedTuple):
    """The results of a search: the trials, the best first; the table, the sentence and the fixed settings, as text."""

    trials: list[results.Trial]
    table: str
    sentence: str
    setting: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        tell_apart = results.from_next(self.trials)
        return {
            "best": self.trials[0].values,
            "val_mae": self.trials[0].val_mae,
            "distinguishable": tell_apart and tell_apart.differs,
            "sentence": self.sentence,
            "setting": self.setting,
            "trainings": results.rows(self.trials),
        }


def write(search: Search, folder: Path, command: str) -> Report:
    """Writes `FILES` of a search that has ended.

    Args:
        search: alone, or the chief.
        folder: to write to.
        command: the command of the search.

    Raises:
        InputError: if every trial failed.
    """
    trials = search.trials()
    if not trials or not trials[0].trained:
        why = f", the first: {trials[0].reason}" if trials else ""
        raise InputError(f"All {len(trials)} trials of {folder} failed{why}; search another space in another folder.", "space")
    report = Report(trials, results.table(trials), results.sentence(trials), _setting(search))
    with atomic_write(folder / TABLE) as part:
        part.write_text(results.as_csv(trials), encoding="utf-8")
    picture.curves(trials, folder / CURVES)
    page = PAGE_TEXT.format(
        space=search.plan.space,
        command=command,
        legend=LEGEND,
        curves=CURVES,
        **{k: v for k, v in report._asdict().items() if k != "trials"},
    )
    with atomic_write(folder / PAGE) as part:
        part.write_text(page, encoding="utf-8")
    return report


def _setting(search: Search) -> str:
    """What is equal in all trials."""
    plan, runs = search.plan, search.runs
    used, available = ((part.split == "train").sum() for part in (runs, search.all_runs))
    which = "all" if used == available else f"the latest {100 * plan.share:.3g} % of each person's,"
    fixed = f" with {results.label(plan.fixed)}" if plan.fixed else ""
    seeds = ", ".join(map(str, plan.seeds))
    return (
        f"Model {plan.model}{fixed}; data {plan.data}; {which} {used:,} training runs, {(runs.split == 'validation').sum():,} "
        f"validation runs; tuner {plan.tuner}; up to {plan.epochs} epochs; seeds: {seeds}; "
        "everything else as `hrkeras train` has it."
    )
