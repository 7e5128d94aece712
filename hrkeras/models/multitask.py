"""Heart rate from speed, and speed from heart rate."""

import keras
from keras import layers, ops

from hrkeras.athlete.history import COLUMNS
from hrkeras.layers import GRU, KnownHeartRate, Modulation, OwnLoss, RunFeatures
from hrkeras.models.frame import CONTEXT_UNITS, USUAL, Statistics, model

SPEED = "speed_of_heart_rate"  # name of the layer that predicts speed from heart rate
INNOVATION = "speed_surprise"  # name of the layer that scales the difference of speed from that prediction
SPEED_WEIGHT = 5.0  # of an error of 1 m/s in the loss
SPANS: dict[str, tuple[int | None, ...]] = {"past": (1, 4, 20, None), "future": (1, 4, 20)}
NEVER = 2 * len(SPANS["past"]) - 1  # channel of `KnownHeartRate` that says whether any was known before


def multitask(
    *,
    units: int = 64,
    num_layers: int = 2,
    dropout: float = 0.0,
    history: bool = True,
    course: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """GRU layers that read a run twice: its speed, to predict heart rate, and its known heart rate, to predict speed.

    Caruana, "Multitask Learning", Machine Learning 28, 1997. The second reading sees no speed of the run nor anything
    derived from it, only known heart rate, altitude, time and the person's history. Its error is added to the loss (`OwnLoss`)
    where some heart rate was known before. The difference of speed from its prediction helps to correct heart rate elsewhere;
    without known heart rate the first reading alone counts. `speed_model` gives the speed. The other arguments and the result
    are those of `gru`.

    Args:
        units: width of each layer.
        num_layers: how many, which both readings share.
        dropout: share of each layer's outputs dropped in training.
    """
    statistics = statistics or Statistics()
    mean, deviation = speed_scale(statistics)

    def body(sequence, given, context):
        shared = [GRU(units, return_sequences=True, name=f"recurrent_{index}") for index in range(num_layers)]
        dropouts = [layers.Dropout(dropout, name=f"dropout_{index}") for index in range(num_layers)] if dropout else []

        def read(name: str, features, condition):
            output = layers.Dense(units, name=f"projection_of_{name}")(features)
            if condition is not None:
                output = Modulation(name=f"modulation_of_{name}")(output, condition)
            for index, layer in enumerate(shared):
                output = layer(output)
                output = dropouts[index](output) if dropouts else output
            return output

        usual = layers.Rescaling(1.0, statistics.heart_rate_mean, name=f"{USUAL}_of_run")(ops.zeros_like(given["time"]))
        known = KnownHeartRate(**SPANS, name="heart_rate_features")(given["heart_rate"], usual, given["delay"])
        any_known = ops.cast(known[:, :, NEVER : NEVER + 1] > -1.0, "float32")
        climb = RunFeatures.FEATURES.index("vertical_speed")
        times = RunFeatures.FEATURES.index("hours")
        parts = [known, sequence[:, :, climb : climb + 1], sequence[:, :, times : len(RunFeatures.FEATURES)]]
        by_heart_rate = read(SPEED, layers.Concatenate(name="without_speed")(parts), _without_course(given["history"]))
        scaled = layers.Dense(1, name="scaled_speed", dtype="float32")(by_heart_rate)[:, :, 0]
        speed = layers.Rescaling(deviation, mean, name=SPEED, dtype="float32")(scaled)
        counted = given["valid"] * any_known[:, :, 0]
        speed = OwnLoss(SPEED_WEIGHT, name="speed_loss", dtype="float32")(speed, given["speed"], counted)
        innovation = layers.Rescaling(1 / deviation, name=INNOVATION)(given["speed"] - speed)[:, :, None]
        change = layers.Concatenate(name="surprise")([by_heart_rate, innovation])
        return read("heart_rate", sequence, context), ops.stop_gradient(change) * any_known

    return model(body, name="multitask", history=history, course=course, statistics=statistics)


def speed_scale(statistics: Statistics) -> tuple[float, float]:
    """Mean and standard deviation of speed, m/s."""
    return statistics.run_mean[0], max(statistics.run_variance[0], 1e-6) ** 0.5


def _without_course(history):
    """What is known of the person, without the one number that depends on this run's course; None if nothing is."""
    if history is None:
        return None
    place = COLUMNS.index("miss_like")
    remaining = layers.Concatenate(name="history_alone")([history[:, :place], history[:, place + 1 :]])
    return layers.Dense(CONTEXT_UNITS, activation="gelu", name="context_of_speed")(remaining)


def speed_model(model: keras.Model) -> keras.Model:
    """The part of a `multitask` that predicts speed from heart rate.

    Returns:
        A model with the same inputs whose output is the speed of each step in m/s, shape `(batch, steps)`, from known
        `heart_rate`; give all of it, and a `delay` of 0. It does not use `speed`. Before the first known heart rate it is of
        little use.

    Raises:
        ValueError: if it is no `multitask`.
    """
    return keras.Model(model.input, model.get_layer(SPEED).output, name=SPEED)
