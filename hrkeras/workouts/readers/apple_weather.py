"""The weather of a workout as an Apple Health export tells it, from the weather service and not from the watch."""

import re
from collections.abc import Mapping

import numpy as np

TEMPERATURE = re.compile(rb"(-?\d{1,3}(?:\.\d{0,25})?) deg([CF])")
HUMIDITY = re.compile(rb"(\d{1,5}(?:\.\d{0,25})?) %")
TEMPERATURES = (-60.0, 60.0)  # degrees Celsius; people do not run in others


def temperature(metadata: Mapping[bytes, bytes]) -> float:
    """Degrees Celsius, from a value such as "72 degF" or "22.5 degC"; NaN where there is none, or none that can be."""
    match = TEMPERATURE.fullmatch(metadata.get(b"HKWeatherTemperature", b""))
    if not match:
        return np.nan
    degrees = float(match[1]) if match[2] == b"C" else (float(match[1]) - 32) / 1.8
    return degrees if TEMPERATURES[0] <= degrees <= TEMPERATURES[1] else np.nan


def humidity(metadata: Mapping[bytes, bytes]) -> float:
    """Relative humidity in %, from a value in hundredths such as "6400 %", or "64 %" of old systems; NaN as above."""
    match = HUMIDITY.fullmatch(metadata.get(b"HKWeatherHumidity", b""))
    percent = float(match[1]) if match else np.nan
    percent = percent / 100 if percent > 100 else percent
    return percent if 1 <= percent <= 100 else np.nan
