"""Parts of a recorded run that were ridden or driven are told from faults of the sensor, and from runs."""

from dataclasses import replace

import numpy as np
import pytest

from hrkeras.workouts.sensor.detection import faults, flags
from hrkeras.workouts.sensor.rides import rides
from hrkeras.workouts.simulation import synthetic
from hrkeras.workouts.workout import Workout, from_points

AT = np.arange(3000)
FIRST = AT < 1200


def a_run(speed=6.5, rate=82.0, cadence=None, then=165.0) -> Workout:
    """20 minutes at a speed and heart rate, then half an hour of running at 3.1 m/s."""
    running = then - 60 * np.exp(-np.maximum(AT - 1200, 0) / 40) + 4 * np.sin(AT / 150)
    heart = np.where(FIRST, rate + 5 * np.sin(AT / 100), running) + np.random.default_rng(0).normal(0, 1, len(AT))
    columns = {"speed": np.where(FIRST, speed, 3.1), "heart_rate": np.round(heart), "cadence": cadence}
    return from_points(1.6e9 + AT, **columns, altitude=0.0 * AT, sport="running")


def test_a_ride_before_the_run_and_nothing_of_the_run_is_a_fault():
    (ride,) = flags(a_run())
    assert (ride.kind, ride.begin) == ("ride", 0)
    assert 1190 <= ride.end <= 1220
    assert ride.why == "23 km/h for 20 min, at 82 beats/min, with which nobody runs as fast"
    assert faults(a_run()) == []


def test_stops_at_traffic_lights_belong_to_it():
    stopped = np.where((AT % 300 > 240) & FIRST, 0.0, 9.0)
    (ride,) = rides(a_run(speed=stopped))
    assert ride.begin == 0
    assert 1120 <= ride.end <= 1160  # the last stop begins at 1140


def test_a_fast_run_is_none():
    assert rides(a_run(speed=5.2, rate=165.0)) == []
    assert rides(a_run(speed=5.2, rate=165.0, cadence=np.full(len(AT), 180.0))) == []


def test_without_heart_rate_the_world_record_decides():
    nothing = np.full(len(AT), np.nan)
    assert [ride.why for ride in rides(replace(a_run(speed=9.0), heart_rate=nothing))] == [
        "32 km/h for 20 min, faster than the world record"
    ]
    assert rides(replace(a_run(speed=5.5), heart_rate=nothing)) == []


def test_pedals_turn_without_steps():
    (ride,) = rides(a_run(speed=5.5, rate=140.0, cadence=np.where(FIRST, 0.0, 170.0)))
    assert ride.why == "20 km/h for 20 min, and hardly a step was counted"


def test_a_short_slow_start_of_a_sensor_is_none():
    slow = np.where(AT < 240, 85.0, 160.0)
    run = a_run(speed=5.0, rate=slow)
    assert rides(run) == []
    assert [fault.kind for fault in faults(run)] == ["slow start"]


def test_positions_that_jump_are_none():
    jumps = np.where(AT % 60 < 15, 25.0, 2.5)
    assert rides(a_run(speed=jumps, rate=150.0)) == []


def test_none_in_simulated_runs():
    assert not any(rides(synthetic.recorded(track)) for track in synthetic.simulate(2, 8, seed=4, flawed=0))


@pytest.mark.parametrize("sport", ["cycling", "skiing"])
def test_other_sports_are_not_looked_at(sport):
    assert rides(replace(a_run(), sport=sport)) == []
