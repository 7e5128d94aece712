"""Which scores say that a model is not to be believed: it is compared with what is plain."""

from collections.abc import Sequence

import numpy as np

from hrkeras.evaluation.baselines import PLAIN
from hrkeras.evaluation.scores import Score


def of_scores(rows: Sequence[Score], models: Sequence[str], whose: str = "") -> list[str]:
    """Says which models are no better than an answer that takes no model, such as a person's mean.

    Args:
        rows: scores on the same steps.
        models: names of those that must be better.
        whose: the runs, for people.
    """
    plain = [row for row in rows if row.name in PLAIN and np.isfinite(row.mae)]
    if not plain:
        return []
    best = min(plain, key=lambda row: row.mae)
    return [
        f"{row.name} is off by {row.mae:.1f} beats/min{whose}, no better than the {best.name} ({best.mae:.1f}): do not use it "
        "there; the person is not like those it has learnt from, or no longer is. See docs/how-to/finetuning.md."
        for row in rows
        if row.name in models and row.mae >= best.mae
    ]
