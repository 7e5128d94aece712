"""The fastest possible mean speed for a duration, from the world records."""

import numpy as np

# Men's world records as ratified by World Athletics (worldathletics.org/records) and, from 100 km on, by the IAU
# (iau-ultramarathon.org): m, s.
RECORDS = (
    (400.0, 43.03),  # W. van Niekerk 2016
    (800.0, 100.91),  # D. Rudisha 2012
    (1500.0, 206.00),  # H. El Guerrouj 1998
    (5000.0, 755.36),  # J. Cheptegei 2020
    (10_000.0, 1571.00),  # J. Cheptegei 2020
    (21_097.5, 3451.0),  # J. Kiplimo 2021
    (42_195.0, 7235.0),  # K. Kiptum 2023
    (100_000.0, 21_935.0),  # A. Sorokin 2023
    (319_614.0, 86_400.0),  # A. Sorokin 2022
)


def fastest(duration: float) -> float:
    """Record mean speed in m/s over `duration` s, interpolated between the records in logarithms of both."""
    metres, seconds = np.array(RECORDS).T
    return float(np.exp(np.interp(np.log(duration), np.log(seconds), np.log(metres / seconds))))
