"""The architectures: each a function that returns a functional `keras.Model` with the same inputs and output.

Inputs, a dict of float32:

| name | shape | unit and meaning |
|---|---|---|
| `time` | `(batch, steps)` | s since the run began |
| `speed` | `(batch, steps)` | m/s |
| `altitude` | `(batch, steps)` | m |
| `valid` | `(batch, steps)` | 1 in the run, 0 in padding, which lies at its end |
| `heart_rate` | `(batch, steps)` | beats/min, what is known of it; NaN where it is not known, and in padding |
| `expected` | `(batch, steps, len(EXPECTED))` | beats/min, what the athlete's state says, as named by `athlete.EXPECTED` |
| `delay` | `(batch, 1)` | s; above 0, a step knows `heart_rate` up to so long before it, at 0 all that is given |
| `course` | `(batch, len(COURSE_FACTS))` | facts of the whole course, as named by `athlete.COURSE_FACTS`; NaN where not known |
| `history` | `(batch, len(COLUMNS))` | what earlier runs were like, as named by `history.COLUMNS`; NaN where not known |
| `trust` | `(batch, 1)` | how much of the difference from `expected` counts, 0 to 1, see `trust.Trust` |
| `person` | `(batch, 1)` | number of the person, from `splits.person_numbers`; NaN where not known |

`Windows.inputs` makes them. Who does not know the course also takes `Known.course_share` off `expected`.

Output: heart rate in beats/min, `(batch, steps)`; what it says in padding means nothing. It is a prediction that knows
nothing of the run's own heart rate, and a correction by what is known of it; that is exactly 0 where nothing is.
"""

from collections.abc import Callable
from functools import partial

import keras

from hrkeras.models.attention import attention
from hrkeras.models.ensemble import ensemble, members
from hrkeras.models.frame import Statistics
from hrkeras.models.gru import gru
from hrkeras.models.lag_llama import distribution, lag_llama
from hrkeras.models.lstm import lstm
from hrkeras.models.multitask import multitask, speed_model
from hrkeras.models.patchtst import patchtst
from hrkeras.utils.presets import PRESETS

MODELS: dict[str, Callable[..., keras.Model]] = {
    "attention": attention,
    "gru": gru,
    "lag_llama": lag_llama,
    "lstm": lstm,
    "multitask": multitask,
    "patchtst": patchtst,
}


def preset(name: str, **options) -> partial[keras.Model]:
    """A function that makes a model of a known size.

    Args:
        name: one of `presets.PRESETS`.
        **options: arguments of the architecture in place of the preset's.
    """
    architecture, usual = PRESETS[name]
    return partial(MODELS[architecture], **usual | options)


__all__ = [
    "MODELS",
    "PRESETS",
    "Statistics",
    "attention",
    "distribution",
    "ensemble",
    "gru",
    "lag_llama",
    "lstm",
    "members",
    "multitask",
    "patchtst",
    "preset",
    "speed_model",
]
