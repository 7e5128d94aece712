"""The scores of a model under a protocol, as printed tables or a pandas frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hrkeras.datasets.windows import Run, Windows
from hrkeras.evaluation import score_warnings, tables
from hrkeras.evaluation.protocols import Case, Protocol
from hrkeras.evaluation.scores import Counted, Coverage, Score

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class CaseResult:
    """One case of a protocol: the model's score, then those of its baselines, all on the same steps.

    Attributes:
        case: what was predicted.
        rows: the scores.
        predicted: by name as in `rows`, the predictions of each run.
        counted: of each run the steps that count.
    """

    case: Case
    rows: list[Score]
    predicted: dict[str, list[np.ndarray]]
    counted: Counted


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation:
    """A model's scores under a protocol beside its baselines'; printed, it is the table of `hrkeras evaluate`.

    Attributes:
        protocol: that was followed.
        runs: that were scored.
        cases: one result each.
        people: by person the scores as in the rows of the first case; by number in a built dataset, which keeps no names.
        windows: of these runs.
        months: for the protocol `later`, see `by_month`.
        intervals: coverage of the prediction intervals of the model and of the athlete's state, where nothing of the run's
            heart rate is known and its course is.

    Example:
        >>> import hrkeras
        >>> runs = hrkeras.Runs.from_workouts(hrkeras.read("runs"))
        >>> scores = hrkeras.evaluate(hrkeras.load("model.keras"), runs, protocol="forecast")
        >>> [case.case.name for case in scores.cases]
        ['1 min ahead', '5 min ahead', '10 min ahead', 'rest after 10 min']
        >>> sorted(scores.to_frame()["name"].unique())[-1]
        'persistence'
    """

    protocol: Protocol
    runs: list[Run]
    cases: list[CaseResult]
    people: dict[int | str, list[Score]]
    windows: Windows
    months: list[dict] | None = None
    intervals: tuple[Coverage, ...] = ()

    @property
    def rows(self) -> list[Score]:
        """The scores of the first case."""
        return self.cases[0].rows

    @property
    def predicted(self) -> list[np.ndarray]:
        """The model's predictions of the first case."""
        return next(iter(self.cases[0].predicted.values()))

    @property
    def warnings(self) -> list[str]:
        """Sentences about the people for whom the model is not to be trusted."""
        several = len(self.people) > 1
        people = [(f" for person {user}" if several else "", rows) for user, rows in self.people.items()]
        return [warning for person, rows in people for warning in score_warnings.of_scores(rows, [self.rows[0].name], person)]

    def __repr__(self) -> str:
        scores = f"Protocol {self.protocol.name}: {self.protocol.meaning}\n{self.tables()}"
        return "\n".join([scores, *(f"Warning: {sentence}" for sentence in self.warnings)])

    def tables(self) -> str:
        """The scores as text tables, errors in beats/min."""
        parts = []
        for result in self.cases:
            row = result.rows[0]
            runs = f"{row.runs:,} {'run' if row.runs == 1 else 'runs'}"
            parts.append(f"{result.case.name.capitalize()}: {runs}, {row.steps:,} steps; errors in beats/min.")
            parts.append(tables.table(result.rows))
        parts.append(
            "Worse by: how much higher the error is than the first row's, paired over runs; in brackets where that may be chance."
        )
        if self.intervals:
            parts.append(tables.intervals_text(self.intervals))
        if self.months:
            parts += ["Error by time since training (beats/min):", tables.months_table(self.months)]
        if len(self.people) > 1:
            numbers = "" if isinstance(next(iter(self.people)), str) else ", by their number in the dataset, which keeps no names"
            what = "mean absolute error (beats/min) over all measured steps; above, each run counts alike"
            parts.append(f"Per person{numbers}: {what}. {self.cases[0].case.name}:")
            parts.append(tables.people_table(self.people))
        return "\n\n".join(parts)

    def to_frame(self) -> pd.DataFrame:
        """The scores as a pandas frame, a row for each model or baseline of each case; errors in beats/min.

        Columns: case, name, mae, mae_low and mae_high (its 95 % interval), rmse, median_run_mae, people_mae (the mean over
        people, each the mean of their runs), runs, steps, and worse_by, worse_by_low and worse_by_high, how much higher mae is
        than the model's, which are empty for the model.
        """
        import pandas as pd

        return pd.DataFrame([{"case": result.case.name} | row.as_dict() for result in self.cases for row in result.rows])
