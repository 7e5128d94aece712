# %% [markdown]
# # Quick start for researchers
#
# From arrays of your own to a trained model and its scores.
#
# ## Your data
#
# Each run is a few arrays of equal length: time in seconds since the start, speed in m/s, altitude in metres, and heart
# rate in beats/min, with NaN where it was not measured. The points need not be evenly spaced, and altitude may be
# missing. Each run also has a person and a start, in seconds since 1970-01-01 UTC. Put your own arrays here; this
# notebook takes those of four simulated athletes.

# %%
import hrkeras
from hrkeras.workouts.simulation import synthetic

simulated = [workout for workout in synthetic.read(athletes=4, runs=25, seed=0) if workout.sport == "running"]
time = [workout.time for workout in simulated]
speed = [workout.speed for workout in simulated]
altitude = [workout.altitude for workout in simulated]
heart_rate = [workout.heart_rate for workout in simulated]
person = [workout.user for workout in simulated]
start = [workout.start for workout in simulated]
print(len(time), "runs; the first has", len(time[0]), "points")

# %% [markdown]
# ## Runs
#
# `Runs.from_arrays` applies the [filters](../reference/filters.md), resamples to steps of 10 s and splits by time: each
# person's earliest 80 % for training, the next 10 % for validation, the last 10 % for testing. The funnel says what the
# filters removed.

# %%
runs = hrkeras.Runs.from_arrays(
    time=time,
    speed=speed,
    altitude=altitude,
    heart_rate=heart_rate,
    person=person,
    start=start,
)
print(runs)

# %% [markdown]
# ```text
# 92 runs of 4 people: 76 train, 8 validation, 8 test
# ```

# %% [markdown]
# ## Train
#
# Any architecture of [Models](../reference/models.md) will do. Two epochs are enough to see it work; the default is
# nine.

# %%
model, history = hrkeras.train(hrkeras.models.lstm(units=16), runs, epochs=2)
print(history)

# %% [markdown]
# ```text
# epoch      loss     MAE  validation loss  validation MAE
#     1   14.4268   10.71          11.5009           10.32
#     2   10.5605    9.02           8.6213            8.18  best
# ```

# %% [markdown]
# ## Evaluate
#
# The [protocol](../reference/protocols.md) says what is known when a run is predicted: with `profile`, its speed, its
# altitude and the person's earlier runs, but nothing of its heart rate. The rows below the model are baselines on the
# same steps.

# %%
scores = hrkeras.evaluate(model, runs, protocol="profile")
print(scores)

# %% [markdown]
# ```text
#                                                MAE   95 % interval    RMSE  median run  per person           worse by (95 %)
# lstm                                          8.09    5.65 - 10.79    9.78        7.05        8.73
# athlete's state alone                         7.95    5.42 - 10.54    9.63        6.96        8.49  [-0.14 (-0.97 to +0.48)]
# constant                                     14.67   10.60 - 20.55   18.49       12.13       16.98   +6.58 (+3.27 to +11.50)
# person's mean                                13.37    9.49 - 20.20   17.89        9.66       16.39   +5.28 (+1.32 to +11.66)
# mean of the last 5 runs                      11.88    7.58 - 19.58   17.12       10.42       15.03  [+3.79 (-0.93 to +11.54)]
# ridge, everyone                               8.55    5.06 - 11.76   10.35        6.85        7.96  [+0.45 (-4.46 to +3.86)]
# ridge per person                              8.68    4.96 - 12.11   10.58        6.81        8.00  [+0.59 (-4.51 to +4.22)]
# ridge per person, bias of the last 20 runs    8.13    4.63 - 11.58   10.02        6.88        7.51  [+0.04 (-4.65 to +3.51)]
# ```
#
# Two epochs on 76 runs cannot improve on the athlete's state, and eight test runs cannot tell the better rows apart:
# all their differences are in brackets. [How good is it?](../results/index.md) shows the same table for real runs.
#
# As a pandas frame, for your own tables:

# %%
print(scores.to_frame().iloc[0])
