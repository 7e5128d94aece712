"""How warm it was on a run, where its source tells it. No prediction uses it."""

import numpy as np

from hrkeras.workouts.readers.apple_weather import TEMPERATURES
from hrkeras.workouts.workout import Workout


def temperature(workout: Workout) -> float:
    """The median of a run's temperatures that can be, degrees Celsius; NaN if there is none."""
    known = workout.temperature[(workout.temperature >= TEMPERATURES[0]) & (workout.temperature <= TEMPERATURES[1])]
    return float(np.median(known)) if len(known) else np.nan


def text(workout: Workout) -> str:
    """Such as "24 °C" or "24 °C, 64 % humidity"; empty if unknown."""
    degrees = temperature(workout)
    parts = [f"{degrees:.0f} °C" if np.isfinite(degrees) else ""]
    parts.append(f"{workout.humidity:.0f} % humidity" if np.isfinite(workout.humidity) else "")
    return ", ".join(filter(None, parts))
