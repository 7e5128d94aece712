"""Heart rate from speed, and speed from heart rate."""

import keras
from keras import layers, ops

from hrkeras.athlete.history import COLUMNS
from hrkeras.layers import GRU, KnownHeartRate, Modulation, OwnLoss, RunFeatures
from hrkeras.models.frame import CONTEXT_UNITS, USUAL, Statistics, model

SPEED = "speed_of_heart_rate"  # the layer whose output that is
INNOVATION = "speed_surprise"  # the layer that scales how far speed lies from that
SPEED_WEIGHT = 5.0  # of an error of 1 m/s in the loss
SPANS: dict[str, tuple[int | None, ...]] = {"past": (1, 4, 20, None), "future": (1, 4, 20)}
NEVER = 2 * len(SPANS["past"]) - 1  # channel of `KnownHeartRate` that tells whether any was known before


def multitask(
    *,
    units: int = 64,
    num_layers: int = 2,
    dropout: float = 0.0,
    history: bool = True,
    profile: bool = True,
    statistics: Statistics | None = None,
) -> keras.Model:
    """GRU layers that read a run twice: its speed, to tell heart rate, and what is known of its heart rate, to tell speed.

    Caruana, "Multitask Learning", Machine Learning 28, 1997. The second reading sees no speed of the run nor anything that
    was made of it: heart rate as far as it is known, altitude, time and the person's history. Its error is added to the loss
    (`OwnLoss`) where some heart rate was known before. How fast the run is beside what its known heart rate tells then helps to
    correct the rest, so that without known heart rate the first reading alone counts. `speed_model` gives the speed. The other
    arguments and the result are those of `gru`.

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

        def read(name: str, seen, known):
            found = layers.Dense(units, name=f"projection_of_{name}")(seen)
            if known is not None:
                found = Modulation(name=f"modulation_of_{name}")(found, known)
            for index, layer in enumerate(shared):
                found = layer(found)
                found = dropouts[index](found) if dropouts else found
            return found

        usual = layers.Rescaling(1.0, statistics.heart_rate_mean, name=f"{USUAL}_of_run")(ops.zeros_like(given["time"]))
        known = KnownHeartRate(**SPANS, name="heart_rate_features")(given["heart_rate"], usual, given["delay"])
        some = ops.cast(known[:, :, NEVER : NEVER + 1] > -1.0, "float32")
        climb = RunFeatures.FEATURES.index("vertical_speed")
        times = RunFeatures.FEATURES.index("hours")
        parts = [known, sequence[:, :, climb : climb + 1], sequence[:, :, times : len(RunFeatures.FEATURES)]]
        by_heart_rate = read(SPEED, layers.Concatenate(name="without_speed")(parts), _without_course(given["history"]))
        scaled = layers.Dense(1, name="scaled_speed", dtype="float32")(by_heart_rate)[:, :, 0]
        speed = layers.Rescaling(deviation, mean, name=SPEED, dtype="float32")(scaled)
        counted = given["valid"] * some[:, :, 0]
        speed = OwnLoss(SPEED_WEIGHT, name="speed_loss", dtype="float32")(speed, given["speed"], counted)
        innovation = layers.Rescaling(1 / deviation, name=INNOVATION)(given["speed"] - speed)[:, :, None]
        change = layers.Concatenate(name="surprise")([by_heart_rate, innovation])
        return read("heart_rate", sequence, context), ops.stop_gradient(change) * some

    return model(body, name="multitask", history=history, profile=profile, statistics=statistics)


def speed_scale(statistics: Statistics) -> tuple[float, float]:
    """Mean and standard deviation of speed, m/s."""
    return statistics.run_mean[0], max(statistics.run_variance[0], 1e-6) ** 0.5


def _without_course(history):
    """What is known of the person, but for the one number that depends on this run's course; None if nothing is."""
    if history is None:
        return None
    place = COLUMNS.index("miss_like")
    known = layers.Concatenate(name="history_alone")([history[:, :place], history[:, place + 1 :]])
    return layers.Dense(CONTEXT_UNITS, activation="gelu", name="context_of_speed")(known)


def speed_model(model: keras.Model) -> keras.Model:
    """Of a `multitask` the part that tells speed from heart rate.

    Returns:
        A model with the same inputs whose output is the speed of each step in m/s, shape `(batch, steps)`, from the
        `heart_rate` that is known; give all of it, and a `delay` of 0. It does not look at `speed`. Before the first known
        heart rate it means little.

    Raises:
        ValueError: if it is another model.
    """
    return keras.Model(model.input, model.get_layer(SPEED).output, name=SPEED)
