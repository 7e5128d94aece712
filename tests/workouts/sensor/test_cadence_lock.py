"""Locks on the cadence where the steps were counted: confirmed, refuted, and found where the level alone does not tell."""

import numpy as np
import pytest

from hrkeras.workouts.sensor.detection import faults
from hrkeras.workouts.workout import Workout, from_points

SECONDS = 2400
AT = np.arange(SECONDS)
STEPS = 2 * np.round(84 + np.random.default_rng(2).normal(0, 0.7, SECONDS) + np.sin(AT / 90))  # counted, a minute


def a_run(begin=0, end=0, *, cadence=STEPS, level=150.0, rate=STEPS) -> Workout:
    """An even run at a level of heart rate, which is replaced by `rate` from `begin` to `end`."""
    heart = level - 60 * np.exp(-AT / 40) + 3 * np.sin(AT / 200) + np.random.default_rng(0).normal(0, 1, SECONDS)
    heart[begin:end] = np.broadcast_to(rate, SECONDS)[begin:end]
    return from_points(1.6e9 + AT, speed=np.full(SECONDS, 3.0), altitude=0.0 * AT, heart_rate=np.round(heart), cadence=cadence)


def test_found_and_explained():
    (lock,) = faults(a_run(600, 1000))
    assert (lock.kind, lock.begin, lock.end) == ("cadence lock", 600, 1000)
    assert lock.why == "as many as the 169 steps a minute counted, 18 above what the effort explains, within seconds"


def test_a_lock_that_is_too_close_to_be_seen_without_steps():
    assert [(lock.kind, lock.begin, lock.end) for lock in faults(a_run(600, 1000, level=158.0))] == [("cadence lock", 600, 1000)]
    assert faults(a_run(600, 1000, level=158.0, cadence=None)) == []


def test_a_lock_below_the_heart_rate():
    (lock,) = faults(a_run(1000, 1500, level=184.0))
    assert (lock.kind, lock.begin, lock.end) == ("cadence lock", 1000, 1500)
    assert "below what the effort explains" in lock.why
    assert faults(a_run(1000, 1500, level=184.0, cadence=None)) == []


def test_a_lock_from_the_first_minute_is_no_slow_start():
    (lock,) = faults(a_run(0, 400, level=140.0))
    assert (lock.kind, lock.begin, lock.end) == ("cadence lock", 0, 400)


def test_a_stop_at_a_traffic_light_does_not_end_it():
    steps = np.where((AT >= 800) & (AT < 830), 0, STEPS)
    rate = np.where((AT >= 800) & (AT < 830), 140, STEPS)
    (lock,) = faults(a_run(600, 1100, cadence=steps, rate=rate))
    assert (lock.begin, lock.end) == (600, 1100)


@pytest.mark.parametrize("steps", [STEPS + 14, STEPS - 14])
def test_other_steps_refute_it(steps):
    assert [lock.kind for lock in faults(a_run(600, 1000, cadence=None))] == ["cadence lock"]
    assert faults(a_run(600, 1000, cadence=steps)) == []


def test_a_heart_that_beats_as_often_as_the_feet_step_is_no_fault():
    assert faults(a_run(level=168.0)) == []
    slowly = 150 + 18 / (1 + np.exp(-(AT - 1200) / 30))  # rises to it in two minutes, and stays
    slowly += np.random.default_rng(3).normal(0, 1, SECONDS)
    assert faults(a_run(300, SECONDS, rate=slowly)) == []


def test_few_steps_are_walked_and_do_not_count():
    assert [lock.kind for lock in faults(a_run(600, 1000, cadence=np.full(SECONDS, 110.0)))] == ["cadence lock"]
