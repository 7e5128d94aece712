"""What was estimated, in sentences and for programs."""

from collections import Counter

import numpy as np

from hrkeras.athlete.zones import NAMES
from hrkeras.personal import facts_text, fitness_text, usage
from hrkeras.personal.estimation.estimation import Estimate, Estimation
from hrkeras.personal.fitness_text import count
from hrkeras.personal.prediction import Prediction
from hrkeras.personal.silent import ENOUGH
from hrkeras.utils.text import duration, table
from hrkeras.workouts.clock import date, iso
from hrkeras.workouts.readers import source

SHOWN = 30  # runs in a table
NAMED = 3  # runs in a sentence


def lines(estimation: Estimation) -> list[str]:
    """For people: one row per run, and how far to rely on it."""
    text = []
    if estimation.estimates:
        labels = [f"{name} {limits}" for name, limits in zip(NAMES, estimation.zones.limits, strict=True)]
        head = ("run", "min", "mean", "highest", *(f"zone {zone}" for zone in range(1, 1 + len(NAMES))))
        rows = [_row(estimate) for estimate in estimation.estimates[-SHOWN:]]
        text += [
            "Estimated heart rate in beats/min, minutes in zones; in brackets what the prediction interval (10 to 90 %) allows.",
            f"Zones: {', '.join(f'{zone} {label}' for zone, label in enumerate(labels, 1))}.",
            table(head, rows, left=(0, *range(2, len(head)))),
        ]
        if len(estimation.estimates) > SHOWN:
            text.append(f"The last {SHOWN} of {len(estimation.estimates):,}; --json has all.")
        text += _reliability(estimation)
    else:
        these, which = ("it", "") if estimation.measured == 1 else ("these", "all ")
        if estimation.estimable < estimation.measured:
            these = f"{estimation.estimable:,} of these"
        already = f"{count(estimation.measured)}, {which}with heart rate{_copies(estimation)}"
        if estimation.copies == estimation.measured:
            already = f"{count(estimation.measured)}, {which}estimated already"
        text.append(f"Nothing to estimate: {already}." + (f" --all estimates {these} too." if estimation.estimable else ""))
    if estimation.measured and estimation.estimates:
        text.append(f"Left alone, since they have a heart rate: {count(estimation.measured)}{_copies(estimation)}.")
    runs = [estimate.run for estimate in estimation.estimates]
    return [
        *text,
        source.usage_text(*_usage(estimation), estimation.log.examples),
        *source.passed_over_lines(estimation.log),
        *(usage.of_history(estimation.history) if estimation.history else []),
        *facts_text.of_export(estimation.exported, estimation.athlete),
        *filter(None, [facts_text.counted(estimation.athlete, estimation.exported)]),
        *([fitness_text.zones_text(runs)] if runs else []),
    ]


def _usage(estimation: Estimation) -> tuple[int, Counter[str]]:
    """How many recordings were used, and not, by reason."""
    return len(estimation.estimates) + estimation.measured, estimation.skipped + estimation.log.skipped


def _copies(estimation: Estimation) -> str:
    return f" ({estimation.copies:,} of them estimated already)" if estimation.copies else ""


def _reliability(estimation: Estimation) -> list[str]:
    """How far to rely on the estimates."""
    flat = sum(not estimate.prediction.has_altitude for estimate in estimation.estimates)
    without = sum(not estimate.prediction.earlier_runs for estimate in estimation.estimates)
    sentences = [f"Estimated by {estimation.estimates[-1].prediction.by}."]
    if without == len(estimation.estimates):
        known = "Nothing is known of the person, so this is the average over people"
        if estimation.athlete.told:
            known = "Of the person only self-reported facts are known, and no run"
        sentences.append(
            f"{known}: a wide guess, as its limits say. Give runs "
            "with heart rate with --history, or --athlete ME.json from `hrkeras update ME.json RUNS`."
        )
    else:
        which = "It" if len(estimation.estimates) == 1 else "Each"
        sentences.append(f"{which} is estimated from {_which(estimation)}.")
    if estimation.partly:
        sentences.append(
            f"In {count(estimation.partly)} heart rate was measured at less than half of the points, and the numbers above are "
            "estimated throughout. A copy keeps what was measured where it lies in the prediction interval on average"
            f"{_replaced(estimation)}."
        )
    paused = sum(float(each.prediction.paused.sum()) * each.prediction.step for each in estimation.estimates)
    if paused >= 30:
        sentences.append(f"{fitness_text.PAUSES} are in no zone: {duration(paused)}.")
    if flat:
        sentences.append(f"Without altitude, so taken as flat: {count(flat)}.")
    if undated := sum(np.isnan(estimate.run.start) for estimate in estimation.estimates):
        sentences.append(f"Of unknown date, so estimated from all that is known: {count(undated)}.")
    doubtful = [estimate for estimate in estimation.estimates if estimate.prediction.warnings]
    if doubtful:
        latest = doubtful[-1]
        which = f"{'' if len(doubtful) == 1 else 'the latest '}that of {date(latest.run.start, latest.run.utc_offset)}"
        sentences.append(f"Doubtful: {count(len(doubtful))}, {which}: {latest.prediction.warnings[0]}")
    return sentences


