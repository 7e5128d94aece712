"""What a simulated device records."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """One simulated workout as a device recorded it, and the truth about it.

    Args:
        user: the athlete's number, as text.
        identity: number of the workout, unique among the simulated ones.
        sport: "running" or "cycling".
        clock: s since 1970-01-01 UTC, shape `(n,)`.
        latitude: degrees, shape `(n,)`; NaN where there was no reception, as in all measured columns.
        longitude: degrees, shape `(n,)`.
        altitude: m, shape `(n,)`.
        speed: m/s, shape `(n,)`: over the interval that ends at the point.
        heart_rate: beats/min, shape `(n,)`: with the sensor's faults; 0 where it lost contact.
        truth: beats/min, shape `(n,)`: the same without faults.
        expected: beats/min, shape `(n,)`: the same on an average day, without unexplained noise.
        cadence: steps/min, shape `(n,)`: as a watch counts them, 0 where the athlete stands.
        fitness: m/s, speed at the lactate threshold on this day.
        kind: one of `KINDS`.
        faults: those of `FAULTS` that the heart rate has.
        flaw: the one of `FLAWS` that makes the workout unusable; empty if it is usable.
        heat: of the day, in standard deviations; nothing that a device records tells it.
    """

    user: str
    identity: int
    sport: str
    clock: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    altitude: np.ndarray
    speed: np.ndarray
    heart_rate: np.ndarray
    truth: np.ndarray
    expected: np.ndarray
    cadence: np.ndarray
    fitness: float
    kind: str
    faults: tuple[str, ...] = ()
    flaw: str = ""
    heat: float = 0.0
