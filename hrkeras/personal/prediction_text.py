"""The prediction of one run, in sentences and for programs."""

from math import isnan
from typing import Any

import numpy as np

from hrkeras.personal import prediction, usage
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.silent import ENOUGH_MEASURED
from hrkeras.utils.text import percent
from hrkeras.workouts import clock
from hrkeras.workouts.workout import Workout


def lines(predicted: Prediction) -> list[str]:
    """What is predicted, and what was measured where anything was."""
    text = [
        f"Run of {clock.moment(predicted.start, predicted.utc_offset)}, {_lasts(predicted.minutes)}: "
        f"predicted mean {predicted.heart_rate.mean():.0f}, highest {predicted.heart_rate.max():.0f} beats/min, "
        f"heart rate within {(predicted.high - predicted.low).mean() / 2:.0f} of the prediction four times in five."
    ]
    if predicted.error is not None and predicted.inside is not None:
        inside = f"{percent(predicted.inside)} of it in the prediction interval (10 to 90 %)"
        measured, expected = predicted.means or (0.0, 0.0)
        share = np.isfinite(predicted.grid.heart_rate).mean()
        seldom = f" (heart rate in {percent(share)} of the run)" if share < ENOUGH_MEASURED else ""
        off = f"{abs(measured - expected):.1f} {'above' if measured > expected else 'below'}"
        text.append(
            f"Measured mean {measured:.1f}{seldom}, {off} what is predicted for the same steps: mean absolute error "
            f"{predicted.error:.1f} beats/min, {inside}."
        )
    return [*text, f"Predicted by {predicted.by}."]


def _lasts(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes >= 1 else f"{60 * minutes:.0f} s"


def remarks(run: Workout, earlier_runs: int) -> list[str]:
    """What is not known of a run, and what was taken in its place; `earlier_runs` are known of the person."""
    taken = ": it was taken as the day after the last known run" if earlier_runs else ""
    start = clock.date_or_nan(run.start)
    return [
        *([f"The run's date is unknown, since its clock was not set{taken}."] if isnan(start) else []),
        *([] if prediction.has_altitude(run) else ["The run has no altitude: it was taken as flat."]),
        *usage.in_the_future([start]),
    ]


def as_dict(predicted: Prediction) -> dict[str, Any]:
    """For programs; heart rates in beats/min, of the steps one each; null where nothing was measured."""
    measured, expected = predicted.means or (None, None)
    return {
        "start": clock.iso(predicted.start, predicted.utc_offset),
        "minutes": round(predicted.minutes, 2),
        "step_s": predicted.step,
        "predicted_by": predicted.by,
        "earlier_runs": predicted.earlier_runs,
        "has_altitude": predicted.has_altitude,
        "mean": round(float(predicted.heart_rate.mean()), 1),
        "highest": round(float(predicted.heart_rate.max()), 1),
        "measured_share": round(float(np.isfinite(predicted.grid.heart_rate).mean()), 3),
        "measured_mean": measured and round(measured, 1),
        "predicted_mean_where_measured": expected and round(expected, 1),
        "mean_absolute_error": predicted.error and round(predicted.error, 2),
        "share_in_interval": predicted.inside if predicted.inside is None else round(predicted.inside, 3),
        "warnings": predicted.warnings,
        **{name: np.round(getattr(predicted, name).astype(float), 1).tolist() for name in ("heart_rate", "low", "high")},
    }