def _replaced(estimation: Estimation) -> str:
    """Of which runs the few heart rates are replaced in the copies; empty if of none."""
    runs = [each.run for each in estimation.estimates if each.anew and np.isfinite(each.run.heart_rate).any()]
    days = ", ".join(date(run.start, run.utc_offset) for run in runs[-NAMED:])
    return f", and replaces it in {count(len(runs))} ({'the latest: ' if len(runs) > NAMED else ''}{days})" if runs else ""


def _which(estimation: Estimation) -> str:
    """Which of the person's runs a run is estimated from, and how many."""
    earlier_runs = [estimate.prediction.earlier_runs for estimate in estimation.estimates]
    fewest, most = min(earlier_runs), max(earlier_runs)
    number = "" if fewest == most else f" ({fewest:,} to {most:,} runs)"
    runs = f"{count(most) if fewest == most else 'runs'} with heart rate"
    later = [estimate for estimate in estimation.estimates if estimate.run.start < estimation.athlete.starts[-1]]
    if any(estimate.prediction.earlier_runs == estimation.athlete.count for estimate in later):
        if estimation.athlete.count == 1:
            return "the one run with heart rate that is known of the person, even if it is later"
        return f"all {runs} that are known of the person{number}, also those after it"
    if not later or fewest != ENOUGH:
        return f"the person's {runs} before it{number}"
    if most == ENOUGH:
        return f"the person's first {runs}"
    return f"the person's {runs} before it{number}, but at least from the first {ENOUGH}"


def _row(estimate: Estimate) -> list[str]:
    prediction = estimate.prediction
    heart_rates = (_mean(prediction), _highest(prediction))
    values = (_with_limits(*each) for each in (*heart_rates, *zip(*_minutes(estimate), strict=True)))
    return [date(estimate.run.start, estimate.run.utc_offset), f"{prediction.minutes:.0f}", *values]


def _mean(prediction: Prediction) -> tuple[float, float, float]:
    """The mean heart rate and that of the limits of the prediction interval, beats/min."""
    return float(prediction.heart_rate.mean()), float(prediction.low.mean()), float(prediction.high.mean())


def _highest(prediction: Prediction) -> tuple[float, float, float]:
    """The highest heart rate and that of the limits of the prediction interval, beats/min."""
    return float(prediction.heart_rate.max()), float(prediction.low.max()), float(prediction.high.max())


def _minutes(estimate: Estimate) -> tuple:
    return tuple(seconds / 60 for seconds in (estimate.seconds, *estimate.within))


def _with_limits(value: float, low: float, high: float) -> str:
    return f"{value:.0f} ({low:.0f}-{high:.0f})"


def _rounded(*values: float) -> tuple[float, ...]:
    return tuple(round(value, 1) for value in values)


def as_dict(estimation: Estimation) -> dict:
    """For programs; heart rates in beats/min, times in minutes."""
    rows = []
    for estimate in estimation.estimates:
        minutes, least, most = (values.round(2).tolist() for values in _minutes(estimate))
        prediction = estimate.prediction
        rows.append(
            {
                "start": iso(estimate.run.start, estimate.run.utc_offset),
                "where": estimate.run.where,
                "minutes": round(prediction.minutes, 2),
                **dict(zip(("mean", "mean_low", "mean_high"), _rounded(*_mean(prediction)), strict=True)),
                **dict(zip(("highest", "highest_low", "highest_high"), _rounded(*_highest(prediction)), strict=True)),
                "predicted_by": prediction.by,
                "known_runs": prediction.earlier_runs,
                "has_altitude": prediction.has_altitude,
                "warnings": prediction.warnings,
                "minutes_in_zones": minutes,
                "least": least,
                "most": most,
            }
        )
    return {
        "zones_begin": estimation.zones.edges.tolist(),
        "runs": rows,
        "left_alone": estimation.measured,
        "partly_measured": estimation.partly,
        **usage.counts(*_usage(estimation), estimation.log),
        **facts_text.as_dict(estimation.athlete, estimation.exported),
        **(usage.history_dict(estimation.history) if estimation.history else {}),
    }
