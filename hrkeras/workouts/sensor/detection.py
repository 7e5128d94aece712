"""Detect faults of the heart rate sensor in a run from the recording itself.

Each kind is recognised by something that no heart does; docs/reference/sensor_faults.md explains how, and
docs/results/sensor_faults.md shows how reliable that is.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hrkeras.workouts.interpolation import MAX_HEART_RATE_GAP, stretches
from hrkeras.workouts.sensor import sensor_level
from hrkeras.workouts.sensor.rides import rides
from hrkeras.workouts.sensor.sensor_fault import Fault
from hrkeras.workouts.workout import Workout

SELDOM = 15.0  # s between heart rates; a sparser recording shows none of the faults
USUAL = 80  # percentile of the times between heart rates that counts as the usual one
LEAST_POINTS = 20  # heart rates
PAUSE = 30.0  # s between points; nothing was recorded
STOPPED, STOPPED_INTERVALS = 10.0, 5  # s, and multiples of the usual time between points, after which a watch had stopped
DROPOUT, DROPOUT_INTERVALS = 15.0, 3  # s, and multiples of the usual time between two heart rates
FLAT, FLAT_VALUES = 170.0, 15  # s and heart rates in a row; at a steady pace some watches show the same for two minutes
AT_FIRST = 30.0  # s; what begins earlier belongs to the start of the run
SPIKE, SPIKE_SECONDS = 20.0, 20.0  # beats/min that a spike rises and falls by, and how long it lasts at most
AROUND = 60.0  # s, window of the median from which a spike stands out
STEEP = 3.0  # s that a spike may take to rise and to fall


class _Beats(NamedTuple):
    """The measured heart rates: time in s, the same without pauses, and without short dropouts, and beats/min, each of shape
    `(measured,)`; and the usual s between two."""

    time: np.ndarray
    running: np.ndarray
    in_contact: np.ndarray
    rate: np.ndarray
    interval: float


def faults(workout: Workout, expected: np.ndarray | None = None) -> list[Fault]:
    """Finds the faults of a run's heart rate.

    Args:
        workout: as recorded.
        expected: beats/min that the athlete's state expected for each step of the run on the grid, shape `(steps,)`;
            if not given, a robust fit to the run itself is used.

    Returns:
        The faults in the order of their beginnings; none if heart rate was not measured `often_enough`, or was repaired already.
    """
    return _faults(workout, expected, rides(workout))


def flags(workout: Workout, expected: np.ndarray | None = None) -> list[Fault]:
    """The faults of a run's heart rate, and the parts that were ridden or driven, in order; arguments as in `faults`."""
    ridden = rides(workout)
    return sorted([*_faults(workout, expected, ridden), *ridden], key=lambda fault: fault.begin)


def _faults(workout: Workout, expected: np.ndarray | None, ridden: list[Fault]) -> list[Fault]:
    beats = _beats(workout)
    if beats is None or workout.repaired:
        return []
    detected = [*_spikes(beats), *_flat_lines(beats)]
    right = beats.rate.copy()
    for fault in [*detected, *ridden]:
        right[(beats.time >= fault.begin) & (beats.time < fault.end)] = np.nan
    detected += sensor_level.faults(workout, beats.time, right, expected)
    return sorted([*_dropouts(workout, beats.interval), *detected], key=lambda fault: fault.begin)


def often_enough(workout: Workout) -> bool:
    """Whether heart rate was measured every 15 s or more often, so that faults of the sensor can be seen."""
    return _beats(workout) is not None


def contact_lost(time: np.ndarray) -> float:
    """s without heart rate after which a sensor that else measures at these times, shape `(n,)`, had lost contact."""
    interval = float(np.percentile(np.diff(time), USUAL)) if len(time) > 1 else np.inf
    return _longest_gap(interval)


def _longest_gap(interval: float) -> float:
    return max(DROPOUT, DROPOUT_INTERVALS * interval)


