"""Warnings about models that are no better than a plain baseline."""

from collections.abc import Sequence

import numpy as np

from hrkeras.evaluation.baselines import PLAIN
from hrkeras.evaluation.scores import Score


def of_scores(rows: Sequence[Score], models: Sequence[str], person: str = "") -> list[str]:
    """Warns of models that are no better than a baseline such as a person's mean.

    Args:
        rows: scores on the same steps.
        models: names of those that must be better.
        person: words for whose runs these are, such as " for person 3".
    """
    plain = [row for row in rows if row.name in PLAIN and np.isfinite(row.mae)]
    if not plain:
        return []
    best = min(plain, key=lambda row: row.mae)
    advice = (
        "a difference that may be chance, so nothing shows that it helps there."
        if best.worse_by and not best.differs
        else "do not use it there; the person is not like those it has learnt from, or no longer is. "
        "See docs/how-to/finetuning.md."
    )
    return [
        f"{row.name} is off by {row.mae:.1f} beats/min{person}, no better than the {best.name} ({best.mae:.1f}): {advice}"
        for row in rows
        if row.name in models and row.mae >= best.mae
    ]
