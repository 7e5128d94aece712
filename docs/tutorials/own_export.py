# %% [markdown]
# # Your own export in Python
#
# What your runs tell about you, from a notebook. On the command line, the [quick start for runners](runner.md) does the same.
#
# ## Your runs
#
# Put your `export.zip` from Apple Health beside this notebook, or change the name to that of a zip from Strava or a
# folder of GPX, TCX and FIT files. Without one, the notebook simulates an athlete with a watch and 30 workouts.

# %%
from pathlib import Path

import matplotlib.pyplot as plt

import hrkeras

export = Path("export.zip")
if not export.exists():
    from hrkeras.workouts.simulation import formats, synthetic

    formats.write_apple_health(synthetic.simulate(athletes=1, runs=30, seed=1), export)

workouts = hrkeras.read(export)
print(workouts)

# %% [markdown]
# ```text
# 30 workouts of 1 person from export.zip, 2019-08-29 to 2019-12-20
#   30 x running
# ```
#
# ## The athlete's state
#
# A small filter learns from each run how your heart rate follows effort ([How it works](../how_it_works.md)).

# %%
me = hrkeras.Athlete.from_workouts(workouts)
print(me)

# %% [markdown]
# ```text
# Athlete of 30 runs, the last of 2019-12-20 12:49 UTC+1
# ```
#
# ## Predict the latest run
#
# From its speed and altitude, and from the runs before it; its own heart rate is not used. `"base"` is the model of many
# people that comes with hrkeras. The [prediction interval](../reference/athlete.md#prediction-interval) is meant to contain
# four of five heart rates.

# %%
latest = [workout for workout in workouts if workout.sport == "running"][-1]
prediction = hrkeras.predict("base", latest, athlete=me)
print(prediction)

# %% [markdown]
# As a pandas frame, and as a picture:

# %%
frame = prediction.to_frame()
print(frame.iloc[60])

# %%
minutes = frame["time_s"] / 60
plt.fill_between(minutes, frame["low"], frame["high"], alpha=0.3, label="prediction interval")
plt.plot(minutes, frame["heart_rate"], label="predicted")
plt.plot(minutes, frame["measured_heart_rate"], label="measured")
plt.xlabel("minutes")
plt.ylabel("heart rate (beats/min)")
plt.legend()
plt.savefig("latest_run.png")

# %% [markdown]
# ## How well do your runs predict the next one?
#
# The same for the last ten runs, with the mean absolute error of each in beats/min:

# %%
for workout in [each for each in workouts if each.sport == "running"][-10:]:
    prediction = hrkeras.predict("base", workout, athlete=me)
    print(f"{prediction.minutes:3.0f} min, {prediction.earlier_runs:2} earlier runs: {prediction.error:.1f}")

# %% [markdown]
# If a single run is far off, it may have been a hot day, an illness, or a sensor that slipped; `hrkeras inspect` looks for
# the last.
