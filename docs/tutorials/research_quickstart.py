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
#     1   12.9947   11.46          13.1226           11.63  best
#     2   10.1830    9.15          13.3727           11.84
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
#                                                MAE   95 % interval    RMSE  median run           worse by (95 %)
# lstm                                          7.62     5.48 - 9.84    9.17        6.70
# athlete's state alone                         7.57    5.16 - 10.10    9.20        5.48  [-0.05 (-2.24 to +1.53)]
# constant                                     14.67   10.60 - 20.55   18.49       12.13   +7.05 (+3.68 to +12.29)
# person's mean                                13.37    9.49 - 20.20   17.89        9.66   +5.75 (+1.73 to +12.41)
# mean of the last 5 runs                      11.88    7.58 - 19.58   17.12       10.42  [+4.26 (-0.45 to +11.92)]
# ridge, everyone                               8.55    5.06 - 11.76   10.35        6.85  [+0.93 (-3.61 to +4.21)]
# ridge per person                              8.68    4.96 - 12.11   10.58        6.81  [+1.06 (-3.75 to +4.57)]
# ridge per person, bias of the last 20 runs    8.13    4.63 - 11.58   10.02        6.88  [+0.51 (-3.96 to +3.85)]
# ```
#
# Two epochs on 76 runs cannot improve on the athlete's state, and eight test runs cannot tell the better rows apart:
# all their differences are in brackets. [How good is it?](../results/index.md) shows the same table for real runs.
#
# As a pandas frame, for your own tables:

# %%
print(scores.to_frame().iloc[0])