def _beats(workout: Workout) -> _Beats | None:
    measured = np.isfinite(workout.heart_rate)
    count = np.count_nonzero(measured)
    if count < LEAST_POINTS:
        return None
    time = workout.time[measured]
    drawn = count / max(workout.heart_rate_samples, 1)  # above 1 where a reader has interpolated few to many points
    interval = float(np.percentile(np.diff(time), USUAL)) * max(drawn, 1.0)
    if interval > SELDOM:
        return None
    places = np.flatnonzero(measured)
    gaps = np.diff(time, prepend=time[0])
    is_lost = (np.diff(places, prepend=places[0]) > 1) & (gaps <= MAX_HEART_RATE_GAP)
    in_contact = np.cumsum(np.where(is_lost, 0.0, gaps))
    return _Beats(time, _without_pauses(time), in_contact, workout.heart_rate[measured], interval)


def _without_pauses(time: np.ndarray, pause: float = PAUSE) -> np.ndarray:
    gaps = np.diff(time, prepend=time[0])
    return np.cumsum(np.where(gaps <= pause, gaps, 0.0))


def _dropouts(workout: Workout, interval: float) -> Iterator[Fault]:
    stopped = max(STOPPED, STOPPED_INTERVALS * float(np.median(np.diff(workout.time))))
    running = _without_pauses(workout.time, min(stopped, PAUSE))
    for first, behind in stretches(~np.isfinite(workout.heart_rate)):
        last = min(behind, len(workout) - 1)
        seconds = running[last] - running[first]
        if seconds >= _longest_gap(interval):
            why = f"no heart rate for {seconds:.0f} s while the run was recorded"
            yield Fault("dropout", float(workout.time[first]), float(workout.time[last]), why)


def _flat_lines(beats: _Beats) -> Iterator[Fault]:
    changes = np.flatnonzero(np.diff(np.round(beats.rate)))
    firsts, lasts = np.append(0, changes + 1), np.append(changes, len(beats.rate) - 1)
    seconds = beats.running[lasts] - beats.running[firsts]
    for stretch in np.flatnonzero(seconds >= max(FLAT, FLAT_VALUES * beats.interval)):
        begin, end = float(beats.time[firsts[stretch]]), float(beats.time[lasts[stretch]])
        kind = "slow start" if begin <= AT_FIRST and end <= sensor_level.LATEST else "flat line"
        why = f"exactly {beats.rate[firsts[stretch]]:.0f} beats/min for {seconds[stretch]:.0f} s, which no heart holds"
        yield Fault(kind, begin, end, why)


def _spikes(beats: _Beats) -> Iterator[Fault]:
    time, in_contact, rate = beats.time, beats.in_contact, beats.rate
    half = max(2, round(AROUND / 2 / max(float(np.median(np.diff(time))), 1.0)))
    padded = np.concatenate([np.repeat(rate[:1], half), rate, np.repeat(rate[-1:], half)])
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    shifted = [padded[shift : shift + len(rate)] for shift in range(2 * half + 1)]
    far = np.maximum(np.max(shifted, axis=0) - rate, rate - np.min(shifted, axis=0)) > SPIKE  # else the median is near too
    off = np.zeros(len(rate))
    off[far] = rate[far] - np.median(around[far], axis=1)
    for first, behind in stretches(np.abs(off) > SPIKE):
        if first == 0 or behind == len(time) or in_contact[behind] - in_contact[first - 1] > SPIKE_SECONDS + 2 * beats.interval:
            continue
        from_ = min(first - 1, int(np.searchsorted(time, time[first] - STEEP)))
        to = max(behind, int(np.searchsorted(time, time[behind - 1] + STEEP, side="right")) - 1)
        highest = rate[first + int(np.argmax(np.abs(off[first:behind])))]
        if min((highest - rate[from_]) * np.sign(off[first]), (highest - rate[to]) * np.sign(off[first])) > SPIKE:
            within = f"within {time[to] - time[from_]:.0f} s"
            why = f"from {rate[from_]:.0f} to {highest:.0f} beats/min and back to {rate[to]:.0f} {within}"
            yield Fault("spikes", float(time[first]), float(time[behind]), why)
