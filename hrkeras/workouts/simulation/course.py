"""The course of a simulated run: its planned effort, its path, and the speed along it."""

from dataclasses import dataclass

import numpy as np

from hrkeras.workouts.effort import MAX_GRADE, speed_on_slope

KINDS = {"easy": 0.5, "long": 0.12, "intervals": 0.12, "hills": 0.1, "tempo": 0.12, "race": 0.04}  # share of the runs
STRIDE = 10.0  # m between two points of the path
YIELDING = 0.6  # 1: effort is held on a slope, 0: speed is


@dataclass(frozen=True, eq=False, slots=True)
class Course:
    """A run second by second.

    Args:
        speed: m/s, shape `(n,)`: over the second that ends at the point.
        grade: climb over distance, shape `(n,)`.
        altitude: m, shape `(n,)`.
        east: m from home, shape `(n,)`.
        north: m from home, shape `(n,)`.
    """

    speed: np.ndarray
    grade: np.ndarray
    altitude: np.ndarray
    east: np.ndarray
    north: np.ndarray


def wander(rng: np.random.Generator, length: int, span: int, size: float) -> np.ndarray:
    """Smooth noise of standard deviation `size`, shape `(length,)`, with a correlation length of about `span` points."""
    knots = rng.normal(0, size * np.sqrt(1.5), length // span + 3)  # lines between knots keep 2/3 of their variance
    return np.interp(np.arange(length) / span + rng.random(), np.arange(len(knots)), knots)


def planned_effort(rng: np.random.Generator, kind: str, habit: float) -> np.ndarray:
    """Planned effort for each second of a run of one of `KINDS`: speed over that at threshold, 0.2 to 1.2.

    Args:
        rng: random generator.
        kind: one of `KINDS`.
        habit: effort of an easy run.
    """
    easy = habit * np.exp(rng.normal(0, 0.09))
    minutes = rng.lognormal(np.log(45), 0.35)
    warm_up = (rng.uniform(8, 15), easy)
    if kind == "intervals":
        hard, slow, effort = rng.uniform(1, 5), rng.uniform(1, 3), rng.uniform(0.98, 1.12)
        count = max(3, round(rng.uniform(18, 30) / (hard + slow)))
        parts = [warm_up, *[(hard, effort), (slow, 0.75 * easy)] * count, (rng.uniform(5, 12), easy)]
    elif kind == "tempo":
        parts = [warm_up, (rng.uniform(15, 35), rng.uniform(0.88, 0.97)), (rng.uniform(5, 12), easy)]
    elif kind == "race":
        parts = [(minutes, 1.03 - 0.0015 * minutes)]
    elif kind == "long":
        parts = [(rng.uniform(75, 140), 0.96 * easy)]
    else:
        parts = [(minutes, easy)]
    if rng.random() < 0.3:
        parts.append((rng.uniform(2, 8), 0.35))  # walks home
    durations, efforts = zip(*parts, strict=True)
    return np.repeat(efforts, np.maximum(600 / len(parts), np.array(durations) * 60).astype(int))


def run_course(rng: np.random.Generator, planned, *, climb: float, stops: float) -> Course:
    """Runs a planned speed over random hills: slower uphill, and standing at traffic lights.

    Args:
        rng: random generator.
        planned: m/s on the flat, shape `(n,)`, one value a second.
        climb: m, amplitude of the hills.
        stops: traffic lights per hour.
    """
    seconds = len(planned)
    flat = planned * np.exp(rng.normal(0, 0.03) + wander(rng, seconds, 90, 0.05))
    for _ in range(rng.poisson(stops * seconds / 3600)):
        begin = int(rng.integers(seconds))
        flat[begin : begin + int(rng.integers(8, 60))] = 0
    flat = np.convolve(flat, np.full(7, 1 / 7), "same")

    points = int(1.3 * flat.sum() / STRIDE) + 3
    heading = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(points) / points + wander(rng, points, 30, 0.7)
    east, north = np.cumsum(STRIDE * np.sin(heading)), np.cumsum(STRIDE * np.cos(heading))
    altitude = _hills(rng, east, north, climb)
    grade = np.clip(np.gradient(altitude, STRIDE), -MAX_GRADE, MAX_GRADE)

    # The factor by which slopes change speed depends on position alone, so distance is interpolated from that on the flat.
    factor = speed_on_slope(grade, YIELDING)
    on_the_flat = np.concatenate([[0.0], np.cumsum(STRIDE / factor[1:])])
    distance = np.interp(np.cumsum(flat), on_the_flat, STRIDE * np.arange(points))
    at = distance / STRIDE
    grade, altitude, east, north = (np.interp(at, np.arange(points), y) for y in (grade, altitude, east, north))
    return Course(np.diff(distance, prepend=0.0), grade, altitude, east, north)


def _hills(rng: np.random.Generator, east: np.ndarray, north: np.ndarray, climb: float) -> np.ndarray:
    """Altitude in m at places in m: waves of 0.4 to 4 km in all directions."""
    length = np.exp(rng.uniform(np.log(400), np.log(4000), 8))
    direction, phase = rng.uniform(0, 2 * np.pi, (2, 8))
    wave = 2 * np.pi / length * np.stack([np.sin(direction), np.cos(direction)])
    height = climb * rng.normal(0, 0.5, 8) * np.sqrt(length / 1500)
    return rng.uniform(20, 200) + np.sin(np.stack([east, north], 1) @ wave + phase) @ height
