# %% [markdown]
# # Quick start for researchers
#
# From arrays of your own to a trained model and its scores, with `hrkeras` and NumPy.
#
# ## Your data
#
# Each run is a few arrays of equal length: the time in seconds since the start, speed in m/s, altitude in metres, and heart rate in
# beats/min, with NaN where it was not measured. The points need not be evenly spaced. Here, four people are simulated with 20 runs each: their heart rate
# follows speed and slope with a delay of half a minute, at a level of their own.

# %%
import numpy as np

import hrkeras

random = np.random.default_rng(0)
day = 86_400.0


def simulate(level: float, minutes: int) -> tuple[np.ndarray, ...]:
    time = np.arange(0, 60.0 * minutes, 5.0)
    pace = random.choice([2.4, 2.8, 3.2, 3.6], size=minutes // 5).repeat(60)
    altitude = 100 + 20 * np.sin(time / 300 + random.uniform(0, 6))
    slope = np.gradient(altitude, time) / pace
    speed = pace * (1 - 2 * slope) + random.normal(0, 0.1, len(time))
    steady = level + 28 * (speed + 6 * slope)
    heart_rate = np.empty(len(time))
    heart_rate[0] = level + 20
    for step in range(1, len(time)):
        heart_rate[step] = heart_rate[step - 1] + (steady[step] - heart_rate[step - 1]) * 5 / 30
    return time, speed, altitude, heart_rate + random.normal(0, 2, len(time))


people = np.repeat(["ada", "ben", "cleo", "dan"], 20)
levels = {"ada": 58.0, "ben": 66.0, "cleo": 74.0, "dan": 82.0}
measured = [simulate(levels[person], 5 * random.integers(4, 9)) for person in people]
starts = 1.7e9 + 2 * day * np.tile(np.arange(20), 4) + 3600.0 * np.arange(80)

# %% [markdown]
# ## Runs
#
# `Runs.from_arrays` applies the [filters](../reference/filters.md), resamples to steps of 10 s and splits by time: each person's earliest 80 % for training, the next
# 10 % for validation, the last 10 % for testing.

# %%
time, speed, altitude, heart_rate = zip(*measured, strict=True)
runs = hrkeras.Runs.from_arrays(time=time, speed=speed, altitude=altitude, heart_rate=heart_rate, person=people, start=starts)
print(runs)

# %% [markdown]
# ## Train
#
# Any architecture of [Models](../reference/models.md) will do. Two epochs are enough to see it work; the default is nine.

# %%
model, history = hrkeras.train(hrkeras.models.lstm(units=16, layers=1), runs, epochs=2)

# %% [markdown]
# ## Evaluate
#
# The [protocol](../reference/protocols.md) says what is known when a run is predicted: with `profile` its speed, its altitude and the person's earlier runs, but
# nothing of its heart rate. The rows below the model are baselines on the same steps.

# %%
scores = hrkeras.evaluate(model, runs, protocol="profile")
print(scores)

# %% [markdown]
# As a pandas frame, for your own tables:

# %%
print(scores.to_frame())
