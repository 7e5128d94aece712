"""How well a person's latest runs were predicted, beside the mean of their heart rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrkeras.personal.timeline import WARM_UP, Timeline


@dataclass(frozen=True)
class RecentError:
    """How the last fifth of the runs was predicted, each from those before it, over all steps; errors in beats/min.

    Attributes:
        runs: how many.
        error: mean absolute error.
        inside: share of the measured heart rates in the prediction interval (10 to 90 %), 0 to 1.
        by_mean: mean absolute error of the mean of all heart rates before the run.
        by_last: of the mean of those of the last five runs before it.
    """

    runs: int
    error: float
    inside: float
    by_mean: float
    by_last: float


def of_timeline(timeline: Timeline) -> RecentError | None:
    """How well the last fifth of the runs was predicted; None of fewer than ten runs."""
    if len(timeline.entries) < WARM_UP:
        return None
    heart_rates = [entry.heart_rate[np.isfinite(entry.heart_rate)] for entry in timeline.entries]
    rows = []
    for place in range(len(timeline.entries) - len(timeline.entries) // 5, len(timeline.entries)):
        prediction, measured = timeline.entries[place].found, heart_rates[place]
        means = [np.concatenate(heart_rates[begin:place]).mean() for begin in (0, place - 5)]
        errors = (prediction.error, prediction.inside, *(np.abs(measured - mean).mean() for mean in means))
        rows.append((len(measured), *(error * len(measured) for error in errors)))
    steps, *sums = np.sum(rows, axis=0)
    return RecentError(len(rows), *(float(total / steps) for total in sums))
