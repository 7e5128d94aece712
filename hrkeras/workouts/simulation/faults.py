"""Faults in the recording of a simulated run: of the heart rate sensor, and flaws that make a workout unusable."""

from dataclasses import replace

import numpy as np

from hrkeras.workouts.simulation.track import Track

# Share of the runs; later faults overwrite earlier ones.
FAULTS = {"slow start": 0.1, "cadence lock": 0.05, "spikes": 0.05, "dropout": 0.12, "flat line": 0.03}
STANDS, MISCOUNT = 0.5, 1.0  # m/s, below which no step is counted; steps/min of one foot, standard deviation
FLAWS = ("other sport", "no heart rate", "too short", "no GPS", "no altitude", "duplicate", "absurd values")


def sense(rng: np.random.Generator, truth, cadence, faulty: float = 1.0) -> tuple[np.ndarray, tuple[str, ...]]:
    """Simulates the recording of a heart rate sensor.

    Args:
        rng: random generator.
        truth: beats/min, shape `(n,)`, one value a second.
        cadence: steps/min, shape `(n,)`.
        faulty: factor of the shares in `FAULTS`.

    Returns:
        Whole beats/min, shape `(n,)`, 0 where contact is lost, and the faults: a dropout of minutes, a watch that
        counts steps in place of beats, spikes of seconds, a strap that is dry at the start, a value that is held for
        minutes.
    """
    heart_rate = truth.copy()
    apart = rng.spawn(1)[0]  # so that the last fault does not change the random numbers of the others
    chances = {fault: apart if fault == "flat line" else rng for fault in FAULTS}
    faults = tuple(fault for fault, share in FAULTS.items() if chances[fault].random() < share * faulty)
    for fault in faults:
        if fault == "slow start":
            heart_rate[: int(rng.integers(60, 240))] = truth[0] * rng.uniform(0.8, 1.0)
        elif fault == "cadence lock":
            part = _stretch(rng, len(truth), 180, 900)
            heart_rate[part] = cadence[part] + rng.normal(0, 1.5, len(truth))[part]
        elif fault == "spikes":
            for _ in range(int(rng.integers(2, 7))):
                heart_rate[_stretch(rng, len(truth), 2, 8)] = rng.uniform(200, 235)
        elif fault == "flat line":
            part = _stretch(apart, len(truth), 180, 900)
            heart_rate[part] = truth[part.start]
        else:
            for _ in range(int(rng.integers(1, 4))):
                heart_rate[_stretch(rng, len(truth), 20, 180)] = 0
    return np.round(heart_rate), faults


def counted(rng: np.random.Generator, cadence, speed) -> np.ndarray:
    """Steps/min as a watch counts them: of one foot in whole numbers, doubled; 0 while the athlete stands, shape `(n,)`."""
    return np.where(speed > STANDS, 2 * np.round(cadence / 2 + rng.normal(0, MISCOUNT, len(cadence))), 0.0)


def spoil(rng: np.random.Generator, track: Track, flaw: str) -> Track:
    """Makes a workout unusable by one of `FLAWS`, except "duplicate", which needs two."""
    nothing = np.full(len(track.clock), np.nan)
    track = replace(track, flaw=flaw)
    if flaw == "other sport":
        factor = rng.uniform(2.2, 3)
        latitude = track.latitude[0] + factor * (track.latitude - track.latitude[0])
        longitude = track.longitude[0] + factor * (track.longitude - track.longitude[0])
        return replace(track, sport="cycling", speed=track.speed * factor, latitude=latitude, longitude=longitude)
    if flaw == "no heart rate":
        return replace(track, heart_rate=nothing)
    if flaw == "no GPS":
        return replace(track, latitude=nothing, longitude=nothing, speed=nothing)
    if flaw == "no altitude":
        return replace(track, altitude=nothing)
    if flaw == "too short":
        end = int(np.searchsorted(track.clock, track.clock[0] + rng.uniform(60, 240)))
        names = ("clock", "latitude", "longitude", "altitude", "speed", "heart_rate", "truth", "expected", "cadence")
        return replace(track, **{name: getattr(track, name)[:end] for name in names})
    part = np.arange(len(track.clock)) % 50 < 20
    return replace(
        track,
        latitude=track.latitude + 0.5 * (np.arange(len(part)) % 50 < 10),
        altitude=np.where(part, 20_000.0, track.altitude),
        speed=np.where(part, 90.0, track.speed),
        heart_rate=np.where(part, 18_514.0, track.heart_rate),
    )


def _stretch(rng: np.random.Generator, length: int, shortest: int, longest: int) -> slice:
    begin = int(rng.integers(length))
    return slice(begin, begin + int(rng.integers(shortest, longest)))
