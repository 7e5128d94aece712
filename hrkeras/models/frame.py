"""What all architectures share: inputs, normalisation, what is known of the person, output."""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import layers, ops

from hrkeras.layers import HistoryFeatures, Modulation, ProfileSummary, RunFeatures, TimeLeft
from hrkeras.workouts.history import COLUMNS

CONTEXT_UNITS = 64


class Statistics(NamedTuple):
    """Means and variances over the training split, from `training.statistics`; the defaults are rough human ones.

    Attributes:
        run_mean: of each of `RunFeatures.FEATURES`.
        run_variance: likewise.
        history_mean: of each of `history.COLUMNS`.
        history_variance: likewise.
        heart_rate_mean: beats/min.
        heart_rate_variance: squared beats/min.
    """

    run_mean: tuple[float, ...] = (2.5, 0.0, 2.5, 0.5, 3.0, 0.1)
    run_variance: tuple[float, ...] = (0.5, 0.04, 0.6, 0.2, 1.0, 0.04)
    history_mean: tuple[float, ...] = (140.0, 2.5, 0.05, 12.0, 3600.0) * 4 + (1.0, 4.0)
    history_variance: tuple[float, ...] = (200.0, 0.2, 0.002, 16.0, 2.0e6) * 4 + (0.5, 3.0)
    heart_rate_mean: float = 140.0
    heart_rate_variance: float = 400.0


def model(
    body: Callable, *, name: str, history: bool, profile: bool, statistics: Statistics | None, step: float = 10.0
) -> keras.Model:
    """Builds a model around the part that makes an architecture what it is.

    Args:
        body: called with the normalised sequence `(batch, steps, channels)`, the validity `(batch, steps)`
            as booleans and, or None, the vector of what is known besides `(batch, features)`; returns `(batch,
            steps, channels)`.
        name: of the model.
        history: whether it looks at what is known of the person.
        profile: whether it looks at the whole of the window from its first step on; if not, it is causal.
        statistics: for normalisation.
        step: s, length of a step of the grid.
    """
    statistics = statistics or Statistics()
    inputs = {key: keras.Input((None,), name=key, dtype="float32") for key in ("time", "speed", "altitude", "valid")}
    inputs["run_seconds"] = keras.Input((1,), name="run_seconds", dtype="float32")
    inputs["history"] = keras.Input((len(COLUMNS),), name="history", dtype="float32")

    sequence = RunFeatures(step, name="run_features")(inputs["time"], inputs["speed"], inputs["altitude"])
    sequence = layers.Normalization(mean=statistics.run_mean, variance=statistics.run_variance, name="run_normalization")(
        sequence
    )
    known = []
    if profile:
        left = TimeLeft(name="time_left")(inputs["time"], inputs["run_seconds"])
        sequence = layers.Concatenate(name="with_time_left")([sequence, left])
        known.append(ProfileSummary(name="profile_summary")(sequence, inputs["valid"]))
    if history:
        known.append(
            HistoryFeatures(COLUMNS, statistics.history_mean, statistics.history_variance, name="history_features")(
                inputs["history"]
            )
        )
    context = layers.Concatenate(name="known")(known) if len(known) > 1 else known[0] if known else None
    if context is not None:
        for index in range(2):
            context = layers.Dense(CONTEXT_UNITS, activation="gelu", name=f"context_{index}")(context)
    sequence = body(sequence, inputs["valid"] > 0, context)
    if context is not None:
        sequence = Modulation(name="output_modulation")(sequence, context)
    heart_rate = layers.Dense(1, name="deviation", dtype="float32")(sequence)
    if context is not None:
        level = layers.Dense(1, name="level", dtype="float32")(context)
        heart_rate = heart_rate + level[:, None, :]
    heart_rate = layers.Rescaling(
        statistics.heart_rate_variance**0.5, statistics.heart_rate_mean, name="beats_per_minute", dtype="float32"
    )(ops.squeeze(heart_rate, -1))
    return keras.Model(inputs, heart_rate, name=name)


def recurrent(cell: type[keras.layers.Layer], *, units, num_layers, bidirectional, dropout) -> Callable:
    """The body of a recurrent architecture: `num_layers` of `cell`; what is known modulates what goes in."""

    def body(sequence, valid, context):
        sequence = layers.Dense(units, name="projection")(sequence)
        if context is not None:
            sequence = Modulation(name="input_modulation")(sequence, context)
        for index in range(num_layers):
            layer = cell(units, return_sequences=True, name=f"recurrent_{index}")
            if bidirectional:
                # backwards, the padding comes first: it must be masked
                sequence = layers.Bidirectional(layer, name=f"bidirectional_{index}")(sequence, mask=valid)
            else:
                sequence = layer(sequence)
            if dropout:
                sequence = layers.Dropout(dropout, name=f"dropout_{index}")(sequence)
        return sequence

    return body
