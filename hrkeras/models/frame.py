"""What all architectures share: inputs, normalisation, what is known of the person and of the run, output."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from hrkeras.athlete.history import COLUMNS
from hrkeras.athlete.kalman import COURSE_FACTS, EXPECTED
from hrkeras.layers import (
    Bidirectional,
    Correction,
    ExpectedFeatures,
    ExponentialAverages,
    Modulation,
    PartlyKnown,
    PersonEmbedding,
    RunFeatures,
    TimeLeft,
)

CONTEXT_UNITS = 64
DEVIATION = 10.0  # beats/min
USUAL = "usual_heart_rate"  # the layer with the mean heart rate of the training split, for models without history
# layers whose outputs are the prediction without and with known heart rate, as model files name them
UNCONDITIONED, CONDITIONED = "unaided", "heart_rate_with_known"


class Statistics(NamedTuple):
    """What a model takes from the training split, from `training.statistics`; the defaults are rough human values.

    Attributes:
        run_mean: of each of `RunFeatures.FEATURES`.
        run_variance: likewise.
        history_mean: of each of `history.COLUMNS`.
        history_variance: likewise.
        course_mean: of each of `athlete.COURSE_FACTS`.
        course_variance: likewise.
        heart_rate_mean: beats/min.
        population: `Population.as_dict()`, where the athlete's state starts; None for the packaged one.
        people: numbers of the people in the training split, from `splits.person_numbers`.
    """

    run_mean: tuple[float, ...] = (2.5, 0.0, 2.5, 0.5, 3.0, 0.1)
    run_variance: tuple[float, ...] = (0.5, 0.04, 0.6, 0.2, 1.0, 0.04)
    history_mean: tuple[float, ...] = (0.0,) * len(COLUMNS)
    history_variance: tuple[float, ...] = (1.0,) * len(COLUMNS)
    course_mean: tuple[float, ...] = (3600.0, 2.5, 0.6, 2.5, 2.5, 2.5, 3.5, 0.05)
    course_variance: tuple[float, ...] = (2.0e6, 2.0, 0.1, 0.4, 0.3, 0.4, 0.6, 0.01)
    heart_rate_mean: float = 140.0
    population: dict[str, Any] | None = None
    people: tuple[float, ...] = (1.0,)


INPUTS: dict[str, tuple[int | None, ...]] = {  # and their shapes
    **dict.fromkeys(("time", "speed", "altitude", "valid", "heart_rate"), (None, None)),
    "expected": (None, None, len(EXPECTED)),
    "delay": (None, 1),
    "course": (None, len(COURSE_FACTS)),
    "history": (None, len(COLUMNS)),
    "trust": (None, 1),
    "person": (None, 1),
}


def new_inputs() -> dict[str, keras.KerasTensor]:
    """New inputs of a model, by name."""
    return {name: keras.Input(shape[1:], name=name, dtype="float32") for name, shape in INPUTS.items()}


def trained_with_both(model: keras.Model, name: str | None = None) -> keras.Model:
    """The same layers with two outputs: the prediction without known heart rate, which learns from every window, and the
    one with it, which learns where some is known."""
    return keras.Model(
        model.input, {UNCONDITIONED: model.get_layer(UNCONDITIONED).output, CONDITIONED: model.output}, name=name or model.name
    )


def model(
    body: Callable,
    *,
    name: str,
    history: bool,
    course: bool,
    statistics: Statistics | None,
    person_units: int = 0,
    step: float = 10.0,
) -> keras.Model:
    """Builds a model around the body of an architecture.

    It predicts the deviation of heart rate from what the athlete's state expects; where some of the run's heart rate is
    known, the residuals there correct the prediction elsewhere.

    Args:
        body: called with the normalised sequence `(batch, steps, channels)`; the model's inputs, with `expected` as one
            heart rate a step and `history` standardised, or None if unused; and the context of person and course
            `(batch, features)`, or None. Returns `(batch, steps, channels)`, computed without the run's heart rate; a body
            that uses it returns a pair, whose second is the change due to known heart rate, 0 where none is known.
        name: of the model.
        history: whether to use what is known of the person; if not, only speed and altitude.
        course: whether to use facts of the whole course where they are given.
        statistics: of the training split.
        person_units: length of the learnt embedding of each person; 0 for none.
        step: s, length of a step of the grid.
    """
    statistics = statistics or Statistics()
    inputs = new_inputs()
    run = RunFeatures(step, name="run_features")(inputs["time"], inputs["speed"], inputs["altitude"])
    run = layers.Normalization(mean=statistics.run_mean, variance=statistics.run_variance, name="run_normalization")(run)
    parts, contexts = [run, ExponentialAverages(name="averages")(run[:, :, :3])], []
    expected, person = inputs["expected"][:, :, 0], None
    if history:
        scaled = ExpectedFeatures(statistics.population, statistics.heart_rate_mean, name="expected_features")
        parts.append(scaled(inputs["expected"]))
        columns = PartlyKnown(COLUMNS, statistics.history_mean, statistics.history_variance, name="history_features")
        person = columns(inputs["history"])
        contexts.append(person)
    else:
        expected = layers.Rescaling(1.0, statistics.heart_rate_mean, name=USUAL, dtype="float32")(ops.zeros_like(expected))
    if course:
        parts.append(TimeLeft(name="time_left")(inputs["time"], inputs["course"][:, :1]))
        facts = PartlyKnown(COURSE_FACTS, statistics.course_mean, statistics.course_variance, name="course_features")
        contexts.append(facts(inputs["course"]))
    if person_units:
        embedding = PersonEmbedding(statistics.people, person_units, name="person_embedding", dtype="float32")
        contexts.append(embedding(inputs["person"]))
    sequence = seen = layers.Concatenate(name="sequence")(parts)
    context = layers.Concatenate(name="known")(contexts) if len(contexts) > 1 else contexts[0] if contexts else None
    if context is not None:
        for index in range(2):
            context = layers.Dense(CONTEXT_UNITS, activation="gelu", name=f"context_{index}")(context)
    output = body(sequence, inputs | {"expected": expected, "history": person}, context)
    sequence, change = output if isinstance(output, tuple) else (output, None)
    if context is not None:
        sequence = Modulation(name="output_modulation")(sequence, context)
    deviation = layers.Dense(1, name="deviation", dtype="float32")(sequence)
    if context is not None:
        deviation = deviation + layers.Dense(1, name="level", dtype="float32")(context)[:, None, :]
    deviation = layers.Rescaling(DEVIATION, name="beats_per_minute", dtype="float32")(ops.squeeze(deviation, -1))
    if history:
        deviation = layers.Multiply(name="trusted", dtype="float32")([deviation, inputs["trust"]])
    unconditioned = layers.Add(name=UNCONDITIONED, dtype="float32")([expected, deviation])
    correction = Correction(step=step, name="correction", dtype="float32")
    before = ops.stop_gradient(unconditioned)  # what is learnt from known heart rate, moved by chance, stays in the correction
    conditioned = [before, correction(inputs["heart_rate"], before, seen, inputs["delay"])]
    if change is not None:
        change = layers.Dense(1, use_bias=False, name="change", dtype="float32")(change)
        conditioned.append(layers.Rescaling(DEVIATION, name="changed_beats_per_minute", dtype="float32")(ops.squeeze(change, -1)))
    return keras.Model(inputs, layers.Add(name=CONDITIONED, dtype="float32")(conditioned), name=name)


def recurrent(cell: type[keras.layers.Layer], *, units, num_layers, bidirectional, dropout) -> Callable:
    """The body of a recurrent architecture: `num_layers` of `cell`, whose input the context modulates."""

    def body(sequence, given, context):
        sequence = layers.Dense(units, name="projection")(sequence)
        if context is not None:
            sequence = Modulation(name="input_modulation")(sequence, context)
        for index in range(num_layers):
            layer = cell(units, return_sequences=True, name=f"recurrent_{index}")
            if bidirectional:
                # backwards, the padding must not come first
                sequence = Bidirectional(layer, name=f"bidirectional_{index}")(sequence, mask=given["valid"] > 0)
            else:
                sequence = layer(sequence)
            if dropout:
                sequence = layers.Dropout(dropout, name=f"dropout_{index}")(sequence)
        return sequence

    return body
