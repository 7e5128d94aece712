# %% [markdown]
# # Your own export in Python
#
# What your runs tell about you, from a notebook. On the command line, the [quick start for runners](runner.md) does the same.
#
# ## Your runs
#
# Put your `export.zip` from Apple Health beside this notebook, or change the name to that of a zip of Strava's, or of a folder of GPX, TCX and FIT files. Without one,
# the notebook simulates an athlete who has run 30 times with a watch.

# %%
from pathlib import Path

import hrkeras

export = Path("export.zip")
if not export.exists():
    from hrkeras.workouts.simulation import formats, synthetic

    formats.write_apple_health(synthetic.simulate(athletes=1, runs=30, seed=1), export)

workouts = hrkeras.read(export)
print(workouts)

# %% [markdown]
# ## The athlete's state
#
# A small filter learns from each run how your heart rate follows effort ([how it works](../how_it_works.md)). Here it learns from all runs but the last.

# %%
*earlier, latest = [workout for workout in workouts if workout.sport == "running"]
me = hrkeras.Athlete.from_workouts(earlier)
print(me)

# %% [markdown]
# ## Predict the latest run
#
# From its speed and altitude alone. The interval is meant to contain four of five heart rates.

# %%
prediction = hrkeras.predict(None, latest, athlete=me)
print(prediction)
