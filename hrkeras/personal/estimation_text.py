"""What was estimated, in sentences and for programs."""

import numpy as np

from hrkeras.athlete.athlete_file import date_or_none
from hrkeras.athlete.zones import NAMES
from hrkeras.personal import update_text
from hrkeras.personal.estimation import Estimate, Estimation
from hrkeras.personal.fitness_text import count
from hrkeras.personal.prediction import Prediction, date

SHOWN = 30  # runs in a table


def lines(found: Estimation) -> list[str]:
    """For a person: a row a run, and what to think of it."""
    said = []
    if found.estimates:
        named = [f"{name} {limits}" for name, limits in zip(NAMES, found.zones.limits, strict=True)]
        columns = "".join(f"{f'zone {zone}':12}" for zone in range(1, 1 + len(NAMES)))
        said += [
            "Estimated heart rate in beats/min, minutes in zones; in brackets what the prediction interval (10 to 90 %) allows.",
            f"Zones: {', '.join(f'{zone} {each}' for zone, each in enumerate(named, 1))}.",
            f"{'run (UTC)':16}  {'min':>4}  {'mean':13}  {'highest':13}  {columns}".rstrip(),
        ]
        said += [_row(each) for each in found.estimates[-SHOWN:]]
        if len(found.estimates) > SHOWN:
            said.append(f"The last {SHOWN} of {len(found.estimates):,}; --json has all.")
        said += _known(found)
    else:
        said.append(f"Nothing to estimate: {count(found.measured)}, all with heart rate. --all estimates these too.")
    if found.measured and found.estimates:
        said.append(f"Left alone, since they have a heart rate: {count(found.measured)}.")
    if found.skipped:
        said.append(f"Cannot be estimated: {update_text.taken_text(found.skipped)}.")
    return said + update_text.read_log_lines(found.log)


def _known(found: Estimation) -> list[str]:
    """How far the estimates may be believed."""
    flat = sum(not each.found.has_altitude for each in found.estimates)
    without = sum(not each.found.earlier_runs for each in found.estimates)
    said = []
    if without == len(found.estimates):
        said.append(
            "Nothing is known of the person, so this is what people in general have: expect 10 to 20 beats/min of error. Give "
            "runs with heart rate with --history, or --athlete ME.json from `hrkeras update ME.json RUNS`."
        )
    else:
        known = [each.found.earlier_runs for each in found.estimates]
        fewest, most = min(known), max(known)
        said.append(f"Known of the person: {count(most) if fewest == most else f'{fewest:,} to {most:,} runs'} with heart rate.")
    if flat:
        said.append(f"Without altitude, so taken as flat: {count(flat)}.")
    if undated := sum(np.isnan(each.run.start) for each in found.estimates):
        said.append(f"Of unknown date, so estimated from all that is known: {count(undated)}.")
    doubtful = [each.found.warnings[0] for each in found.estimates if each.found.warnings]
    if doubtful:
        said.append(f"Hard to believe: {count(len(doubtful))}. Of the latest: {doubtful[-1]}")
    return said


def _row(each: Estimate) -> str:
    found = each.found
    mean, highest = _told(*_mean(found)), _told(*_highest(found))
    zones = "".join(f"{_told(*values):12}" for values in zip(*_minutes(each), strict=True))
    minutes = f"{found.minutes:.0f}"
    return f"{date(each.run.start):16}  {minutes:>4}  {mean:13}  {highest:13}  {zones}".rstrip()


def _mean(found: Prediction) -> tuple[float, float, float]:
    """The mean heart rate and that of the limits of the prediction interval, beats/min."""
    return float(found.heart_rate.mean()), float(found.low.mean()), float(found.high.mean())


def _highest(found: Prediction) -> tuple[float, float, float]:
    """The highest heart rate and the prediction interval at that step, beats/min."""
    place = int(np.argmax(found.heart_rate))
    return tuple(float(each[place]) for each in (found.heart_rate, found.low, found.high))  # type: ignore[return-value]


def _minutes(each: Estimate) -> tuple:
    return tuple(seconds / 60 for seconds in (each.seconds, *each.within))


def _told(value: float, low: float, high: float) -> str:
    return f"{value:.0f} ({low:.0f}-{high:.0f})"


def _rounded(*values: float) -> tuple[float, ...]:
    return tuple(round(value, 1) for value in values)


def as_dict(found: Estimation) -> dict:
    """For programs; heart rates in beats/min, times in minutes."""
    rows = []
    for each in found.estimates:
        minutes, least, most = (values.round(2).tolist() for values in _minutes(each))
        prediction = each.found
        rows.append(
            {
                "start": date_or_none(each.run.start),
                "where": each.run.where,
                "minutes": round(prediction.minutes, 2),
                **dict(zip(("mean", "mean_low", "mean_high"), _rounded(*_mean(prediction)), strict=True)),
                **dict(zip(("highest", "highest_low", "highest_high"), _rounded(*_highest(prediction)), strict=True)),
                "known_runs": prediction.earlier_runs,
                "has_altitude": prediction.has_altitude,
                "warnings": prediction.warnings,
                "minutes_in_zones": minutes,
                "least": least,
                "most": most,
            }
        )
    return {
        "zones_begin": found.zones.edges.tolist(),
        "runs": rows,
        "left_alone": found.measured,
        "cannot_be_estimated": dict(found.skipped),
        "skipped": dict(found.log.skipped),
        "passed_over": dict(found.log.passed_over),
    }
